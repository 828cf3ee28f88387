#include "sqlite.h"

#include <algorithm>
#include <utility>

namespace till::sqlite {

bool Rows::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  throw Failure(sqlite3_errmsg(sqlite3_db_handle(statement_)));
}

std::string Rows::text(int column) const {
  const auto* data = sqlite3_column_text(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string() : std::string(as_text({data, size}));
}

Buffer Rows::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? Buffer() : Buffer(data, data + size);
}

Uuid Rows::uuid(int column) const {
  Uuid id;
  const Buffer bytes = blob(column);
  if (bytes.size() == id.bytes.size()) std::ranges::copy(bytes, id.bytes.begin());
  return id;
}

Database::Database(const std::string& path, const char* schema, int cache_kib) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  db_.reset(raw);
  if (code != SQLITE_OK) throw Failure(path + ": " + sqlite3_errmsg(raw));
  sqlite3_busy_timeout(raw, 5000);  // somebody reads along with another program
  exec("PRAGMA journal_mode=WAL");
  exec("PRAGMA synchronous=FULL");
  exec("PRAGMA wal_autocheckpoint=0");
  exec("PRAGMA mmap_size=0");
  exec(("PRAGMA cache_size=-" + std::to_string(cache_kib)).c_str());
  exec(schema);
  sqlite3_wal_hook(
      raw,
      [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
      },
      &log_pages_);
}

void Database::exec(const char* sql) {
  char* message = nullptr;
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, &message) == SQLITE_OK) return;
  const std::string text = message == nullptr ? "?" : message;
  sqlite3_free(message);
  throw Failure(text);
}

void Database::rollback() noexcept {
  sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Database::checkpoint() {
  exec("PRAGMA wal_checkpoint(PASSIVE)");
  log_pages_ = 0;
}

sqlite3_stmt* Database::prepared(const char* sql) {
  auto& kept = statements_[sql];
  if (!kept) {
    sqlite3_stmt* raw = nullptr;
    check(sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr));
    kept.reset(raw);
  }
  return kept.get();
}

void Database::check(int code) const {
  if (code != SQLITE_OK) throw Failure(sqlite3_errmsg(db_.get()));
}

Transaction::~Transaction() {
  if (db_ != nullptr) db_->rollback();
}

void Transaction::commit() { std::exchange(db_, nullptr)->exec("COMMIT"); }

}  // namespace till::sqlite
