// What the desk needs from the world, as interfaces: production and the simulation each bring
// theirs. Every callback comes later, never from inside the call.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/checkout/sale.h"

namespace till::checkout {

// Nobody knows what became of what was asked for; any other error says something of the device.
constexpr bool is_loss(Code code) {
  return code == Code::kTimeout || code == Code::kPortLost || code == Code::kBadFrame ||
         code == Code::kPluginDied || code == Code::kPluginHung || code == Code::kRegisterOffline;
}

// No answer at all: it may come another time.
constexpr bool is_silence(Code code) {
  return (is_loss(code) && code != Code::kBadFrame) || code == Code::kCancelled;
}
// So many times the same answer, and no other is to be expected; 0 = somebody sees to it (paper,
// cover), or nobody answered. What cannot be understood may be noise on the line.
constexpr int most_of_the_same(Code code) {
  if (is_silence(code) || code == Code::kPaperOut || code == Code::kCoverOpen) return 0;
  return code == Code::kBadFrame ? 40 : 12;  // about ten minutes, and two
}

template <typename T>
using Then = std::function<void(T)>;

enum class Verdict { kDone, kRefused, kInDoubt };

struct RegisterOutcome {
  Verdict verdict = Verdict::kInDoubt;
  FiscalDocument document;  // when done
  Error error;              // else
  bool dirty = false;       // refused, but our document is still open in the device
};

class RegisterPort {
 public:
  virtual ~RegisterPort() = default;
  // The register for oneself, in turn; must end in unlock().
  virtual void lock(std::function<void()> then) = 0;
  virtual void unlock() = 0;
  [[nodiscard]] virtual bool online() const = 0;
  // Opens the shift if that is needed and allowed, and the receipt is one the register can print;
  // then reads the baseline. An error: nothing of the sale has been sent.
  virtual void prepare(const FiscalReceipt& receipt, Then<Result<Baseline>> then) = 0;
  virtual void receipt(const AttemptKey& key, const FiscalReceipt& receipt,
                       Then<RegisterOutcome> then) = 0;
  virtual void resolve(const FiscalReceipt& receipt, const Baseline& before,
                       Then<Result<Resolution>> then) = 0;
  virtual void recover(Then<Result<void>> then) = 0;
};

// The register a sale of that till goes to. One that has an intent belongs to the fiscal memory of
// its baseline, wherever that register stands now; "" = none yet. Never the same object for two.
using RegisterOf = std::function<RegisterPort&(const TillId&, const std::string& fiscal_memory)>;

// Points and coupons set aside for one payment.
struct HoldAsk {
  Uuid hold;
  CustomerId customer;
  Points points;
  std::vector<std::string> coupons;  // those that work a limited number of times
  AttemptKey key;
};

class PointsPort {
 public:
  virtual ~PointsPort() = default;
  // kCentralOffline: no answer, the hold may stand. Any other error: it does not.
  virtual void hold(const HoldAsk& ask, Then<Result<void>> then) = 0;
};

// Entries of the outbound stream, written in the same transaction as the step they belong to.
enum class FactKind { kSale, kHoldReleased, kSettled, kSettledOtherwise, kSoldTwice };
struct Fact {
  FactKind kind = FactKind::kSale;
  Uuid hold = {};             // of kHoldReleased
  bool document = true;       // of kSettled
  std::uint32_t attempt = 0;  // that was settled: of kSettledOtherwise and kSoldTwice
};

struct RuleUses {
  std::int64_t times = 0;
  std::int64_t amount = 0;  // minor units, or hundredths of what was earned
};

class JournalPort {
 public:
  virtual ~JournalPort() = default;
  // May be lost by a power cut, never by the end of the process.
  virtual void soft(const Sale& sale, std::string_view step) = 0;
  // `then` runs when it is on the disk. A failure is fatal to the process; `then` never runs.
  virtual void hard(const Sale& sale, std::string_view step, std::vector<Fact> facts,
                    std::function<void()> then) = 0;
  virtual std::optional<Sale> load(const Uuid& id) = 0;
  virtual std::optional<Uuid> find(const TillId& till, const std::string& number) = 0;
  // Which sale stands on that document.
  virtual std::optional<Uuid> sale_of(const std::string& fiscal_memory, std::uint32_t number) = 0;
  virtual std::vector<Sale> returns_of(const Uuid& sold) = 0;
  virtual std::vector<Sale> unfinished() = 0;
  // Settled by a person and not yet confirmed by the register.
  virtual std::vector<Uuid> unconfirmed() = 0;
  // On paper by the register's memory, and nobody has seen the paper.
  virtual std::vector<Uuid> unprinted() = 0;
  virtual bool allowance_used(const Uuid& allowance) = 0;
  // How often sales of this store have used the coupon, without those that came back whole.
  virtual std::int64_t coupon_uses(const std::string& code) = 0;
  // What receipts of this store have used of a rule's limits since that local day; returns are
  // taken off the day of their purchase. `customer`: one of known_as(), "" = everybody.
  virtual RuleUses rule_uses(const std::string& rule, const std::string& customer,
                             std::int64_t since_day) = 0;
  // What the customer's receipts of this store count under: her id, and the cards she showed while
  // central was away. Empty = nobody is known.
  virtual std::vector<std::string> known_as(const Sale& sale) = 0;
};

struct DeskHooks {
  std::function<void(const Sale&)> changed;  // for the till's WebSocket
  // A settlement was confirmed or contradicted.
  std::function<void(const Sale&, const Settlement&)> rechecked;
  std::function<void(std::int64_t us, std::function<void()>)> after;
  // The store's clock on the wall at a moment; nothing = the program's setting.
  std::function<std::optional<std::int64_t>(std::int64_t unix_us)> utc_offset_min = {};
};

}  // namespace till::checkout
