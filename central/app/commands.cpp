#include "central/app/commands.h"

#include <algorithm>
#include <map>

#include "central/ledger/limits.h"
#include "gateway/base/program_signature.h"
#include "gateway/loyalty/calendar.h"
#include "gateway/loyalty/plan.h"
#include "gateway/loyalty/reach.h"
#include "protocols/central/chain.h"

namespace till::central {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr std::size_t kMaxStoreName = 64;

// Part of file names and of reports: letters, digits, '-' and '_'.
bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxStoreName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

}  // namespace

Result<value> Commands::execute(const value& request) {
  auto in = TILL_TRY(JsonObject::from(request, ""));
  const auto command = TILL_TRY(in.get<std::string>("command"));
  Transaction transaction(central_.db);
  auto result = TILL_TRY(catch_overflow(command, [&] { return dispatch(command, in); }));
  transaction.commit();
  return result;
}

std::string Commands::execute_line(std::string_view line) {
  const auto request = parse_json(line, {.bytes = kMaxLine});
  const auto result = request ? execute(*request) : request;
  if (result) return boost::json::serialize(object{{"ok", true}, {"result", *result}}) + "\n";
  return boost::json::serialize(object{{"ok", false},
                                       {"code", static_cast<int>(result.error().code)},
                                       {"detail", result.error().detail}}) +
         "\n";
}

Result<value> Commands::dispatch(const std::string& command, JsonObject& in) {
  if (command == "store.add") return store_add(in);
  if (command == "customers.add") return customers_add(in);
  if (command == "customers.list") return customers_list(in);
  if (command == "customers.set") return customers_set(in);
  if (command == "customers.add-card") return customers_add_card(in);
  if (command == "customers.activate") return customers_activate(in);
  if (command == "customers.block") return customers_block(in);
  if (command == "customers.replace-card") return customers_replace_card(in);
  if (command == "customers.merge") return customers_merge(in);
  if (command == "coupons.add") return coupons_add(in);
  if (command == "coupons.list") return coupons_list(in);
  if (command == "coupons.void") return coupons_void(in);
  if (command == "events.add") return events_add(in);
  if (command == "events.list") return events_list(in);
  if (command == "balance") return balance(in);
  if (command == "purchases") return purchases(in);
  if (command == "program.set") return program_set(in);
  if (command == "program.trust") return program_trust(in);
  TILL_CHECK(in.finish());
  if (command == "store.list") return store_list();
  if (command == "customers.types") return customers_types();
  if (command == "alarms") return alarms();
  if (command == "prove") return prove();
  return fail(Code::kNotFound, command);
}

Result<value> Commands::store_add(JsonObject& in) {
  const auto name = TILL_TRY(in.get<std::string>("name"));
  const auto hash_key = TILL_TRY(in.get_or<std::string>("hash_key", "chain"));
  TILL_CHECK(in.finish());
  if (!good_name(name)) return fail(Code::kBadValue, "name: letters, digits, - and _");
  if (!good_name(hash_key)) return fail(Code::kBadValue, "hash_key: letters, digits, - and _");
  const KeyPair keys = make_keys();
  if (central_.db.run("INSERT INTO stores VALUES (?,?,?,?) ON CONFLICT DO NOTHING", name,
                      keys.public_key, hash_key, central_.clock.unix_us()) != 1) {
    return fail(Code::kDuplicate, name);
  }
  return object{{"store", name},
                {"public_key", keys.public_key},
                {"secret_key", keys.secret_key},
                {"server_key", server_key_},
                {"tell", endpoints_.tell},
                {"ask", endpoints_.ask}};
}

Result<value> Commands::store_list() {
  auto rows = central_.db.query(
      "SELECT store, public_key, hash_key, coalesce(epoch, 0), coalesce(sequence, 0), "
      "coalesce(stopped, 0) FROM stores LEFT JOIN positions USING (store) ORDER BY store");
  array stores;
  while (rows.next()) {
    stores.push_back(object{{"store", rows.text(0)},
                            {"public_key", rows.text(1)},
                            {"hash_key", rows.text(2)},
                            {"epoch", rows.integer(3)},
                            {"sequence", rows.integer(4)},
                            {"stopped", rows.integer(5)}});
  }
  return stores;
}

Result<value> Commands::customers_add(JsonObject& in) {
  wire::Enrol enrol;
  enrol.card_hash = TILL_TRY(in.get_or<std::string>("card_hash", ""));
  enrol.phone_hash = TILL_TRY(in.get_or<std::string>("phone_hash", ""));
  enrol.card_type = TILL_TRY(in.get_or<std::string>("card_type", ""));
  enrol.card_label = TILL_TRY(in.get_or<std::string>("card_label", ""));
  const auto hash_key = TILL_TRY(in.get_or<std::string>("hash_key", "chain"));
  const auto points = TILL_TRY(in.get_or("points", Points{}));
  TILL_CHECK(in.finish());
  if (points.units < 0 || points.units > limits::kMaxPoints) {
    return fail(Code::kOutOfRange, "points");
  }
  const auto enrolled = TILL_TRY(central_.directory.enrol({{}, hash_key}, enrol));
  const auto& id = enrolled.id;
  if (const auto record = central_.directory.record(id)) {
    central_.cards.enrolled(*record, enrolled.begins, !enrol.phone_hash.empty());
  }
  const AttemptKey grant{new_uuid(central_.clock, central_.random), 0};
  central_.ledger.credit({id}, points, Kind::kGrant, {{}, grant, central_.clock.unix_us()});
  return object{{"customer", id.value}, {"balance", to_string(central_.ledger.balance({id}))}};
}

// How many cards there are of each type, those of the program that nobody has yet too.
Result<value> Commands::customers_types() {
  std::map<std::string, std::int64_t> cards;
  std::map<std::string, std::string> names;
  for (const auto& type : central_.programs.current().plan().card_types) {
    cards[type.id] = 0;
    names[type.id] = type.name;
  }
  auto rows = central_.db.query("SELECT card_type, count(*) FROM customers GROUP BY card_type");
  while (rows.next()) cards[rows.text(0)] = rows.integer(1);
  array types;
  for (const auto& [type, count] : cards) {
    types.push_back(object{{"card_type", type}, {"name", names[type]}, {"cards", count}});
  }
  return types;
}

Result<value> Commands::customers_list(JsonObject& in) {
  const auto after = TILL_TRY(in.get_or<std::string>("after", ""));
  TILL_CHECK(in.finish());
  auto rows = central_.db.query(
      "SELECT customers.customer, label, card_type, verified, blocked, coalesce(balance, 0) "
      "FROM customers "
      "LEFT JOIN accounts ON accounts.customer=customers.customer AND unit='points' "
      "WHERE customers.customer>? ORDER BY 1 LIMIT ?",
      after, static_cast<int>(limits::kMaxRows));
  array customers;
  while (rows.next()) {
    const CustomerRecord record{{rows.text(0)}, rows.text(2), "", rows.integer(3) != 0, false};
    customers.push_back(object{{"customer", rows.text(0)},
                               {"active", !record.verified || central_.cards.active(record)},
                               {"card", rows.text(1)},
                               {"card_type", rows.text(2)},
                               {"verified", rows.integer(3) != 0},
                               {"blocked", rows.integer(4) != 0},
                               {"balance", to_string(Points{rows.integer(5)})}});
  }
  return customers;
}

Result<value> Commands::balance(JsonObject& in) {
  CustomerId id{TILL_TRY(in.get_or<std::string>("customer", ""))};
  const wire::Lookup lookup{TILL_TRY(in.get_or<std::string>("card_hash", "")),
                            TILL_TRY(in.get_or<std::string>("phone_hash", "")), false};
  const auto hash_key = TILL_TRY(in.get_or<std::string>("hash_key", "chain"));
  const auto seller = TILL_TRY(in.get_or<std::string>("seller", ""));
  const auto store = TILL_TRY(in.get_or<std::string>("store", ""));
  TILL_CHECK(in.finish());
  if (!seller.empty()) {
    if (store.empty()) return fail(Code::kMissingField, "store");
    id.value = "cashier:" + wire::seller_key(store, seller);
  }
  if (id.value.empty()) id = TILL_TRY(central_.directory.find({{}, hash_key}, lookup)).id;
  // Sellers and partners have accounts, though they are no customers.
  const bool other = id.value.starts_with("cashier:") || id.value.starts_with("partner:");
  if (!other && !central_.directory.record(id)) return fail(Code::kUnknownCard, id.value);
  const auto available = central_.holds.available(id, {});
  const auto points = central_.ledger.standing({id});
  object answer{{"customer", id.value},
                {"balance", to_string(points.balance)},
                {"available", to_string(available)},
                {"pending", to_string(points.pending)},
                {"held", to_string(points.held)},
                {"allowances", to_string(central_.holds.allowed(id))},
                {"owed", to_string(points.owed)}};
  const auto offset = central_.programs.current().plan().settings.utc_offset_min;
  if (points.activates != INT64_MAX) {
    answer["activates_local"] = loyalty::format_minute(points.activates, offset);
  }
  if (points.expires != INT64_MAX) {
    answer["expiring"] = to_string(points.expiring);
    answer["expires"] = points.expires;
    answer["expires_local"] = loyalty::format_minute(points.expires, offset);
  }
  object purses;
  for (const auto& [purse, amount] : central_.profiles.of(id).purses) {
    purses[purse] = to_string(Points{amount});
  }
  answer["purses"] = std::move(purses);
  return answer;
}

Result<value> Commands::purchases(JsonObject& in) {
  const auto customer = TILL_TRY(in.get_or<std::string>("customer", ""));
  const auto after = TILL_TRY(in.get_or<std::int64_t>("after", 0));
  TILL_CHECK(in.finish());
  auto rows = central_.db.query(
      "SELECT n, at, coalesce(label, ''), sales.store, iif(is_return, -total, total), "
      "iif(is_return, -redeemed, redeemed), iif(is_return, -accrued, accrued) "
      "FROM sales LEFT JOIN customers USING (customer) "
      // Corrections and receipts that undo a double are no purchases.
      "WHERE n>?1 AND (?2='' OR sales.customer=?2) AND document_kind='' ORDER BY n LIMIT ?3",
      after, customer, static_cast<int>(limits::kMaxRows));
  array lines;
  while (rows.next()) {
    lines.push_back(object{{"n", rows.integer(0)},
                           {"at", rows.integer(1)},
                           {"card", rows.text(2)},
                           {"outlet", rows.text(3)},
                           {"sum", detail::decimal(rows.integer(4), 2)},
                           {"written_off", to_string(Points{rows.integer(5)})},
                           {"accrued", to_string(Points{rows.integer(6)})}});
  }
  return lines;
}

Result<value> Commands::alarms() {
  auto rows = central_.db.query(
      "SELECT code, store, subject, detail, count, last_at FROM alarms "
      "ORDER BY last_at DESC LIMIT ?",
      static_cast<int>(limits::kMaxRows));
  array lines;
  while (rows.next()) {
    lines.push_back(object{{"code", rows.integer(0)},
                           {"store", rows.text(1)},
                           {"subject", rows.text(2)},
                           {"detail", rows.text(3)},
                           {"count", rows.integer(4)},
                           {"at", rows.integer(5)}});
  }
  return lines;
}

Result<value> Commands::prove() {
  array differences;
  for (const auto& d : central_.ledger.prove()) {
    differences.push_back(object{{"customer", d.customer.value},
                                 {"balance", to_string(d.balance)},
                                 {"postings", to_string(d.postings)},
                                 {"lots", to_string(d.lots)}});
  }
  auto counts =
      central_.db.query("SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM postings)");
  counts.next();
  return object{{"accounts", counts.integer(0)},
                {"postings", counts.integer(1)},
                {"differences", std::move(differences)}};
}

std::vector<std::string> Commands::program_keys() {
  std::vector<std::string> keys;
  auto rows = central_.db.query("SELECT value FROM settings WHERE key LIKE 'program_key:%'");
  while (rows.next()) keys.push_back(rows.text(0));
  return keys;
}

// From the first key on only programs signed by one of the keys are taken.
Result<value> Commands::program_trust(JsonObject& in) {
  const auto key = TILL_TRY(in.get<std::string>("key"));
  const bool undo = TILL_TRY(in.get_or("undo", false));
  TILL_CHECK(in.finish());
  if (!is_public_key(key)) return fail(Code::kBadValue, "key");
  if (undo) {
    central_.db.run("DELETE FROM settings WHERE key=?", "program_key:" + key);
  } else {
    central_.db.run("INSERT OR REPLACE INTO settings VALUES (?,?)", "program_key:" + key, key);
  }
  boost::json::array keys;
  for (const auto& k : program_keys()) keys.push_back(boost::json::string(k));
  return object{{"keys", std::move(keys)}};
}

Result<value> Commands::program_set(JsonObject& in) {
  const auto body = TILL_TRY(in.get<std::string>("body"));
  const auto note = TILL_TRY(in.find<std::string>("signature"));
  TILL_CHECK(in.finish());
  if (const auto keys = program_keys(); !keys.empty()) {
    if (!note) return fail(Code::kProgramUnsigned, "there is no signature");
    TILL_TRY(verify_program_text(body, *note, keys));
  }
  const auto program = TILL_TRY(loyalty::Program::from_json(body));
  TILL_CHECK(loyalty::check_reach(program.plan()));
  {
    auto row = central_.db.query("SELECT program, version FROM programs ORDER BY n DESC LIMIT 1");
    if (row.next() && row.text(0) == program.id && row.integer(1) >= program.version) {
      return fail(Code::kDuplicate, "version: the program in use is version " + row.text(1));
    }
  }
  central_.db.run("INSERT INTO programs VALUES (NULL,?,?,?,?)", program.id, program.version,
                  program.to_json(), central_.clock.unix_us());
  return object{{"program", program.id}, {"version", program.version}};
}

Result<value> parse_answer(std::string_view line) {
  // As large as a page of a report may become.
  auto root = TILL_TRY(parse_json(line, {.bytes = 8U << 20}));
  auto* answer = root.if_object();
  if (answer == nullptr) return fail(Code::kBadJson, "the answer");
  if (const auto* ok = answer->if_contains("ok"); ok != nullptr && ok->is_bool()) {
    if (ok->get_bool()) return (*answer)["result"];
    const auto* code = answer->if_contains("code");
    const auto* detail = answer->if_contains("detail");
    return fail(code != nullptr && code->is_int64() ? static_cast<Code>(code->get_int64())
                                                    : Code::kInternal,
                detail != nullptr && detail->is_string() ? std::string(detail->get_string()) : "");
  }
  return fail(Code::kBadJson, "the answer");
}

}  // namespace till::central
