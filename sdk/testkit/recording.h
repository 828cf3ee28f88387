// A recorded dialogue between a driver and its device: a file that is a test.
//
//   {"format":1,"plugin":"org.example.drawer","title":"opens, then the paper is out",
//    "device":"virtual","settings":{},"unix_us":1800000000000000,"steps":[
//     {"input":"3436300d","events":[{"type":"scan","body":{"raw":"460","aim":""}}]},
//     {"port":false}, {"port":true},
//     {"perform":"drawer.open","key":"k","body":{},"status":"done","result":{},
//      "dialogue":[["out","4f0a"],["in","4b0a",12],["lost"]]},
//     {"perform":"message.send","body":{…},"status":"done","result":{…},
//      "http":[{"request":{…},"status":"done","answer":{"status":200,"body":"…"}}]}]}
//
// Bytes are hexadecimal, the third member of "in" is the pause before it in milliseconds. An
// operation that did not end done has "code" instead of "result".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fake_host.h"

namespace till::testkit {

struct Exchange {
  enum class Kind { kOut, kIn, kLost } kind = Kind::kOut;
  Buffer bytes;
  std::uint32_t after_ms = 0;
};

struct HttpExchange {
  json::object request;
  till_status status = TILL_DONE;
  json::value answer;
  int code = 0;
};

struct RecordedStep {
  enum class Kind { kInput, kPort, kPerform } kind = Kind::kInput;
  Buffer input = {};
  bool connected = true;
  std::string verb = {}, key = {};
  json::object body = {};
  std::vector<Exchange> dialogue = {};
  std::vector<HttpExchange> http = {};
  till_status status = TILL_DONE;
  json::value result = {};
  int code = 0;
  std::vector<FakeEvent> events = {};
};

struct Recording {
  std::string plugin, title, device;
  json::object settings;
  std::int64_t unix_us = 0;
  std::vector<RecordedStep> steps;
};

// kBadJson, kMissingField, kWrongType, kBadValue name the step.
Result<Recording> parse_recording(std::string_view text);
// One step a line.
std::string print_recording(const Recording& recording);

// Plays recorded steps on a host whose plugin is active.
class Player {
 public:
  Player(FakeHost& host, const Recording& recording);

  // "" or what went otherwise than recorded. `arm` is called just before the step runs.
  std::string play(std::size_t step, const std::function<void()>& arm = {});
  std::string play_all();
  [[nodiscard]] const FakeOutcome& outcome() const { return outcome_; }
  // The bytes of the last step were the recorded ones.
  [[nodiscard]] bool same_bytes() const { return same_bytes_; }

 private:
  std::string perform(const RecordedStep& step);
  FakeHost& host_;
  const Recording& recording_;
  FakeOutcome outcome_;
  bool same_bytes_ = true;
};

const char* word(till_status status);  // "done", "refused", "in_doubt"

}  // namespace till::testkit
