// What a kind of plugin owes beyond the rest.
#include <algorithm>
#include <cctype>

#include "kit.h"
#include "sdk/cpp/fiscal.h"

namespace till::kit {
namespace {

using testkit::Player;

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
        throw Failed{
            "event " + e.type + ": " + fits.error().detail + " is not by the schema",
            schema_place(b.package(), "event." + e.type, "/properties/body", fits.error().detail)};
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
  const auto* points = answer.as_object().if_contains("points");
  for (const auto& p :
       points != nullptr && points->is_array() ? points->get_array() : json::array{}) {
    const auto line = p.at("line").to_number<std::int64_t>();
    if (line != 0 && !left.contains(line)) throw Failed{"points for a line that is not there"};
    if (p.at("points").to_number<std::int64_t>() < 0) throw Failed{"points below zero"};
  }
}

void rule(Bench& b) {
  if (b.manifest().kind != "rule") throw Skipped{"no rule"};
  const auto first = b.active(), second = b.active();
  std::vector<std::pair<json::object, std::string>> said;
  for (int i = 0; i < 200; ++i) {
    const json::object question = basket(b.seed);
    const std::size_t calls = first->calls();
    const auto a = first->perform("rule.evaluate", question);
    if (first->calls() - calls > 2) throw Failed{"it calls the host"};  // the SDK reads the clock
    if (a.status != TILL_DONE) throw Failed{"a basket is " + std::string(testkit::word(a.status))};
    check_discounts(question, a.body);
    said.emplace_back(question, a.text);
  }
  // Another instance is asked backwards: what it has been asked before must not matter either.
  for (auto one = said.rbegin(); one != said.rend(); ++one) {
    second->pass_ms(1000);
    for (int again = 0; again < 2; ++again) {
      if (second->perform("rule.evaluate", one->first).text != one->second) {
        throw Failed{"the same basket gives another answer"};
      }
    }
  }
}

// Where in a recording a receipt ended in doubt, and where the same receipt is resolved.
struct Doubt {
  std::size_t receipt, resolve;
};
std::vector<Doubt> doubts(const Recording& r) {
  std::vector<Doubt> all;
  const auto is = [&](std::size_t i, const char* verb) {
    return r.steps[i].kind == testkit::RecordedStep::Kind::kPerform && r.steps[i].verb == verb &&
           r.steps[i].body.contains("receipt");
  };
  for (std::size_t i = 0; i < r.steps.size(); ++i) {
    if (!is(i, "fiscal.receipt") || r.steps[i].status != TILL_IN_DOUBT) continue;
    for (std::size_t k = i + 1; k < r.steps.size(); ++k) {
      if (!is(k, "fiscal.resolve")) continue;
      if (r.steps[k].body.at("receipt") != r.steps[i].body.at("receipt")) continue;
      all.push_back({i, k});
      break;
    }
  }
  return all;
}

// "" for a verdict that ends the doubt, or why it does not.
std::string undecided(const FakeOutcome& outcome, const json::object& asked) {
  if (outcome.status != TILL_DONE) return std::string("it is ") + testkit::word(outcome.status);
  const auto resolution = resolution_from_json(outcome.body);
  const auto receipt = receipt_from_json(asked.at("receipt"));
  const auto* before = asked.if_contains("baseline");
  const auto baseline = baseline_from_json(before == nullptr ? json::value() : *before);
  if (!resolution || !receipt || !baseline) return "it can not be read";
  if (resolution->verdict == ResolutionVerdict::kNeedsPerson) return "a person is needed";
  if (resolution->verdict == ResolutionVerdict::kRefused) return "";
  const FiscalDocument& d = resolution->document;
  if (d.number <= baseline->last_document) return "its document was there before";
  if (d.witness_readable ? d.witness != receipt->witness : d.total != receipt->total) {
    return "its document is not this receipt's";
  }
  return "";
}

// After a loss the driver says what the device did, and an instance that knows nothing of the
// attempt says the same: the child may have died meanwhile.
void resolve(Bench& b) {
  if (b.manifest().kind != "register") throw Skipped{"no register"};
  std::size_t resolved = 0;
  std::string why;
  for (const auto& file : b.package().recordings) {
    for (const auto& [receipt, step] : doubts(file.recording)) {
      const auto& asked = file.recording.steps[step].body;
      auto host = b.recorded(file);
      Player player(*host, file.recording);
      for (std::size_t i = 0; i <= step; ++i) player.play(i);
      const FakeOutcome first = player.outcome();
      const std::string at = file.name + " step " + std::to_string(step) + ": ";
      if (const auto words = undecided(first, asked); !words.empty()) {
        why = at + words;
        continue;
      }
      FakeHostOptions options;
      options.state = host->state;
      host = b.recorded(file, options);
      Player other(*host, file.recording);
      other.play(step);
      // A device that counts frames hears another count; then only the first verdict is judged.
      if (other.same_bytes() && other.outcome().body != first.body) {
        throw Failed{at + "the next instance says something else, " + other.outcome().text};
      }
      ++resolved;
    }
  }
  if (resolved == 0 && !why.empty()) throw Failed{"no doubt was resolved, " + why};
  if (resolved == 0) {
    throw Skipped{
        "no recording of a fiscal.receipt in doubt and of its fiscal.resolve: cut the "
        "line behind the closing command while tillbridge-plugin record runs"};
  }
}

}  // namespace

std::vector<Check> kind_checks() {
  return {
      {"kind.events", "every event is in the manifest and by its schema",
       "till_events.emit in tillbridge/events.h", "add it to \"events\", or correct its fields",
       events},
      {"kind.log_once", "a lost line is logged once, and once when it is back", "tillbridge/log.h",
       "remember that you have told it; counters are the host's", log_once},
      {"kind.channel_answers", "only an answer of 2xx is done, no answer is in doubt",
       "share/tillbridge/schema/message.send.json#/description",
       "look at \"status\" before the body", channel_answers},
      {"kind.privacy", "no phone, text or card digit in a log line or an error",
       "tillbridge/log.h, till_error in tillbridge/abi.h", "name the field, not what is in it",
       privacy},
      {"kind.resolve", "a receipt in doubt is resolved from the device, by a new instance too",
       "share/tillbridge/schema/fiscal.resolve.json#/properties/result",
       "find the witness behind the baseline; refused only after a cancel", resolve},
      {"kind.rule", "the same basket gives the same discounts, within the lines' totals",
       "share/tillbridge/schema/rule.evaluate.json#/description",
       "no clock, no random number, no state", rule},
  };
}

}  // namespace till::kit
