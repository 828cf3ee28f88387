#include "journal.h"

#include <algorithm>
#include <boost/json.hpp>

#include "protocols/central/chain.h"

namespace till::journal {
namespace {

using checkout::Sale;

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sales (
  id TEXT PRIMARY KEY, till TEXT NOT NULL, till_number TEXT NOT NULL, state TEXT NOT NULL,
  attempt INTEGER NOT NULL, is_return INTEGER NOT NULL, returned_sale TEXT NOT NULL,
  hold TEXT NOT NULL, by_allowance INTEGER NOT NULL, fiscal_memory TEXT NOT NULL,
  fiscal_document INTEGER NOT NULL, total INTEGER NOT NULL, updated_us INTEGER NOT NULL,
  body TEXT NOT NULL, UNIQUE (till, till_number));
CREATE INDEX IF NOT EXISTS sales_unfinished ON sales (state)
  WHERE state NOT IN ('committed', 'settled_by_person', 'cancelled');
CREATE INDEX IF NOT EXISTS sales_returns ON sales (returned_sale) WHERE returned_sale <> '';
CREATE INDEX IF NOT EXISTS sales_documents ON sales (fiscal_memory, fiscal_document)
  WHERE fiscal_memory <> '';
CREATE INDEX IF NOT EXISTS sales_allowances ON sales (hold) WHERE by_allowance;
CREATE TABLE IF NOT EXISTS programs (
  id TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, at_us INTEGER NOT NULL,
  PRIMARY KEY (id, version)) WITHOUT ROWID;
-- Coupons that finished sales have used; a receipt that comes back whole gives its coupons back.
CREATE TABLE IF NOT EXISTS coupon_uses (
  code TEXT NOT NULL, sale TEXT NOT NULL, returned INTEGER NOT NULL, PRIMARY KEY (code, sale))
  WITHOUT ROWID;
-- What limited rules gave, by the local day of the purchase; customer '' = all of them together.
CREATE TABLE IF NOT EXISTS rule_uses (
  rule TEXT NOT NULL, customer TEXT NOT NULL, day INTEGER NOT NULL, times INTEGER NOT NULL,
  amount INTEGER NOT NULL, PRIMARY KEY (rule, customer, day)) WITHOUT ROWID;
-- Whose a card is, as central told with a purchase.
CREATE TABLE IF NOT EXISTS cards (hash TEXT PRIMARY KEY, customer TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cards_customer ON cards (customer);
-- Settled by a person, not yet confirmed by the register.
CREATE TABLE IF NOT EXISTS unconfirmed (sale TEXT PRIMARY KEY) WITHOUT ROWID;
-- Fiscal, and its paper was not seen.
CREATE TABLE IF NOT EXISTS unprinted (sale TEXT PRIMARY KEY) WITHOUT ROWID;
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

// A store box has little memory, and the working set of a journal is small.
constexpr int kCacheKib = 2000;
constexpr int kMaxLogPages = 4000;  // 16 MB
constexpr std::size_t kMaxKnown = 4096;

bool is_on_paper(const Sale& sale) {
  return sale.state == checkout::State::kCommitted ||
         (sale.state == checkout::State::kSettledByPerson && sale.document);
}

std::string text_or_empty(const Uuid& id) { return id.is_nil() ? std::string() : to_string(id); }

}  // namespace

Journal::Journal(const std::string& path, const StoreId& store, Hooks hooks, Clock& clock,
                 Random& random)
    : hooks_(std::move(hooks)),
      clock_(clock),
      random_(random),
      db_(path, kSchema, kCacheKib),
      last_hash_(32, 0) {
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
  some_unprinted_ = db_.query("SELECT 1 FROM unprinted LIMIT 1").next();
  auto last = db_.query("SELECT sequence, hash FROM outbound ORDER BY sequence DESC LIMIT 1");
  if (last.next()) {
    last_sequence_ = static_cast<std::uint64_t>(last.integer(0));
    last_hash_ = last.blob(1);
  } else if (const auto kept = setting("pruned_hash"); !kept.empty()) {
    last_sequence_ = acknowledged_;
    last_hash_ = from_hex(kept);
  }
}

// Writes of one turn to one sale become one: the newest state is what counts, the steps are kept.
// A step is recorded when it is hard or the state is another: edits of an open basket are none.
Journal::Pending& Journal::pending_of(const Sale& sale, std::string_view step, bool always) {
  const auto [at, fresh] = pending_at_.try_emplace(sale.id, pending_.size());
  if (fresh) {
    pending_.emplace_back();
    pending_.back().fresh = !known(sale.id);
  }
  Pending& p = pending_[at->second];
  if (always || sale.state != checkout::State::kOpen || step == "open") {
    p.steps.push_back({std::string(step), sale.state, sale.attempt.number, clock_.unix_us()});
  }
  p.sale = sale;
  schedule();
  return p;
}

void Journal::soft(const Sale& sale, std::string_view step) { pending_of(sale, step, false); }

void Journal::hard(const Sale& sale, std::string_view step, std::vector<checkout::Fact> facts,
                   std::function<void()> then) {
  Pending& p = pending_of(sale, step, true);
  for (const auto& fact : facts) p.payloads.push_back(hooks_.encode(sale, fact));
  p.then.push_back(std::move(then));
  hard_ = true;
}

// Is there a row of it already? Sales of this process are remembered, earlier ones asked for once.
bool Journal::known(const Uuid& id) {
  if (known_.contains(id)) return true;
  if (known_.size() >= kMaxKnown) known_.clear();
  known_.insert(id);
  return db_.query("SELECT 1 FROM sales WHERE id=?", to_string(id)).next();
}

void Journal::schedule() {
  if (std::exchange(scheduled_, true)) return;
  hooks_.post([this] { flush(); });
}

void Journal::store(const Pending& p) {
  const Sale& sale = p.sale;
  const std::string id = to_string(sale.id);
  const bool printed = sale.document.has_value();
  const std::string memory = printed ? sale.document->fiscal_memory : std::string();
  const std::uint32_t document = printed ? sale.document->number : 0;
  const std::int64_t total = sale.quote ? sale.quote->total.minor : 0;
  const std::string body = to_json_text(sale);
  // Counted once, when it comes on paper.
  const bool counts = is_on_paper(sale) && sale.quote && sale.quote->effects &&
                      !sale.quote->effects->rules.empty() && !on_paper(sale.id);
  const std::string hold = text_or_empty(sale.attempt.hold);
  if (p.fresh) {
    db_.run("INSERT INTO sales VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", id, sale.till.value,
            sale.till_number, name(sale.state), sale.attempt.number, sale.is_return,
            text_or_empty(sale.returned_sale), hold, sale.attempt.by_allowance, memory, document,
            total, clock_.unix_us(), body);
  } else {
    db_.run(
        "UPDATE sales SET state=?, attempt=?, hold=?, by_allowance=?, fiscal_memory=?, "
        "fiscal_document=?, total=?, updated_us=?, body=? WHERE id=?",
        name(sale.state), sale.attempt.number, hold, sale.attempt.by_allowance, memory, document,
        total, clock_.unix_us(), body, id);
  }
  if (!sale.settlements.empty()) {
    const bool due = std::ranges::any_of(sale.settlements, [](auto& s) { return !s.rechecked; });
    db_.run(due ? "INSERT OR IGNORE INTO unconfirmed VALUES (?)"
                : "DELETE FROM unconfirmed WHERE sale=?",
            id);
  }
  if (printed && !sale.document->printed) {
    db_.run("INSERT OR IGNORE INTO unprinted VALUES (?)", id);
    some_unprinted_ = true;
  } else if (printed && some_unprinted_) {
    db_.run("DELETE FROM unprinted WHERE sale=?", id);
  }
  store_coupons(sale);
  if (counts) store_rule_uses(sale);
  for (const Step& step : p.steps) {
    db_.run("INSERT INTO steps (sale, attempt, step, state, at_us) VALUES (?,?,?,?,?)", id,
            step.attempt, step.name, name(step.state), step.at_us);
  }
  for (const Buffer& payload : p.payloads) store_entry(payload);
}

void Journal::store_coupons(const Sale& sale) {
  if (!is_on_paper(sale) || !sale.quote || !sale.quote->effects) return;
  for (const auto& code : sale.quote->effects->codes) {
    if (!code.used || code.uses == 0) continue;
    if (sale.is_return) {
      db_.run("UPDATE coupon_uses SET returned=1 WHERE code=? AND sale=?", code.code,
              to_string(sale.returned_sale));
    } else {
      db_.run("INSERT OR IGNORE INTO coupon_uses VALUES (?,?,0)", code.code, to_string(sale.id));
    }
  }
}

bool Journal::on_paper(const Uuid& id) {
  return db_
      .query(
          "SELECT 1 FROM sales WHERE id=? AND (state='committed' OR "
          "(state='settled_by_person' AND fiscal_memory<>''))",
          to_string(id))
      .next();
}

void Journal::store_rule_uses(const Sale& sale) {
  const auto sold = sale.is_return ? load(sale.returned_sale) : std::nullopt;
  const Sale& bought = sold ? *sold : sale;
  if (bought.customer && !bought.customer->customer.value.empty() &&
      !bought.customer->card_hash.empty()) {
    db_.run("INSERT OR REPLACE INTO cards VALUES (?,?)", bought.customer->card_hash,
            bought.customer->customer.value);
  }
  const std::int64_t sign = sale.is_return ? -1 : 1;
  const auto add = [&](const loyalty::RuleUse& use, const std::string& customer) {
    db_.run(
        "INSERT INTO rule_uses VALUES (?1,?2,?3,?4,?5) ON CONFLICT DO UPDATE SET "
        "times=times+?4, amount=amount+?5",
        use.rule, customer, checkout::local_day(bought), sign * use.times, sign * use.amount);
  };
  for (const auto& use : sale.quote->effects->rules) {
    add(use, "");
    if (const auto customer = checkout::customer_key(bought); !customer.empty()) add(use, customer);
  }
}

void Journal::store_entry(const Buffer& payload) {
  const Uuid id = new_uuid(clock_, random_);
  Buffer hash = wire::chain_hash(last_hash_, payload);
  db_.run("INSERT INTO outbound VALUES (?,?,?,?,?,?)", last_sequence_ + 1, id, last_hash_, hash,
          payload, clock_.unix_us());
  ++last_sequence_;
  last_hash_ = std::move(hash);
}

void Journal::tell(Buffer payload) {
  told_.push_back(std::move(payload));
  hard_ = true;
  schedule();
}

void Journal::flush() {
  scheduled_ = false;
  if (pending_.empty() && told_.empty()) return;
  auto batch = std::exchange(pending_, {});
  pending_at_.clear();
  const bool hard = std::exchange(hard_, false);
  const auto before = last_sequence_;
  try {
    if (hard != full_) {
      db_.exec(hard ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
      full_ = hard;
    }
    sqlite::Transaction transaction(db_);
    for (const Pending& p : batch) store(p);
    for (const Buffer& payload : std::exchange(told_, {})) store_entry(payload);
    transaction.commit();
    // Under load there is no idle moment, and a long log makes every read of it slow.
    if (db_.log_pages() > kMaxLogPages) db_.checkpoint();
  } catch (const sqlite::Failure& e) {
    hooks_.fatal(e.what());
    return;
  }
  for (Pending& p : batch) {
    for (auto& then : p.then) hooks_.post(std::move(then));
  }
  if (last_sequence_ != before) hooks_.post(hooks_.entries);
}

std::vector<Sale> Journal::sales(sqlite::Rows rows) {
  std::vector<Sale> out;
  while (rows.next()) {
    auto sale = checkout::sale_from_json(boost::json::parse(rows.text(0)));
    if (!sale)
      throw sqlite::Failure("a sale in the journal can not be read: " + sale.error().detail);
    out.push_back(std::move(*sale));
  }
  return out;
}

std::optional<Sale> Journal::load(const Uuid& id) {
  if (const auto at = pending_at_.find(id); at != pending_at_.end()) {
    return pending_[at->second].sale;
  }
  auto found = sales(db_.query("SELECT body FROM sales WHERE id=?", to_string(id)));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::optional<Uuid> Journal::find(const TillId& till, const std::string& number) {
  for (const Pending& p : pending_) {
    if (p.sale.till == till && p.sale.till_number == number) return p.sale.id;
  }
  auto rows = db_.query("SELECT id FROM sales WHERE till=? AND till_number=?", till.value, number);
  return rows.next() ? parse_uuid(rows.text(0)) : std::nullopt;
}

std::vector<Sale> Journal::returns_of(const Uuid& sold) {
  flush();
  return sales(db_.query("SELECT body FROM sales WHERE returned_sale=? AND returned_sale<>''",
                         to_string(sold)));
}

std::vector<Sale> Journal::unfinished() {
  flush();
  return sales(
      db_.query("SELECT body FROM sales WHERE state NOT IN "
                "('committed', 'settled_by_person', 'cancelled') ORDER BY id"));
}

std::vector<Uuid> Journal::ids(const char* query) {
  flush();
  std::vector<Uuid> out;
  auto rows = db_.query(query);
  while (rows.next()) {
    if (const auto id = parse_uuid(rows.text(0))) out.push_back(*id);
  }
  return out;
}

std::vector<Uuid> Journal::unconfirmed() {
  return ids("SELECT sale FROM unconfirmed ORDER BY sale");
}

std::vector<Uuid> Journal::unprinted() { return ids("SELECT sale FROM unprinted ORDER BY sale"); }

std::uint32_t Journal::last_document(const std::string& fiscal_memory) {
  flush();
  auto rows = db_.query(
      "SELECT max(fiscal_document) FROM sales WHERE fiscal_memory=? AND fiscal_memory <> ''",
      fiscal_memory);
  return rows.next() ? static_cast<std::uint32_t>(rows.integer(0)) : 0;
}

std::optional<Uuid> Journal::sale_of(const std::string& fiscal_memory, std::uint32_t number) {
  flush();
  auto rows = db_.query(
      "SELECT id FROM sales WHERE fiscal_memory=? AND fiscal_document=? "
      "AND fiscal_memory <> ''",
      fiscal_memory, static_cast<std::int64_t>(number));
  return rows.next() ? parse_uuid(rows.text(0)) : std::nullopt;
}

bool Journal::allowance_used(const Uuid& allowance) {
  flush();
  return db_
      .query("SELECT 1 FROM sales WHERE by_allowance AND hold=? LIMIT 1", to_string(allowance))
      .next();
}

std::int64_t Journal::coupon_uses(const std::string& code) {
  flush();
  auto row = db_.query("SELECT count(*) FROM coupon_uses WHERE code=? AND NOT returned", code);
  row.next();
  return row.integer(0);
}

checkout::RuleUses Journal::rule_uses(const std::string& rule, const std::string& customer,
                                      std::int64_t since_day) {
  flush();
  auto row = db_.query(
      "SELECT coalesce(sum(times), 0), coalesce(sum(amount), 0) FROM rule_uses WHERE rule=? AND "
      "customer=? AND day>=?",
      rule, customer, since_day);
  row.next();
  return {row.integer(0), row.integer(1)};
}

std::vector<std::string> Journal::known_as(const Sale& sale) {
  if (!sale.customer) return {};
  flush();
  std::string id = sale.customer->customer.value;
  const auto& card = sale.customer->card_hash;
  if (id.empty()) {
    auto owner = db_.query("SELECT customer FROM cards WHERE hash=?", card);
    if (owner.next()) id = owner.text(0);
  }
  std::vector<std::string> names;
  if (!id.empty()) names.push_back(id);
  auto cards = db_.query("SELECT hash FROM cards WHERE customer=? AND hash<>?", id, card);
  while (cards.next()) names.push_back(checkout::card_key(cards.text(0)));
  if (!card.empty()) names.push_back(checkout::card_key(card));
  return names;
}

std::vector<Entry> Journal::read(std::uint64_t from, std::size_t most) {
  flush();
  auto rows = db_.query(
      "SELECT sequence, id, previous, hash, payload FROM outbound WHERE sequence>=? "
      "ORDER BY sequence LIMIT ?",
      from, static_cast<std::int64_t>(most));
  std::vector<Entry> out;
  while (rows.next()) {
    out.push_back({static_cast<std::uint64_t>(rows.integer(0)), rows.uuid(1), rows.blob(2),
                   rows.blob(3), rows.blob(4)});
  }
  return out;
}

// Soft on purpose: losing it only means that central is told again, and it knows the entries.
void Journal::acknowledged(std::uint64_t sequence) {
  if (sequence == acknowledged_) return;
  acknowledged_ = sequence;
}

std::uint64_t Journal::first_kept() {
  auto row = db_.query("SELECT min(sequence) FROM outbound");
  row.next();
  const auto first = static_cast<std::uint64_t>(row.integer(0));
  return first == 0 ? last_sequence_ + 1 : first;
}

std::optional<StoredAnswer> Journal::answer(const TillId& till, const std::string& key) {
  auto row = db_.query("SELECT payload_hash, status, body FROM answers WHERE till=? AND key=?",
                       till.value, key);
  if (!row.next()) return std::nullopt;
  return StoredAnswer{row.text(0), static_cast<int>(row.integer(1)), row.text(2)};
}

void Journal::keep_answer(const TillId& till, const std::string& key, const StoredAnswer& a) {
  try {
    if (std::exchange(full_, false)) db_.exec("PRAGMA synchronous=NORMAL");
    db_.run("INSERT OR IGNORE INTO answers VALUES (?,?,?,?,?,?)", till.value, key, a.payload_hash,
            a.status, a.body, clock_.unix_us());
  } catch (const sqlite::Failure& e) {
    hooks_.fatal(e.what());
  }
}

// The same version again is the file as it was read last.
void Journal::keep_program(const std::string& id, std::int64_t version, const std::string& body) {
  db_.run("INSERT OR REPLACE INTO programs VALUES (?,?,?,?)", id, version, body, clock_.unix_us());
}

std::string Journal::setting(const std::string& key) {
  auto row = db_.query("SELECT value FROM settings WHERE key=?", key);
  return row.next() ? row.text(0) : std::string();
}

void Journal::set_setting(const std::string& key, const std::string& value) {
  db_.run("INSERT OR REPLACE INTO settings VALUES (?,?)", key, value);
}

std::uint64_t Journal::exported(const std::string& exporter) {
  const std::string kept = setting("exported." + exporter);
  return kept.empty() ? 0 : std::stoull(kept);
}

void Journal::keep_exported(const std::string& exporter, std::uint64_t next) {
  try {
    if (std::exchange(full_, false)) db_.exec("PRAGMA synchronous=NORMAL");
    set_setting("exported." + exporter, std::to_string(next));
  } catch (const sqlite::Failure& e) {
    hooks_.fatal(e.what());
  }
}

void Journal::idle(std::int64_t keep_us, std::uint64_t wanted) {
  flush();
  const std::int64_t before = clock_.unix_us() - keep_us;
  try {
    set_setting("acknowledged", std::to_string(acknowledged_));
    if (auto last = db_.query("SELECT hash FROM outbound WHERE sequence=?", acknowledged_);
        last.next()) {
      set_setting("pruned_hash", to_hex(last.blob(0)));
    }
    db_.run("DELETE FROM outbound WHERE sequence<=? AND sequence<? AND at_us<?", acknowledged_,
            wanted, before);
    db_.run(
        "DELETE FROM steps WHERE at_us<? AND sale IN (SELECT id FROM sales WHERE state "
        "IN ('committed', 'settled_by_person', 'cancelled'))",
        before);
    db_.run("DELETE FROM answers WHERE at_us<?", before);
    db_.checkpoint();
  } catch (const sqlite::Failure& e) {
    hooks_.fatal(e.what());
  }
}

}  // namespace till::journal
