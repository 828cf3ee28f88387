// What a person has to look at, in the table `alarms`: one row for each thing, counted.
#pragma once

#include <string_view>

#include "central/ledger/database.h"
#include "sdk/cpp/base/ids.h"
#include "sdk/cpp/base/result.h"

namespace till::central {

// Also writes a log line the first time. `subject` names the thing, never a person.
void raise_alarm(Database& db, std::int64_t now_us, Code code, const StoreId& store,
                 std::string_view subject, std::string_view detail);

}  // namespace till::central
