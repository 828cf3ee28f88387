// One store and central in one process under one seed: the real desk, journal, teller, asker,
// intake and ledger; only the wire, the disk's delay and the register are models.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "central/intake/central.h"
#include "gateway/checkout/desk.h"
#include "gateway/journal/journal.h"
#include "gateway/link/asker.h"
#include "gateway/link/teller.h"
#include "tests/sim/register_model.h"

namespace till::sim {

// A gateway process: everything in here dies with it.
struct Gateway;

// Who dies after which event.
struct Death {
  std::uint64_t event = 0;
  bool driver = false;  // alone; with the gateway it always ends
};

class Shop final : public checkout::PointsPort {
 public:
  // `deaths`: the gateway or its driver dies after exactly these events, in order, and there is no
  // other trouble; empty = whatever the seed brings.
  Shop(std::uint64_t seed, const std::string& folder, int sales, Plant plant,
       std::optional<std::deque<Death>> deaths = {});
  ~Shop() override;

  // Runs the whole story; then what is wrong, in words (empty = nothing).
  std::vector<std::string> run();
  [[nodiscard]] std::uint64_t events() const { return world_.executed; }

 private:
  friend struct Gateway;
  // One customer at the counter; lives in the cashier's head, so it survives the gateway.
  struct Visit {
    std::string number;
    Uuid sale;
    Uuid returns;  // of a return: the sale that comes back
    Uuid undoes;   // of the undoing of an extra document: the sale it is an extra one of
    CustomerId customer;
    bool wants_points = false;
    int attempts = 0;
    bool over = false;
    std::int64_t rests_until = 0;
  };

  void boot();
  void crash();
  void driver_dies();
  void boot_central();
  void schedule_faults();
  void tick(std::size_t visit);
  void act(Visit& visit);
  void begin(Visit& visit);
  void pay(Visit& visit, const checkout::Sale& sale);
  void settle(Visit& visit, const checkout::Sale& sale);
  void rest(Visit& visit);
  void office();
  void change_mind(const checkout::Sale& sale);
  [[nodiscard]] std::vector<checkout::Sale> sales() const;
  [[nodiscard]] bool accounted_for(const checkout::Sale& sale, const PrintedDocument& d) const;
  checkout::Identity identity(const CustomerId& customer);

  void hold(const checkout::HoldAsk& ask, checkout::Then<Result<void>> then) override;
  void to_central(bool tell, const Buffer& bytes);
  void central_takes(bool tell, const Buffer& bytes);
  void to_store(bool tell, const Buffer& bytes);
  bool lost() { return partitioned_ || (world_.faults && world_.chance.percent(6)); }

  bool finished();
  void check_documents(std::vector<std::string>& wrong);
  void check_ledger(std::vector<std::string>& wrong);

  World world_;
  std::filesystem::path folder_;
  int sales_;
  Plant plant_;
  std::optional<std::deque<Death>> deaths_;
  goods::Catalogue goods_;
  loyalty::Program program_;
  RegisterModel register_;
  std::unique_ptr<central::Central> central_;
  std::vector<CustomerId> customers_;
  std::uint64_t life_ = 1;          // of the gateway
  std::uint64_t central_life_ = 1;  // of central
  std::unique_ptr<Gateway> gateway_;
  std::deque<Visit> visits_;  // one acting may add another
  bool partitioned_ = false;
};

}  // namespace till::sim
