#include "registers.h"

#include <algorithm>
#include <map>

namespace till::app {
namespace {

using checkout::Then;

std::string whose(const RegisterPlace& place) {
  return place.till.empty() ? "everybody's (its till is not named)" : "of till " + place.till;
}

std::unexpected<Error> no_register(const std::string& till) {
  return fail(Code::kConfigInvalid,
              "till " + till + " has no register: none is its own, none is everybody's");
}

// Of a till that has none: nothing is ever sent, and a doubt waits until the register stands in the
// configuration again.
class NoRegister final : public checkout::RegisterPort {
 public:
  explicit NoRegister(Fiscal::After after) : after_(std::move(after)) {}
  void lock(std::function<void()> then) override { after_(0, std::move(then)); }
  void unlock() override {}
  [[nodiscard]] bool online() const override { return false; }
  void prepare(const FiscalReceipt& /*receipt*/, Then<Result<Baseline>> then) override {
    after_(0, [then] { then(fail(Code::kRegisterOffline)); });
  }
  void receipt(const AttemptKey& /*key*/, const FiscalReceipt& /*receipt*/,
               Then<checkout::RegisterOutcome> then) override {
    after_(0, [then] {
      then({checkout::Verdict::kRefused, {}, {Code::kRegisterOffline, {}, {}}, false});
    });
  }
  void resolve(const FiscalReceipt& /*receipt*/, const Baseline& /*before*/,
               Then<Result<Resolution>> then) override {
    after_(0, [then] { then(fail(Code::kRegisterOffline)); });
  }
  void recover(Then<Result<void>> then) override {
    after_(0, [then] { then(fail(Code::kRegisterOffline)); });
  }

 private:
  Fiscal::After after_;
};

}  // namespace

Result<void> check_registers(const std::vector<RegisterPlace>& registers,
                             const std::vector<api::Access>& tills) {
  std::map<std::string, std::string> at;  // till -> register
  for (const auto& r : registers) {
    const auto [other, first] = at.try_emplace(r.till, r.device);
    if (first) continue;
    return fail(Code::kConfigInvalid,
                "registers " + other->second + " and " + r.device + " are both " + whose(r));
  }
  if (at.empty() || at.contains("")) return {};
  for (const auto& till : tills) {
    if (till.role != api::Role::kCashier || at.contains(till.till)) continue;
    return no_register(till.till);
  }
  return {};
}

Registers::Registers(Fiscal::After after) : none_(std::make_unique<NoRegister>(std::move(after))) {}

void Registers::add(RegisterPlace place, std::unique_ptr<Fiscal> fiscal) {
  all_.push_back({std::move(place), std::move(fiscal)});
}

Fiscal* Registers::of_till(const std::string& till) const {
  for (const auto& wanted : {till, std::string()}) {
    const auto at = std::ranges::find_if(all_, [&](auto& e) { return e.place.till == wanted; });
    if (at != all_.end()) return at->fiscal.get();
  }
  return nullptr;
}

Fiscal* Registers::of_device(const std::string& device) const {
  const auto at = std::ranges::find_if(all_, [&](auto& e) { return e.place.device == device; });
  return at == all_.end() ? nullptr : at->fiscal.get();
}

checkout::RegisterPort& Registers::port(const TillId& till,
                                        const std::string& fiscal_memory) const {
  const auto armed = [&](const Entry& e) { return e.fiscal->watch().armed() == fiscal_memory; };
  const auto at = fiscal_memory.empty() ? all_.end() : std::ranges::find_if(all_, armed);
  Fiscal* const there = at != all_.end() ? at->fiscal.get() : of_till(till.value);
  return there != nullptr ? *there : *none_;
}

bool Registers::serves(const std::string& till) const {
  return all_.empty() || of_till(till) != nullptr;
}

bool Registers::answers(const std::string& till) const {
  if (const auto* own = of_till(till)) return own->answers();
  return std::ranges::all_of(all_, [](const Entry& e) { return e.fiscal->answers(); });
}

std::optional<Error> Registers::problem(const std::string& till) const {
  if (const auto* own = of_till(till)) return own->problem();
  if (serves(till)) return std::nullopt;
  return no_register(till).error();
}

void Registers::look(bool due, const std::function<std::string()>& local_now) const {
  for (const auto& e : all_) {
    if (due || !e.fiscal->answers()) e.fiscal->look(local_now);
  }
}

}  // namespace till::app
