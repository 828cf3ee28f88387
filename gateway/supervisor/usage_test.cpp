#include "usage.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace till::supervisor {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMega = 1 << 20;

TEST(Usage, CountsWhatNoLimitOfTheProcessCounts) {
  const auto before = usage_of(getpid());
  ASSERT_TRUE(before);
  EXPECT_GT(before->memory, 0);
  constexpr std::size_t kSize = 32 << 20;
  void* shared = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  std::memset(shared, 1, kSize);
  EXPECT_GE(usage_of(getpid())->memory - before->memory, 31 * kMega);
  munmap(shared, kSize);
  const int file = memfd_create("held", MFD_CLOEXEC);
  const std::string part(kMega, 'x');
  for (int i = 0; i < 32; ++i) ASSERT_EQ(write(file, part.data(), part.size()), kMega);
  EXPECT_GE(usage_of(getpid())->memory - before->memory, 31 * kMega) << "nothing of it is mapped";
  void* kept = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, file, 0);
  const auto open = usage_of(getpid())->memory;
  close(file);
  // How large it is can not be asked any more.
  EXPECT_NEAR(static_cast<double>(usage_of(getpid())->memory - open), -15.0 * kMega, kMega);
  munmap(kept, 4096);
  EXPECT_LT(usage_of(getpid())->memory - before->memory, 2 * kMega);
  EXPECT_FALSE(usage_of(1 << 30));
}

TEST(Usage, CountsTheProcessor) {
  const auto before = usage_of(getpid())->cpu_us;
  volatile std::uint64_t n = 0;
  while (usage_of(getpid())->cpu_us < before + 50'000) {
    for (int i = 0; i < 1'000'000; ++i) n = n + 1;
  }
  SUCCEED();
}

TEST(Usage, TooMuchMemoryIsNamed) {
  UsageWatch watch(16);
  EXPECT_FALSE(watch.look({48 * kMega, 0}, false, kSecond));
  const auto why = watch.look({49 * kMega, 0}, true, 2 * kSecond);
  ASSERT_TRUE(why);
  EXPECT_EQ(why->vendor, "memory");
  EXPECT_EQ(why->detail, "it uses 49 MB of memory, at most 48 MB");
}

TEST(Usage, ACoreKeptBusyIsNamedUnlessAnOperationRuns) {
  const auto seconds_until_named = [](bool working, std::int64_t cpu_a_second, int pause_at) {
    UsageWatch watch(16);
    std::int64_t cpu = 0;
    for (int s = 1; s <= 100; ++s) {
      cpu += s == pause_at ? 0 : cpu_a_second;
      if (watch.look({0, cpu}, working, s * kSecond)) return s;
    }
    return 0;
  };
  EXPECT_EQ(seconds_until_named(false, kSecond, 0), 31);
  EXPECT_EQ(seconds_until_named(false, 4 * kSecond, 0), 31) << "four threads";
  EXPECT_EQ(seconds_until_named(false, kSecond, 20), 50) << "a pause begins it anew";
  EXPECT_EQ(seconds_until_named(true, kSecond, 0), 0);
  EXPECT_EQ(seconds_until_named(false, kSecond / 2, 0), 0);
}

}  // namespace
}  // namespace till::supervisor
