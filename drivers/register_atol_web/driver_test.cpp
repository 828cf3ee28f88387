// The driver against a web server that answers by a script: what exactly is asked of it, and the
// corners of its queue. Bodies are typed by hand after the public clients of the API.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "sdk/testkit/fake_host.h"
#include "tillbridge/sdk/fiscal.h"
#include "web_register.h"

namespace till {
namespace {

namespace json = boost::json;
using testkit::FakeHost;
using testkit::FakeOutcome;

const std::map<std::string, std::string> kResults = {
    {"getDeviceStatus",
     R"({"deviceStatus":{"blocked":false,"coverOpened":false,"paperPresent":true,"fiscal":true,)"
     R"("fnPresent":true,"currentDateTime":"2026-11-22T12:05:00+03:00","shift":"opened"}})"},
    {"getFnInfo", R"({"fnInfo":{"serial":"9999078900005488","livePhase":"fiscalMode"}})"},
    {"getFnStatus", R"({"fnStatus":{"fiscalDocumentNumber":10}})"},
    {"getShiftStatus",
     R"({"shiftStatus":{"number":12,"state":"opened","expiredTime":"2026-12-01T09:00:00+03:00"}})"},
    {"getDeviceInfo", R"({"deviceInfo":{"modelName":"АТОЛ 22Ф","serial":"00106"}})"},
    {"sell", R"({"fiscalParams":{"fiscalDocumentNumber":11,"fiscalDocumentSign":"1144201745",)"
             R"("fiscalDocumentDateTime":"2026-11-22T12:05:00+03:00","fiscalReceiptNumber":3,)"
             R"("shiftNumber":12,"fnNumber":"9999078900005488","total":200},"warnings":{}})"}};

struct Peer {
  explicit Peer(const json::object& settings = {}) {
    EXPECT_EQ(host.activate(settings).status, TILL_DONE);
    host.set_http([this](const json::object& request) {
      log.push_back(request);
      if (script) {
        if (auto answer = script(request)) return *answer;
      }
      return usual(request);
    });
  }
  static FakeOutcome http(int status, const std::string& body) {
    return {TILL_DONE, json::object{{"status", status}, {"body", body}}, {}, false};
  }
  static FakeOutcome lost() { return {TILL_IN_DOUBT, {}, {Code::kTimeout, "lost", {}}, false}; }
  static std::string url(const json::object& request) {
    return json::value_to<std::string>(request.at("url"));
  }
  static bool is(const json::object& request, std::string_view method) {
    return request.at("method").as_string() == method;
  }
  static bool sells(const json::object& request) {
    return is(request, "POST") &&
           json::value_to<std::string>(request.at("body")).find("\"sell\"") != std::string::npos;
  }

  FakeOutcome usual(const json::object& request) {
    if (is(request, "POST")) {
      const auto body = json::parse(json::value_to<std::string>(request.at("body"))).as_object();
      const auto uuid = json::value_to<std::string>(body.at("uuid"));
      if (requests.contains(uuid)) return http(409, R"({"error":{"code":0,"description":""}})");
      std::string results;
      for (const auto& task : body.at("request").as_array()) {
        const auto type = json::value_to<std::string>(task.at("type"));
        const auto at = kResults.find(type);
        results += (results.empty() ? "" : ",") +
                   (errors.contains(type)
                        ? R"({"status":"error","error":{"code":)" + std::to_string(errors[type]) +
                              R"(,"description":"?"}})"
                        : R"({"status":"ready","error":{"code":0,"description":""},"result":)" +
                              (at == kResults.end() ? "{}" : at->second) + "}");
      }
      requests[uuid] = results;
      return http(201, R"({"number":1,"uuid":")" + uuid + R"(","isBlocked":false})");
    }
    const std::string address = url(request), uuid = address.substr(address.rfind('/') + 1);
    if (!requests.contains(uuid)) return http(404, "{}");
    return http(200, R"({"results":[)" + requests[uuid] + "]}");
  }
  std::size_t count(const std::function<bool(const json::object&)>& which) const {
    return static_cast<std::size_t>(std::ranges::count_if(log, which));
  }

  FakeHost host;
  std::map<std::string, std::string> requests;
  std::map<std::string, int> errors = {{"openShift", 83}};
  std::function<std::optional<FakeOutcome>(const json::object&)> script;
  std::vector<json::object> log;
};

FiscalReceipt coffee() {
  FiscalReceipt r;
  r.witness = "A1/1";
  r.lines = {{.name = "Кофе", .price = {10000}, .quantity = {2000}, .sum = {20000}}};
  r.payments = {{Tender::kCash, {20000}}};
  r.total = {20000};
  return r;
}

const json::object kBefore = {
    {"fiscal_memory", "9999078900005488"}, {"last_document", 10}, {"device_time", ""}};

FakeOutcome sell(Peer& peer) {
  return peer.host.perform("fiscal.receipt", {{"receipt", to_json(coffee())}});
}
FakeOutcome resolve(Peer& peer) {
  return peer.host.perform("fiscal.resolve",
                           {{"receipt", to_json(coffee())}, {"baseline", kBefore}});
}

TEST(AtolUuid, IsTheSameOfTheSameText) {
  EXPECT_EQ(atol::uuid_of("sale A1/1 9999078900005488 0"),
            atol::uuid_of("sale A1/1 9999078900005488 0"));
  EXPECT_NE(atol::uuid_of("sale A1/1 9999078900005488 0"),
            atol::uuid_of("sale A1/1 9999078900005488 1"));
  const auto uuid = atol::uuid_of("");
  EXPECT_EQ(uuid, "6c62272e-07bb-8142-a2b8-21756295c58d");
}

TEST(AtolWeb, AReceiptGoesUnderTheUuidOfItsWitness) {
  Peer peer({{"url", "http://10.0.0.5:16732/"}, {"authorization", "Basic ${secret:atol}"}});
  const auto out = sell(peer);
  ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
  EXPECT_EQ(out.body.at("number"), 11);
  EXPECT_EQ(out.body.at("sign"), 1144201745);
  const auto at = std::ranges::find_if(peer.log, Peer::sells);
  ASSERT_NE(at, peer.log.end());
  EXPECT_EQ(Peer::url(*at), "http://10.0.0.5:16732/api/v2/requests");
  EXPECT_EQ(at->at("headers").at("Authorization"), "Basic ${secret:atol}");
  const auto body = json::parse(json::value_to<std::string>(at->at("body")));
  EXPECT_EQ(json::value_to<std::string>(body.at("uuid")),
            atol::uuid_of("sale A1/1 9999078900005488 0"));
  EXPECT_EQ(body.at("request").at(0).at("items").at(1).at("value"), "A1/1");
  EXPECT_TRUE(peer.host.passed_no_return());
}

TEST(AtolWeb, EveryStatusThatIsNoEndIsWaitedFor) {
  for (const char* status : {"wait", "inProgress", "blocked"}) {
    Peer peer;
    int polls = 0;
    peer.script = [&](const json::object& r) -> std::optional<FakeOutcome> {
      if (!Peer::is(r, "GET") || ++polls > 3) return std::nullopt;
      return Peer::http(200, R"({"results":[{"status":")" + std::string(status) + R"("}]})");
    };
    EXPECT_EQ(sell(peer).status, TILL_DONE) << status;
    EXPECT_GT(polls, 3);
  }
}

TEST(AtolWeb, ALostPollIsAskedAgainALostSubmissionIsADoubt) {
  Peer peer;
  int lost = 2;
  peer.script = [&](const json::object& r) -> std::optional<FakeOutcome> {
    return Peer::is(r, "GET") && lost-- > 0 ? std::optional(Peer::lost()) : std::nullopt;
  };
  EXPECT_EQ(sell(peer).status, TILL_DONE);
  Peer other;
  other.script = [&](const json::object& r) -> std::optional<FakeOutcome> {
    return Peer::sells(r) ? std::optional(Peer::lost()) : std::nullopt;
  };
  EXPECT_EQ(sell(other).status, TILL_IN_DOUBT);
}

TEST(AtolWeb, NothingSentIsNothingSold) {
  Peer peer;
  peer.script = [&](const json::object& r) -> std::optional<FakeOutcome> {
    if (!Peer::sells(r)) return std::nullopt;
    return FakeOutcome{TILL_REFUSED, {}, {Code::kTimeout, "connection refused", {}}, false};
  };
  const auto out = sell(peer);
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_EQ(out.error.code, Code::kRegisterOffline);
}

TEST(AtolWeb, ErrorsOfTheTaskAndOfTheServer) {
  Peer peer;
  peer.errors["sell"] = 68;
  peer.host.perform("fiscal.baseline");
  const auto refused = sell(peer);
  EXPECT_EQ(refused.status, TILL_REFUSED);
  EXPECT_EQ(refused.error.code, Code::kShiftTooLong);
  EXPECT_FALSE(refused.dirty);
  Peer broken;
  broken.errors["sell"] = 241;
  EXPECT_EQ(sell(broken).status, TILL_IN_DOUBT);
  const std::pair<int, Code> kStatuses[] = {
      {401, Code::kRegisterPassword}, {503, Code::kTimeout}, {418, Code::kRegisterRefused}};
  for (const auto& [status, code] : kStatuses) {
    Peer other;
    other.script = [&, http = status](const json::object&) -> std::optional<FakeOutcome> {
      return Peer::http(http, "");
    };
    EXPECT_EQ(other.host.perform("fiscal.baseline").error.code, code) << status;
  }
  Peer said;
  said.script = [&](const json::object&) -> std::optional<FakeOutcome> {
    return Peer::http(400, R"({"error":{"code":501,"description":"Ошибка разбора"}})");
  };
  EXPECT_EQ(said.host.perform("fiscal.baseline").error.vendor, "501");
}

TEST(AtolWeb, AnswersThatAreNoneProveNothing) {
  for (const char* body : {"", "[]", "{}", R"({"results":[]})", R"({"results":[7]})",
                           R"({"results":[{"status":"dancing"}]})"}) {
    Peer peer;
    peer.script = [&](const json::object& r) -> std::optional<FakeOutcome> {
      return Peer::is(r, "GET") ? std::optional(Peer::http(200, body)) : std::nullopt;
    };
    EXPECT_NE(peer.host.perform("fiscal.baseline").status, TILL_DONE) << body;
  }
}

// A refused error of the task is only believed when no document came up.
TEST(AtolWeb, AnErrorWithADocumentIsADoubt) {
  Peer peer;
  peer.errors["sell"] = 15;
  int asked = 0;
  peer.script = [&](const json::object& r) -> std::optional<FakeOutcome> {
    if (!Peer::is(r, "GET")) return std::nullopt;
    const auto usual = peer.usual(r);
    auto body = json::value_to<std::string>(usual.body.at("body"));
    const auto at = body.find(R"("fiscalDocumentNumber":10)");
    if (at != std::string::npos && ++asked > 1)
      body.replace(at, 25, R"("fiscalDocumentNumber":11)");
    return Peer::http(200, body);
  };
  EXPECT_EQ(sell(peer).status, TILL_IN_DOUBT);
}

TEST(AtolWeb, AWaitingRequestIsWithdrawnOrLeavesTheDoubt) {
  for (const bool can : {true, false}) {
    Peer peer;
    bool deleted = false;
    const std::string ours = "/" + atol::uuid_of("sale A1/1 9999078900005488 0");
    peer.script = [&](const json::object& r) -> std::optional<FakeOutcome> {
      if (!Peer::url(r).ends_with(ours)) return std::nullopt;
      if (Peer::is(r, "DELETE")) {
        deleted = can;
        return Peer::http(can ? 200 : 405, "{}");
      }
      return Peer::http(200, deleted ? R"({"results":[{"status":"canceled"}]})"
                                     : R"({"results":[{"status":"wait"}]})");
    };
    const auto out = resolve(peer);
    EXPECT_EQ(out.status, can ? TILL_DONE : TILL_REFUSED);
    if (can) {
      EXPECT_EQ(out.body.at("verdict"), "refused");
    } else {
      EXPECT_EQ(out.error.code, Code::kTimeout);  // no verdict: ask again
    }
  }
}

// The uuid of the sale is given away, so that the lost submission comes too late for ever.
TEST(AtolWeb, ARefusedVerdictTakesTheUuidAndTheNextSaleHasAnother) {
  Peer peer;
  const auto verdict = resolve(peer);
  ASSERT_EQ(verdict.status, TILL_DONE) << verdict.error.detail;
  EXPECT_EQ(verdict.body.at("verdict"), "refused");
  EXPECT_TRUE(peer.requests.contains(atol::uuid_of("sale A1/1 9999078900005488 0")));
  EXPECT_EQ(peer.requests.at(atol::uuid_of("sale A1/1 9999078900005488 0")).find("fiscalParams"),
            std::string::npos);
  EXPECT_EQ(json::serialize(resolve(peer).body), json::serialize(verdict.body));
  EXPECT_FALSE(peer.requests.contains(atol::uuid_of("sale A1/1 9999078900005488 1")));
  EXPECT_EQ(sell(peer).status, TILL_DONE);
  EXPECT_NE(peer.requests.at(atol::uuid_of("sale A1/1 9999078900005488 1")).find("fiscalParams"),
            std::string::npos);
  // Sold under this key: asked for again it is a doubt, never a second document.
  EXPECT_EQ(sell(peer).status, TILL_IN_DOUBT);
  EXPECT_FALSE(peer.requests.contains(atol::uuid_of("sale A1/1 9999078900005488 2")));
}

// What could still be closed is no refusal: an open shift is opened once more, and the register's
// error says whether a receipt is open.
TEST(AtolWeb, WhatCannotBePrintedIsToldOrRefused) {
  auto odd = to_json(coffee()).as_object();
  odd["lines"].as_array()[0].as_object()["name"] = "Кофе ☕";
  for (const char* policy : {"replace", "refuse"}) {
    Peer peer({{"unprintable", policy}});
    const auto out = peer.host.perform("fiscal.receipt", {{"receipt", odd}});
    if (std::string_view(policy) == "replace") {
      ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
      EXPECT_EQ(out.body.at("notes").at(0),
                "lines[0].name: 1 characters outside the register's code page");
      continue;
    }
    EXPECT_EQ(out.status, TILL_REFUSED);
    EXPECT_EQ(out.error.code, Code::kUnencodable);
    EXPECT_EQ(out.error.detail, "lines[0].name");
    EXPECT_TRUE(peer.log.empty()) << "refused before anything is sent";
  }
  FakeHost host;
  EXPECT_EQ(host.activate({{"unprintable", "guess"}}).error.code, Code::kConfigInvalid);
}

TEST(AtolWeb, NothingIsRefusedWhileADocumentIsOpen) {
  for (const int error : {82, 200}) {
    Peer peer;
    peer.errors["openShift"] = error;
    const auto open = resolve(peer);
    EXPECT_EQ(open.status, TILL_REFUSED) << error;  // no verdict: ask again
    EXPECT_EQ(open.error.code, Code::kDocumentOpen);
    peer.errors["openShift"] = 83;  // a person has cancelled it; only the shift itself is open
    const auto closed = resolve(peer);
    ASSERT_EQ(closed.status, TILL_DONE) << closed.error.detail;
    EXPECT_EQ(closed.body.at("verdict"), "refused");
  }
}

TEST(AtolWeb, StatusLeavesOutWhatTheRegisterCannotTell) {
  Peer peer;
  peer.errors = {{"ofdExchangeStatus", 11}, {"getShiftTotals", 11}};
  const auto out = peer.host.perform("fiscal.status", {{"detail", true}});
  ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
  EXPECT_EQ(out.body.at("shift"), "open");
  EXPECT_EQ(out.body.at("shift_opened"), "2026-11-30T09:00");
  EXPECT_TRUE(out.body.at("unsent_documents").is_null());
  EXPECT_TRUE(out.body.at("cash_in_drawer").is_null());
}

TEST(AtolWeb, PaperAndOtherWaysNotToContinue) {
  Peer peer;
  EXPECT_EQ(peer.host.perform("fiscal.continue_printing").status, TILL_DONE);
  peer.errors["continuePrint"] = 44;
  EXPECT_EQ(peer.host.perform("fiscal.continue_printing").status, TILL_REFUSED);
  peer.errors["continuePrint"] = 11;  // refuses because there is nothing to continue
  EXPECT_EQ(peer.host.perform("fiscal.continue_printing").status, TILL_DONE);
}

TEST(AtolWeb, SettingsAreChecked) {
  FakeHost host;
  for (const json::object& bad :
       {json::object{{"url", "ftp://x"}}, json::object{{"url", 7}}, json::object{{"x", "1"}}}) {
    EXPECT_EQ(host.activate(bad).error.code, Code::kConfigInvalid);
  }
}

}  // namespace
}  // namespace till
