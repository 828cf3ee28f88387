// A thin hold on SQLite. The rules of the house (Debian's 3.40 has the WAL-reset bug): exactly one
// connection writes and checkpoints, nothing is mapped, automatic checkpoints are off.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/ids.h"

namespace till::sqlite {

// The database said no: a full or failing disk, a damaged file. Whoever owns the file stops.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The rows of one query; resets its statement when it goes. One at a time of the same text.
class Rows {
 public:
  explicit Rows(sqlite3_stmt* statement) : statement_(statement) {}
  ~Rows() {
    if (statement_ != nullptr) sqlite3_reset(statement_);
  }
  Rows(Rows&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Rows& operator=(Rows&&) = delete;

  bool next();  // true while there is a row
  [[nodiscard]] bool null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Buffer blob(int column) const;
  [[nodiscard]] Uuid uuid(int column) const;  // nil for anything but 16 bytes

 private:
  sqlite3_stmt* statement_;
};

class Database {
 public:
  // Opens or makes the file (":memory:" for tests) and runs `schema`, which only makes what is
  // missing. Every commit is synced (synchronous=FULL). Throws Failure.
  Database(const std::string& path, const char* schema, int cache_kib = 16000);

  // `sql` is a literal: its address is the key under which the prepared statement is kept.
  template <typename... Args>
  Rows query(const char* sql, const Args&... args) {
    sqlite3_stmt* statement = prepared(sql);
    int at = 0;
    (put(statement, ++at, args), ...);
    return Rows(statement);
  }
  // Runs a statement without rows; how many rows it changed.
  template <typename... Args>
  int run(const char* sql, const Args&... args) {
    Rows rows = query(sql, args...);
    rows.next();
    return sqlite3_changes(db_.get());
  }
  void exec(const char* sql);
  // Of no effect when SQLite has rolled back by itself.
  void rollback() noexcept;

  // Moves the write-ahead log into the file; for idle moments, and when the log has grown long.
  void checkpoint();
  [[nodiscard]] int log_pages() const { return log_pages_; }
  // Text and blobs bound to statements so far: what was asked of the file, for benchmarks.
  [[nodiscard]] std::uint64_t bytes_bound() const { return bytes_bound_; }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  sqlite3_stmt* prepared(const char* sql);
  void put(sqlite3_stmt* s, int at, std::int64_t value) { check(sqlite3_bind_int64(s, at, value)); }
  void put(sqlite3_stmt* s, int at, std::uint64_t value) {
    put(s, at, static_cast<std::int64_t>(value));
  }
  void put(sqlite3_stmt* s, int at, int value) { put(s, at, std::int64_t{value}); }
  void put(sqlite3_stmt* s, int at, std::uint32_t value) { put(s, at, std::int64_t{value}); }
  void put(sqlite3_stmt* s, int at, bool value) { put(s, at, std::int64_t{value}); }
  void put(sqlite3_stmt* s, int at, std::string_view value) {
    bytes_bound_ += value.size();
    check(sqlite3_bind_text64(s, at, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  void put(sqlite3_stmt* s, int at, const std::string& value) {
    put(s, at, std::string_view(value));
  }
  void put(sqlite3_stmt* s, int at, const char* value) { put(s, at, std::string_view(value)); }
  void put(sqlite3_stmt* s, int at, Bytes value) {
    // a null pointer would be NULL, not an empty blob
    static constexpr char kEmpty = 0;
    bytes_bound_ += value.size();
    const void* data = value.empty() ? &kEmpty : static_cast<const void*>(value.data());
    check(sqlite3_bind_blob64(s, at, data, value.size(), SQLITE_TRANSIENT));
  }
  void put(sqlite3_stmt* s, int at, const Buffer& value) { put(s, at, Bytes(value)); }
  void put(sqlite3_stmt* s, int at, const Uuid& value) { put(s, at, Bytes(value.bytes)); }
  void check(int code) const;

  std::unique_ptr<sqlite3, Close> db_;
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
  int log_pages_ = 0;
  std::uint64_t bytes_bound_ = 0;
};

// One transaction; rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& db) : db_(&db) { db.exec("BEGIN IMMEDIATE"); }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database* db_;
};

}  // namespace till::sqlite
