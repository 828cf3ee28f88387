// The store's journal: step records of every sale, and the outbound stream to central with its own
// sequence and hash chain. One file, one connection, two grades of writing.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/sqlite.h"
#include "gateway/checkout/ports.h"

namespace till::journal {

struct Hooks {
  // Runs a function when the current turn of the loop is over: all hard writes of a turn share one
  // transaction and one fsync.
  std::function<void(std::function<void()>)> post;
  // What a fact looks like on the wire to central (ids only).
  std::function<Buffer(const checkout::Sale&, const checkout::Fact&)> encode;
  // The disk failed: stop acknowledging, end the process, replay at the next start. Must not
  // return.
  std::function<void(const std::string&)> fatal;
  // New entries stand in the outbound stream.
  std::function<void()> entries;
};

struct Entry {
  std::uint64_t sequence = 0;
  Uuid id;
  Buffer previous, hash, payload;
};

struct StoredAnswer {
  std::string payload_hash;
  int status = 0;
  std::string body;
};

class Journal final : public checkout::JournalPort {
 public:
  // Throws sqlite::Failure when the file can not be opened or is another store's.
  Journal(const std::string& path, const StoreId& store, Hooks hooks, Clock& clock, Random& random);

  void soft(const checkout::Sale& sale, std::string_view step) override;
  void hard(const checkout::Sale& sale, std::string_view step, std::vector<checkout::Fact> facts,
            std::function<void()> then) override;
  std::optional<checkout::Sale> load(const Uuid& id) override;
  std::optional<Uuid> find(const TillId& till, const std::string& number) override;
  std::optional<Uuid> sale_of(const std::string& fiscal_memory, std::uint32_t number) override;
  std::vector<checkout::Sale> returns_of(const Uuid& sold) override;
  std::vector<checkout::Sale> unfinished() override;
  std::vector<Uuid> unconfirmed() override;
  std::vector<Uuid> unprinted() override;
  // The highest fiscal document of a sale on that memory, 0 = none.
  std::uint32_t last_document(const std::string& fiscal_memory);
  bool allowance_used(const Uuid& allowance) override;
  std::int64_t coupon_uses(const std::string& code) override;
  std::vector<std::string> known_as(const checkout::Sale& sale) override;
  checkout::RuleUses rule_uses(const std::string& rule, const std::string& customer,
                               std::int64_t since_day) override;

  // ---- the outbound stream ----
  // An entry of no sale; on the disk with the next hard write, at the latest with its own.
  void tell(Buffer payload);
  std::vector<Entry> read(std::uint64_t from, std::size_t most);
  void acknowledged(std::uint64_t sequence);
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t first_kept();
  [[nodiscard]] std::uint64_t last_sequence() const { return last_sequence_; }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

  // The first sequence an exporter has not taken, 0 = none is known. Soft: a batch may come again.
  std::uint64_t exported(const std::string& exporter);
  void keep_exported(const std::string& exporter, std::uint64_t next);

  // ---- answers by idempotency key ----
  std::optional<StoredAnswer> answer(const TillId& till, const std::string& key);
  void keep_answer(const TillId& till, const std::string& key, const StoredAnswer& answer);

  // ---- programs that were in force, for receipts of the past ----
  void keep_program(const std::string& id, std::int64_t version, const std::string& body);

  // ---- small settings that must survive (key, value) ----
  std::string setting(const std::string& key);
  void set_setting(const std::string& key, const std::string& value);

  [[nodiscard]] const sqlite::Database& database() const { return db_; }
  // Writes and syncs everything now; the callbacks still come through post.
  void flush();
  // In an idle moment: moves the log into the file; prunes what is older than `keep_us`, of the
  // outbound stream nothing from `wanted` on.
  void idle(std::int64_t keep_us, std::uint64_t wanted = std::numeric_limits<std::int64_t>::max());

 private:
  void schedule();
  std::vector<checkout::Sale> sales(sqlite::Rows rows);

  // What is waiting for the next transaction, one a sale: its newest state, its steps and entries.
  struct Step {
    std::string name;
    checkout::State state;
    std::int64_t attempt, at_us;
  };
  struct Pending {
    checkout::Sale sale;
    bool fresh = false;  // no row of it yet
    std::vector<Step> steps;
    std::vector<Buffer> payloads;
    std::vector<std::function<void()>> then;
  };
  Pending& pending_of(const checkout::Sale& sale, std::string_view step, bool always);
  bool known(const Uuid& id);
  void store(const Pending& pending);
  bool on_paper(const Uuid& id);
  void store_coupons(const checkout::Sale& sale);
  std::vector<Uuid> ids(const char* query);
  void store_rule_uses(const checkout::Sale& sale);
  void store_entry(const Buffer& payload);

  Hooks hooks_;
  Clock& clock_;
  Random& random_;
  sqlite::Database db_;
  std::vector<Pending> pending_;  // in the order of their first write
  std::unordered_map<Uuid, std::size_t> pending_at_;
  bool some_unprinted_ = false;
  std::unordered_set<Uuid> known_;
  std::vector<Buffer> told_;  // entries of no sale
  bool hard_ = false;         // one of them must be synced
  bool scheduled_ = false;
  bool full_ = true;  // PRAGMA synchronous as it stands
  std::uint64_t last_sequence_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t epoch_ = 0;
  Buffer last_hash_;
};

}  // namespace till::journal
