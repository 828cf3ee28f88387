#include "central/intake/intake.h"

#include "central/ledger/alarms.h"
#include "central/ledger/limits.h"
#include "gateway/base/json.h"
#include "protocols/central/chain.h"

namespace till::central {
namespace {

constexpr std::uint64_t kMost = INT64_MAX;  // SQLite's integers are signed

}  // namespace

Intake::Intake(Database& db, Facts& facts, Clock& clock, Metrics& metrics)
    : db_(db), facts_(facts), clock_(clock), metrics_(metrics) {
  auto row = db_.query("SELECT value FROM settings WHERE key='incarnation'");
  if (row.next()) incarnation_ = from_hex(row.text(0));
}

void Intake::take(const std::string& peer, const StoreId& store, Bytes message) {
  auto tell = wire::decode_tell(message);
  if (tell && std::holds_alternative<wire::Hello>(*tell)) {
    hello(peer, store, std::get<wire::Hello>(*tell));
  } else if (tell && std::holds_alternative<wire::Entry>(*tell)) {
    entry(peer, store, std::get<wire::Entry>(*tell));
  } else {
    metrics_.add("tillbridge_central_bad_messages_total");
  }
}

void Intake::hello(const std::string& peer, const StoreId& store, const wire::Hello& hello) {
  sessions_.erase(peer);
  if (hello.store != store) {
    metrics_.add("tillbridge_central_store_mismatch_total");
    alarm(store, Code::kStoreMismatch, "hello", "says it is store " + hello.store.value);
    return trouble(peer, 0, Code::kStoreMismatch, "this key is another store's");
  }
  auto* s = stream(store);
  if (s == nullptr) return trouble(peer, 0, Code::kStoreUnknown, store.value);
  if (hello.epoch > kMost) return trouble(peer, 0, Code::kOutOfRange, "epoch");
  if (hello.epoch < s->epoch) {
    alarm(store, Code::kFork, "epoch " + std::to_string(hello.epoch), "an old journal is in use");
    return trouble(peer, 0, Code::kFork, "central knows a newer journal of this store");
  }
  if (hello.epoch > s->epoch) {
    *s = {s->store, hello.epoch, 0, wire::chain_genesis(), {}, true};
  }
  if (s->stopped != Code{}) return trouble(peer, s->sequence + 1, s->stopped, "stopped before");
  if (hello.next_sequence > s->sequence + 1) {
    alarm(store, Code::kSequenceGap, "epoch " + std::to_string(s->epoch),
          "the store no longer keeps entry " + std::to_string(s->sequence + 1));
  }
  if (sessions_.size() >= limits::kMaxPeers) sessions_.clear();  // they will say hello again
  sessions_[peer] = {store, hello.epoch};
  due_[peer] = store;
}

void Intake::entry(const std::string& peer, const StoreId& store, const wire::Entry& entry) {
  const auto session = sessions_.find(peer);
  auto* s = stream(store);
  if (session == sessions_.end() || session->second.store != store || s == nullptr) {
    if (gaps_.insert(peer).second) trouble(peer, 0, Code::kSequenceGap, "say hello first");
    return;
  }
  if (session->second.epoch != s->epoch) {
    alarm(store, Code::kFork, "epoch " + std::to_string(session->second.epoch),
          "an old journal is in use");
    return trouble(peer, entry.sequence, Code::kFork, "a newer journal has taken over");
  }
  if (s->stopped != Code{}) return trouble(peer, entry.sequence, s->stopped, "stopped before");
  if (entry.sequence <= s->sequence) return again(peer, *s, entry);
  if (entry.sequence > s->sequence + 1 || entry.sequence > kMost) {
    metrics_.add("tillbridge_central_gaps_total");
    if (gaps_.insert(peer).second) {
      trouble(peer, s->sequence + 1, Code::kSequenceGap, "entries are missing");
    }
    return;
  }
  next(peer, *s, entry);
}

void Intake::again(const std::string& peer, Stream& s, const wire::Entry& entry) {
  bool same = false;
  {
    auto row = db_.query("SELECT hash FROM entries WHERE store=? AND epoch=? AND sequence=?",
                         s.store.id.value, s.epoch, entry.sequence);
    same = row.next() && row.blob(0) == entry.hash;
  }
  if (!same) return stop(peer, s, entry.sequence, Code::kFork, "another entry stands there");
  metrics_.add("tillbridge_central_replays_total");
  due_[peer] = s.store.id;
}

void Intake::next(const std::string& peer, Stream& s, const wire::Entry& entry) {
  if (entry.hash != wire::chain_hash(entry.previous, entry.payload)) {
    return stop(peer, s, entry.sequence, Code::kChainBroken, "its hash is not its content's");
  }
  if (entry.previous != s.hash) {
    return stop(peer, s, entry.sequence, Code::kFork, "it follows another entry than the last");
  }
  if (const auto done = apply(s, entry); !done) set_aside(peer, s, entry, done.error());
  db_.run("INSERT INTO entries VALUES (?,?,?,?,?,?,?)", s.store.id.value, s.epoch, entry.sequence,
          entry.id, entry.hash, entry.payload, clock_.unix_us());
  s.sequence = entry.sequence;
  s.hash = entry.hash;
  s.dirty = true;
  due_[peer] = s.store.id;
  metrics_.add("tillbridge_central_entries_total");
}

// All of the effect or nothing.
Result<void> Intake::apply(const Stream& s, const wire::Entry& entry) {
  db_.exec("SAVEPOINT fact");
  auto done = catch_overflow(
      "the fact", [&] { return facts_.apply(entry.payload, s.store, {s.epoch, entry.sequence}); });
  if (!done) db_.exec("ROLLBACK TO fact");
  db_.exec("RELEASE fact");
  return done;
}

void Intake::set_aside(const std::string& peer, const Stream& s, const wire::Entry& entry,
                       const Error& why) {
  db_.run("INSERT INTO dead_letters VALUES (?,?,?,?,?,?,?)", s.store.id.value, s.epoch,
          entry.sequence, static_cast<int>(why.code), why.detail, entry.payload, clock_.unix_us());
  const std::string what = code_name(why.code) + " " + why.detail;
  alarm(s.store.id, Code::kPoison, "entry " + std::to_string(entry.sequence), what);
  trouble(peer, entry.sequence, Code::kPoison, what);
  metrics_.add("tillbridge_central_dead_letters_total");
}

void Intake::stop(const std::string& peer, Stream& s, std::uint64_t sequence, Code code,
                  const std::string& detail) {
  s.stopped = code;
  s.dirty = true;
  alarm(s.store.id, code, "entry " + std::to_string(sequence), detail);
  trouble(peer, sequence, code, detail);
}

void Intake::finish() {
  for (auto& [id, s] : streams_) {
    if (!s.dirty) continue;
    db_.run("INSERT OR REPLACE INTO positions VALUES (?,?,?,?,?)", id.value, s.epoch, s.sequence,
            s.hash, static_cast<int>(s.stopped));
    s.dirty = false;
  }
}

std::vector<Intake::Outgoing> Intake::replies() {
  for (const auto& [peer, store] : due_) {
    const auto& s = streams_.at(store);
    outgoing_.push_back({peer, wire::encode(wire::Position{incarnation_, s.sequence, s.epoch})});
  }
  due_.clear();
  gaps_.clear();
  return std::exchange(outgoing_, {});
}

void Intake::trouble(const std::string& peer, std::uint64_t sequence, Code code,
                     std::string detail) {
  outgoing_.push_back({peer, wire::encode(wire::Trouble{sequence, code, std::move(detail)})});
}

void Intake::alarm(const StoreId& store, Code code, std::string_view subject,
                   std::string_view detail) {
  raise_alarm(db_, clock_.unix_us(), code, store, subject, detail);
}

Intake::Stream* Intake::stream(const StoreId& store) {
  if (const auto at = streams_.find(store); at != streams_.end()) return &at->second;
  Stream s;
  {
    auto row = db_.query("SELECT hash_key FROM stores WHERE store=?", store.value);
    if (!row.next()) return nullptr;
    s.store = {store, row.text(0)};
  }
  auto row =
      db_.query("SELECT epoch, sequence, hash, stopped FROM positions WHERE store=?", store.value);
  if (row.next()) {
    s.epoch = static_cast<std::uint64_t>(row.integer(0));
    s.sequence = static_cast<std::uint64_t>(row.integer(1));
    s.hash = row.blob(2);
    s.stopped = static_cast<Code>(row.integer(3));
  } else {
    s.hash = wire::chain_genesis();
  }
  return &streams_.emplace(store, std::move(s)).first->second;
}

}  // namespace till::central
