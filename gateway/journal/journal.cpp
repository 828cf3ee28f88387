#include "journal.h"

#include <sodium.h>

#include <algorithm>
#include <boost/json.hpp>

namespace till::journal {
namespace {

using checkout::Sale;
using sqlite::Statement;

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sales (
  id TEXT PRIMARY KEY, till TEXT NOT NULL, till_number TEXT NOT NULL, state TEXT NOT NULL,
  attempt INTEGER NOT NULL, is_return INTEGER NOT NULL, returned_sale TEXT NOT NULL,
  hold TEXT NOT NULL, by_allowance INTEGER NOT NULL, fiscal_memory TEXT NOT NULL,
  fiscal_document INTEGER NOT NULL, total INTEGER NOT NULL, updated_us INTEGER NOT NULL,
  body TEXT NOT NULL, UNIQUE (till, till_number)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sales_unfinished ON sales (state)
  WHERE state NOT IN ('committed', 'settled_by_person', 'cancelled');
CREATE INDEX IF NOT EXISTS sales_returns ON sales (returned_sale) WHERE returned_sale <> '';
CREATE INDEX IF NOT EXISTS sales_allowances ON sales (hold) WHERE by_allowance;
CREATE TABLE IF NOT EXISTS steps (
  n INTEGER PRIMARY KEY, sale TEXT NOT NULL, attempt INTEGER NOT NULL, step TEXT NOT NULL,
  state TEXT NOT NULL, at_us INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS outbound (
  sequence INTEGER PRIMARY KEY, id BLOB NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL,
  payload BLOB NOT NULL, at_us INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
  till TEXT NOT NULL, key TEXT NOT NULL, payload_hash TEXT NOT NULL, status INTEGER NOT NULL,
  body TEXT NOT NULL, at_us INTEGER NOT NULL, PRIMARY KEY (till, key)) WITHOUT ROWID;
)";

std::string text_or_empty(const Uuid& id) { return id.is_nil() ? std::string() : to_string(id); }

}  // namespace

Buffer chain_hash(const Buffer& previous, const Buffer& payload) {
  Buffer both = previous;
  append(both, payload);
  Buffer hash(32);
  crypto_generichash(hash.data(), hash.size(), both.data(), both.size(), nullptr, 0);
  return hash;
}

Journal::Journal(const std::string& path, const StoreId& store, Hooks hooks, Clock& clock,
                 Random& random)
    : hooks_(std::move(hooks)), clock_(clock), random_(random), db_(path), last_hash_(32, 0) {
  db_.exec("PRAGMA synchronous=FULL");
  db_.exec(kSchema);
  const std::string owner = setting("store");
  if (owner.empty()) {
    set_setting("store", store.value);
    // Grows with every journal that is made anew: central tells an old box's stream from a new one.
    set_setting("epoch", std::to_string(clock_.unix_us()));
  } else if (owner != store.value) {
    throw sqlite::Failure("this journal belongs to store " + owner);
  }
  epoch_ = std::stoull(setting("epoch"));
  if (const auto acked = setting("acknowledged"); !acked.empty())
    acknowledged_ = std::stoull(acked);
  Statement last(db_, "SELECT sequence, hash FROM outbound ORDER BY sequence DESC LIMIT 1");
  if (last.bind().step()) {
    last_sequence_ = static_cast<std::uint64_t>(last.integer(0));
    last_hash_ = last.blob(1);
  } else if (const auto kept = setting("pruned_hash"); !kept.empty()) {
    last_sequence_ = acknowledged_;
    last_hash_ = from_hex(kept);
  }
  put_sale_ = std::make_unique<Statement>(
      db_,
      "INSERT INTO sales VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET "
      "state=excluded.state, attempt=excluded.attempt, hold=excluded.hold, "
      "by_allowance=excluded.by_allowance, fiscal_memory=excluded.fiscal_memory, "
      "fiscal_document=excluded.fiscal_document, total=excluded.total, "
      "updated_us=excluded.updated_us, body=excluded.body");
  put_step_ = std::make_unique<Statement>(
      db_, "INSERT INTO steps (sale, attempt, step, state, at_us) VALUES (?,?,?,?,?)");
  put_entry_ = std::make_unique<Statement>(db_, "INSERT INTO outbound VALUES (?,?,?,?,?,?)");
  get_sale_ = std::make_unique<Statement>(db_, "SELECT body FROM sales WHERE id=?");
  find_sale_ =
      std::make_unique<Statement>(db_, "SELECT id FROM sales WHERE till=? AND till_number=?");
}

Journal::Pending Journal::pending_of(const Sale& sale, std::string_view step) {
  Pending p;
  p.id = to_string(sale.id);
  p.till = sale.till.value;
  p.number = sale.till_number;
  p.state = name(sale.state);
  p.returned = text_or_empty(sale.returned_sale);
  p.hold = text_or_empty(sale.attempt.hold);
  p.by_allowance = sale.attempt.by_allowance;
  p.attempt = sale.attempt.number;
  p.is_return = sale.is_return;
  if (sale.document) {
    p.fn = sale.document->fiscal_memory;
    p.fd = sale.document->number;
  }
  if (sale.quote) p.total = sale.quote->total.minor;
  p.body = boost::json::serialize(to_json(sale));
  p.step = step;
  return p;
}

void Journal::soft(const Sale& sale, std::string_view step) {
  pending_.push_back(pending_of(sale, step));
  schedule();
}

void Journal::hard(const Sale& sale, std::string_view step, std::vector<checkout::Fact> facts,
                   std::function<void()> then) {
  Pending p = pending_of(sale, step);
  for (const auto& fact : facts) p.payloads.push_back(hooks_.encode(sale, fact));
  p.hard = true;
  p.then = std::move(then);
  pending_.push_back(std::move(p));
  schedule();
}

void Journal::schedule() {
  if (std::exchange(scheduled_, true)) return;
  hooks_.post([this] { flush(); });
}

void Journal::store(const Pending& p) {
  const std::int64_t now = clock_.unix_us();
  put_sale_->bind(p.id, p.till, p.number, p.state, p.attempt, p.is_return, p.returned, p.hold,
                  p.by_allowance, p.fn, p.fd, p.total, now, p.body);
  put_sale_->run();
  put_step_->bind(p.id, p.attempt, p.step, p.state, now);
  put_step_->run();
  for (const Buffer& payload : p.payloads) store_entry(payload);
}

void Journal::store_entry(const Buffer& payload) {
  const Uuid id = new_uuid(clock_, random_);
  Buffer hash = chain_hash(last_hash_, payload);
  put_entry_->bind(static_cast<std::int64_t>(last_sequence_ + 1), to_buffer(id.bytes), last_hash_,
                   hash, payload, clock_.unix_us());
  put_entry_->run();
  ++last_sequence_;
  last_hash_ = std::move(hash);
}

void Journal::flush() {
  scheduled_ = false;
  if (pending_.empty()) return;
  const auto batch = std::exchange(pending_, {});
  const bool hard = std::ranges::any_of(batch, [](const Pending& p) { return p.hard; });
  const auto before = last_sequence_;
  try {
    if (hard != full_) {
      db_.exec(hard ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
      full_ = hard;
    }
    db_.exec("BEGIN IMMEDIATE");
    for (const Pending& p : batch) store(p);
    db_.exec("COMMIT");
  } catch (const sqlite::Failure& e) {
    hooks_.fatal(e.what());
    return;
  }
  for (const Pending& p : batch) {
    if (p.then) hooks_.post(p.then);
  }
  if (last_sequence_ != before) hooks_.post(hooks_.entries);
}

Sale Journal::parse(const std::string& body) {
  auto sale = checkout::sale_from_json(boost::json::parse(body));
  if (!sale) throw sqlite::Failure("a sale in the journal can not be read: " + sale.error().detail);
  return std::move(*sale);
}

std::optional<Sale> Journal::load(const Uuid& id) {
  flush();
  const bool found = get_sale_->bind(to_string(id)).step();
  const std::string body = found ? get_sale_->text(0) : std::string();
  get_sale_->reset();
  return found ? std::optional(parse(body)) : std::nullopt;
}

std::optional<Uuid> Journal::find(const TillId& till, const std::string& number) {
  flush();
  const bool found = find_sale_->bind(till.value, number).step();
  const auto id = found ? parse_uuid(find_sale_->text(0)) : std::nullopt;
  find_sale_->reset();
  return id;
}

std::vector<Sale> Journal::returns_of(const Uuid& sold) {
  flush();
  Statement rows(db_, "SELECT body FROM sales WHERE returned_sale=? AND returned_sale<>''");
  std::vector<Sale> out;
  for (rows.bind(to_string(sold)); rows.step();) out.push_back(parse(rows.text(0)));
  return out;
}

std::vector<Sale> Journal::unfinished() {
  flush();
  Statement rows(db_,
                 "SELECT body FROM sales WHERE state NOT IN "
                 "('committed', 'settled_by_person', 'cancelled') ORDER BY id");
  std::vector<Sale> out;
  for (rows.bind(); rows.step();) out.push_back(parse(rows.text(0)));
  return out;
}

bool Journal::allowance_used(const Uuid& allowance) {
  flush();
  Statement row(db_, "SELECT 1 FROM sales WHERE by_allowance AND hold=? LIMIT 1");
  return row.bind(to_string(allowance)).step();
}

std::vector<Entry> Journal::read(std::uint64_t from, std::size_t most) {
  flush();
  Statement rows(db_,
                 "SELECT sequence, id, previous, hash, payload FROM outbound WHERE sequence>=? "
                 "ORDER BY sequence LIMIT ?");
  std::vector<Entry> out;
  rows.bind(static_cast<std::int64_t>(from), static_cast<std::int64_t>(most));
  while (rows.step()) {
    Entry e;
    e.sequence = static_cast<std::uint64_t>(rows.integer(0));
    const Buffer id = rows.blob(1);
    std::copy_n(id.begin(), std::min<std::size_t>(id.size(), 16), e.id.bytes.begin());
    e.previous = rows.blob(2);
    e.hash = rows.blob(3);
    e.payload = rows.blob(4);
    out.push_back(std::move(e));
  }
  return out;
}

// Soft on purpose: losing it only means that central is told again, and it knows the entries.
void Journal::acknowledged(std::uint64_t sequence) {
  if (sequence == acknowledged_) return;
  acknowledged_ = sequence;
}

std::uint64_t Journal::first_kept() {
  Statement row(db_, "SELECT min(sequence) FROM outbound");
  row.bind().step();
  const auto first = static_cast<std::uint64_t>(row.integer(0));
  return first == 0 ? last_sequence_ + 1 : first;
}

std::optional<StoredAnswer> Journal::answer(const TillId& till, const std::string& key) {
  Statement row(db_, "SELECT payload_hash, status, body FROM answers WHERE till=? AND key=?");
  if (!row.bind(till.value, key).step()) return std::nullopt;
  return StoredAnswer{row.text(0), static_cast<int>(row.integer(1)), row.text(2)};
}

void Journal::keep_answer(const TillId& till, const std::string& key, const StoredAnswer& a) {
  try {
    if (std::exchange(full_, false)) db_.exec("PRAGMA synchronous=NORMAL");
    Statement row(db_, "INSERT OR IGNORE INTO answers VALUES (?,?,?,?,?,?)");
    row.bind(till.value, key, a.payload_hash, a.status, a.body, clock_.unix_us()).run();
  } catch (const sqlite::Failure& e) {
    hooks_.fatal(e.what());
  }
}

std::string Journal::setting(const std::string& key) {
  Statement row(db_, "SELECT value FROM settings WHERE key=?");
  return row.bind(key).step() ? row.text(0) : std::string();
}

void Journal::set_setting(const std::string& key, const std::string& value) {
  Statement row(db_, "INSERT OR REPLACE INTO settings VALUES (?,?)");
  row.bind(key, value).run();
}

void Journal::idle(std::int64_t keep_us) {
  flush();
  const std::int64_t before = clock_.unix_us() - keep_us;
  try {
    set_setting("acknowledged", std::to_string(acknowledged_));
    Statement last(db_, "SELECT hash FROM outbound WHERE sequence=?");
    if (last.bind(static_cast<std::int64_t>(acknowledged_)).step()) {
      set_setting("pruned_hash", to_hex(last.blob(0)));
    }
    last.reset();
    Statement entries(db_, "DELETE FROM outbound WHERE sequence<=? AND at_us<?");
    entries.bind(static_cast<std::int64_t>(acknowledged_), before).run();
    Statement steps(db_,
                    "DELETE FROM steps WHERE at_us<? AND sale IN (SELECT id FROM sales WHERE state "
                    "IN ('committed', 'settled_by_person', 'cancelled'))");
    steps.bind(before).run();
    Statement answers(db_, "DELETE FROM answers WHERE at_us<?");
    answers.bind(before).run();
    db_.exec("PRAGMA wal_checkpoint(PASSIVE)");
  } catch (const sqlite::Failure& e) {
    hooks_.fatal(e.what());
  }
}

}  // namespace till::journal
