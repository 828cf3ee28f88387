// Central's database: the house's SQLite with central's tables.
#pragma once

#include "gateway/base/sqlite.h"

namespace till::central {

using DatabaseFailure = sqlite::Failure;
using sqlite::Database;
using sqlite::Rows;
using sqlite::Transaction;

// The tables, as SQL; the audit reads them with plain sqlite3.
extern const char* const kSchema;

}  // namespace till::central
