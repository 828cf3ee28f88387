// What a kind of plugin owes beyond the rest.
#include <algorithm>
#include <cctype>

#include "kit.h"

namespace till::kit {
namespace {

void events(Bench& b) {
  bool any = false;
  const auto look = [&](FakeHost& host) {
    for (const auto& e : host.events()) {
      any = true;
      const auto& declared = b.manifest().events;
      if (std::ranges::find(declared, e.type) == declared.end()) {
        throw Failed{"event \"" + e.type + "\" is not in the manifest"};
      }
      if (!e.body.is_object()) throw Failed{"event " + e.type + ": " + e.text.substr(0, 80)};
      const auto schema = b.schema("event." + e.type);
      if (!schema) continue;
      if (const auto fits = testkit::check_schema(schema->at("body").as_object(), e.body); !fits) {
        throw Failed{"event " + e.type + ": " + fits.error().detail + " is not by the schema"};
      }
    }
  };
  b.workout(look);
  const auto host = b.active();
  host->feed(as_bytes("4601234567893\r\nno code\x01\r\n"));
  look(*host);
  if (!any) throw Skipped{"no event was seen: record one"};
}

// A line that goes and comes is told once each way, however often it is tried meanwhile.
void log_once(Bench& b) {
  constexpr std::size_t kFlaps = 10;
  const auto host = b.active();
  host->clear();
  for (std::size_t flap = 0; flap < kFlaps; ++flap) {
    host->set_connected(false);
    for (int i = 0; i < 5; ++i) {
      for (const auto& verb : b.manifest().verbs) {
        host->perform_text(verb, json::serialize(b.sample(verb, b.seed)), "key", 1000);
      }
    }
    host->set_connected(true);
  }
  if (host->log().size() > 2 * kFlaps) {
    throw Failed{std::to_string(host->log().size()) + " log lines for " + std::to_string(kFlaps) +
                 " lost lines: " + host->log().back()};
  }
}

void need_channel(Bench& b) {
  if (b.manifest().kind != "channel") throw Skipped{"no channel"};
}

const json::object& message() {
  static const json::object kMessage = {{"to", "+79991234567"}, {"text", "CODE-4711-XYZ"}};
  return kMessage;
}

void channel_answers(Bench& b) {
  need_channel(b);
  for (const int status : {302, 400, 401, 404, 429, 500, 502, 503}) {
    const auto host = b.active();
    host->set_http([&](const json::object&) -> FakeOutcome {
      return {TILL_DONE, json::object{{"status", status}, {"body", "{\"id\":\"1\"}"}}, {}, false};
    });
    const auto outcome = host->perform("message.send", message(), "key");
    if (outcome.status == TILL_DONE) {
      throw Failed{"done, though the provider answered " + std::to_string(status)};
    }
  }
  const auto host = b.active();
  host->set_http([](const json::object&) -> FakeOutcome {
    return {TILL_IN_DOUBT, {}, {Code::kTimeout, {}, {}}, false};
  });
  const auto outcome = host->perform("message.send", message(), "key");
  if (outcome.status != TILL_IN_DOUBT) {
    throw Failed{std::string("no answer came, and it says ") + testkit::word(outcome.status)};
  }
}

void expect_hidden(FakeHost& host, const FakeOutcome& outcome, const std::string& secret,
                   const char* what) {
  const auto look = [&](const std::string& text, const std::string& where) {
    if (text.find(secret) != text.npos) throw Failed{std::string(what) + " in " + where};
  };
  for (const auto& line : host.log()) look(line, "a log line");
  look(outcome.error.detail, "an error's detail");
  look(outcome.error.vendor, "an error's vendor code");
  for (const auto& e : host.events()) {
    if (e.type == "input_error") look(e.text, "an input_error");
  }
}

void channel_privacy(Bench& b) {
  for (const int status : {200, 400, 500}) {
    const auto host = b.active();
    const std::string echo = json::serialize(
        json::object{{"error", "no such number +79991234567: CODE-4711-XYZ"}, {"id", 1}});
    host->set_http([&](const json::object&) -> FakeOutcome {
      return {TILL_DONE, json::object{{"status", status}, {"body", json::string(echo)}}, {}, false};
    });
    const auto outcome = host->perform("message.send", message(), "key");
    expect_hidden(*host, outcome, "9991234567", "a phone number");
    expect_hidden(*host, outcome, "4711", "the message's text");
  }
}

void reader_privacy(Bench& b) {
  const auto host = b.active();
  for (const std::string swipe :
       {"%B4111111111111111^TEST/CARD^29121010000?\r\n;4111111111111111=29121010000?\r\n",
        ";4111111111111111=2912\r\n", "4111111111111111\r\n", ";41111111111111112912101?\r\n"}) {
    host->feed(as_bytes(swipe));
    expect_hidden(*host, {}, "41111111", "digits of a card");
    host->clear();
  }
}

void privacy(Bench& b) {
  if (b.manifest().kind == "channel") return channel_privacy(b);
  if (b.manifest().kind == "reader") return reader_privacy(b);
  throw Skipped{"neither channel nor reader"};
}

json::object basket(Seed& seed) {
  json::array lines;
  const auto count = 1 + seed.below(20);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto price = static_cast<std::int64_t>(seed.below(100'000));
    const auto pieces = static_cast<std::int64_t>(1 + seed.below(5));
    lines.push_back({{"line", i + 1},
                     {"goods", json::string("goods-" + std::to_string(seed.below(9)))},
                     {"quantity", pieces * 1000},
                     {"price", price},
                     {"total", price * pieces}});
  }
  return {{"instant", "2026-11-22T12:05:30"},
          {"customer", seed.below(2) == 0 ? "" : "regular"},
          {"lines", lines}};
}

void check_discounts(const json::object& question, const json::value& answer) {
  std::map<std::int64_t, std::int64_t> left;
  for (const auto& line : question.at("lines").as_array()) {
    left[line.at("line").to_number<std::int64_t>()] = line.at("total").to_number<std::int64_t>();
  }
  for (const auto& d : answer.at("discounts").as_array()) {
    const auto line = d.at("line").to_number<std::int64_t>();
    const auto amount = d.at("amount").to_number<std::int64_t>();
    if (!left.contains(line)) throw Failed{"a discount on a line that is not there"};
    left[line] -= amount;
    if (amount < 0 || left[line] < 0) {
      throw Failed{"line " + std::to_string(line) + ": a discount below zero or above its total"};
    }
  }
}

void rule(Bench& b) {
  if (b.manifest().kind != "rule") throw Skipped{"no rule"};
  const auto first = b.active(), second = b.active();
  for (int i = 0; i < 200; ++i) {
    const json::object question = basket(b.seed);
    const std::size_t calls = first->calls();
    const auto a = first->perform("rule.evaluate", question);
    if (first->calls() - calls > 2) throw Failed{"it calls the host"};  // the SDK reads the clock
    if (a.status != TILL_DONE) throw Failed{"a basket is " + std::string(testkit::word(a.status))};
    second->pass_ms(1000);
    for (int again = 0; again < 2; ++again) {
      if (second->perform("rule.evaluate", question).text != a.text) {
        throw Failed{"the same basket gives another answer"};
      }
    }
    check_discounts(question, a.body);
  }
}

}  // namespace

std::vector<Check> kind_checks() {
  return {
      {"kind.events", "every event is in the manifest and by its schema",
       "docs/authors/verbs.md, events", "add it to \"events\", or correct its fields", events},
      {"kind.log_once", "a lost line is logged once, and once when it is back", "tillbridge/log.h",
       "remember that you have told it; counters are the host's", log_once},
      {"kind.channel_answers", "only an answer of 2xx is done, no answer is in doubt",
       "docs/authors/verbs.md, message.send", "look at \"status\" before the body",
       channel_answers},
      {"kind.privacy", "no phone, text or card digit in a log line or an error",
       "tillbridge/log.h, till_error in abi.h", "name the field, not what is in it", privacy},
      {"kind.rule", "the same basket gives the same discounts, within the lines' totals",
       "docs/authors/verbs.md, rule.evaluate", "no clock, no random number, no state", rule},
  };
}

}  // namespace till::kit
