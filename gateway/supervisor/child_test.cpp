// A real child around a real plugin, spoken to frame by frame.
#include "child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "manifest.h"
#include "tillbridge/abi.h"

// Sanitizers need more than the sandbox gives; the child then goes without.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TILL_SANITIZED true
#else
#define TILL_SANITIZED false
#endif

namespace till::supervisor {
namespace {

using namespace std::chrono_literals;
using ipc::Frame;
using ipc::Type;

const std::string kFolder = TILL_BAD_SCANNER;

class ChildTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto manifest = load_manifest(kFolder);
    ASSERT_TRUE(manifest);
    spec = {TILL_PLUGIN_HOST, kFolder + "/" + manifest->library,
            manifest->id,     manifest->version,
            manifest->name,   "{}"};
    spec.needs = "input operations events";
  }
  void TearDown() override { child.reset(); }

  void start() {
    ChildHandlers handlers;
    handlers.ready = [this] { ready = true; };
    handlers.frame = [this](Frame frame) {
      if (frame.type == Type::kCredit) {
        credit += std::stoul(frame.body);
      } else if (frame.type == Type::kPortOut) {
        out += frame.body.size();
      } else {
        frames.push_back(std::move(frame));
      }
    };
    handlers.trouble = [this](Trouble t, const std::string& words) {
      trouble = t;
      complaint = words;
      child->kill({Code::kPluginHung, "by the test", std::string(name(t))});
    };
    handlers.lost = [this](const Error& e) { lost = e; };
    handlers.output = [this](std::string_view line) { printed.emplace_back(line); };
    child = std::make_shared<Child>(io, spec, std::move(handlers));
    ASSERT_TRUE(child->start());
  }
  // Runs the loop until the condition holds; false after ten seconds.
  bool until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) io.run_one_for(10ms);
    return condition();
  }
  void start_ready() {
    start();
    ASSERT_TRUE(until([this] { return ready; })) << (lost ? lost->detail : "silent");
    child->send(Type::kPortState, "1");
  }
  std::optional<ipc::Outcome> perform(const std::string& verb, const std::string& body) {
    child->send(Type::kSubmit, verb + "\tkey\t5000\n" + body, ++op);
    if (!until([this] { return !frames.empty() || lost; }) || lost) return std::nullopt;
    EXPECT_EQ(frames.front().type, Type::kComplete);
    EXPECT_EQ(frames.front().op, op);
    auto outcome = ipc::decode_outcome(frames.front().body);
    frames.clear();
    return outcome ? std::optional(*outcome) : std::nullopt;
  }

  boost::asio::io_context io;
  ChildSpec spec;
  std::shared_ptr<Child> child;
  bool ready = false;
  std::uint64_t op = 0;
  std::size_t credit = 0, out = 0;
  std::vector<Frame> frames;
  std::vector<std::string> printed;
  std::optional<Trouble> trouble;
  std::string complaint;
  std::optional<Error> lost;
};

TEST_F(ChildTest, ABodyOver64KiBTravelsAsAMemoryFile) {
  start_ready();
  const std::string text(300'000, 'a');
  const auto outcome = perform("test.size", "{\"text\":\"" + text + "\"}");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->body, "{\"size\":" + std::to_string(text.size() + 11) + "}");
}

TEST_F(ChildTest, AllCodeOfTheInstanceRunsOnOneThread) {
  start_ready();  // on_port aborts on another thread than the one that created it
  for (int i = 0; i < 20; ++i) child->send(Type::kPortState, i % 2 == 0 ? "0" : "1");
  const auto outcome = perform("test.thread", "{}");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->body, "{\"same\":true}");
}

TEST_F(ChildTest, BytesGoOutOnlyAsFarAsTheCreditReaches) {
  start_ready();
  child->send(Type::kSubmit, "test.write\tkey\t5000\n{\"bytes\":100000}", 1);
  ASSERT_TRUE(until([this] { return out >= ipc::kPortCredit; }));
  io.run_for(100ms);
  EXPECT_EQ(out, ipc::kPortCredit) << "it wrote without credit";
  for (std::size_t told = 0; out < 100'000 && told < 100'000; told += 10'000) {
    const auto before = out;
    child->send(Type::kCredit, "10000");
    ASSERT_TRUE(until([&] { return out > before; }));
    EXPECT_LE(out, ipc::kPortCredit + told + 10'000);
  }
  EXPECT_EQ(out, 100'000U);
  ASSERT_TRUE(until([this] { return !frames.empty(); }));
}

TEST_F(ChildTest, InputIsPaidForWithCreditInSteps) {
  start_ready();
  std::string scans;
  for (int i = 0; i < 100; ++i) scans += "4601234567893\r";
  std::size_t told = 0;
  while (told < 3 * ipc::kPortCredit) {  // no byte more than is paid for is under way
    ASSERT_LE(told + scans.size() - credit, ipc::kPortCredit);
    child->send(Type::kPortIn, scans);
    told += scans.size();
    ASSERT_TRUE(until([&] { return frames.size() == told / 14; }));
    ASSERT_TRUE(until([&] { return told - credit < ipc::kCreditStep; })) << credit;
  }
  EXPECT_LE(credit, told);
}

TEST_F(ChildTest, ALyingManifestIsNamed) {
  for (auto* member : {&spec.plugin_id, &spec.version, &spec.name}) {
    const auto kept = std::exchange(*member, "something.else");
    lost.reset();
    start();
    ASSERT_TRUE(until([this] { return lost.has_value(); }));
    EXPECT_FALSE(ready);
    EXPECT_TRUE(lost->detail.find("something.else") != std::string::npos) << lost->detail;
    *member = kept;
  }
}

TEST_F(ChildTest, WhatIsNoPluginIsNamed) {
  const std::string text = testing::TempDir() + "/no_library.so";
  std::ofstream(text) << std::string(4096, 'w');
  for (const auto& [library, word] : {std::pair<std::string, std::string>(text, "no library"),
                                      {text + ".gone", "not there"},
                                      {TILL_OTHER_LIBRARY, "tillbridge_entry"}}) {
    spec.library = library;
    lost.reset();
    start();
    ASSERT_TRUE(until([this] { return lost.has_value(); })) << library;
    EXPECT_TRUE(lost->detail.find(word) != std::string::npos) << lost->detail;
  }
}

TEST_F(ChildTest, FramesWrittenPastTheHostEndTheChild) {
  for (const std::string order : {"bad frame\r", "huge frame\r", "complete twice\r"}) {
    lost.reset();
    ready = false;
    start_ready();
    child->send(Type::kPortIn, order);
    ASSERT_TRUE(until([this] { return lost.has_value(); })) << order;
    EXPECT_EQ(lost->code, Code::kBadFrame) << order;
  }
}

TEST_F(ChildTest, AHugeEventIsRefusedBeforeItIsRead) {
  start_ready();
  child->send(Type::kPortIn, "huge event\r");
  ASSERT_TRUE(until([this] { return lost.has_value(); }));
  EXPECT_EQ(lost->detail, "type 8 with 15728640 bytes, at most 65536");
}

TEST_F(ChildTest, WhatTheHostCanSeeIsNamedAndNotSent) {
  start_ready();
  for (const auto& [order, rule] : {std::pair("no event\r", "NULL\ntill_events.emit"),
                                    {"long event\r", "too long\ntill_events.emit"}}) {
    frames.clear();
    child->send(Type::kPortIn, order);
    ASSERT_TRUE(until([this] { return frames.size() == 1 || lost; })) << order;
    ASSERT_FALSE(lost);
    EXPECT_EQ(frames[0].type, Type::kRule);
    EXPECT_EQ(frames[0].body, rule);
  }
}

TEST_F(ChildTest, AnExtensionTheManifestDoesNotAskForIsNotThere) {
  start_ready();
  child->send(Type::kPortIn, "foreign\r");
  ASSERT_TRUE(until([this] { return !frames.empty(); }));
  EXPECT_EQ(frames[0].body, "scan\n{\"raw\":\"no http\",\"aim\":\"\"}");
}

TEST_F(ChildTest, AChildThatDoesNotReadIsEndedNotForgotten) {
  start_ready();
  ::kill(child->pid(), SIGSTOP);
  for (int i = 0; i < 10'000; ++i) child->send(Type::kPing, {});
  ASSERT_TRUE(until([this] { return lost.has_value(); }));
  EXPECT_EQ(trouble, Trouble::kDeaf);
  EXPECT_EQ(lost->vendor, "deaf");
}

TEST_F(ChildTest, EveryStepOfAStartHasItsTime) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "child_slow";
  std::filesystem::create_directories(folder);
  const std::string library = spec.library;
  spec.activate_ms = 300;
  for (const std::string step : {"load", "init", "create", "activate"}) {
    spec.library = folder / ("slow_" + step + ".so");
    std::filesystem::copy_file(library, spec.library,
                               std::filesystem::copy_options::overwrite_existing);
    trouble.reset();
    lost.reset();
    const auto started = std::chrono::steady_clock::now();
    start();
    ASSERT_TRUE(until([this] { return lost.has_value(); })) << step;
    const auto took = std::chrono::steady_clock::now() - started;
    EXPECT_FALSE(ready) << step;
    EXPECT_EQ(trouble, Trouble::kLate) << step;
    EXPECT_EQ(lost->vendor, "late") << step;
    if (step == "activate") {
      EXPECT_EQ(complaint, "activate takes too long");
      EXPECT_GE(took, 300ms);
    } else {
      EXPECT_EQ(complaint, "loading, init and create take too long") << step;
      EXPECT_GE(took, std::chrono::milliseconds(TILL_INIT_MS)) << step;
    }
    EXPECT_EQ(child->pid(), -1) << "reaped";
  }
  std::filesystem::remove_all(folder);
}

TEST_F(ChildTest, AStoppedProcessIsSilentAfterThreeHeartbeats) {
  start_ready();
  const auto since = std::chrono::steady_clock::now();
  ::kill(child->pid(), SIGSTOP);
  ASSERT_TRUE(until([this] { return lost.has_value(); }));
  EXPECT_EQ(trouble, Trouble::kSilent);
  EXPECT_EQ(lost->vendor, "silent");
  EXPECT_GE(std::chrono::steady_clock::now() - since, 3s) << "it was given its time";
}

TEST_F(ChildTest, OfTheEnvironmentItSeesWhatItsAccessNeeds) {
  setenv("TILL_TEST_SECRET", "x", 1);
  setenv("HOME", "/nonexistent", 1);
  setenv("LANG", "C", 1);
  for (const std::string access : {"port", "direct"}) {
    spec.access = access;
    ready = false;
    start_ready();
    const auto outcome = perform("test.environment", "{}");
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->body.find("TILL_TEST_SECRET"), std::string::npos) << outcome->body;
    EXPECT_NE(outcome->body.find("\"LANG\""), std::string::npos) << outcome->body;
    for (const auto* name : {"\"HOME\"", "\"PATH\""}) {
      EXPECT_EQ(outcome->body.find(name) != std::string::npos, access == "direct") << name;
    }
    child.reset();
  }
}

TEST_F(ChildTest, AnOperationCancelledBeforeItBeginsIsRefusedAndNeverPerformed) {
  start_ready();
  for (int round = 0; round < 200; ++round) {
    frames.clear();
    child->send(Type::kSubmit, "test.sleep\tkey\t5000\n{}", ++op);
    child->send(Type::kCancel, {}, op);
    ASSERT_TRUE(until([this] { return !frames.empty() || lost; })) << round;
    ASSERT_FALSE(lost);
    const auto outcome = ipc::decode_outcome(frames.front().body);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->verdict, ipc::Verdict::kRefused) << "the cancel was lost";
  }
}

TEST_F(ChildTest, AnExceptionCostsOneInputNotTheInstance) {
  start_ready();
  child->send(Type::kPortIn, "throw\r");
  ASSERT_TRUE(until([this] { return frames.size() == 1; }));
  child->send(Type::kPortIn, "still here\r");
  ASSERT_TRUE(until([this] { return frames.size() == 2; }));
  EXPECT_EQ(frames[0].type, Type::kLog);
  EXPECT_EQ(frames[1].body, "scan\n{\"raw\":\"still here\",\"aim\":\"\"}");
}

TEST_F(ChildTest, ADeathIsSeenAtOnce) {
  for (const std::string order : {"crash\r", "exit\r", "throw past\r"}) {
    lost.reset();
    ready = false;
    start_ready();
    child->send(Type::kPortIn, order);
    ASSERT_TRUE(until([this] { return lost.has_value(); })) << order;
    EXPECT_EQ(lost->code, Code::kPluginDied) << order;
    EXPECT_EQ(child->pid(), -1) << "reaped";
    const std::string how = order == "crash\r"  ? "SIGSEGV"
                            : order == "exit\r" ? "exit code 0"
                                                : "SIGABRT";
    if (!TILL_SANITIZED) {
      EXPECT_EQ(lost->vendor, how);
    }
  }
}

TEST_F(ChildTest, OnlyItsSocketAndItsLibrariesAreWithinReach) {
  setenv("TILL_TEST_SECRET", "x", 1);
  const int leaked = open("/dev/null", O_RDONLY);  // without close-on-exec, on purpose
  start_ready();
  const auto outcome = perform("test.reach", "{}");
  close(leaked);
  ASSERT_TRUE(outcome);
  if (TILL_SANITIZED) GTEST_SKIP() << "sanitizers need more than the sandbox gives";
  EXPECT_EQ(outcome->body,
            R"({"descriptors":4,"socket":false,"passwd":false,"tmp":false,"libraries":true,)"
            R"("secret":false,"nice":5,"shared":false})");
}

TEST_F(ChildTest, AccessDirectWidensTheSandboxByName) {
  spec.access = "direct";
  start_ready();
  const auto outcome = perform("test.reach", "{}");
  std::remove("/tmp/tillbridge-bad-scanner");
  ASSERT_TRUE(outcome);
  EXPECT_NE(outcome->body.find(R"("socket":true,"passwd":true,"tmp":true)"), std::string::npos)
      << outcome->body;
}

TEST_F(ChildTest, ACoreIsKeptOnlyWhereItIsWanted) {
  std::ifstream pattern("/proc/sys/kernel/core_pattern");
  std::string where;
  std::getline(pattern, where);
  rlimit most{};
  getrlimit(RLIMIT_CORE, &most);
  if (TILL_SANITIZED || where.find('/') != std::string::npos || most.rlim_max == 0) {
    GTEST_SKIP() << "this machine makes no core files here: " << where;
  }
  for (const bool wanted : {false, true}) {
    const auto folder = std::filesystem::path(testing::TempDir()) / "child_cores";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    spec.cores = wanted ? folder.string() : "";
    lost.reset();
    ready = false;
    start_ready();
    child->send(Type::kPortIn, "crash\r");
    ASSERT_TRUE(until([this] { return lost.has_value(); }));
    EXPECT_EQ(lost->vendor, wanted ? "SIGSEGV, core dumped" : "SIGSEGV");
    EXPECT_EQ(std::filesystem::is_empty(folder), !wanted);
  }
}

TEST_F(ChildTest, TheChildIsHeldBeforeItLoadsAnything) {
  int held = 0;
  spec.hold = [&](int pid) {
    held = pid;
    EXPECT_FALSE(ready);
  };
  start_ready();
  EXPECT_EQ(held, child->pid());
}

TEST_F(ChildTest, AForkEndsTheChildByName) {
  if (TILL_SANITIZED) GTEST_SKIP() << "no seccomp under sanitizers";
  start_ready();
  child->send(Type::kPortIn, "fork\r");
  ASSERT_TRUE(until([this] { return lost.has_value(); }));
  EXPECT_EQ(lost->vendor, "SIGSYS, a forbidden system call");
}

TEST_F(ChildTest, EatingMemoryCostsOneInput) {
  if (TILL_SANITIZED) GTEST_SKIP() << "no memory limit under sanitizers";
  start_ready();
  child->send(Type::kPortIn, "eat\r");
  ASSERT_TRUE(until([this] { return frames.size() == 1 || lost; }));
  ASSERT_FALSE(lost) << lost->vendor;
  EXPECT_NE(frames[0].body.find("bad_alloc"), std::string::npos) << frames[0].body;
  child->send(Type::kPortIn, "still here\r");
  ASSERT_TRUE(until([this] { return frames.size() == 2; }));
}

// As a plugin in C does: it takes what malloc gives and never looks whether it is there.
TEST_F(ChildTest, DyingOfAFullHeapIsNamedMemory) {
  if (TILL_SANITIZED) GTEST_SKIP() << "no memory limit under sanitizers";
  start_ready();
  child->send(Type::kPortIn, "eat like C\r");
  ASSERT_TRUE(until([this] { return lost.has_value(); }));
  EXPECT_EQ(lost->vendor.substr(0, 12), "memory, all ") << lost->vendor;
  EXPECT_NE(lost->vendor.find("then SIGSEGV"), std::string::npos) << lost->vendor;
}

TEST_F(ChildTest, WhatItPrintsBecomesLines) {
  start_ready();
  child->send(Type::kPortIn, "stdout\r");
  ASSERT_TRUE(until([this] { return !printed.empty(); }));
  EXPECT_EQ(printed[0], "words on stdout");
}

}  // namespace
}  // namespace till::supervisor
