#include "sqlite.h"

namespace till::sqlite {

Database::Database(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(raw);
  if (code != SQLITE_OK) throw Failure(path + ": " + sqlite3_errmsg(raw));
  exec("PRAGMA journal_mode=WAL");
  exec("PRAGMA wal_autocheckpoint=0");
  exec("PRAGMA mmap_size=0");
  exec("PRAGMA foreign_keys=ON");
  exec("PRAGMA cache_size=-2000");
}

void Database::exec(const char* sql) {
  char* message = nullptr;
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, &message) != SQLITE_OK) {
    const std::string text = message == nullptr ? "?" : message;
    sqlite3_free(message);
    throw Failure(text);
  }
}

Statement::Statement(const Database& db, const char* sql) {
  if (sqlite3_prepare_v3(db.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) !=
      SQLITE_OK) {
    throw Failure(std::string(sqlite3_errmsg(db.handle())) + ": " + sql);
  }
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  throw Failure(sqlite3_errmsg(sqlite3_db_handle(statement_)));
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) throw Failure(sqlite3_errmsg(sqlite3_db_handle(statement_)));
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string() : std::string(data, size);
}

Buffer Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? Buffer() : Buffer(data, data + size);
}

}  // namespace till::sqlite
