// The real link against the real server, in one process, over loopback with CURVE.
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include "central/app/server.h"
#include "central/intake/test_world.h"
#include "gateway/base/json.h"
#include "gateway/base/system_clock.h"
#include "gateway/link/link.h"

namespace till {
namespace {

using namespace std::chrono_literals;
using central::TestStream;

// The daemon's core thread, played by the test's own: posted functions run while it waits.
class Loop {
 public:
  void post(std::function<void()> run) {
    const std::scoped_lock lock(mutex_);
    ready_.push_back(std::move(run));
    wake_.notify_one();
  }
  void after(std::int64_t us, std::function<void()> run) {
    timers_.emplace(std::chrono::steady_clock::now() + std::chrono::microseconds(us),
                    std::move(run));
  }
  // Runs until `done` holds; false after ten seconds.
  bool until(const std::function<bool()>& done, std::chrono::milliseconds most = 10s) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!done()) {
      const auto now = std::chrono::steady_clock::now();
      if (now >= end) return false;
      if (!timers_.empty() && timers_.begin()->first <= now) {
        const auto run = std::move(timers_.extract(timers_.begin()).mapped());
        run();
        continue;
      }
      std::unique_lock lock(mutex_);
      const auto next = timers_.empty() ? end : std::min(end, timers_.begin()->first);
      if (!wake_.wait_until(lock, next, [this] { return !ready_.empty(); })) continue;
      const auto run = std::move(ready_.front());
      ready_.pop_front();
      lock.unlock();
      run();
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> ready_;
  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> timers_;
};

// A central in a thread of its own.
class Running {
 public:
  Running(const std::string& folder, const central::Endpoints& listen)
      : stop_(eventfd(0, EFD_CLOEXEC)) {
    auto opened = central::Server::open({folder, listen, {}}, clock_, random_);
    if (!opened) throw std::runtime_error(opened.error().detail);
    server_ = std::move(*opened);
    thread_ = std::thread([this] { EXPECT_TRUE(server_->run(stop_)); });
  }
  ~Running() {
    const std::uint64_t one = 1;
    EXPECT_EQ(write(stop_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
    thread_.join();
    close(stop_);
  }
  [[nodiscard]] const central::Endpoints& endpoints() const { return server_->endpoints(); }

 private:
  SystemClock clock_;
  SystemRandom random_;
  int stop_;
  std::unique_ptr<central::Server> server_;
  std::thread thread_;
};

struct Store : testing::Test {
  std::string folder = (std::filesystem::temp_directory_path() / "till_link_XXXXXX").string();
  SystemClock clock;
  SystemRandom random;
  Loop loop;
  TestStream stream;
  std::unique_ptr<Running> server;
  link::LinkConfig config;
  std::unique_ptr<link::Link> link;
  std::uint64_t acknowledged = 0;
  std::vector<Error> alarms;
  std::vector<bool> online;

  void SetUp() override {
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    serve({"tcp://127.0.0.1:*", "tcp://127.0.0.1:*"});
    config = store("shop-1");
  }
  void TearDown() override {
    link.reset();
    server.reset();
    std::filesystem::remove_all(folder);
  }
  void serve(const central::Endpoints& listen) {
    server = std::make_unique<Running>(folder, listen);
  }
  boost::json::value manage(const boost::json::object& request) {
    const auto line = central::ask_daemon(folder, boost::json::serialize(request));
    EXPECT_TRUE(line && *line);
    const auto result = central::parse_answer(**line);
    EXPECT_TRUE(result) << (result ? "" : result.error().detail);
    return result.value_or(boost::json::value());
  }
  link::LinkConfig store(const std::string& name) {
    const auto added = manage({{"command", "store.add"}, {"name", name}});
    const auto text = [&](const char* field) { return std::string(added.at(field).as_string()); };
    return {{name},
            5,
            text("tell"),
            text("ask"),
            text("server_key"),
            text("public_key"),
            text("secret_key")};
  }
  void connect() {
    link::LinkHooks hooks{
        [this](std::uint64_t from, std::size_t most) {
          std::vector<link::OutboundEntry> out;
          for (std::size_t i = from - 1; i < stream.entries.size() && out.size() < most; ++i) {
            const auto& e = stream.entries[i];
            out.push_back({e.sequence, e.id, e.previous, e.hash, e.payload});
          }
          return out;
        },
        [this](std::uint64_t sequence) { acknowledged = sequence; },
        [this](const Error& error) { alarms.push_back(error); },
        [this](bool yes) { online.push_back(yes); },
        [this](std::function<void()> run) { loop.post(std::move(run)); },
        [this](std::int64_t us, std::function<void()> run) { loop.after(us, std::move(run)); }};
    link = std::make_unique<link::Link>(config, std::move(hooks), clock, random);
    link->start(1, acknowledged);
  }
  void sell(std::uint32_t n, const std::string& customer, std::int64_t accrued,
            std::int64_t redeemed = 0, const Uuid& hold = {}) {
    auto sale = central::test_sale(n, customer, accrued, redeemed);
    sale.hold = hold;
    stream.add(sale);
    if (link) link->entries_available();
  }
  bool delivered() {
    return loop.until([this] { return acknowledged == stream.entries.size(); });
  }
  // Asks and waits for the answer.
  template <typename F>
  Result<link::CustomerInfo> ask(F question) {
    std::optional<Result<link::CustomerInfo>> got;
    question([&](Result<link::CustomerInfo> result) { got = std::move(result); });
    EXPECT_FALSE(got) << "never inside the call";
    EXPECT_TRUE(loop.until([&] { return got.has_value(); }));
    return got.value_or(fail(Code::kInternal));
  }
};

TEST_F(Store, TellsAndAsks) {
  connect();
  ASSERT_TRUE(loop.until([this] { return link->online(); }));
  const auto anna = ask([this](auto reply) { link->enrol("ph", "ca", "gold", 5'000'000, reply); });
  ASSERT_TRUE(anna) << anna.error().detail;
  for (std::uint32_t n = 1; n <= 200; ++n) sell(n, anna->id.value, 10);
  ASSERT_TRUE(delivered());
  const auto found = ask([this](auto reply) { link->lookup("ca", "", true, 5'000'000, reply); });
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(found->id, anna->id);
  EXPECT_EQ(found->card_type, "gold");
  EXPECT_EQ(found->available, Points{2000});
  EXPECT_EQ(found->allowance_points, Points{2000});
  const Uuid hold = central::test_id(1, 9);
  const AttemptKey key{central::test_id(201, 1), 1};
  const auto held = ask([&](auto reply) {
    link->hold({hold, anna->id, Points{500}, key, 60'000'000, {}}, 5'000'000, reply);
  });
  ASSERT_TRUE(held) << held.error().detail;
  EXPECT_EQ(held->available, Points{1500});
  sell(201, anna->id.value, 0, 500, hold);
  ASSERT_TRUE(delivered());
  EXPECT_EQ(ask([&](auto r) { link->release(hold, 5'000'000, r); }).error().code,
            Code::kHoldConflict);
  const auto left = ask([&](auto reply) { link->balance(anna->id, 5'000'000, reply); });
  ASSERT_TRUE(left);
  EXPECT_EQ(left->available, Points{1500});
  EXPECT_TRUE(manage({{"command", "prove"}}).at("differences").as_array().empty());
  EXPECT_EQ(ask([&](auto r) { link->lookup("no", "", false, 5'000'000, r); }).error().code,
            Code::kUnknownCard);
  EXPECT_TRUE(alarms.empty());
}

// Two connections: the one that tells may stand while the one that asks does not (yet).
TEST_F(Store, IsOfflineForQuestionsWithoutTheirConnection) {
  config.ask_endpoint = "ipc://" + folder + "/nobody";
  connect();
  sell(1, "c", 10);
  ASSERT_TRUE(delivered());
  EXPECT_FALSE(link->online());
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_EQ(ask([&](auto r) { link->lookup("ca", "", false, 5'000'000, r); }).error().code,
            Code::kCentralOffline);
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 4s) << "answered at once, not after its time";
  EXPECT_TRUE(online.empty());
}

TEST_F(Store, OutlivesCentralAndItselfBeingStartedAgain) {
  connect();
  sell(1, "c", 10);
  ASSERT_TRUE(delivered());
  ASSERT_TRUE(loop.until([this] { return link->online(); }));
  const auto endpoints = server->endpoints();
  server.reset();
  ASSERT_TRUE(loop.until([this] { return !link->online(); }));
  sell(2, "c", 10);
  EXPECT_EQ(ask([&](auto r) { link->lookup("ca", "", false, 5'000'000, r); }).error().code,
            Code::kCentralOffline);
  serve(endpoints);
  ASSERT_TRUE(delivered());
  ASSERT_TRUE(loop.until([this] { return link->online(); }));
  acknowledged = 0;  // the position on the store's disk is older than central's
  connect();
  sell(3, "c", 10);
  ASSERT_TRUE(delivered());
  ASSERT_TRUE(loop.until([this] { return link->online(); }));
  const auto proof = manage({{"command", "prove"}});
  EXPECT_EQ(proof.at("postings").as_int64(), 3);
  EXPECT_EQ(online, (std::vector<bool>{true, false, true, true}));
  EXPECT_TRUE(alarms.empty());
}

TEST_F(Store, AnUnknownKeyIsNamed) {
  const auto stranger = central::make_keys();
  config.public_key = stranger.public_key;
  config.secret_key = stranger.secret_key;
  sell(1, "c", 10);
  connect();
  ASSERT_TRUE(loop.until([this] { return !alarms.empty(); }));
  EXPECT_EQ(alarms[0].code, Code::kStoreUnknown);
  EXPECT_FALSE(link->online());
  EXPECT_EQ(acknowledged, 0U);
  // Registered at last: the store finds out by itself.
  const auto endpoints = server->endpoints();
  server.reset();
  central::Database(folder + "/central.db", central::kSchema)
      .run("UPDATE stores SET public_key=?", config.public_key);
  serve(endpoints);
  EXPECT_TRUE(delivered());
  const auto unknown = ask([&](auto r) { link->lookup("no", "", false, 5'000'000, r); });
  EXPECT_EQ(unknown.error().code, Code::kUnknownCard) << "the asking line is back too";
  EXPECT_EQ(alarms.size(), 1U);
}

TEST_F(Store, AnotherStoresStreamIsRefused) {
  config.store = store("shop-2").store;  // with the key of shop-1
  sell(1, "c", 10);
  connect();
  ASSERT_TRUE(loop.until([this] { return !alarms.empty(); }));
  EXPECT_EQ(alarms[0].code, Code::kStoreMismatch);
  EXPECT_EQ(manage({{"command", "prove"}}).at("postings").as_int64(), 0);
}

TEST_F(Store, QuestionsEndWithTheLink) {
  connect();
  ASSERT_TRUE(loop.until([this] { return link->online(); }));
  std::optional<Code> code;
  link->balance({"x"}, 60'000'000, [&](auto result) { code = result.error().code; });
  link->stop();
  EXPECT_EQ(code, Code::kCentralOffline);
}

TEST_F(Store, BadKeysAndEndpointsAreRefusedAtOnce) {
  auto bad = config;
  bad.secret_key = "short";
  EXPECT_THROW(link::Link(bad, {}, clock, random), std::invalid_argument);
  bad = config;
  bad.tell_endpoint = "nowhere";
  EXPECT_THROW(link::Link(bad, {}, clock, random), std::invalid_argument);
}

}  // namespace
}  // namespace till
