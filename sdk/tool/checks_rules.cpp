// Threads and memory: the rules that hold in every call.
#include <malloc.h>
#include <algorithm>
#include <chrono>
#include <thread>

#include "kit.h"
#include "sdk/cpp/base/text.h"
#include "sdk/testkit/script.h"

namespace till::kit {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLeakRounds = 200;
constexpr std::size_t kLeakBytes = std::size_t{64} * 1024;
constexpr std::int64_t kPromptMs = 50, kTooLongMs = 1000;

void calls(Bench& b) {
  b.workout([&](FakeHost& host) {
    std::this_thread::sleep_for(20ms);  // for a thread that calls by itself
    b.expect_no(host, "thread");
  });
}

// on_input, on_quiet and on_port are for parsing: the device's answers do not come while they run.
void prompt(Bench& b) {
  const auto host = b.active();
  std::string slowest;
  std::int64_t most = 0;
  const auto measure = [&](const char* what, auto call) {
    const std::int64_t virtual_start = host->now_us;
    const auto started = std::chrono::steady_clock::now();
    call();
    const auto real = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::steady_clock::now() - started)
                          .count();
    const auto ms = std::max<std::int64_t>(real, (host->now_us - virtual_start) / 1000);
    if (ms > most) {
      most = ms;
      slowest = std::string(what) + " took " + std::to_string(ms) + " ms";
    }
  };
  measure("on_input", [&] { host->feed(as_bytes("4601234567893\r\n"), true); });
  measure("on_input", [&] { host->feed(Buffer(4096, 0xff)); });
  measure("on_port", [&] { host->set_connected(false); });
  measure("on_port", [&] { host->set_connected(true); });
  if (most > kTooLongMs) throw Failed{slowest};
  if (most > kPromptMs) throw Warned{slowest};
}

void after_destroy(Bench& b) {
  const auto host = b.active();
  host->feed(as_bytes("4601234567893\r\n"));
  host->deactivate();
  host->destroy();
  std::this_thread::sleep_for(200ms);
  b.expect_no(*host, "after_destroy");
}

void host_untouched(Bench& b) {
  b.workout([&](FakeHost& host) { b.expect_no(host, "host_written"); });
}

bool printable_utf8(std::string_view text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return valid_utf8(text) && std::ranges::none_of(text, control);
}

void error_memory(Bench& b) {
  for (const std::string text : {"[", "{\"nobody_knows\":{}}", "{\"nobody_knows\":\"\\u0001\"}"}) {
    const auto host = b.created();
    const auto outcome = host->activate_text(text);
    b.expect_no(*host, "error_memory");
    if (!printable_utf8(outcome.error.detail)) throw Failed{"detail is no printable UTF-8"};
  }
  const auto host = b.active();
  const std::string long_name(500, 'n');
  for (const auto& verb : {std::string("no.such"), long_name}) {
    for (const std::string body : {"{}", "{\"x\":\"\\u0007\xd0\"}"}) {
      const auto outcome = host->perform_text(verb, body, "k", 1000);
      b.expect_no(*host, "error_memory");
      if (!printable_utf8(outcome.error.detail)) throw Failed{"detail is no printable UTF-8"};
      if (!printable_utf8(outcome.error.vendor)) throw Failed{"vendor is no printable UTF-8"};
    }
  }
  b.workout([&](FakeHost& h) { b.expect_no(h, "error_memory"); });
}

void sink(Bench& b) {
  b.need_recordings();
  FakeHostOptions options;
  options.most_result = 1;
  b.replay([&](FakeHost& host, const RecordingFile&, std::size_t,
               const std::string&) { b.expect_no(host, "sink"); },
           options);
}

void borrowed(Bench& b) {
  FakeHostOptions options;
  options.guarded = true;
  b.workout([](FakeHost&) {}, options);
}

void larger(Bench& b) {
  FakeHostOptions options;
  options.later = 32;
  b.workout([](FakeHost&) {}, options);
  b.replay(
      [](FakeHost&, const RecordingFile& file, std::size_t, const std::string& complaint) {
        if (!complaint.empty())
          throw Failed{"with larger structs, " + file.name + ": " + complaint};
      },
      options);
}

void leaks(Bench& b) {
  const auto host = b.active();
  const auto round = [&](std::size_t i) {
    host->set_connected(i % 4 != 3);
    host->feed(as_bytes("4601234567893\r\nhalf"));
    for (const auto& verb : b.manifest().verbs) {
      host->perform_text(verb, json::serialize(b.sample(verb, b.seed)), "key", 1000);
    }
    host->clear();
  };
  for (std::size_t i = 0; i < kLeakRounds / 2; ++i) round(i);
  malloc_trim(0);
  const auto before = testkit::Holdings::now();
  for (std::size_t i = 0; i < kLeakRounds; ++i) round(i);
  const auto left = testkit::left_behind(before, kLeakBytes);
  if (left.empty()) return;
  const std::string words = "after " + std::to_string(kLeakRounds) + " rounds: " + left;
  // Under a vendor's library nobody can tell whose memory it is.
  if (b.manifest().access == supervisor::Access::kDirect) throw Warned{words};
  throw Failed{words};
}

}  // namespace

std::vector<Check> rule_checks() {
  return {
      {"threads.calls", "the host is called from the [device] thread only",
       "Thread in tillbridge/abi.h", "hand over to the thread that calls you, by a queue", calls},
      {"threads.prompt", "on_input and on_port return in 50 ms",
       "TILL_INPUT_MS in tillbridge/abi.h",
       "no read or sleep there: parse what came, keep the rest", prompt},
      {"threads.after_destroy", "nothing of the host is called after deactivate",
       "tillbridge/instance.h, inactive", "stop timers and threads in deactivate", after_destroy},
      {"threads.host_untouched", "till_host is not written to", "till_host in tillbridge/host.h",
       "keep your state in plugin_data", host_untouched},
      {"memory.error", "till_error is filled within its size, in UTF-8, zero terminated",
       "till_error in tillbridge/abi.h", "use snprintf with sizeof, cut at a whole character",
       error_memory},
      {"memory.sink", "nothing is written to a sink that has said no",
       "till_sink in tillbridge/abi.h", "stop at the first false", sink},
      {"memory.borrowed", "what was lent is not read too far, nor after the call",
       "Owner in tillbridge/abi.h", "copy what you keep; use the size, there is no zero at the end",
       borrowed},
      {"memory.larger", "structs of a later host are taken", "What may change in tillbridge/abi.h",
       "compare size with >=, never with ==", larger},
      {"memory.leaks", "200 rounds of work leave no memory or descriptor behind",
       "Owner in tillbridge/abi.h", "free what an operation or an input has made", leaks},
  };
}

}  // namespace till::kit
