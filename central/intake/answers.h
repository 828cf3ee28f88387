// Answers the stores' questions.
#pragma once

#include "central/ledger/directory.h"
#include "central/ledger/holds.h"

namespace till::central {

class Answers {
 public:
  Answers(Database& db, Holds& holds, Directory& directory)
      : db_(db), holds_(holds), directory_(directory) {}

  // Inside a transaction; the answer may be sent once that is on disk. Nothing for what is no
  // question at all.
  std::optional<wire::Answer> answer(const StoreId& store, Bytes question);

 private:
  Result<wire::Customer> answer(const Store& store, const wire::Lookup& ask);
  Result<wire::Customer> answer(const Store& store, const wire::HoldRequest& ask);
  Result<wire::Customer> answer(const Store& store, const wire::Release& ask);
  Result<wire::Customer> answer(const Store& store, const wire::Enrol& ask);
  Result<wire::Customer> answer(const Store& store, const wire::Balance& ask);
  wire::Customer customer(const CustomerRecord& record, const StoreId& store);

  Database& db_;
  Holds& holds_;
  Directory& directory_;
};

}  // namespace till::central
