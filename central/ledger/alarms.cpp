#include "central/ledger/alarms.h"

#include "gateway/base/limits.h"
#include "gateway/base/log.h"

namespace till::central {

void raise_alarm(Database& db, std::int64_t now_us, Code code, const StoreId& store,
                 std::string_view subject, std::string_view detail) {
  detail = detail.substr(0, till::limits::kMaxLogDetail);
  auto row = db.query(
      "INSERT INTO alarms VALUES (?1,?2,?3,?4,1,?5,?5) ON CONFLICT DO UPDATE SET "
      "count=count+1, last_at=excluded.last_at, detail=excluded.detail RETURNING count",
      static_cast<int>(code), store.value, subject, detail, now_us);
  const bool first = row.next() && row.integer(0) == 1;
  while (row.next()) {
  }
  if (first) log_warning("{} store {}: {} {}", code_name(code), store.value, subject, detail);
}

}  // namespace till::central
