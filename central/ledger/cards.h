// Whether a customer's card is active yet. The rule is gateway/loyalty/accounts.h's; what happens
// to the card is kept here. A customer nobody enrolled under a type of card has none to activate.
#pragma once

#include "central/ledger/directory.h"
#include "central/ledger/programs.h"
#include "gateway/loyalty/accounts.h"

namespace till::central {

class Cards {
 public:
  Cards(Database& db, Programs& programs, Directory& directory, Clock& clock)
      : db_(db), programs_(programs), directory_(directory), clock_(clock) {}

  // Of a customer who has just been enrolled; `begins`: she was not registered before.
  void enrolled(const CustomerRecord& record, bool begins, bool with_phone);
  // A purchase, and the cards among its goods.
  void bought(const wire::SaleFact& fact, const CustomerId& customer);
  // By a person. kUnknownCard; kCardBlocked while she is blocked.
  Result<void> activate(const CustomerId& id);
  // One that is not earns, and pays nothing. Of merged customers one active card is enough.
  bool active(const CustomerRecord& record);

 private:
  std::string_view activation(const std::string& card_type);
  void happened(const CustomerRecord& record, loyalty::CardEvent event);
  void keep(const CustomerId& id, loyalty::CardState state);

  Database& db_;
  Programs& programs_;
  Directory& directory_;
  Clock& clock_;
};

}  // namespace till::central
