// The limits of control groups, held by a real kernel: run inside the guest (guest.py), in a group
// of its own as systemd's Delegate=yes gives. What a machine without one can try is cgroups_test.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/supervisor/cgroups.h"

namespace till::supervisor {
namespace {

namespace fs = std::filesystem;

constexpr int kMemoryMb = 16;
constexpr std::size_t kTooMuch = std::size_t{256} << 20;

// A child that does what it is told once it is held.
class Child {
 public:
  explicit Child(const std::function<int()>& act) {
    int gate[2];
    if (pipe(gate) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      close(gate[1]);
      char go = 0;
      if (read(gate[0], &go, 1) != 1) _exit(99);
      _exit(act());
    }
    close(gate[0]);
    gate_ = gate[1];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  void go() const { ASSERT_EQ(write(gate_, "!", 1), 1); }
  int status() {
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    return status;
  }
  [[nodiscard]] int pid() const { return pid_; }

 private:
  int pid_ = 0, gate_ = -1;
};

int touch(void* memory) {
  if (memory == MAP_FAILED) return 1;
  auto* bytes = static_cast<volatile char*>(memory);
  for (std::size_t i = 0; i < kTooMuch; i += 4096) bytes[i] = 1;
  return 0;
}

struct CgroupsGuest : testing::Test {
  static void SetUpTestSuite() {
    auto opened = Cgroups::open();
    ASSERT_TRUE(opened) << opened.error().detail;
    groups = std::make_unique<Cgroups>(std::move(*opened));
  }
  static fs::path group(const std::string& device) {
    return fs::path(TILL_GUEST_GROUP) / ("plugin-" + device);
  }
  static std::string file(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void ends_for_memory(const std::string& device, const std::function<int()>& act) {
    Child child(act);
    const auto held = groups->hold(device, child.pid(), kMemoryMb);
    ASSERT_TRUE(held) << held.error().detail;
    child.go();
    const int status = child.status();
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    EXPECT_NE(file(group(device) / "memory.events").find("oom_kill 1"), std::string::npos);
    groups->forget(device);
    EXPECT_FALSE(fs::exists(group(device)));
  }
  static inline std::unique_ptr<Cgroups> groups;
};

TEST_F(CgroupsGuest, MemoryOfItsOwn) {
  ends_for_memory("own", [] {
    return touch(
        mmap(nullptr, kTooMuch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  });
}

TEST_F(CgroupsGuest, MemorySharedWithNobody) {
  ends_for_memory("shared", [] {
    return touch(
        mmap(nullptr, kTooMuch, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  });
}

TEST_F(CgroupsGuest, MemoryBehindAFileDescriptor) {
  ends_for_memory("memfd", [] {
    const int fd = memfd_create("hoard", 0);
    if (fd < 0 || ftruncate(fd, kTooMuch) != 0) return 1;
    return touch(mmap(nullptr, kTooMuch, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  });
}

TEST_F(CgroupsGuest, OneThatKeepsToItsLimitLives) {
  Child child([] {
    std::vector<char> some(std::size_t{8} << 20, 1);
    return some[1] == 1 ? 7 : 1;
  });
  ASSERT_TRUE(groups->hold("modest", child.pid(), kMemoryMb));
  child.go();
  const int status = child.status();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
  groups->forget("modest");
}

TEST_F(CgroupsGuest, NoMoreThanSixtyFourThreads) {
  Child child([]() -> int {
    std::vector<std::thread> threads;
    try {
      for (;;) threads.emplace_back([] { pause(); });
    } catch (const std::system_error&) {
      _exit(static_cast<int>(threads.size()));
    }
  });
  ASSERT_TRUE(groups->hold("threads", child.pid(), 64));
  child.go();
  const int status = child.status();
  EXPECT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 63) << "and the first one";
  groups->forget("threads");
}

// One processor, both always busy: the child gets a third of it, the gateway the rest.
TEST_F(CgroupsGuest, TheProcessorIsTheGatewaysFirst) {
  const auto busy = [](std::chrono::seconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) continue;
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec * 1000 + used.ru_utime.tv_usec / 1000 +
           used.ru_stime.tv_sec * 1000 + used.ru_stime.tv_usec / 1000;
  };
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  Child child([&] { return static_cast<int>(busy(std::chrono::seconds(6)) / 100); });
  ASSERT_TRUE(groups->hold("spins", child.pid(), 64));
  child.go();
  const auto own = busy(std::chrono::seconds(6)) - before.ru_utime.tv_sec * 1000;
  const auto childs = WEXITSTATUS(child.status()) * 100;
  std::cout << "gateway " << own << " ms, plugin " << childs << " ms\n";
  EXPECT_LT(childs, own * 7 / 10);
  EXPECT_GT(childs, own * 3 / 10);
  groups->forget("spins");
}

}  // namespace
}  // namespace till::supervisor
