#include "central/ledger/directory.h"

#include "central/ledger/alarms.h"
#include "central/ledger/limits.h"
#include "gateway/base/utf8.h"
#include "gateway/loyalty/accounts.h"
#include "gateway/loyalty/plan.h"

namespace till::central {
namespace {

constexpr int kMaxMerges = 16;  // one after the other

// Never more than four characters of a number, whatever a store sends.
std::string label_of(const wire::Enrol& enrol) {
  if (enrol.card_hash.empty()) return "phone";
  std::string last;
  for (const char c : enrol.card_label) {
    if (c >= ' ' && c <= '~') last += c;
  }
  if (last.size() < limits::kMaxLabel) return "card";
  return "••••" + last.substr(last.size() - limits::kMaxLabel);
}

Result<void> check(const wire::Enrol& enrol) {
  if (enrol.phone_hash.empty() && enrol.card_hash.empty()) {
    return fail(Code::kMissingField, "phone or card");
  }
  for (const auto* text : {&enrol.phone_hash, &enrol.card_hash, &enrol.card_type}) {
    if (text->size() > limits::kMaxTextBytes) return fail(Code::kTooLarge, "enrol");
    if (!printable(*text)) return fail(Code::kBadValue, "enrol");
  }
  return {};
}

}  // namespace

CustomerId Directory::resolve(const CustomerId& id) {
  CustomerId now = id;
  for (int steps = 0; steps < kMaxMerges; ++steps) {
    auto row = db_.query("SELECT into_customer FROM merges WHERE from_customer=? AND NOT undone",
                         now.value);
    if (!row.next()) break;
    now.value = row.text(0);
  }
  return now;
}

Result<void> Directory::block(const CustomerId& id, bool blocked) {
  const auto now = record(id);
  if (!now) return fail(Code::kUnknownCard, id.value);
  using enum loyalty::CardState;
  const auto state = now->blocked ? kBlocked : now->verified ? kActive : kIssued;
  if (now->blocked == blocked) return {};
  TILL_TRY(loyalty::next_card_state(
      state, blocked ? loyalty::CardEvent::kBlock : loyalty::CardEvent::kUnblock, ""));
  db_.run("UPDATE customers SET blocked=? WHERE customer=?", blocked, now->id.value);
  return {};
}

Result<CustomerId> Directory::replace_card(const std::string& hash_key, const std::string& old_hash,
                                           const std::string& new_hash) {
  const auto id = owner(hash_key, "card", old_hash);
  if (!id) return fail(Code::kUnknownCard, old_hash);
  if (new_hash.empty() || new_hash.size() > limits::kMaxTextBytes || !printable(new_hash)) {
    return fail(Code::kBadValue, "the new card");
  }
  if (owner(hash_key, "card", new_hash)) return fail(Code::kDuplicate, new_hash);
  db_.run("INSERT INTO replaced_cards VALUES (?,?,?,?)", hash_key, old_hash, id->value,
          clock_.unix_us());
  db_.run("UPDATE identities SET hash=? WHERE hash_key=? AND kind='card' AND hash=?", new_hash,
          hash_key, old_hash);
  return *id;
}

Result<void> Directory::add(const CustomerId& id, const std::string& hash_key,
                            const wire::Enrol& more) {
  TILL_CHECK(check(more));
  const auto who = record(id);
  if (!who) return fail(Code::kUnknownCard, id.value);
  if (replaced(hash_key, more.card_hash)) return fail(Code::kCardBlocked, "replaced");
  for (const auto& [kind, hash] :
       {std::pair{"card", &more.card_hash}, std::pair{"phone", &more.phone_hash}}) {
    const auto has = owner(hash_key, kind, *hash);
    if (has && *has != who->id) {
      return fail(Code::kDuplicate,
                  std::string("the ") + kind + " belongs to customer " + has->value);
    }
  }
  identify(hash_key, "card", more.card_hash, who->id);
  identify(hash_key, "phone", more.phone_hash, who->id);
  return {};
}

std::optional<CustomerRecord> Directory::record(const CustomerId& given) {
  const auto id = resolve(given);
  auto row = db_.query("SELECT card_type, label, verified, blocked FROM customers WHERE customer=?",
                       id.value);
  if (!row.next()) return std::nullopt;
  return CustomerRecord{id, row.text(0), row.text(1), row.integer(2) != 0, row.integer(3) != 0};
}

Result<CustomerRecord> Directory::find(const Store& store, const wire::Lookup& lookup) {
  const bool by_card = !lookup.card_hash.empty();
  const auto& hash = by_card ? lookup.card_hash : lookup.phone_hash;
  if (hash.empty()) return fail(Code::kMissingField, "phone or card");
  if (by_card && replaced(store.hash_key, hash)) return fail(Code::kCardBlocked, "replaced");
  const auto id = owner(store.hash_key, by_card ? "card" : "phone", hash);
  auto found = id ? record(*id) : std::nullopt;
  if (!found || !found->verified) return fail(Code::kUnknownCard);
  return std::move(*found);
}

Result<Directory::Enrolled> Directory::enrol(const Store& store, const wire::Enrol& enrol) {
  TILL_CHECK(check(enrol));
  const auto by_phone = owner(store.hash_key, "phone", enrol.phone_hash);
  const auto by_card = owner(store.hash_key, "card", enrol.card_hash);
  if (by_phone && by_card && *by_phone != *by_card) {
    return fail(Code::kDuplicate, "the phone and the card belong to two customers");
  }
  const auto known = by_phone ? by_phone : by_card;
  CustomerId id = known.value_or(CustomerId{to_string(new_uuid(clock_, random_))});
  auto before = db_.query("SELECT verified, store FROM customers WHERE customer=?", id.value);
  const bool begins = !before.next() || before.integer(0) == 0;
  const bool fresh = begins || before.text(1).empty();
  if (!known) make({id, enrol.card_type, label_of(enrol)}, store.id);
  identify(store.hash_key, "phone", enrol.phone_hash, id);
  identify(store.hash_key, "card", enrol.card_hash, id);
  // A card that comes with a label says more than "card" or "phone" did.
  const std::string label = label_of(enrol);
  db_.run(
      "UPDATE customers SET verified=1, card_type=iif(?2='', card_type, ?2), "
      "label=iif(?3 IN ('card', 'phone') AND label<>'', label, ?3), "
      "store=iif(store='', ?4, store) WHERE customer=?1",
      id.value, enrol.card_type, label, store.id.value);
  return Enrolled{id, fresh, begins};
}

std::optional<CustomerId> Directory::of_sale(const Store& store, const wire::SaleFact& fact) {
  if (!fact.customer.value.empty()) {
    if (!record(fact.customer)) {
      raise_alarm(db_, clock_.unix_us(), Code::kNoCustomer, store.id, to_string(fact.key),
                  "a customer that was not known here");
      make({fact.customer, "", "card", false}, store.id);
    }
    return resolve(fact.customer);
  }
  if (!fact.card_hash.empty()) {
    if (auto known = owner(store.hash_key, "card", fact.card_hash)) return known;
    // A store that was cut off did not know that the card was replaced; its points are the owner's.
    if (auto known = replaced(store.hash_key, fact.card_hash)) return resolve(*known);
    // Derived from the sale, not from the card: the same after a restore, and tells nobody's card.
    CustomerId id{to_string(derived_id("unverified " + to_string(fact.key)))};
    make({id, "", "card", false}, store.id);
    identify(store.hash_key, "card", fact.card_hash, id);
    return id;
  }
  if (fact.is_return) {
    auto sold =
        db_.query("SELECT customer FROM sales WHERE sale=? AND customer<>'' ORDER BY attempt DESC",
                  fact.returned_sale);
    if (sold.next()) return CustomerId{sold.text(0)};
  }
  return std::nullopt;
}

std::optional<CustomerId> Directory::owner(const std::string& hash_key, const char* kind,
                                           const std::string& hash) {
  if (hash.empty()) return std::nullopt;
  auto row = db_.query("SELECT customer FROM identities WHERE hash_key=? AND kind=? AND hash=?",
                       hash_key, kind, hash);
  if (!row.next()) return std::nullopt;
  return CustomerId{row.text(0)};
}

std::optional<CustomerId> Directory::replaced(const std::string& hash_key,
                                              const std::string& hash) {
  auto row =
      db_.query("SELECT customer FROM replaced_cards WHERE hash_key=? AND hash=?", hash_key, hash);
  if (!row.next()) return std::nullopt;
  return CustomerId{row.text(0)};
}

void Directory::identify(const std::string& hash_key, const char* kind, const std::string& hash,
                         const CustomerId& id) {
  if (hash.empty()) return;
  db_.run("INSERT OR IGNORE INTO identities VALUES (?,?,?,?)", hash_key, kind, hash, id.value);
}

void Directory::make(const CustomerRecord& r, const StoreId& store) {
  db_.run("INSERT INTO customers VALUES (?,?,?,?,?,?,?)", r.id.value, r.card_type, r.label,
          r.verified, r.blocked, store.value, clock_.unix_us());
}

}  // namespace till::central
