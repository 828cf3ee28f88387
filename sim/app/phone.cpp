#include "sim/app/phone.h"

#include <fmt/core.h>

#include <boost/json.hpp>

namespace till::sim {

namespace json = boost::json;

HttpServer::Answer Phone::answer(const HttpReader::Request& request) {
  if (request.path != "/sms") return {404, R"({"error":"only /sms is here"})"};
  if (request.method != "POST") return {405, R"({"error":"POST it"})"};
  if (fail_times_ > 0) {
    --fail_times_;
    return {fail_status_, R"({"error":"told to fail"})"};
  }
  boost::system::error_code error;
  const json::value body = json::parse(request.body, error);
  const auto* object = error ? nullptr : body.if_object();
  const auto* to = object != nullptr ? object->if_contains("to") : nullptr;
  const auto* text = object != nullptr ? object->if_contains("text") : nullptr;
  if (to == nullptr || text == nullptr || !to->is_string() || !text->is_string()) {
    return {400, R"({"error":"to and text are wanted, both strings"})"};
  }
  if (messages_.size() >= kMaxMessages) return {507, R"({"error":"the phone is full"})"};
  messages_.push_back({json::value_to<std::string>(*to), json::value_to<std::string>(*text)});
  return {200, fmt::format(R"({{"id":"sms-{}"}})", messages_.size())};
}

void Phone::pump(Ms) {
  server_.pump([this](const HttpReader::Request& request) { return answer(request); });
}

}  // namespace till::sim
