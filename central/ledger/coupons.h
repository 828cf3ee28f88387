// The coupon book: codes that were issued, and every use. A code that nobody issued (a printed
// series that its looks tell) gets into the book with its first use.
#pragma once

#include <string>
#include <vector>

#include "central/ledger/database.h"
#include "central/ledger/programs.h"
#include "gateway/base/clock.h"
#include "protocols/central/wire.h"
#include "sdk/cpp/base/result.h"

namespace till::central {

class Coupons {
 public:
  Coupons(Database& db, Programs& programs, Clock& clock)
      : db_(db), programs_(programs), clock_(clock) {}

  // Uses on paper and payments under way in other stores: the one that asks knows its own better,
  // and earlier. A void coupon is used for ever.
  wire::Coupon look_up(const std::string& code, const StoreId& by);
  // Before a payment. kCouponRefused naming the code: another store has used it up.
  Result<void> reserve(const HoldId& hold, const std::vector<std::string>& codes);
  void release(const HoldId& hold);
  // What a receipt on paper says; a use beyond what the type allows is an alarm, never refused.
  void book(const wire::SaleFact& fact, const CustomerId& customer, const StoreId& store);

  // By a person: a code for a customer ("" = for anybody). kDuplicate, kBadValue (the type).
  Result<void> issue(const wire::Coupon& coupon);
  // Makes it useless, or useful again. kNotFound.
  Result<void> set_void(const std::string& code, bool is_void);

 private:
  std::int64_t used_elsewhere(const std::string& code, const StoreId& by);
  void use(const wire::Coupon& coupon, const wire::SaleFact& fact, const StoreId& store);

  Database& db_;
  Programs& programs_;
  Clock& clock_;
};

}  // namespace till::central
