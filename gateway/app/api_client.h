// The till API from the other side: what `tillbridge sale` and `tillbridge devices` use.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <string>

#include "gateway/base/errors.h"
#include "sdk/cpp/base/result.h"

namespace till::app {

struct ApiAnswer {
  int status = 0;
  boost::json::value body;
};

// A member of an answer as text; "" when it is not there.
std::string member_text(const boost::json::value& of, const char* name);
// What went wrong, for a person: a line for each error or trouble in the answer. "" = nothing.
std::string trouble_text(const Result<ApiAnswer>& answer, Language language);

class ApiClient {
 public:
  // kBadValue unless it is "http://HOST:PORT".
  static Result<void> check_url(const std::string& url);

  // url "http://127.0.0.1:8480". Throws std::runtime_error when it is no such address.
  ApiClient(std::string url, std::string token, std::string language);

  // One request on a connection of its own, waits for the answer. kNotRunning when nobody listens.
  Result<ApiAnswer> call(const std::string& method, const std::string& path,
                         const boost::json::value& body = nullptr, const std::string& key = "");

  // Calls back for every event until the connection ends; then `closed`.
  void listen(boost::asio::io_context& io, std::function<void(const boost::json::value&)> event,
              std::function<void()> closed);

 private:
  std::string host_, port_, token_, language_;
};

}  // namespace till::app
