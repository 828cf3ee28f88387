// Answers the stores' questions.
#pragma once

#include "central/ledger/cards.h"
#include "central/ledger/directory.h"
#include "central/ledger/events.h"
#include "central/ledger/holds.h"
#include "central/ledger/profiles.h"

namespace till::central {

class Answers {
 public:
  Answers(Database& db, Ledger& ledger, Programs& programs, Holds& holds, Coupons& coupons,
          Profiles& profiles, Directory& directory, Cards& cards, Events& events, Clock& clock)
      : db_(db),
        ledger_(ledger),
        programs_(programs),
        holds_(holds),
        coupons_(coupons),
        profiles_(profiles),
        directory_(directory),
        cards_(cards),
        events_(events),
        clock_(clock) {}

  // Inside a transaction; the answer may be sent once that is on disk. Nothing for what is no
  // question at all.
  std::optional<wire::Answer> answer(const StoreId& store, Bytes question);

 private:
  Result<wire::Customer> answer(const Store& store, const wire::Lookup& ask);
  Result<wire::Customer> answer(const Store& store, const wire::HoldRequest& ask);
  Result<wire::Customer> answer(const Store& store, const wire::Release& ask);
  Result<wire::Customer> answer(const Store& store, const wire::Enrol& ask);
  Result<wire::Customer> answer(const Store& store, const wire::Balance& ask);
  Result<wire::Customer> answer(const Store& store, const wire::CouponQuestion& ask);
  wire::Standing standing(const CustomerId& id);
  wire::Customer customer(const CustomerRecord& record, const StoreId& store);

  Database& db_;
  Ledger& ledger_;
  Programs& programs_;
  Holds& holds_;
  Coupons& coupons_;
  Profiles& profiles_;
  Directory& directory_;
  Cards& cards_;
  Events& events_;
  Clock& clock_;
};

}  // namespace till::central
