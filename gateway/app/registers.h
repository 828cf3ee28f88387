// The store's registers, and which of them the sales of a till go to.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/api/access.h"
#include "gateway/app/fiscal.h"

namespace till::app {

struct RegisterPlace {
  std::string device;
  std::string till;  // whose it is, "" = everybody's
};
// kConfigInvalid names two registers of one till, or a cashier's till that has none: its own goes
// before everybody's, and another till's is never taken.
Result<void> check_registers(const std::vector<RegisterPlace>& registers,
                             const std::vector<api::Access>& tills);

class Registers {
 public:
  explicit Registers(Fiscal::After after);
  void add(RegisterPlace place, std::unique_ptr<Fiscal> fiscal);
  // nullptr = it has none.
  [[nodiscard]] Fiscal* of_till(const std::string& till) const;
  [[nodiscard]] Fiscal* of_device(const std::string& device) const;
  // For the desk. A sale that has an intent goes where the memory of its intent stands now, and a
  // till without a register to one that is never online.
  [[nodiscard]] checkout::RegisterPort& port(const TillId& till,
                                             const std::string& fiscal_memory) const;
  // A till's sales can be printed: here, or where it prints by itself.
  [[nodiscard]] bool serves(const std::string& till) const;
  // Of the till's own, or of all where it has none.
  [[nodiscard]] bool answers(const std::string& till) const;
  // Why nothing can be printed for it, whatever is switched on.
  [[nodiscard]] std::optional<Error> problem(const std::string& till) const;
  // At all that are `due`; at those that do not answer always, or they would stand there as silent
  // long after they came back.
  void look(bool due, const std::function<std::string()>& local_now) const;

 private:
  struct Entry {
    RegisterPlace place;
    std::unique_ptr<Fiscal> fiscal;
  };
  std::vector<Entry> all_;
  std::unique_ptr<checkout::RegisterPort> none_;
};

}  // namespace till::app
