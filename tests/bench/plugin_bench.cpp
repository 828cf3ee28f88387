// What the plugin boundary costs: plugin_bench HOST FOLDER prints JSON. The measure is a bare
// socketpair to a child that hands the same JSON from a reading thread to a working one.
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

#include "gateway/supervisor/child.h"
#include "gateway/supervisor/manifest.h"

namespace till {
namespace {

using Clock = std::chrono::steady_clock;
using ipc::Type;
using supervisor::Child;

constexpr int kRounds = 10'000, kWarm = 500, kSpawns = 30, kMany = 100;
constexpr std::size_t kPumped = std::size_t{64} << 20;
constexpr std::size_t kMb = std::size_t{1} << 20;

const std::string kBody =
    R"({"items":[{"text":"Coffee 250 g, ground","bold":false,"width":1},{"qr":"t=20261122T1200&s=399.90"}],)"
    R"("key":"0123456789ABCDEF","amount":39990})";

struct Figures {
  double p50 = 0, p99 = 0;
};

Figures figures(std::vector<double> us) {
  std::ranges::sort(us);
  return {us[us.size() / 2], us[us.size() * 99 / 100]};
}

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

// ---- the bare echo ----

[[noreturn]] void echo_child(int fd) {
  std::mutex mutex;
  std::condition_variable wake;
  std::string job;
  bool there = false;
  std::thread worker([&] {
    for (;;) {
      std::string mine;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return there; });
        there = false;
        mine.swap(job);
      }
      send(fd, mine.data(), mine.size(), MSG_NOSIGNAL);
    }
  });
  std::array<char, 65536> part{};
  for (;;) {
    const ssize_t n = recv(fd, part.data(), part.size(), 0);
    if (n <= 0) _exit(0);
    const std::lock_guard lock(mutex);
    job.assign(part.data(), static_cast<std::size_t>(n));
    there = true;
    wake.notify_all();
  }
}

Figures bare_echo() {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    close(pair[0]);
    echo_child(pair[1]);
  }
  close(pair[1]);
  // Waits in an event loop as the daemon does, then reads.
  boost::asio::io_context io;
  boost::asio::posix::stream_descriptor socket(io, pair[0]);
  std::vector<double> us;
  std::array<char, 65536> part{};
  for (int i = 0; i < kRounds + kWarm; ++i) {
    const auto start = Clock::now();
    send(pair[0], kBody.data(), kBody.size(), 0);
    socket.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [&](boost::system::error_code) {
                        if (recv(pair[0], part.data(), part.size(), 0) <= 0) std::abort();
                      });
    io.restart();
    io.run();
    if (i >= kWarm) us.push_back(us_since(start));
  }
  socket.close();
  waitpid(child, nullptr, 0);
  return figures(std::move(us));
}

// ---- a plugin in its child ----

struct Rig {
  Rig(std::string program, const std::string& folder) {
    const auto manifest = supervisor::load_manifest(folder);
    if (!manifest) std::abort();
    spec = {std::move(program), folder + "/" + manifest->library,
            manifest->id,       manifest->version,
            manifest->name,     "{}"};
    spec.needs = "input operations events";
  }
  struct One {
    std::shared_ptr<Child> child;
    bool ready = false, lost = false;
    std::size_t answers = 0, events = 0, out = 0;
  };
  void start(One& one) {
    one.ready = one.lost = false;
    supervisor::ChildHandlers handlers;
    handlers.ready = [&one] { one.ready = true; };
    handlers.frame = [&one](const ipc::Frame& frame) {
      if (frame.type == Type::kComplete) ++one.answers;
      if (frame.type == Type::kEvent) ++one.events;
      if (frame.type != Type::kPortOut) return;
      one.out += frame.body.size();
      one.child->send(Type::kCredit, std::to_string(frame.body.size()));
    };
    handlers.trouble = [](supervisor::Trouble, const std::string&) { std::abort(); };
    handlers.lost = [&one](const Error&) { one.lost = true; };
    one.child = std::make_shared<Child>(io, spec, std::move(handlers));
    if (!one.child->start()) std::abort();
  }
  template <typename Condition>
  void until(Condition condition) {
    while (!condition()) io.run_one();
  }

  boost::asio::io_context io;
  supervisor::ChildSpec spec;
};

Figures operations(Rig& rig, Rig::One& one) {
  std::vector<double> us;
  for (int i = 0; i < kRounds + kWarm; ++i) {
    const auto before = one.answers;
    const auto start = Clock::now();
    one.child->send(Type::kSubmit, "test.echo\tkey\t5000\n" + kBody,
                    static_cast<std::uint64_t>(i) + 1);
    rig.until([&] { return one.answers > before; });
    if (i >= kWarm) us.push_back(us_since(start));
  }
  return figures(std::move(us));
}

Figures events(Rig& rig, Rig::One& one) {
  std::vector<double> us;
  for (int i = 0; i < kRounds + kWarm; ++i) {
    const auto before = one.events;
    const auto start = Clock::now();
    one.child->send(Type::kPortIn, "4601234567893\r");
    rig.until([&] { return one.events > before; });
    if (i >= kWarm) us.push_back(us_since(start));
  }
  return figures(std::move(us));
}

double megabytes_per_s(Rig& rig, Rig::One& one) {
  const auto before = one.answers;
  const auto start = Clock::now();
  one.child->send(Type::kSubmit,
                  "test.pump\tkey\t60000\n{\"bytes\":" + std::to_string(kPumped) + "}", 1'000'000);
  rig.until([&] { return one.answers > before; });
  return static_cast<double>(one.out) / static_cast<double>(kMb) / (us_since(start) / 1e6);
}

Figures spawns(Rig& rig) {
  std::vector<double> ms;
  for (int i = 0; i < kSpawns; ++i) {
    Rig::One one;
    const auto start = Clock::now();
    rig.start(one);
    rig.until([&] { return one.ready; });
    ms.push_back(us_since(start) / 1000);
    one.child->kill({});
    rig.until([&] { return one.lost; });
  }
  return figures(std::move(ms));
}

// From the signal to a new child that is ready, without the policy's backoff.
Figures crashes(Rig& rig) {
  std::vector<double> ms;
  Rig::One one;
  rig.start(one);
  rig.until([&] { return one.ready; });
  for (int i = 0; i < kSpawns; ++i) {
    const auto start = Clock::now();
    ::kill(one.child->pid(), SIGSEGV);
    rig.until([&] { return one.lost; });
    rig.start(one);
    rig.until([&] { return one.ready; });
    ms.push_back(us_since(start) / 1000);
  }
  one.child->kill({});
  rig.until([&] { return one.lost; });
  return figures(std::move(ms));
}

double private_mb(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  double kb = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Private_")) kb += std::atof(line.c_str() + line.find(':') + 1);
  }
  return kb / 1024;
}

}  // namespace
}  // namespace till

int main(int argc, char** argv) {
  using namespace till;
  if (argc != 3) return 64;
  const Figures bare = bare_echo();
  Rig rig(argv[1], argv[2]);
  Rig::One one;
  rig.start(one);
  rig.until([&] { return one.ready; });
  one.child->send(ipc::Type::kPortState, "1");
  const Figures op = operations(rig, one), ev = events(rig, one);
  const double pumped = megabytes_per_s(rig, one);
  const Figures bare_again = bare_echo();
  Rig fresh(argv[1], argv[2]);
  const Figures spawn = spawns(fresh), crash = crashes(fresh);
  std::vector<Rig::One> many(kMany);
  const auto start = Clock::now();
  for (auto& m : many) fresh.start(m);
  fresh.until([&] { return std::ranges::all_of(many, [](const auto& m) { return m.ready; }); });
  const double all_ms = us_since(start) / 1000;
  double memory = 0, most = 0;
  for (const auto& m : many) {
    const double mb = private_mb(m.child->pid());
    memory += mb;
    most = std::max(most, mb);
  }
  std::printf(
      "{\"bare_p50\":%.1f,\"bare_p99\":%.1f,\"op_p50\":%.1f,\"op_p99\":%.1f,\"event_p50\":%.1f,"
      "\"event_p99\":%.1f,\"mb_per_s\":%.0f,\"spawn_p50\":%.2f,\"spawn_p99\":%.2f,"
      "\"crash_p50\":%.2f,\"crash_p99\":%.2f,\"many\":%d,\"many_ms\":%.0f,\"private_mb\":%.2f,"
      "\"most_mb\":%.2f}\n",
      std::min(bare.p50, bare_again.p50), std::min(bare.p99, bare_again.p99), op.p50, op.p99,
      ev.p50, ev.p99, pumped, spawn.p50, spawn.p99, crash.p50, crash.p99, kMany, all_ms,
      memory / kMany, most);
  return 0;
}
