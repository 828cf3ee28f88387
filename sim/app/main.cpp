// tillbridge-sim: virtual devices on ptys and loopback ports; see sim/README.md.
#include <fmt/core.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>

#include "sim/app/control.h"
#include "sim/app/verbs.h"

namespace till::sim {
namespace {

volatile sig_atomic_t stop_wanted = 0;

extern "C" void on_signal(int) { stop_wanted = 1; }

// Local civil milliseconds, from a clock that never runs backwards.
class Clock {
 public:
  Clock() : started_(std::chrono::steady_clock::now()) {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    base_ = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    const time_t seconds = base_ / 1000;
    tm local{};
    if (::localtime_r(&seconds, &local) != nullptr) base_ += local.tm_gmtoff * 1000;
  }
  Ms now() const {
    const auto elapsed = std::chrono::steady_clock::now() - started_;
    return base_ + std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
  }

 private:
  std::chrono::steady_clock::time_point started_;
  Ms base_;
};

struct Arguments {
  std::string dir;
  unsigned seed = 0;
  Protocols register_protocol = Protocols::kStandard;
};

Protocols protocols_of(std::string_view word) {
  if (word == "standard") return Protocols::kStandard;
  if (word == "numbered") return Protocols::kNumbered;
  if (word == "both") return Protocols::kAuto;
  throw std::invalid_argument("--register-protocol standard|numbered|both");
}

Arguments parse(int argc, char** argv) {
  Arguments out;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--tcp") continue;  // the ports are always there
    if (i + 1 == argc) throw std::invalid_argument(fmt::format("{} is not understood", word));
    const std::string_view value = argv[++i];
    if (word == "--dir") {
      out.dir = value;
    } else if (word == "--seed") {
      const char* const begin = value.data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
      const char* const end = begin + value.size();
      const auto [stop, error] = std::from_chars(begin, end, out.seed);
      if (error != std::errc() || stop != end) throw std::invalid_argument("--seed N");
    } else if (word == "--register-protocol") {
      out.register_protocol = protocols_of(value);
    } else {
      throw std::invalid_argument(fmt::format("{} is not understood", word));
    }
  }
  if (out.dir.empty()) throw std::invalid_argument("--dir DIR is wanted");
  return out;
}

// Waits until something can be done, then lets everyone do it; until a signal.
void loop(const std::vector<Component*>& parts, const Clock& clock, const sigset_t& waiting) {
  constexpr Ms kLongest = 1000;
  while (stop_wanted == 0) {
    std::vector<pollfd> fds;
    const Ms before = clock.now();
    Ms due = before + kLongest;
    for (const Component* part : parts) {
      part->wants(fds);
      due = std::min(due, part->next_due().value_or(due));
    }
    const Ms wait = std::max<Ms>(0, due - before);
    const timespec timeout{wait / 1000, wait % 1000 * 1000000};
    ::ppoll(fds.data(), fds.size(), &timeout, &waiting);
    for (Component* part : parts) part->pump(clock.now());
  }
}

void catch_signals(sigset_t& waiting) {
  struct sigaction action{};
  action.sa_handler = on_signal;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  // Delivered inside ppoll only, so that none is missed between the check and the wait.
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGINT);
  ::sigprocmask(SIG_BLOCK, &blocked, &waiting);
}

void run(const Arguments& arguments) {
  const std::string& dir = arguments.dir;
  std::filesystem::create_directories(dir + "/dev");
  sigset_t waiting;
  catch_signals(waiting);

  const auto hint = arguments.seed * 101 + static_cast<unsigned>(::getpid()) * 13;
  std::vector<uint16_t> ports;
  ports.reserve(7);
  for (unsigned i = 0; i < 7; ++i) {
    ports.push_back(free_port(ports.empty() ? hint : ports.back() - 20000U + 1));
  }
  const Clock clock;
  Scribe scribe;
  const auto deaf = [](Ms, View) {};
  Line scanner(dir + "/dev/scanner", ports[0], {.receive = deaf});
  Line reader(dir + "/dev/reader", ports[1], {.receive = deaf});
  RegisterOptions options;
  options.protocols = arguments.register_protocol;
  RegisterDevice fr(dir, ports[2], scribe, clock.now(), options);
  PrinterDevice printer(dir, ports[3], scribe);
  Phone phone(ports[4]);
  DatecsDevice datecs(dir, ports[5], scribe, clock.now());
  AtolDevice atol(dir, ports[6], scribe, clock.now());
  atol.plug();
  for (Line* line : {&scanner, &reader, &fr.line(), &printer.line(), &datecs.line()}) line->plug();
  write_file(dir + "/ports.json",
             fmt::format(R"({{"scanner":{},"reader":{},"register":{},"printer":{},"phone":{},)"
                         R"("datecs":{},"atol":{}}})"
                         "\n",
                         ports[0], ports[1], ports[2], ports[3], ports[4], ports[5], ports[6]));
  World world{fr, datecs, atol, printer, scanner, reader, phone, scribe};
  Control control(dir + "/control.sock",
                  [&world](Ms now, const std::string& line) { return obey(world, now, line); });
  fmt::print("ready\n");
  std::fflush(stdout);
  // Control before the devices: what it sets off goes out in the same round.
  loop({&control, &phone, &scanner, &reader, &fr, &printer, &datecs, &atol}, clock, waiting);
}

}  // namespace
}  // namespace till::sim

int main(int argc, char** argv) {
  constexpr const char* kUsage =
      "usage: tillbridge-sim --dir DIR [--seed N] [--tcp]\n"
      "                      [--register-protocol standard|numbered|both]\n";
  if (argc == 2 && std::string_view(argv[1]) == "--help") {
    fmt::print("{}", kUsage);
    return 0;
  }
  try {
    till::sim::run(till::sim::parse(argc, argv));
  } catch (const std::exception& e) {
    fmt::print(stderr, "tillbridge-sim: {}\n{}", e.what(), kUsage);
    return 1;
  }
  return 0;
}
