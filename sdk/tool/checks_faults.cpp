// What a bad line does: pieces, noise, cuts, time.
#include <algorithm>

#include "kit.h"
#include "sdk/testkit/script.h"

namespace till::kit {
namespace {

using testkit::Player;
using testkit::RecordedStep;

constexpr std::int64_t kDayUs = 86'400'000'000;

void expect_same(const RecordingFile& file, const std::string& how, const std::string& complaint) {
  if (!complaint.empty()) throw Failed{file.name + " " + how + ": " + complaint};
}

void replay(Bench& b) {
  b.need_recordings();
  b.replay([](FakeHost&, const RecordingFile& file, std::size_t, const std::string& complaint) {
    expect_same(file, "replayed", complaint);
  });
}

void dribble(Bench& b) {
  b.need_recordings();
  for (const std::size_t most : {1, 2, 3, 7}) {
    FakeHostOptions options;
    options.most_read = most;
    b.replay(
        [&](FakeHost&, const RecordingFile& file, std::size_t, const std::string& complaint) {
          expect_same(file, "in pieces of " + std::to_string(most), complaint);
        },
        options);
  }
}

void garbage(Bench& b) {
  constexpr std::size_t kMany = std::size_t{256} * 1024;
  const auto host = b.active();
  if (host->extension<till_input>(TILL_INPUT_ID) == nullptr) throw Skipped{"it hears nothing"};
  const auto before = testkit::Holdings::now();
  std::size_t events = 0;
  for (std::size_t fed = 0; fed < kMany; fed += 1024) {
    Buffer noise(1024, 'x');
    if (fed > kMany / 2) {
      for (auto& byte : noise) byte = static_cast<std::uint8_t>(b.seed.next());
    }
    host->feed(noise, fed % 8192 == 0);
    events += host->events().size();
    host->clear();
  }
  if (events > kMany / 2) throw Failed{std::to_string(events) + " events of noise"};
  const auto left = testkit::left_behind(before, std::size_t{128} * 1024);
  if (!left.empty()) throw Failed{"after 256 KiB of noise: " + left};
}

// The same facts, or fewer: what could not be asked any more is false or null.
bool says_no_more(const json::value& got, const json::value& recorded) {
  if (got == recorded || got.is_null()) return true;
  if (got.is_bool() && recorded.is_bool()) return !got.get_bool();
  if (!got.is_object() || !recorded.is_object()) return false;
  return std::ranges::all_of(got.get_object(), [&](const auto& member) {
    const auto* was = recorded.get_object().if_contains(member.key());
    return was != nullptr && says_no_more(member.value(), *was);
  });
}

// Cuts the line at every byte of every recorded operation: done may only be said when it was.
void cut(Bench& b) {
  b.need_recordings();
  std::size_t cuts = 0;
  for (const auto& file : b.package().recordings) {
    for (std::size_t s = 0; s < file.recording.steps.size(); ++s) {
      const auto& step = file.recording.steps[s];
      std::size_t out = 0, in = 0, asked = 0;  // bytes sent before the first answer
      for (const auto& e : step.dialogue) {
        if (e.kind == testkit::Exchange::Kind::kOut) out += e.bytes.size();
        if (e.kind == testkit::Exchange::Kind::kIn) in += e.bytes.size();
        if (in == 0) asked = out;
      }
      for (std::size_t n = 0; n < out + in; ++n) {
        const bool written = n < out;
        const auto host = b.recorded(file);
        Player player(*host, file.recording);
        for (std::size_t before = 0; before < s; ++before) player.play(before);
        player.play(s, [&] {
          if (written) host->cut_after_written(n);
          if (!written) host->cut_before_read(n - out);
        });
        ++cuts;
        const auto& o = player.outcome();
        const std::string at = file.name + " step " + std::to_string(s) + " cut at byte " +
                               std::to_string(written ? n : n - out) +
                               (written ? " to the device" : " from it") + ": ";
        if (o.status != TILL_DONE) continue;
        // Later a verdict may have been seen: what follows it, a status or an acknowledgement, may
        // be lost, but then the result says nothing else.
        if (written && n < asked) throw Failed{at + "done"};
        if (!says_no_more(o.body, step.result)) throw Failed{at + "another result, " + o.text};
      }
    }
  }
  if (cuts == 0) throw Skipped{"no recorded dialogue"};
}

void reconnect(Bench& b) {
  b.need_recordings();
  for (const auto& file : b.package().recordings) {
    const auto host = b.recorded(file);
    host->feed(as_bytes("half a mess"), false);
    for (int round = 0; round < 3; ++round) {
      host->set_connected(false);
      host->set_connected(true);
      // An idempotent verb is done again only under another key.
      Recording again = file.recording;
      for (auto& step : again.steps) {
        const auto& once = b.manifest().idempotent;
        if (std::ranges::find(once, step.verb) != once.end()) step.key += std::to_string(round);
      }
      Player player(*host, again);
      for (std::size_t i = 0; i < file.recording.steps.size(); ++i) {
        const std::string complaint = player.play(i);
        if (complaint.empty()) continue;
        const std::string words = file.name + " after a reconnect: " + complaint;
        // A device may count frames; what it does with them must be the same.
        if (!player.same_bytes()) throw Warned{words};
        throw Failed{words};
      }
    }
  }
}

void clock(Bench& b) {
  b.need_recordings();
  for (const std::int64_t jump : {kDayUs, -kDayUs}) {
    for (const auto& file : b.package().recordings) {
      const auto host = b.recorded(file);
      Player player(*host, file.recording);
      for (std::size_t i = 0; i < file.recording.steps.size(); ++i) {
        host->unix_offset_us += jump;
        const std::string complaint = player.play(i);
        // A device that is told the time is told another one; that is no fault.
        if (!player.same_bytes() && player.outcome().status == file.recording.steps[i].status)
          break;
        expect_same(file, "while the clock jumps by a day", complaint);
      }
    }
  }
}

}  // namespace

std::vector<Check> fault_checks() {
  return {
      {"faults.replay", "every recording gives the same bytes, results and events again",
       "tillbridge/testkit/recording.h", "record it again, or see what has changed", replay},
      {"faults.dribble", "bytes that come one by one give the same",
       "till_input.on_input in tillbridge/input.h, till_port.read in tillbridge/port.h",
       "read() gives at least one byte, not all: loop", dribble},
      {"faults.garbage", "256 KiB of noise: bounded memory, no crash",
       "till_input.on_input in tillbridge/input.h",
       "a limit on every buffer; drop up to the next end of a message", garbage},
      {"faults.cut",
       "a line cut before the device has answered is never done, later never another result",
       "till_status in tillbridge/abi.h", "done only when the verdict was seen", cut},
      {"faults.reconnect", "after a lost line the same dialogue works, without a restart",
       "till_input.on_port in tillbridge/input.h", "drop half messages and open documents there",
       reconnect},
      {"faults.clock", "a wall clock that jumps by a day changes nothing",
       "till_time in tillbridge/time.h", "measure with monotonic_us", clock},
  };
}

}  // namespace till::kit
