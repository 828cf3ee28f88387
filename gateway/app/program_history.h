// Receipts of the past, out of a store's journal: why each was what it was, and what another
// program would have made of a day. Reads beside a live gateway.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "gateway/checkout/sale.h"

namespace till::app {

struct PastSale {
  checkout::Sale sale;
  std::string program;  // as it was in force, "" = not kept
};

class History {
 public:
  // `folder`: the store's data folder. kBadFile.
  static Result<History> open(const std::string& folder);
  ~History();
  History(History&& other) noexcept;
  History& operator=(History&&) = delete;

  // By the sale's id, the till's own number or the number of the fiscal document. kNoSuchSale;
  // kDuplicate when a number fits several.
  Result<PastSale> find(const std::string& what);
  // Every sale and return of a local day that is on paper, in order; `local_day` is days since
  // 1970-01-01.
  Result<void> each_of_day(std::int64_t local_day, std::int64_t utc_offset_min,
                           const std::function<void(const checkout::Sale&)>& visit);

  // What came back of a receipt before the return `now`, by line.
  Result<std::map<std::string, Quantity>> returned_before(const Uuid& sold, const Uuid& now);

 private:
  explicit History(void* db) : db_(db) {}
  std::string program(std::int64_t version);
  void* db_;  // sqlite3
};

// In words, a line each: what applied and what did not, then whether the rules of today's release
// come to the same sums.
Result<std::string> explain_receipt(const std::string& folder, const std::string& what,
                                    bool russian);

}  // namespace till::app
