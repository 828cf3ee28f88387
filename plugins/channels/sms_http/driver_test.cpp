#include <gtest/gtest.h>

#include "sdk/testkit/fake_host.h"
#include "template.h"

namespace till {
namespace {

namespace json = boost::json;
using testkit::FakeHost;
using testkit::FakeOutcome;

constexpr const char* kPhone = "+79161234567";

struct Bench {
  explicit Bench(json::object settings = {}) {
    settings.emplace("url", "http://127.0.0.1:9/sms");
    EXPECT_EQ(host.activate(settings).status, TILL_DONE);
    host.set_http([this](const json::object& request) {
      seen = request;
      return answer;
    });
  }
  void answers(int status, std::string_view body) {
    answer = {TILL_DONE, json::object{{"status", status}, {"body", body}}, {}, false};
  }
  FakeOutcome send(std::string_view text = "Код 1234", std::string_view to = kPhone) {
    const auto out = host.perform("message.send", {{"to", to}, {"text", text}});
    const std::string left = out.error.detail + "|" + out.error.vendor + "|" +
                             (out.status == TILL_DONE ? json::serialize(out.body) : "");
    EXPECT_EQ(left.find("1234567"), std::string::npos) << left;
    EXPECT_TRUE(host.log().empty());
    EXPECT_TRUE(host.events().empty());
    return out;
  }
  std::string body() { return json::value_to<std::string>(seen.at("body")); }

  FakeHost host;
  json::object seen;
  FakeOutcome answer;
};

TEST(SmsHttp, DefaultsSuitTheSimulatorsPhone) {
  Bench bench;
  bench.answers(200, R"({"id":"sms-1"})");
  const auto out = bench.send("Код \"1\"\n");
  EXPECT_EQ(out.status, TILL_DONE);
  EXPECT_EQ(out.body.at("id"), "sms-1");
  EXPECT_EQ(bench.seen.at("method"), "POST");
  EXPECT_EQ(bench.seen.at("url"), "http://127.0.0.1:9/sms");
  EXPECT_EQ(bench.seen.at("headers").at("Content-Type"), "application/json");
  EXPECT_EQ(bench.body(), R"({"to":"+79161234567","text":"Код \"1\"\n"})");
}

TEST(SmsHttp, FormsAndHeaders) {
  Bench bench({{"content_type", "application/x-www-form-urlencoded"},
               {"body", "phone={to}&msg={text}&key=${secret:SMS}"},
               {"headers", "Authorization: Bearer ${secret:SMS}\r\n\nX-Shop: 7"}});
  bench.answers(202, "");
  EXPECT_EQ(bench.send("a&b=ё").status, TILL_DONE);
  EXPECT_EQ(bench.body(), "phone=%2B79161234567&msg=a%26b%3D%D1%91&key=${secret:SMS}");
  EXPECT_EQ(bench.seen.at("headers").at("Authorization"), "Bearer ${secret:SMS}");
  EXPECT_EQ(bench.seen.at("headers").at("X-Shop"), "7");
  Bench get({{"method", "GET"}, {"url", "https://sms.example/send?to={to}&text={text}"}});
  get.answers(200, "");
  EXPECT_EQ(get.send("a b").status, TILL_DONE);
  EXPECT_EQ(get.seen.at("url"), "https://sms.example/send?to=%2B79161234567&text=a%20b");
  EXPECT_FALSE(get.seen.contains("body"));
}

TEST(SmsHttp, TextCannotAskForASecretOrAnotherPlace) {
  Bench bench;
  bench.answers(200, "{}");
  bench.send("${secret:SMS} {to}");
  EXPECT_EQ(bench.body(), R"({"to":"+79161234567","text":"\u0024{secret:SMS} {to}"})");
  EXPECT_EQ(json::parse(bench.body()).at("text"), "${secret:SMS} {to}");
}

TEST(SmsHttp, TheProvidersVerdict) {
  Bench bench({{"id_field", "data.0.id"}, {"error_field", "error.code"}});
  bench.answers(200, R"({"data":[{"id":712345}]})");
  EXPECT_EQ(bench.send().body.at("id"), "712345");
  bench.answers(400, R"({"error":{"code":"E17"}})");
  auto out = bench.send();
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_EQ(out.error, (Error{Code::kCodeNotSent, "HTTP 400", "E17"}));
  bench.answers(200, R"({"error":{"code":5}})");
  EXPECT_EQ(bench.send().error.vendor, "5");
  for (const int later : {429, 500, 503}) {
    bench.answers(later, "<html>");
    out = bench.send();
    EXPECT_EQ(out.status, TILL_REFUSED);
    EXPECT_EQ(out.error.detail, "HTTP " + std::to_string(later) + ", try again later");
  }
  bench.answers(302, "");
  EXPECT_EQ(bench.send().status, TILL_REFUSED);
}

TEST(SmsHttp, NoAnswerIsInDoubt) {
  Bench bench;
  bench.answer = {TILL_IN_DOUBT, {}, {Code::kTimeout, "http://x/?to=+79161234567", {}}, false};
  EXPECT_EQ(bench.send().status, TILL_IN_DOUBT);
  bench.answer = {
      TILL_REFUSED, {}, {Code::kPortOpenFailed, "http://x/?to=+79161234567", {}}, false};
  EXPECT_EQ(bench.send().status, TILL_REFUSED);
  bench.answer = {TILL_DONE, {{"odd", 1}}, {}, false};
  EXPECT_EQ(bench.send().status, TILL_IN_DOUBT);
  bench.answer = {TILL_DONE, 7, {}, false};
  EXPECT_EQ(bench.send().status, TILL_IN_DOUBT);
}

TEST(SmsHttp, AnAnswerThatRepeatsThePhoneIsNotPassedOn) {
  Bench bench;
  for (const char* echo : {"bad number +79161234567", "8 (916) 123-45-67"}) {
    bench.answers(400, json::serialize(json::object{{"error", echo}}));
    EXPECT_EQ(bench.send().error.vendor, "HTTP 400");
    bench.answers(200, json::serialize(json::object{{"id", echo}}));
    EXPECT_EQ(bench.send().body.at("id"), "");
  }
  bench.answers(400, json::serialize(json::object{{"error", std::string(100000, 'x')}}));
  EXPECT_EQ(bench.send().error.vendor, "HTTP 400");
}

// Cut anywhere, an answer is a verdict by its status, never a crash.
TEST(SmsHttp, AnswersCutAtEveryByteAndGarbage) {
  Bench bench;
  const std::string whole = R"({"id":"sms-1","error":""})";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    bench.answers(200, whole.substr(0, cut));
    EXPECT_EQ(bench.send().status, TILL_DONE) << cut;
  }
  bench.answers(200, std::string(1000, '['));
  EXPECT_EQ(bench.send().body.at("id"), "");
}

TEST(SmsHttp, BadMessagesAreNotSent) {
  Bench bench;
  for (const char* to : {"", "+", "89161234567", "+7916", "+7916123456a", "+1234567890123456"}) {
    EXPECT_EQ(bench.send("x", to).error.code, Code::kBadPhone) << to;
  }
  EXPECT_EQ(bench.send("").error.code, Code::kOutOfRange);
  EXPECT_EQ(bench.send(std::string(2001, 'x')).error.code, Code::kOutOfRange);
  EXPECT_TRUE(bench.seen.empty());
}

TEST(SmsHttp, SettingsAreChecked) {
  const auto error = [](const json::object& settings) {
    FakeHost host;
    return host.activate(settings).error.detail;
  };
  EXPECT_EQ(error({}), "url");
  EXPECT_EQ(error({{"url", "ftp://x"}}), "url");
  EXPECT_EQ(error({{"url", "http://x"}, {"headers", "no colon"}}), "headers");
  EXPECT_EQ(error({{"url", "http://x"}, {"headers", "A b: c"}}), "headers");
  EXPECT_EQ(error({{"url", "http://x"}, {"headers", "A: b\rc: d"}}), "headers");
  EXPECT_EQ(error({{"url", "http://x"}, {"ok_status", "200-599"}}), "ok_status");
  EXPECT_EQ(error({{"url", "http://x"}, {"ok_status", "x"}}), "ok_status");
  EXPECT_EQ(error({{"url", "http://x"}, {"ok_status", "200"}}), "");
}

}  // namespace
}  // namespace till
