// The register by way of the vendor's web server, HTTP API v2: a queue of requests, each under a
// uuid of ours that is accepted once.
#pragma once

#include "drivers/register_atol/atol_register.h"

namespace till::atol {

// A version 8 uuid: the same of the same text, on every machine.
std::string uuid_of(std::string_view text);

class WebRegister final : public AtolRegister {
 public:
  Result<void> activate(const json::object& settings) override;

 protected:
  Result<Results> run(const std::vector<std::string>& tasks) override;
  Result<json::object> run_once(const std::string& task, const std::string& key) override;
  Result<void> await(const std::string& key) override;
  Result<void> close_off(const std::string& key) override;
  // No task asks for it. A task is whole or it is nothing: the vendor's driver cancels what it
  // cannot close, and where it could not, the next sale is denied.
  Result<bool> is_document_open() override { return false; }
  Result<bool> left_open() override;
  [[nodiscard]] bool leaves_open() const override { return false; }

 private:
  // What the server knows of a request; nothing when it knows none of that uuid.
  struct Request {
    bool over = false;  // neither waits nor is executed
    bool sold = false;  // a fiscal document came of it
    std::vector<json::object> results;
  };
  struct Reply {
    int status = 0;
    std::string body;
  };
  Result<Reply> http_call(const char* method, const std::string& path, const std::string& body);
  // True: accepted. False: there is one of this uuid already.
  Result<bool> submit(const std::string& uuid, const std::vector<std::string>& tasks);
  Result<std::optional<Request>> look(const std::string& uuid);
  Result<Request> wait_for(const std::string& uuid, std::uint32_t patience_ms);
  Result<void> withdraw(const std::string& uuid);

  std::string url_ = "http://127.0.0.1:16732";
  std::string authorization_;
  std::uint64_t counter_ = 0;
  std::string closed_key_;  // nothing was asked for under it since it was closed off
};

}  // namespace till::atol
