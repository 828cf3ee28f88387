// The telling side of a store against central's intake over a line that loses, repeats and
// reorders, with restarts of both: every sale has its effect exactly once.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <deque>
#include <optional>

#include "central/intake/test_world.h"
#include "gateway/base/log.h"
#include "gateway/link/teller.h"

namespace till {
namespace {

// The whole program's log, opened once: alarms are looked at in the tables.
[[maybe_unused]] const bool kQuiet = (open_log("", LogLevel::kError), true);

using central::TestClock, central::TestRandom, central::TestStream;

class World {
 public:
  World() {
    rules_.db.run("INSERT INTO stores VALUES ('a','key','chain',0)");
    restart_intake();
    restart_teller(0);
  }

  void act(int what) {
    switch (what) {
      case 0:
      case 1:
        return sell();
      case 2:
      case 3:
      case 4:
        return deliver_up(true);
      case 5:
      case 6:
        return deliver_down();
      case 7:
        return drop(up_);
      case 8:
        return drop(down_);
      case 9:
        return repeat(up_);
      case 10:
        return repeat(down_);
      case 11:
        return swap(up_);
      case 12:
        return swap(down_);
      case 13:
        return reconnect();
      case 14:
        return tick();
      case 15:  // the effect is made and the power goes before the commit
        deliver_up(false);
        return restart_intake();
      case 16:
        restart_intake();
        return reconnect();
      default:
        restart_teller(teller_->acknowledged() / 2);  // the soft position on disk is older
        return reconnect();
    }
  }

  // A line that works again: everything arrives.
  bool settles() {
    reconnect();
    for (int i = 0; i < 20'000 && teller_->acknowledged() != stream_.entries.size(); ++i) {
      while (!up_.empty()) deliver_up(true);
      while (!down_.empty()) deliver_down();
      tick();
    }
    return teller_->acknowledged() == stream_.entries.size();
  }

  void check() {
    RC_ASSERT(alarms_ == 0);
    RC_ASSERT(count("SELECT count(*) FROM sales") == static_cast<std::int64_t>(sold_));
    RC_ASSERT(count("SELECT count(*) FROM dead_letters") == 0);
    RC_ASSERT(count("SELECT stopped FROM positions") <= 0);
    RC_ASSERT(rules_.ledger.balance({"c"}).units == balance_);
    RC_ASSERT(rules_.ledger.prove().empty());
  }

 private:
  using Line = std::deque<Buffer>;

  void sell() {
    const auto n = static_cast<std::uint32_t>(++sold_);
    const std::int64_t redeemed = n % 3 == 0 ? 40 : 0;
    stream_.add(central::test_sale(n, "c", n, redeemed));
    balance_ += n - redeemed;
    run(teller_->entries_available(clock_.now));
  }
  void deliver_up(bool commit) {
    if (up_.empty()) return;
    central::Transaction transaction(rules_.db);
    intake_->take(connection_, {"a"}, up_.front());
    up_.pop_front();
    intake_->finish();
    if (!commit) return;
    transaction.commit();
    for (auto& out : intake_->replies()) {
      if (out.peer == connection_) down_.push_back(std::move(out.message));
    }
  }
  void deliver_down() {
    if (down_.empty()) return;
    const Buffer message = std::move(down_.front());
    down_.pop_front();
    run(teller_->on_message(message, clock_.now));
  }
  static void drop(Line& line) {
    if (!line.empty()) line.pop_front();
  }
  static void repeat(Line& line) {
    if (!line.empty()) line.push_back(line.front());
  }
  static void swap(Line& line) {
    if (line.size() > 1) std::swap(line[0], line[1]);
  }
  void reconnect() {
    up_.clear();
    down_.clear();
    connection_ = std::to_string(++connections_);
    teller_->on_disconnected();
    run(teller_->on_connected(clock_.now));
  }
  void tick() {
    if (teller_->next_timer() == link::kNever) return;
    clock_.now = std::max(clock_.now, teller_->next_timer());
    run(teller_->on_timer(clock_.now));
  }
  void restart_intake() { intake_.emplace(rules_.db, rules_.facts, clock_, rules_.metrics); }
  void restart_teller(std::uint64_t acknowledged) {
    teller_.emplace(
        StoreId{"a"}, 5, [this](auto from, auto most) { return read(from, most); }, random_);
    teller_->start(1, acknowledged);
  }
  std::vector<link::OutboundEntry> read(std::uint64_t from, std::size_t most) const {
    std::vector<link::OutboundEntry> out;
    for (std::size_t i = from - 1; i < stream_.entries.size() && out.size() < most; ++i) {
      const auto& e = stream_.entries[i];
      out.push_back({e.sequence, e.id, e.previous, e.hash, e.payload});
    }
    return out;
  }
  void run(const link::Teller::Step& step) {
    up_.insert(up_.end(), step.send.begin(), step.send.end());
    alarms_ += step.alarms.size();
  }
  std::int64_t count(const char* sql) {
    auto row = rules_.db.query(sql);
    return row.next() ? row.integer(0) : -1;
  }

  TestClock clock_;
  TestRandom random_;
  central::Central rules_{":memory:", clock_, random_};
  std::optional<central::Intake> intake_;
  std::optional<link::Teller> teller_;
  TestStream stream_;
  Line up_, down_;
  std::string connection_;
  int connections_ = 0;
  std::size_t sold_ = 0;
  std::int64_t balance_ = 0;
  std::size_t alarms_ = 0;
};

RC_GTEST_PROP(ExactlyOnce, WhateverTheLineAndThePowerDo, ()) {
  const auto actions =
      *rc::gen::scale(4.0, rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 18)));
  World world;
  for (const int what : actions) world.act(what);
  RC_ASSERT(world.settles());
  world.check();
}

}  // namespace
}  // namespace till
