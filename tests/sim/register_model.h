// A fiscal register as the law sees it: a memory of documents, and execution that goes on whether
// or not anybody listens. It outlives every gateway.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "gateway/checkout/ports.h"
#include "gateway/supervisor/policy.h"
#include "tests/sim/world.h"

namespace till::sim {

struct PrintedDocument {
  std::uint32_t number = 0;
  std::string witness;  // "" = foreign, or a shift report
  FiscalKind kind = FiscalKind::kSale;
  Money total;
};

struct RegisterModel {
  std::string fiscal_memory = "9999078900000001";
  std::vector<PrintedDocument> documents;
  std::int64_t busy_until = 0;
  bool document_open = false;
  bool offline = false;  // the cable is out: no command reaches it
  // Witnesses of attempts whose outcome it has told nobody, and of those settled since: the next
  // attempt of such a sale is a violation, whatever comes of it.
  std::set<std::string> doubted;
  std::size_t blind_retries = 0;
  std::set<std::string> settled;  // witnesses a person gave her word on

  [[nodiscard]] bool in_doubt(const std::string& sale) const {
    const auto first = doubted.lower_bound(sale + "/");
    return first != doubted.end() && first->starts_with(sale + "/");
  }
  std::uint32_t print(const std::string& witness, FiscalKind kind, Money total) {
    const auto number = static_cast<std::uint32_t>(documents.size() + 1);
    documents.push_back({number, witness, kind, total});
    document_open = false;
    return number;
  }
};

// Mistakes to plant, so that the invariants are seen to notice them.
enum class Plant { kNone, kTimeoutIsFailure, kLastDocumentOnly, kBelievesSenior, kDeathIsRefusal };

// The register as one gateway reaches it: slow, lossy, sometimes refusing. `life` is the gateway's;
// its driver may die alone. Operations go to the driver one at a time, as Device sends them.
class SimRegister final : public checkout::RegisterPort {
 public:
  SimRegister(World& world, RegisterModel& model, const std::uint64_t& life, Plant plant)
      : world_(world), model_(model), life_(life), plant_(plant) {
    driver_.on(supervisor::Event::kStart, world_.now(), world_.chance);
    driver_.on(supervisor::Event::kReady, world_.now(), world_.chance);
  }

  void lock(std::function<void()> then) override;
  void unlock() override;
  [[nodiscard]] bool online() const override { return driver_up() && !model_.offline; }
  void prepare(const FiscalReceipt& receipt, checkout::Then<Result<Baseline>> then) override;
  void receipt(const AttemptKey& key, const FiscalReceipt& receipt,
               checkout::Then<checkout::RegisterOutcome> then) override;
  void resolve(const FiscalReceipt& receipt, const Baseline& before,
               checkout::Then<Result<Resolution>> then) override;
  void recover(checkout::Then<Result<void>> then) override;

  // Ends what is asked as Device does; the supervisor's wait until the driver may start again.
  std::int64_t driver_dies();
  void driver_is_back();
  [[nodiscard]] bool driver_up() const { return driver_.state() == supervisor::State::kReady; }

 private:
  // Asked of the driver and not answered yet.
  struct Operation {
    std::function<void()> begin;
    std::function<void(checkout::Verdict, Code)> end;  // otherwise than by an answer
  };
  void submit(Operation operation);
  void next_operation();
  void answer(std::int64_t after_us, std::function<void()> tell);
  void later(std::int64_t us, std::function<void()> run);  // unless the driver dies before
  void begin(const FiscalReceipt& receipt, const checkout::Then<checkout::RegisterOutcome>& then);
  std::int64_t latency() { return world_.chance.between(2'000, 300'000); }
  void execute(std::int64_t after_us, const FiscalReceipt& receipt);
  Resolution walk(const FiscalReceipt& receipt, const Baseline& before);
  FiscalDocument document(const PrintedDocument& printed) const;

  World& world_;
  RegisterModel& model_;
  const std::uint64_t& life_;
  Plant plant_;
  supervisor::Policy driver_{true};
  std::uint64_t driver_life_ = 1;
  std::deque<Operation> asked_;
  bool running_ = false;  // the first of them has reached the driver
  bool locked_ = false;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace till::sim
