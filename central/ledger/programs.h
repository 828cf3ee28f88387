// The programs that were put in force, newest last.
#pragma once

#include "central/ledger/database.h"
#include "central/ledger/ledger.h"
#include "gateway/loyalty/loyalty.h"
#include "gateway/loyalty/rules.h"

namespace till::central {

class Programs {
 public:
  explicit Programs(Database& db) : db_(db) {}

  // The one in force; one that gives nothing when there is none.
  const loyalty::Program& current();
  // When points of this purse, credited at `at`, can be spent and until when.
  Terms terms(const std::string& purse, std::int64_t at, std::int64_t utc_offset_min);
  // The same of points that live otherwise.
  static Terms terms(const loyalty::Life& life, std::int64_t at, std::int64_t utc_offset_min);
  // A coupon's type and how often it works (0 = any number): what the book says, or its looks.
  struct CouponKind {
    std::string type;  // "" = no coupon of this program
    std::int64_t uses = 0;
  };
  CouponKind coupon_kind(const std::string& code, const std::string& type_in_book);

 private:
  Database& db_;
  std::int64_t n_ = -1;  // of the row that `program_` was read from
  loyalty::Program program_;
};

}  // namespace till::central
