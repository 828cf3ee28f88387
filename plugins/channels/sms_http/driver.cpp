// SMS through any provider that takes one message an HTTP request. The provider is described by
// settings; the daemon does the HTTP and fills in the secrets, which never come here.
#include <algorithm>
#include <iterator>

#include "template.h"

namespace till::sms_http {
namespace {

constexpr std::uint32_t kAnswerMs = 15000;
constexpr std::size_t kMaxTextBytes = 2000;  // ten SMS of Cyrillic text
constexpr std::size_t kMaxId = 64, kMaxVendor = 31;
constexpr int kMinPhoneDigits = 7, kMaxPhoneDigits = 15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_e164(std::string_view to) {
  if (!to.starts_with('+')) return false;
  to.remove_prefix(1);
  return to.size() >= kMinPhoneDigits && to.size() <= kMaxPhoneDigits &&
         std::ranges::all_of(to, is_digit);
}

std::string digits_of(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), is_digit);
  return out;
}

// A provider may repeat the number in its answer, written its own way: then it is not passed on.
std::string without_phone(std::string text, const Message& message, std::size_t limit) {
  const std::string tail = message.to.substr(message.to.size() - kMinPhoneDigits);
  const bool phone = digits_of(text).find(tail) != std::string::npos;
  const bool ugly = std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return phone || ugly || text.size() > limit ? std::string() : std::move(text);
}

class SmsHttp final : public Channel {
 public:
  Result<void> activate(const json::object& settings) override;
  OperationResult send(const Message& message) override;

 private:
  [[nodiscard]] json::object request(const Message& message) const;
  [[nodiscard]] OperationResult verdict(const Message& message, int status,
                                        const json::value& answer) const;

  std::string url_, method_ = "POST", content_type_ = "application/json";
  std::string body_ = R"({"to":"{to}","text":"{text}"})";
  std::string id_field_ = "id", error_field_ = "error";
  std::vector<Header> headers_;
  StatusRange ok_;
};

Result<void> SmsHttp::activate(const json::object& settings) {
  for (const auto& [key, value] : settings) {
    if (!value.is_string()) return fail(Code::kConfigInvalid, std::string(key));
    const auto text = json::value_to<std::string>(value);
    if (key == "url") {
      url_ = text;
    } else if (key == "method" && (text == "POST" || text == "PUT" || text == "GET")) {
      method_ = text;
    } else if (key == "content_type" &&
               (text == "application/json" || text == "application/x-www-form-urlencoded")) {
      content_type_ = text;
    } else if (key == "body") {
      body_ = text;
    } else if (key == "headers") {
      headers_ = TILL_TRY(parse_headers(text));
    } else if (key == "ok_status") {
      ok_ = TILL_TRY(parse_range(text));
    } else if (key == "id_field") {
      id_field_ = text;
    } else if (key == "error_field") {
      error_field_ = text;
    } else {
      return fail(Code::kConfigInvalid, std::string(key));
    }
  }
  if (!url_.starts_with("http://") && !url_.starts_with("https://")) {
    return fail(Code::kConfigInvalid, "url");
  }
  return {};
}

json::object SmsHttp::request(const Message& message) const {
  const bool is_json = content_type_ == "application/json";
  json::object headers;
  if (method_ != "GET") headers["Content-Type"] = content_type_;
  for (const auto& [name, value] : headers_) headers[name] = value;
  json::object out = {{"method", method_},
                      {"url", fill(url_, message, Escape::kForm)},
                      {"headers", std::move(headers)}};
  if (method_ != "GET") {
    out["body"] = fill(body_, message, is_json ? Escape::kJson : Escape::kForm);
  }
  return out;
}

// Also a provider that answers 2xx with an error in the body has refused.
OperationResult SmsHttp::verdict(const Message& message, int status,
                                 const json::value& answer) const {
  const auto error = error_field_.empty() ? std::nullopt : at_path(answer, error_field_);
  const bool said_no = error && !error->empty() && *error != "0" && *error != "false";
  if (ok_.contains(status) && !said_no) {
    const auto id = id_field_.empty() ? std::nullopt : at_path(answer, id_field_);
    return {TILL_DONE,
            json::object{{"id", without_phone(id.value_or(""), message, kMaxId)}},
            {},
            false};
  }
  std::string vendor = without_phone(error.value_or(""), message, kMaxVendor);
  const std::string http = "HTTP " + std::to_string(status);
  if (vendor.empty()) vendor = http;
  const bool later = status == 429 || status >= 500;
  return {TILL_REFUSED,
          {},
          {Code::kCodeNotSent, later ? http + ", try again later" : http, std::move(vendor)},
          false};
}

OperationResult SmsHttp::send(const Message& message) {
  if (!is_e164(message.to)) return {TILL_REFUSED, {}, {Code::kBadPhone, {}, {}}, false};
  if (message.text.empty() || message.text.size() > kMaxTextBytes) {
    return {TILL_REFUSED, {}, {Code::kOutOfRange, "text", {}}, false};
  }
  const auto answer = http(request(message), kAnswerMs);
  // The daemon's words may name the URL, and that may hold the phone.
  if (answer.status == TILL_REFUSED) {
    return {TILL_REFUSED, {}, {Code::kCodeNotSent, "nothing was sent", {}}, false};
  }
  if (answer.status != TILL_DONE) {
    return {TILL_IN_DOUBT, {}, {Code::kTimeout, "no answer", {}}, false};
  }
  const auto* object = answer.body.if_object();
  const auto* status = object == nullptr ? nullptr : object->if_contains("status");
  boost::system::error_code bad;
  const int code = status == nullptr ? 0 : status->to_number<int>(bad);
  if (code == 0 || bad) return {TILL_IN_DOUBT, {}, {Code::kBadFrame, "answer", {}}, false};
  const auto body = at_path(answer.body, "body");
  const json::value parsed = json::parse(body.value_or(""), bad);
  return verdict(message, code, bad ? json::value() : parsed);
}

}  // namespace
}  // namespace till::sms_http

TILLBRIDGE_PLUGIN(till::sms_http::SmsHttp)
