// Points set aside for one payment, and allowances: points granted ahead to a store for the time
// when it can not ask. Hold ids are made by the store and are its own: (store, id) is the key.
#pragma once

#include <optional>

#include "central/ledger/coupons.h"
#include "central/ledger/database.h"
#include "central/ledger/ledger.h"
#include "gateway/base/clock.h"
#include "protocols/central/wire.h"
#include "sdk/cpp/base/result.h"

namespace till::central {

struct AllowanceRules {
  Points cap{100'000};  // the most one store may spend of one customer while it is cut off
  std::int64_t ttl_us = 86'400'000'000;
};

struct Allowance {
  Uuid id;
  Points points;
  std::int64_t expires_us = 0;
};

class Holds {
 public:
  Holds(Database& db, Ledger& ledger, Coupons& coupons, Clock& clock, Random& random,
        AllowanceRules rules = {})
      : db_(db),
        ledger_(ledger),
        coupons_(coupons),
        clock_(clock),
        random_(random),
        rules_(rules) {}

  // What `store` may spend: what is active and neither held nor granted to other stores; its own
  // allowance counts as free.
  Points available(const CustomerId& customer, const StoreId& store);
  // What stores may spend of hers while they are cut off, one of them left out.
  Points allowed(const CustomerId& customer, const StoreId& except = {});

  // The same again gives the same. kHoldConflict with other figures, kHoldDead for an id that is
  // over (posted, expired, released, also before it was asked for), kPointsNotEnough,
  // kCouponRefused, kOutOfRange. Of coupons alone: no points, and perhaps no customer.
  Result<void> grant(const StoreId& store, const wire::HoldRequest& request);
  // An id never seen is dead from now on. kHoldConflict when its sale has been posted.
  Result<void> release(const StoreId& store, const Uuid& hold);
  // A sale on fiscal paper used it: done whatever its state was, with an alarm where it differs.
  void post(const wire::SaleFact& fact, const CustomerId& customer, const StoreId& store);

  // Makes the store's allowance of this customer as large as it may be; none when nothing is left.
  std::optional<Allowance> allow(const CustomerId& customer, const StoreId& store);
  std::optional<Allowance> allowance(const CustomerId& customer, const StoreId& store);
  std::optional<CustomerId> customer_of(const StoreId& store, const Uuid& hold);

  // Ends the holds whose time is over, then the lots.
  void expire();

 private:
  void end(const HoldId& hold);
  void shrink_allowance(const CustomerId& customer, const StoreId& store, Points to);

  Database& db_;
  Ledger& ledger_;
  Coupons& coupons_;
  Clock& clock_;
  Random& random_;
  AllowanceRules rules_;
};

}  // namespace till::central
