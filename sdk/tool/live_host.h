// A host around one plugin in this process, with a real port and real time; it writes down what
// happens. For `run` and `record`: a plugin's author looks at it, nobody sells with it.
#pragma once

#include <tillbridge/plugin.h>

#include <chrono>
#include <map>
#include <set>
#include <string>

#include "kit.h"
#include "live_port.h"

namespace till::kit {

class LiveHost {
 public:
  // Failed when the plugin can not be loaded or refuses its settings.
  LiveHost(const Package& package, const json::object& settings, std::string port,
           std::map<std::string, std::string> secrets);
  ~LiveHost();
  LiveHost(const LiveHost&) = delete;
  LiveHost& operator=(const LiveHost&) = delete;

  FakeOutcome perform(const std::string& verb, const std::string& body, std::uint32_t deadline_ms);
  // Listens to the device for so long, or until `other` can be read; true when it can.
  bool listen(int ms, int other = -1);
  Result<void> plug();
  void unplug();
  Recording& recording() { return recording_; }

 private:
  friend struct LiveTables;
  int read(std::uint8_t* buffer, std::size_t capacity, int timeout_ms);
  bool write(Bytes bytes, int timeout_ms);
  bool sleep(int ms);
  ipc::Outcome http(const json::object& request, int timeout_ms);
  void emit(const char* type, std::string_view body);
  void on_port(bool connected);
  void end_input();
  testkit::RecordedStep& step() { return recording_.steps.back(); }
  static const void* extension(const till_host* host, const char* id) noexcept;

  till_host host_;
  std::set<std::string> withheld_;
  const till_plugin* plugin_ = nullptr;
  const till_input* input_ = nullptr;
  const till_operations* operations_ = nullptr;
  std::string spec_;
  std::map<std::string, std::string> secrets_;
  KeptState state_;
  LiveLoop loop_;  // the host calls of a cancelled operation end
  LivePort port_{loop_};
  Recording recording_;
  bool performing_ = false;
  bool in_input_ = false;
  int keys_ = 0;
  std::chrono::steady_clock::time_point last_exchange_;
};

// Takes personal data out of a recording and plays it again on the fake host, so that what the
// driver says and sends is what it would have said: phones, e-mails, names, card numbers. Failed
// when the masked dialogue does not work any more.
Recording masked(Recording recording, const Package& package);
// The same of what a device says by itself (a scan, a swipe), byte for byte as long: phones,
// e-mails, the name on a card's first track (ISO 7813), card numbers (ISO 7812) after their sixth
// digit; what a reader says is a card whatever its digits are, elsewhere a barcode stays.
std::string without_personal(const std::string& text, bool reader);

}  // namespace till::kit
