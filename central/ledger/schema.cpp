#include "central/ledger/database.h"

namespace till::central {

// Points in hundredths, money in minor units, times in Unix microseconds, ids of sales, holds, lots
// and postings as 16 bytes.
const char* const kSchema = R"(
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT OR IGNORE INTO settings VALUES ('schema', '1');
INSERT OR IGNORE INTO settings VALUES ('incarnation', lower(hex(randomblob(16))));

CREATE TABLE IF NOT EXISTS stores (
  store TEXT PRIMARY KEY, public_key TEXT NOT NULL UNIQUE, hash_key TEXT NOT NULL,
  added INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS programs (
  n INTEGER PRIMARY KEY, program TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,
  set_at INTEGER NOT NULL) STRICT;

-- intake: how far each store's stream is, and every entry that has come
CREATE TABLE IF NOT EXISTS positions (
  store TEXT PRIMARY KEY, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, hash BLOB NOT NULL,
  stopped INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS entries (
  store TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, id BLOB NOT NULL,
  hash BLOB NOT NULL, payload BLOB NOT NULL, received INTEGER NOT NULL,
  PRIMARY KEY (store, epoch, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead_letters (
  store TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, code INTEGER NOT NULL,
  detail TEXT NOT NULL, payload BLOB NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (store, epoch, sequence)) STRICT;
CREATE TABLE IF NOT EXISTS alarms (
  code INTEGER NOT NULL, store TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
  count INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
  PRIMARY KEY (code, store, subject)) STRICT;

-- directory
CREATE TABLE IF NOT EXISTS customers (
  customer TEXT PRIMARY KEY, card_type TEXT NOT NULL, label TEXT NOT NULL,
  verified INTEGER NOT NULL, blocked INTEGER NOT NULL, store TEXT NOT NULL,
  added INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS identities (
  hash_key TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('card', 'phone')),
  hash TEXT NOT NULL, customer TEXT NOT NULL, PRIMARY KEY (hash_key, kind, hash))
  STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS identities_customer ON identities (customer);

-- sales as the stores told them
CREATE TABLE IF NOT EXISTS sales (
  n INTEGER PRIMARY KEY, sale BLOB NOT NULL, attempt INTEGER NOT NULL, store TEXT NOT NULL,
  till TEXT NOT NULL, till_number TEXT NOT NULL, at INTEGER NOT NULL, is_return INTEGER NOT NULL,
  returned_sale BLOB NOT NULL, customer TEXT NOT NULL, total INTEGER NOT NULL,
  redeemed INTEGER NOT NULL, accrued INTEGER NOT NULL, hold BLOB NOT NULL,
  fiscal_memory TEXT NOT NULL, fiscal_number INTEGER NOT NULL, fiscal_sign INTEGER NOT NULL,
  program_version INTEGER NOT NULL, evaluation_revision INTEGER NOT NULL,
  fact_hash BLOB NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,
  document_kind TEXT NOT NULL, -- '' = a sale from a basket or its return
  UNIQUE (sale, attempt)) STRICT;
CREATE INDEX IF NOT EXISTS sales_customer ON sales (customer, n) WHERE customer <> '';
CREATE TABLE IF NOT EXISTS settlements (
  sale BLOB NOT NULL, attempt INTEGER NOT NULL, store TEXT NOT NULL, by_role TEXT NOT NULL,
  document INTEGER NOT NULL, recorded INTEGER NOT NULL, PRIMARY KEY (sale, attempt)) STRICT;

-- the ledger: balance = sum of postings = what is left of the lots - what is left of the debts
CREATE TABLE IF NOT EXISTS accounts (
  customer TEXT NOT NULL, unit TEXT NOT NULL, balance INTEGER NOT NULL,
  PRIMARY KEY (customer, unit)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS postings (
  posting BLOB PRIMARY KEY, customer TEXT NOT NULL, unit TEXT NOT NULL, kind TEXT NOT NULL,
  points INTEGER NOT NULL, lot BLOB NOT NULL, sale BLOB NOT NULL, attempt INTEGER NOT NULL,
  store TEXT NOT NULL, at INTEGER NOT NULL, recorded INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS postings_customer ON postings (customer, unit);
CREATE INDEX IF NOT EXISTS postings_sale ON postings (sale, attempt, kind);
CREATE TABLE IF NOT EXISTS lots (
  lot BLOB PRIMARY KEY, customer TEXT NOT NULL, unit TEXT NOT NULL, sale BLOB NOT NULL,
  issued INTEGER NOT NULL, remaining INTEGER NOT NULL CHECK (remaining BETWEEN 0 AND issued),
  issued_at INTEGER NOT NULL, activates INTEGER, expires INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS lots_open ON lots (customer, unit) WHERE remaining > 0;
CREATE INDEX IF NOT EXISTS lots_expiry ON lots (expires)
  WHERE remaining > 0 AND expires IS NOT NULL;
CREATE TABLE IF NOT EXISTS debts (
  debt BLOB PRIMARY KEY, customer TEXT NOT NULL, unit TEXT NOT NULL, store TEXT NOT NULL,
  sale BLOB NOT NULL, attempt INTEGER NOT NULL, points INTEGER NOT NULL,
  outstanding INTEGER NOT NULL CHECK (outstanding BETWEEN 0 AND points),
  at INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS debts_open ON debts (customer, unit) WHERE outstanding > 0;
CREATE TABLE IF NOT EXISTS holds (
  store TEXT NOT NULL, hold BLOB NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('hold', 'allowance')), customer TEXT NOT NULL,
  points INTEGER NOT NULL, sale BLOB NOT NULL, attempt INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('granted', 'posted', 'released', 'expired', 'tombstone')),
  made INTEGER NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (store, hold))
  STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holds_customer ON holds (customer) WHERE state = 'granted';
CREATE INDEX IF NOT EXISTS holds_expiry ON holds (expires) WHERE state = 'granted';
-- which lots an open hold stands on: they do not expire, and nobody else takes of them
CREATE TABLE IF NOT EXISTS hold_lots (
  store TEXT NOT NULL, hold BLOB NOT NULL, lot BLOB NOT NULL, points INTEGER NOT NULL,
  PRIMARY KEY (store, hold, lot)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hold_lots_lot ON hold_lots (lot);
CREATE TABLE IF NOT EXISTS hold_coupons (
  store TEXT NOT NULL, hold BLOB NOT NULL, code TEXT NOT NULL, PRIMARY KEY (store, hold, code))
  STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hold_coupons_code ON hold_coupons (code);

-- the coupon book; `until` is the last local day, NULL = for ever
CREATE TABLE IF NOT EXISTS coupons (
  code TEXT PRIMARY KEY, type TEXT NOT NULL, customer TEXT NOT NULL, store TEXT NOT NULL,
  sale BLOB NOT NULL, issued INTEGER NOT NULL, until INTEGER, void INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS coupons_customer ON coupons (customer) WHERE customer <> '';
CREATE TABLE IF NOT EXISTS coupon_uses (
  code TEXT NOT NULL, sale BLOB NOT NULL, attempt INTEGER NOT NULL, store TEXT NOT NULL,
  at INTEGER NOT NULL, returned INTEGER NOT NULL, PRIMARY KEY (code, sale, attempt))
  STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS coupon_uses_sale ON coupon_uses (sale);

-- what happened that is no sale, and what the program gave for it (JSON)
CREATE TABLE IF NOT EXISTS events (
  n INTEGER PRIMARY KEY, event BLOB NOT NULL UNIQUE, name TEXT NOT NULL, customer TEXT NOT NULL,
  cashier TEXT NOT NULL, store TEXT NOT NULL, at INTEGER NOT NULL, note TEXT NOT NULL,
  given TEXT NOT NULL) STRICT;

-- cards that had, or have, to be activated
CREATE TABLE IF NOT EXISTS card_states (
  customer TEXT PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ('issued', 'active')),
  at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- cards that others took the place of, and customers who were one; what came over can go back
CREATE TABLE IF NOT EXISTS replaced_cards (
  hash_key TEXT NOT NULL, hash TEXT NOT NULL, customer TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (hash_key, hash)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS merges (
  key TEXT PRIMARY KEY, into_customer TEXT NOT NULL, from_customer TEXT NOT NULL,
  at INTEGER NOT NULL, undone INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS merges_from ON merges (from_customer) WHERE NOT undone;
CREATE INDEX IF NOT EXISTS merges_into ON merges (into_customer) WHERE NOT undone;
CREATE TABLE IF NOT EXISTS merge_lots (
  key TEXT NOT NULL, from_lot BLOB NOT NULL, into_lot BLOB NOT NULL, PRIMARY KEY (key, from_lot))
  STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS merge_identities (
  key TEXT NOT NULL, hash_key TEXT NOT NULL, kind TEXT NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (key, hash_key, kind, hash)) STRICT, WITHOUT ROWID;

-- what rules ask about a customer; days are local days since 1970-01-01
CREATE TABLE IF NOT EXISTS counters (
  customer TEXT NOT NULL, day INTEGER NOT NULL, purchases INTEGER NOT NULL, spent INTEGER NOT NULL,
  PRIMARY KEY (customer, day)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rule_uses (
  rule TEXT NOT NULL, customer TEXT NOT NULL, store TEXT NOT NULL, day INTEGER NOT NULL,
  times INTEGER NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (rule, customer, store, day))
  STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS customer_facts (
  customer TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('date', 'segment', 'tier', 'referrer')),
  name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (customer, kind, name))
  STRICT, WITHOUT ROWID;
)";

}  // namespace till::central
