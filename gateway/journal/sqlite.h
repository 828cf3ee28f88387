// A thin hold on SQLite: statements that bind and read what our tables need. The rules of the house
// (Debian's 3.40 has the WAL-reset bug): exactly one connection writes and checkpoints, nothing is
// mapped, automatic checkpoints are off.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sdk/cpp/base/bytes.h"

namespace till::sqlite {

// The database said no. Failed writes and syncs are fatal for whoever owns the file.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Database {
 public:
  // Opens or makes the file in WAL mode. Throws Failure.
  explicit Database(const std::string& path);
  void exec(const char* sql);
  [[nodiscard]] sqlite3* handle() const { return db_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, Close> db_;
};

// A prepared statement, kept and used again: bind in order, step, read, reset.
class Statement {
 public:
  Statement(const Database& db, const char* sql);
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  template <typename... Args>
  Statement& bind(const Args&... args) {
    sqlite3_reset(statement_);
    int at = 0;
    (put(++at, args), ...);
    return *this;
  }
  // True while there is a row.
  bool step();
  // A statement that still stands on a row holds its snapshot open: end it after reading.
  void reset() { sqlite3_reset(statement_); }
  // For statements without rows.
  void run() {
    while (step()) {
    }
    sqlite3_reset(statement_);
  }
  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Buffer blob(int column) const;

 private:
  void put(int at, std::int64_t value) { check(sqlite3_bind_int64(statement_, at, value)); }
  void put(int at, int value) { put(at, std::int64_t{value}); }
  void put(int at, bool value) { put(at, std::int64_t{value}); }
  void put(int at, std::string_view value) {
    check(sqlite3_bind_text64(statement_, at, value.data(), value.size(), SQLITE_TRANSIENT,
                              SQLITE_UTF8));
  }
  void put(int at, const std::string& value) { put(at, std::string_view(value)); }
  void put(int at, const char* value) { put(at, std::string_view(value)); }
  void put(int at, const Buffer& value) {
    check(sqlite3_bind_blob64(statement_, at, value.data(), value.size(), SQLITE_TRANSIENT));
  }
  void check(int code) const;

  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace till::sqlite
