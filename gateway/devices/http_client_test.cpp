#include "http_client.h"

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

}  // namespace
}  // namespace till::devices
