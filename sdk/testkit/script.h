// A scripted device for the fake host: what it expects to hear and what it says to that.
//
//   Script device(host);
//   device.expect("O\n").delay(300).send("K\n").expect("O\n").fault(Fault::kCut);
//   EXPECT_EQ(host.perform("drawer.open").status, TILL_DONE);
//   EXPECT_EQ(device.complaint(), "");
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "fake_host.h"

namespace till::testkit {

enum class Fault {
  kCut,      // the cable is pulled
  kSilence,  // the device says nothing more and forgets the rest of its script
  kFlipBit,  // the next answer has one bit wrong
  kHalf,     // the next answer ends in the middle
};

class Script {
 public:
  explicit Script(FakeHost& host);
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  Script& expect(Bytes bytes);
  Script& expect(const std::string& text) { return expect(as_bytes(text)); }
  Script& send(Bytes bytes);
  Script& send(const std::string& text) { return send(as_bytes(text)); }
  // Virtual time before the next answer.
  Script& delay(std::uint32_t ms);
  Script& fault(Fault fault);

  // Says what comes before the first expectation.
  void start() { run(); }
  [[nodiscard]] bool done() const { return at_ == steps_.size(); }
  // What went otherwise than written, "" when nothing: where, heard and expected in hex.
  [[nodiscard]] std::string complaint() const;

 private:
  struct Expect {
    Buffer bytes;
  };
  struct Send {
    Buffer bytes;
    std::uint32_t after_ms;
  };
  using Step = std::variant<Expect, Send, Fault>;
  void hear(Bytes bytes);
  void run();
  void say(Buffer bytes, std::uint32_t after_ms);

  FakeHost& host_;
  std::vector<Step> steps_;
  std::size_t at_ = 0;
  std::size_t heard_ = 0;  // bytes of the step at_, an Expect
  std::uint32_t delay_ms_ = 0;
  bool flip_ = false, half_ = false;
  std::string complaint_;
};

// One cut of the cable: after so many bytes from the driver (written) or to it.
struct Cut {
  bool written = false;
  std::size_t after = 0;
};

// Plays `play` once whole, then once for every byte of it with the cable cut there, each time on a
// new host of the plugin, and calls `judge` with the cut, the host and the outcome. Returns the
// number of cuts.
template <typename Play, typename Judge>
std::size_t cut_everywhere(const till_entry& entry, Play play, Judge judge) {
  std::size_t written = 0, read = 0;
  {
    FakeHost host(entry);
    play(host, [] {});
    written = host.written();
    read = host.bytes_read();
  }
  const auto one = [&](const Cut& cut) {
    FakeHost host(entry);
    const auto arm = [&] {
      if (cut.written) host.cut_after_written(cut.after);
      if (!cut.written) host.cut_before_read(cut.after);
    };
    const FakeOutcome outcome = play(host, arm);
    judge(cut, host, outcome);
  };
  for (std::size_t n = 0; n < written; ++n) one({true, n});
  for (std::size_t n = 0; n < read; ++n) one({false, n});
  return written + read;
}

// What a process holds; two of them compared tell what was left behind.
struct Holdings {
  std::size_t heap_bytes = 0, descriptors = 0, threads = 0;
  static Holdings now();
};
// "" or what is more than before: descriptors and threads exactly, heap beyond `spare` bytes.
std::string left_behind(const Holdings& before, std::size_t spare_bytes = 0);

}  // namespace till::testkit
