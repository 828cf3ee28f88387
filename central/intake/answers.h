// Answers the stores' questions.
#pragma once

#include "central/ledger/cards.h"
#include "central/ledger/directory.h"
#include "central/ledger/holds.h"
#include "central/ledger/profiles.h"
#include "central/ledger/welcome.h"

namespace till::central {

class Answers {
 public:
  Answers(Database& db, Holds& holds, Coupons& coupons, Profiles& profiles, Directory& directory,
          Cards& cards, Welcome& welcome, Clock& clock)
      : db_(db),
        holds_(holds),
        coupons_(coupons),
        profiles_(profiles),
        directory_(directory),
        cards_(cards),
        welcome_(welcome),
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
  wire::Customer customer(const CustomerRecord& record, const StoreId& store);

  Database& db_;
  Holds& holds_;
  Coupons& coupons_;
  Profiles& profiles_;
  Directory& directory_;
  Cards& cards_;
  Welcome& welcome_;
  Clock& clock_;
};

}  // namespace till::central
