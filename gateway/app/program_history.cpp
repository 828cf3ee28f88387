#include "gateway/app/program_history.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "gateway/base/json.h"
#include "gateway/loyalty/calendar.h"

namespace till::app {
namespace {

constexpr int kBusyMs = 5000;

// One statement on a connection that only reads.
class Reading {
 public:
  Reading(void* db, const char* sql) {
    sqlite3_prepare_v2(static_cast<sqlite3*>(db), sql, -1, &statement_, nullptr);
  }
  ~Reading() { sqlite3_finalize(statement_); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  void bind(int at, std::string_view text) {
    sqlite3_bind_text64(statement_, at, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  void bind(int at, std::int64_t number) { sqlite3_bind_int64(statement_, at, number); }
  bool next() { return statement_ != nullptr && sqlite3_step(statement_) == SQLITE_ROW; }
  [[nodiscard]] std::string text(int column) const {
    const auto* found = sqlite3_column_text(statement_, column);
    return found == nullptr ? std::string() : reinterpret_cast<const char*>(found);
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

Result<checkout::Sale> sale_in(const std::string& body) {
  boost::system::error_code bad;
  const auto value = boost::json::parse(body, bad);
  if (bad) return fail(Code::kBadJson, "a sale in the journal");
  return checkout::sale_from_json(value);
}

}  // namespace

Result<History> History::open(const std::string& folder) {
  const std::string path = folder + "/journal.db";
  sqlite3* db = nullptr;
  if (sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK) {
    sqlite3_close_v2(db);
    return fail(Code::kBadFile, path);
  }
  sqlite3_busy_timeout(db, kBusyMs);
  return History(db);
}

History::History(History&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
History::~History() { sqlite3_close_v2(static_cast<sqlite3*>(db_)); }

std::string History::program(std::int64_t version) {
  Reading rows(db_, "SELECT body FROM programs WHERE version=? ORDER BY at_us DESC LIMIT 1");
  rows.bind(1, version);
  return rows.next() ? rows.text(0) : std::string();
}

Result<PastSale> History::find(const std::string& what) {
  Reading rows(db_,
               "SELECT body FROM sales WHERE id=?1 OR till_number=?1 OR "
               "(fiscal_memory<>'' AND CAST(fiscal_document AS TEXT)=?1) LIMIT 2");
  rows.bind(1, what);
  if (!rows.next()) return fail(Code::kNoSuchSale, what);
  PastSale found;
  found.sale = TILL_TRY(sale_in(rows.text(0)));
  if (rows.next()) return fail(Code::kDuplicate, what + ": name the sale by its id");
  if (found.sale.quote) found.program = program(found.sale.quote->program_version);
  return found;
}

Result<void> History::each_of_day(std::int64_t local_day, std::int64_t utc_offset_min,
                                  const std::function<void(const checkout::Sale&)>& visit) {
  constexpr std::int64_t kDayUs = loyalty::kDaySeconds * loyalty::kMicrosecond;
  const auto from = local_day * kDayUs - utc_offset_min * 60 * loyalty::kMicrosecond;
  // Ids are by time, but it is the end of a sale that counts: it is in the body.
  Reading rows(db_,
               "SELECT body FROM sales WHERE state IN ('committed', 'settled_by_person') AND "
               "fiscal_memory<>'' AND updated_us>=? ORDER BY id");
  rows.bind(1, from);
  while (rows.next()) {
    const auto sale = TILL_TRY(sale_in(rows.text(0)));
    if (sale.closed_us < from || sale.closed_us >= from + kDayUs || sale.plain) continue;
    visit(sale);
  }
  return {};
}

Result<std::map<std::string, Quantity>> History::returned_before(const Uuid& sold,
                                                                 const Uuid& now) {
  std::map<std::string, Quantity> before;
  Reading rows(db_,
               "SELECT body FROM sales WHERE returned_sale=?1 AND fiscal_memory<>'' AND id<?2");
  rows.bind(1, to_string(sold));
  rows.bind(2, to_string(now));
  while (rows.next()) {
    const auto back = TILL_TRY(sale_in(rows.text(0)));
    for (const auto& [line, quantity] : back.returned) before[line] += quantity;
  }
  return before;
}

Result<std::string> explain_receipt(const std::string& folder, const std::string& what,
                                    bool russian) {
  auto history = TILL_TRY(History::open(folder));
  const auto past = TILL_TRY(history.find(what));
  const auto& sale = past.sale;
  if (!sale.quote) return fail(Code::kSaleState, "it was never worked out");
  std::string out = fmt::format(
      "{} {}, {} {}{}\n", russian ? "чек" : "receipt", to_string(sale.id),
      russian ? "программа версии" : "program version", sale.quote->program_version,
      sale.document ? fmt::format(", {} {}", russian ? "ФД" : "document", sale.document->number)
                    : std::string());
  const auto line_name = [&](const std::string& id) {
    const auto line = std::ranges::find(sale.lines, id, &checkout::SaleLine::id);
    return line == sale.lines.end() ? id : line->name;
  };
  const auto tell = [&](const loyalty::Explanation& why) {
    const auto& words = russian ? why.ru : why.en;
    out += why.line.empty() ? words + "\n" : line_name(why.line) + ": " + words + "\n";
  };
  std::ranges::for_each(sale.quote->why, tell);
  if (sale.quote->effects) {
    for (const auto& code : sale.quote->effects->codes) {
      out += fmt::format("{}: {}\n", code.code, russian ? code.ru : code.en);
    }
  }
  out +=
      fmt::format("{} {}, {} {}, {} {}\n", russian ? "итог" : "total", to_string(sale.quote->total),
                  russian ? "скидка" : "discount", to_string(sale.quote->discount),
                  russian ? "начислено" : "earned", to_string(sale.quote->accrued));
  if (sale.is_return || sale.plain || past.program.empty()) return out;
  // The basket is kept whole: worked out again it must come to the same.
  const auto program = TILL_TRY(loyalty::Program::from_json(past.program));
  const auto again = TILL_TRY(catch_overflow("the basket", [&]() -> Result<loyalty::Quote> {
    return loyalty::quote(program, checkout::basket_of(sale, sale.quoted_us));
  }));
  const bool same = again.total == sale.quote->total && again.accrued == sale.quote->accrued &&
                    again.redeemed == sale.quote->redeemed;
  out += same ? (russian ? "пересчёт даёт то же\n" : "worked out again: the same\n")
              : fmt::format("{} {}, {}\n", russian ? "пересчёт даёт другое:" : "worked out again:",
                            to_string(again.total), to_string(again.accrued));
  return out;
}

}  // namespace till::app
