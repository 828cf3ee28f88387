#include "central/ledger/cards.h"

#include <algorithm>

#include "gateway/loyalty/plan.h"

namespace till::central {

using loyalty::CardEvent;
using loyalty::CardState;

// "" of a type the program does not know.
std::string_view Cards::activation(const std::string& card_type) {
  const auto& types = programs_.current().plan().card_types;
  const auto at = std::ranges::find(types, card_type, &loyalty::CardType::id);
  return at == types.end() ? std::string_view()
                           : loyalty::kActivations[static_cast<std::size_t>(at->activation)];
}

void Cards::keep(const CustomerId& id, CardState state) {
  db_.run("INSERT OR REPLACE INTO card_states VALUES (?,?,?)", id.value,
          state == CardState::kActive ? "active" : "issued", clock_.unix_us());
}

void Cards::happened(const CustomerRecord& record, CardEvent event) {
  auto row =
      db_.query("SELECT 1 FROM card_states WHERE customer=? AND state='issued'", record.id.value);
  if (!row.next()) return;
  const auto next =
      loyalty::next_card_state(CardState::kIssued, event, activation(record.card_type));
  if (next && *next == CardState::kActive) keep(record.id, *next);
}

void Cards::enrolled(const CustomerRecord& record, bool begins, bool with_phone) {
  if (begins && !record.card_type.empty()) {
    // Bought, or used, before anybody asked whose it is: that counts.
    auto bought =
        db_.query("SELECT 1 FROM card_states WHERE customer=? AND state='active'", record.id.value);
    if (bought.next()) return;
    keep(record.id, CardState::kIssued);
    auto purchases = db_.query(
        "SELECT 1 FROM counters WHERE customer=? GROUP BY customer HAVING sum(purchases)>0",
        record.id.value);
    happened(record, CardEvent::kIssued);
    if (purchases.next()) happened(record, CardEvent::kFirstPurchase);
  }
  if (with_phone) happened(record, CardEvent::kRegistered);
}

void Cards::bought(const wire::SaleFact& fact, const CustomerId& customer) {
  const bool purchase = !fact.is_return && fact.document_kind.empty();
  const auto record = purchase ? directory_.record(customer) : std::nullopt;
  if (!record) return;
  const auto& plan = programs_.current().plan();
  const bool sold = std::ranges::any_of(plan.card_types, [&](const loyalty::CardType& type) {
    if (type.sku == loyalty::kNoName) return false;
    // Of a card nobody has registered only the goods tell the type.
    if (record->card_type.empty() ? record->verified : record->card_type != type.id) return false;
    const auto at =
        std::ranges::find(fact.lines, plan.names.text(type.sku), &wire::SaleLine::goods);
    return at != fact.lines.end();
  });
  if (sold && !record->verified) return keep(record->id, CardState::kActive);
  if (sold) happened(*record, CardEvent::kSold);
  happened(*record, CardEvent::kFirstPurchase);
}

Result<void> Cards::activate(const CustomerId& id) {
  const auto record = directory_.record(id);
  if (!record) return fail(Code::kUnknownCard, id.value);
  const auto before = record->blocked   ? CardState::kBlocked
                      : active(*record) ? CardState::kActive
                                        : CardState::kIssued;
  keep(record->id, TILL_TRY(loyalty::next_card_state(before, CardEvent::kByPerson,
                                                     activation(record->card_type))));
  return {};
}

bool Cards::active(const CustomerRecord& record) {
  const auto how = activation(record.card_type);
  if (how.empty() || how == "issue") return true;
  auto row = db_.query(
      "WITH RECURSIVE m(c) AS (SELECT ?1 UNION SELECT from_customer FROM merges JOIN m ON "
      "into_customer=c WHERE NOT undone) SELECT 1 FROM m JOIN customers ON customers.customer=c "
      "AND verified LEFT JOIN card_states s ON s.customer=c WHERE s.state IS NULL OR "
      "s.state='active' LIMIT 1",
      record.id.value);
  return row.next();
}

}  // namespace till::central
