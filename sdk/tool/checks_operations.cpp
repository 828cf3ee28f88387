// Operations: done, refused or in doubt, in time, and honestly.
#include <algorithm>

#include "gateway/base/errors.h"
#include "kit.h"

namespace till::kit {
namespace {

constexpr std::uint32_t kDeadlineMs = 5000;

std::string said(const FakeOutcome& o) {
  return std::string(testkit::word(o.status)) + " " + code_name(o.error.code) + " " +
         o.error.detail;
}

// Each verb with a body by its schema, on one instance.
void each_verb(Bench& b, FakeHost& host,
               const std::function<void(const std::string&, const FakeOutcome&)>& look,
               std::uint32_t deadline_ms = kDeadlineMs) {
  b.need_verbs();
  for (const auto& verb : b.manifest().verbs) {
    const std::string body = json::serialize(b.sample(verb, b.seed));
    look(verb, host.perform_text(verb, body, "key", deadline_ms));
  }
}

void unknown_verb(Bench& b) {
  const auto host = b.active();
  if (host->extension<till_operations>(TILL_OPERATIONS_ID) == nullptr) {
    throw Skipped{"it has no operations"};
  }
  const std::size_t before = host->written() + host->requests();
  std::vector<std::string> unknown = {"no.such", "", "fiscal", "printer.print2", "org.acme.fly"};
  for (const auto& verb : b.manifest().verbs) {
    unknown.insert(unknown.end(), {verb + "2", verb + ".x", verb.substr(0, verb.size() - 1)});
  }
  for (const auto& verb : unknown) {
    if (std::ranges::find(b.manifest().verbs, verb) != b.manifest().verbs.end()) continue;
    const auto outcome = host->perform_text(verb, "{}");
    if (outcome.status != TILL_REFUSED || outcome.error.code != Code::kVerbUnsupported) {
      throw Failed{"\"" + verb + "\": " + said(outcome)};
    }
    if (host->written() + host->requests() != before)
      throw Failed{"\"" + verb + "\" reached the device"};
  }
}

// What the manifest promises is not what the code refuses: a kind that was only written there.
void known_verbs(Bench& b) {
  const auto host = b.active();
  const auto* operations = host->extension<till_operations>(TILL_OPERATIONS_ID);
  if (operations == nullptr || operations->perform == nullptr) throw Skipped{"see life.kind"};
  each_verb(b, *host, [](const std::string& verb, const FakeOutcome& outcome) {
    if (outcome.status == TILL_REFUSED && outcome.error.code == Code::kVerbUnsupported) {
      throw Failed{"\"" + verb + "\" of the manifest: " + said(outcome)};
    }
  });
}

void bad_body(Bench& b) {
  b.need_verbs();
  for (const auto& verb : b.manifest().verbs) {
    const auto schema = b.schema(verb);
    const auto host = b.active();
    const std::size_t before = host->written() + host->requests();
    const std::string good = json::serialize(b.sample(verb, b.seed));
    std::string random(std::size_t{1} << 20, ' ');
    for (char& c : random) c = static_cast<char>(b.seed.next());
    // With the member that is wrong, where it is one.
    std::vector<std::pair<std::string, std::string>> bodies;
    for (const auto& body : {std::string(), good.substr(0, good.size() - 1), std::string("[1]"),
                             std::string("17"), random, good + "}"}) {
      bodies.emplace_back(body, "");
    }
    for (int i = 0; schema && i < 20; ++i) {
      const auto& request = schema->at("request").as_object();
      const auto spoilt = testkit::spoilt_sample_of(request, b.seed);
      const auto fits = testkit::check_schema(request, spoilt);
      if (fits) continue;
      const auto& path = fits.error().detail;
      bodies.emplace_back(json::serialize(spoilt), path.substr(0, path.find_first_of(".[")));
    }
    for (const auto& [body, member] : bodies) {
      const auto outcome = host->perform_text(verb, body, "key", kDeadlineMs);
      const std::string what = verb + " of " + body.substr(0, 80) + ": " + said(outcome);
      if (outcome.status != TILL_REFUSED) throw Failed{what};
      if (outcome.error.code < Code::kOverflow || outcome.error.code > Code::kBadValue ||
          outcome.error.code == Code::kInternal) {
        throw Failed{what + ", want TB-1001 to TB-1012, and not TB-1010"};
      }
      if (outcome.error.detail.find(member) == std::string::npos) {
        throw Failed{(what + ", its detail does not name ").append(member)};
      }
      if (host->written() + host->requests() != before) throw Failed{what + ", but it spoke"};
    }
  }
}

// A device that says nothing, and one that says a byte every half second for ever.
void deadline(Bench& b) {
  constexpr std::int64_t kByteUs = 500'000;
  for (const bool endless : {false, true}) {
    for (const std::uint32_t deadline_ms : {kDeadlineMs, kDeadlineMs / 8}) {
      std::int64_t next = 0;  // outlives the host that has its device
      const auto host = b.active();
      next = host->now_us + kByteUs;
      if (endless) {
        host->set_clock([&](std::int64_t now) {
          for (; next <= now; next += kByteUs) host->device_says(as_bytes("x"));
          return std::optional(next);
        });
      }
      std::int64_t start = host->now_us;
      const auto look = [&](const std::string& verb, const FakeOutcome& outcome) {
        const std::int64_t ms = (host->now_us - start) / 1000;
        start = host->now_us;
        if (ms <= std::int64_t{deadline_ms} + TILL_GRACE_MS) return;
        throw Failed{verb + " took " + std::to_string(ms) + " ms of " +
                     std::to_string(deadline_ms) + " with a device that " +
                     (endless ? "never ends to speak: " : "is silent: ") + said(outcome)};
      };
      each_verb(b, *host, look, deadline_ms);
    }
  }
}

void no_port(Bench& b) {
  const auto access = b.manifest().access;
  if (access != supervisor::Access::kPort && access != supervisor::Access::kHttp) {
    throw Skipped{"it speaks through no port of the host"};
  }
  const auto host = b.active();
  host->set_connected(false);
  host->set_http([](const json::object&) -> FakeOutcome {
    return {TILL_REFUSED, {}, {Code::kPortLost, "no line", {}}, false};
  });
  each_verb(b, *host, [](const std::string& verb, const FakeOutcome& outcome) {
    if (outcome.status != TILL_REFUSED) throw Failed{verb + " with no line: " + said(outcome)};
  });
}

void result(Bench& b) {
  bool any = false;
  const auto look = [&](const std::string& verb, const std::string& text) {
    any = true;
    boost::system::error_code bad;
    const json::value value = json::parse(text, bad);
    if (bad || !value.is_object()) throw Failed{verb + " answered " + text.substr(0, 100)};
    const auto schema = b.schema(verb);
    if (!schema) return;
    if (const auto fits = testkit::check_schema(schema->at("result").as_object(), value); !fits) {
      throw Failed{verb + ": result." + fits.error().detail + " is not by the schema",
                   schema_place(b.package(), verb, "/properties/result", fits.error().detail)};
    }
  };
  b.need_verbs();
  const auto host = b.active();
  each_verb(b, *host, [&](const std::string& verb, const FakeOutcome& o) {
    if (o.status == TILL_DONE) look(verb, o.text);
  });
  for (const auto& file : b.package().recordings) {
    const auto replayed = b.recorded(file);
    testkit::Player player(*replayed, file.recording);
    for (std::size_t i = 0; i < file.recording.steps.size(); ++i) {
      player.play(i);
      const auto& step = file.recording.steps[i];
      const bool operation = step.kind == testkit::RecordedStep::Kind::kPerform;
      if (operation && player.outcome().status == TILL_DONE) look(step.verb, player.outcome().text);
    }
  }
  if (!any) throw Skipped{"nothing was done: record a dialogue"};
}

void reasons(Bench& b) {
  const auto known = [](Code code) {
    return std::ranges::any_of(all_errors(), [&](const auto& e) { return e.code == code; });
  };
  const auto look = [&](const std::string& verb, const FakeOutcome& o) {
    if (o.status != TILL_REFUSED && o.status != TILL_IN_DOUBT) return;
    if (!known(o.error.code)) throw Failed{verb + ": " + said(o) + " is not in the catalogue"};
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    if (std::ranges::any_of(o.error.detail, control)) throw Failed{verb + ": control characters"};
  };
  const auto host = b.active();
  each_verb(b, *host, look);
  look("no.such", host->perform_text("no.such", "{}"));
  host->set_connected(false);
  each_verb(b, *host, look);
}

void status(Bench& b) {
  b.need_verbs();
  const auto look = [](const std::string& verb, const FakeOutcome& o) {
    if (o.status < TILL_DONE || o.status > TILL_IN_DOUBT) {
      throw Failed{verb + " gave the status " + std::to_string(o.status)};
    }
    if (o.status != TILL_DONE && !o.text.empty()) {
      throw Failed{verb + " wrote a result and was not done"};
    }
  };
  const auto host = b.active();
  each_verb(b, *host, look);
  host->set_connected(false);
  each_verb(b, *host, look);
}

void cancel(Bench& b) {
  b.need_verbs();
  for (std::size_t n = 1; n <= 4; ++n) {
    const auto host = b.active();
    for (const auto& verb : b.manifest().verbs) {
      host->cancel_at_call(n);
      const auto outcome =
          host->perform_text(verb, json::serialize(b.sample(verb, b.seed)), "key", 60'000);
      // Whatever it does first was ended by the host, so nothing can have come of it.
      if (n == 1 && host->was_cancelled() && outcome.status == TILL_DONE) {
        throw Failed{verb + " was cancelled before it did anything, and is done"};
      }
      if (host->calls_after_cancel() > 20) {
        throw Failed{verb + " called the host " + std::to_string(host->calls_after_cancel()) +
                     " times after it was cancelled"};
      }
    }
  }
}

void doubt(Bench& b) {
  if (b.manifest().access == supervisor::Access::kDirect) throw Skipped{"it speaks past the host"};
  const auto host = b.active();
  std::size_t before = host->written() + host->requests();
  const auto look = [&](const std::string& verb, const FakeOutcome& outcome) {
    const std::size_t now = host->written() + host->requests();
    if (outcome.status == TILL_IN_DOUBT && now == before) {
      throw Failed{verb + " is in doubt, but nothing was sent"};
    }
    before = now;
  };
  for (int i = 0; i < 40; ++i) each_verb(b, *host, look);
}

void random_operations(Bench& b) {
  b.need_verbs();
  const auto host = b.active();
  for (int i = 0; i < 50; ++i) {
    const auto& verbs = b.manifest().verbs;
    const auto& verb = verbs[b.seed.below(verbs.size())];
    host->set_device([&](Bytes) {
      Buffer answer(b.seed.below(64));
      for (auto& byte : answer) byte = static_cast<std::uint8_t>(b.seed.next());
      if (!answer.empty()) host->device_says(answer);
    });
    const std::int64_t start = host->now_us;
    const auto outcome =
        host->perform_text(verb, json::serialize(b.sample(verb, b.seed)), "key", kDeadlineMs);
    if (host->now_us - start > (std::int64_t{kDeadlineMs} + TILL_GRACE_MS) * 1000) {
      throw Failed{verb + " with a noisy device: too late, " + said(outcome)};
    }
    host->clear();
  }
}

void progress(Bench& b) {
  b.need_verbs();
  b.workout([&](FakeHost& host) { b.expect_no(host, "progress"); });
}

// The same operation again, to the same instance and to the next: what was done is said again, and
// nothing leaves.
void same_key(Bench& b) {
  const auto& promised = b.manifest().idempotent;
  if (promised.empty()) throw Skipped{"the manifest's idempotent names no verb"};
  bool any = false;
  for (const auto& file : b.package().recordings) {
    for (std::size_t i = 0; i < file.recording.steps.size(); ++i) {
      const auto& step = file.recording.steps[i];
      if (step.kind != testkit::RecordedStep::Kind::kPerform || step.status != TILL_DONE ||
          step.key.empty() || std::ranges::find(promised, step.verb) == promised.end()) {
        continue;
      }
      any = true;
      auto host = b.recorded(file);
      testkit::Player player(*host, file.recording);
      for (std::size_t n = 0; n <= i; ++n) player.play(n);
      const std::string first = player.outcome().text;
      for (const char* whom : {"the same instance", "the next instance"}) {
        host->set_device({});
        host->set_http({});
        const std::size_t before = host->written() + host->requests();
        const auto again = host->perform_text(step.verb, json::serialize(step.body), step.key);
        const std::string what = step.verb + " again, to " + whom + ": ";
        if (host->written() + host->requests() != before) throw Failed{what + "it was done again"};
        if (again.status != TILL_DONE || again.text != first) throw Failed{what + said(again)};
        FakeHostOptions options;
        options.state = host->state;
        host = b.recorded(file, options);
      }
    }
  }
  if (!any) throw Failed{"no recording of an idempotent verb that is done, with a key"};
}

}  // namespace

std::vector<Check> operation_checks() {
  return {
      {"operations.unknown_verb", "an unknown verb is refused with TB-2013",
       "till_operations.perform in tillbridge/operations.h", "compare the whole verb; code 2013",
       unknown_verb},
      {"operations.verbs", "it knows every verb of its manifest",
       "till_operations.perform in tillbridge/operations.h",
       "do what the verb says, or take it out of the manifest", known_verbs},
      {"operations.bad_body", "a body that is not by the schema is refused before a byte is sent",
       "till_operations.perform in tillbridge/operations.h",
       "parse the whole body first; code 1002 to 1012, the member in the detail", bad_body},
      {"operations.deadline", "no device holds an operation beyond its deadline, silent or endless",
       "tillbridge/operations.h", "count what is left of deadline_ms; the C++ SDK does", deadline},
      {"operations.no_port", "without a line every operation is refused",
       "till_status in tillbridge/abi.h", "nothing was sent, so nothing happened: TILL_REFUSED",
       no_port},
      {"operations.status", "the status is one of three, a result comes with done only",
       "till_status in tillbridge/abi.h", "write to the sink just before TILL_DONE", status},
      {"operations.result", "a result is one JSON object by the verb's schema",
       "till_operations.perform in tillbridge/operations.h", "write the fields the schema lists",
       result},
      {"operations.reasons", "what was not done has a code of the catalogue and a clean detail",
       "till_error in tillbridge/abi.h", "set code; name the thing in detail", reasons},
      {"operations.cancel", "a cancelled operation ends, and is not done when nothing was",
       "till_operations.cancel in tillbridge/operations.h",
       "give up when read gives -1 or write false", cancel},
      {"operations.doubt", "in doubt only after something was sent",
       "till_status in tillbridge/abi.h", "TILL_REFUSED when nothing has left", doubt},
      {"operations.progress", "progress grows from 0 to 1000 and is reported in perform",
       "tillbridge/progress.h", "report what is done, never an estimate that shrinks", progress},
      {"operations.same_key",
       "an idempotent verb's key twice gives one effect, also after a restart",
       "till_operation in tillbridge/operations.h, "
       "share/tillbridge/schema/manifest.json#/properties/idempotent",
       "keep key and result through till.state/1 before you answer", same_key},
      {"operations.random", "50 random operations on a noisy device end in time",
       "tillbridge/operations.h", "check every length before you use it", random_operations},
  };
}

}  // namespace till::kit
