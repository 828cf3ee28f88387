// Sends a message by one HTTP POST. The gateway does the HTTP and fills in the secret.
#include <tillbridge/sdk/channel.h>

namespace {

namespace json = till::json;

class Channel final : public till::Channel {
  std::string url_;

  till::Result<void> activate(const json::object& settings) override {
    const auto* url = settings.if_contains("url");
    if (url == nullptr || !url->is_string()) return till::fail(till::Code::kConfigInvalid, "url");
    url_ = json::value_to<std::string>(*url);
    return {};
  }

  till::OperationResult send(const till::Message& message) override {
    const json::object body{{"to", json::string(message.to)}, {"text", json::string(message.text)}};
    const auto answer = http({{"method", "POST"},
                              {"url", json::string(url_)},
                              {"headers", {{"Authorization", "Bearer ${secret:sms}"}}},
                              {"body", json::string(json::serialize(body))}},
                             10'000);
    if (answer.status != TILL_DONE) return answer;  // refused: not sent; in doubt: no answer
    const auto status = answer.body.at("status").to_number<int>();
    if (status >= 500)
      return {TILL_IN_DOUBT, {}, {till::Code::kCodeNotSent, {}, std::to_string(status)}};
    if (status < 200 || status > 299) {
      return {TILL_REFUSED, {}, {till::Code::kCodeNotSent, {}, std::to_string(status)}};
    }
    return {TILL_DONE, {{"id", ""}}, {}};
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(Channel)
