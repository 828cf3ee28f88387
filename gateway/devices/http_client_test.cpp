#include "http_client.h"
#include "secret_marks.h"

#include <gtest/gtest.h>

#include <optional>

namespace till::devices {
namespace {

TEST(HttpClient, ARequestThatIsNoneIsRefusedByItsMember) {
  for (const auto& [request, member] :
       {std::pair("hello", "request"),
        {R"([1])", "request"},
        {R"({"method":"GET"})", "url"},
        {R"({"url":"nowhere"})", "url"},
        {R"({"url":"http://127.0.0.1:9/","method":"FETCH"})", "method"},
        {R"({"url":"http://127.0.0.1:9/","headers":["a"]})", "headers"},
        {R"({"url":"http://127.0.0.1:9/","headers":{"a":1}})", "headers"},
        {R"({"url":"http://127.0.0.1:9/","body":{}})", "body"}}) {
    boost::asio::io_context io;
    std::optional<ipc::Outcome> outcome;
    http_request(io, {}, request, 1000, [&](ipc::Outcome o) { outcome = std::move(o); });
    io.run();
    ASSERT_TRUE(outcome) << request;
    EXPECT_EQ(outcome->verdict, ipc::Verdict::kRefused) << request;
    EXPECT_EQ(outcome->error, (Error{Code::kBadValue, member, {}})) << request;
  }
}

std::optional<ipc::Outcome> asked(const std::string& request) {
  boost::asio::io_context io;
  std::optional<ipc::Outcome> outcome;
  http_request(io, {{"key", "k1"}}, request, 200, [&](ipc::Outcome o) { outcome = std::move(o); });
  io.run();
  return outcome;
}

// What would end the library's own patience, or be another request than it says.
TEST(HttpClient, NothingOfARequestIsTakenOnTrust) {
  const std::string url = R"({"url":"http://127.0.0.1:9/","headers":)";
  for (const auto& [headers, why] :
       {std::pair(R"({"a":")" + std::string(100'000, 'x') + R"("}})", "headers"),
        {R"({")" + std::string(100'000, 'x') + R"(":"a"}})", "headers"},
        {R"({"a b":"c"}})", "headers"},
        {R"({"a":"b\r\nX: y"}})", "headers"},
        {R"({"a":"${secret:other}"}})", "headers: a secret this device may not use"},
        {R"({},"body":"${secret:store_key}"})", "body: a secret this device may not use"},
        {R"({},"body":"${secret:key"})", "body: a secret this device may not use"}}) {
    const auto outcome = asked(url + headers);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->error, (Error{Code::kBadValue, why, {}})) << headers.substr(0, 60);
  }
  for (const char* bad :
       {R"({"url":"http://127.0.0.1:9/a\r\nX: y"})", R"({"url":"http://127.0.0.1:9/a b"})"}) {
    EXPECT_EQ(asked(bad)->error, (Error{Code::kBadValue, "url", {}}));
  }
  EXPECT_EQ(asked(url + R"({"a":"Bearer ${secret:key}"},"body":"${secret:key}${secret:key}"})")
                ->error.code,
            Code::kTimeout)
      << "sent, or tried";
}

TEST(HttpClient, ACustomersTextNamesNoSecret) {
  std::string text = R"({"text":"hello ${secret:sms} and ${secret:${secret:x}}"})";
  EXPECT_EQ(secrets_named_in(text), (std::vector<std::string>{"sms", "${secret:x", "x"}));
  unmark_secrets(text);
  EXPECT_TRUE(secrets_named_in(text).empty());
  EXPECT_EQ(text, R"({"text":"hello $ {secret:sms} and $ {secret:$ {secret:x}}"})");
}

// The daemon's only thread fills them in.
TEST(HttpClient, SecretsAreFilledInInOnePass) {
  std::string body;
  for (int i = 0; i < 800'000; ++i) body += "${secret:key}";
  EXPECT_EQ(asked(R"({"url":"http://127.0.0.1:9/","body":")" + body + R"("})")->error.code,
            Code::kTimeout);
}

}  // namespace
}  // namespace till::devices
