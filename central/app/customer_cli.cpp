// What the command line does with customers and their accounts.
#include "central/app/cli.h"

#include <fmt/format.h>

namespace till::central {
namespace {

using boost::json::object;
using boost::json::value;

Result<int> customers_add(const Options& o) {
  const auto points = TILL_TRY(parse_decimal(o.points, 2, "--points"));
  const auto added = TILL_TRY(Session(o.data)({{"command", "customers.add"},
                                               {"card_hash", o.card_hash},
                                               {"phone_hash", o.phone_hash},
                                               {"card_type", o.card_type},
                                               {"card_label", o.card_label},
                                               {"hash_key", o.hash_key},
                                               {"points", to_string(Points{points})}}));
  fmt::print("{}\n", text_of(added, "customer"));
  return 0;
}

Result<int> customers_list(const Options& o) {
  const std::vector<Column> columns{{"Customer", "Клиент", "customer", 36},
                                    {"Card", "Карта", "card", 8},
                                    {"Type", "Тип", "card_type", 8},
                                    {"State", "Состояние", "state", 12},
                                    {"Points", "Баллы", "balance", 12, true}};
  return list(o, {{"command", "customers.list"}}, columns, "customer", [&](const value& row) {
    const bool blocked = row.at("blocked").as_bool();
    const bool verified = row.at("verified").as_bool();
    const bool active = row.at("active").as_bool();
    return std::vector<std::string>{text_of(row, "customer"), text_of(row, "card"),
                                    text_of(row, "card_type"),
                                    std::string(blocked    ? say(o, "blocked", "заблокирован")
                                                : !active  ? say(o, "not active", "не активна")
                                                : verified ? say(o, "registered", "в программе")
                                                           : say(o, "unverified", "не проверен")),
                                    text_of(row, "balance")};
  });
}

Result<int> customers_types(const Options& o) {
  const value types = TILL_TRY(Session(o.data)({{"command", "customers.types"}}));
  for (const auto& row : types.as_array()) {
    const auto type = text_of(row, "card_type"), name = text_of(row, "name");
    fmt::print("{}\t{}\t{}\n", type.empty() ? "-" : type,
               type.empty() ? say(o, "without a type", "без типа") : name, text_of(row, "cards"));
  }
  return 0;
}

Result<int> balance(const Options& o) {
  if (o.customer.empty() && o.card_hash.empty() && o.phone_hash.empty() && o.seller.empty()) {
    return fail(Code::kMissingField, "CUSTOMER | --card-hash | --phone-hash | --seller");
  }
  const auto answer = TILL_TRY(Session(o.data)({{"command", "balance"},
                                                {"customer", o.customer},
                                                {"card_hash", o.card_hash},
                                                {"phone_hash", o.phone_hash},
                                                {"seller", o.seller},
                                                {"store", o.store},
                                                {"hash_key", o.hash_key}}));
  fmt::print("{} {}\n{} {}\n", say(o, "balance  ", "баланс  "), text_of(answer, "balance"),
             say(o, "available", "доступно"), text_of(answer, "available"));
  const auto more = [&](const char* field, const char* en, const char* ru) {
    if (text_of(answer, field) != "0.00")
      fmt::print("{} {}\n", say(o, en, ru), text_of(answer, field));
  };
  more("pending", "pending  ", "ждут    ");
  if (const auto from = text_of(answer, "activates_local"); !from.empty()) {
    fmt::print("{} {}\n", say(o, "  the first from", "  первые с"), from);
  }
  more("held", "held     ", "отложено");
  more("allowances", "allowed to stores", "магазинам без связи");
  more("owed", "owed     ", "долг    ");
  if (answer.as_object().contains("expires")) {
    fmt::print("{} {}, {}\n", say(o, "expiring ", "сгорят  "), text_of(answer, "expiring"),
               text_of(answer, "expires_local"));
  }
  for (const auto& [purse, amount] : answer.at("purses").as_object()) {
    fmt::print("{} {}\n", std::string_view(purse), std::string_view(amount.as_string()));
  }
  return 0;
}

Result<int> customers_set(const Options& o) {
  Session session(o.data);
  const auto set = [&](object more) {
    more["command"] = "customers.set";
    more["customer"] = o.customer;
    return session(more);
  };
  if (!o.segment.empty()) TILL_TRY(set({{"segment", o.segment}}));
  if (!o.not_segment.empty()) TILL_TRY(set({{"segment", o.not_segment}, {"out", true}}));
  if (!o.referrer.empty()) TILL_TRY(set({{"referrer", o.referrer}}));
  if (!o.date.empty()) {
    const auto equals = o.date.find('=');
    if (equals == std::string::npos) return fail(Code::kBadValue, "--date NAME=YYYY-MM-DD");
    TILL_TRY(set({{"date", o.date.substr(0, equals)}, {"day", o.date.substr(equals + 1)}}));
  }
  return 0;
}

Result<int> customers_add_card(const Options& o) {
  TILL_TRY(Session(o.data)({{"command", "customers.add-card"},
                            {"customer", o.customer},
                            {"card_hash", o.card_hash},
                            {"phone_hash", o.phone_hash},
                            {"hash_key", o.hash_key}}));
  return 0;
}

Result<int> customers_activate(const Options& o) {
  TILL_TRY(Session(o.data)({{"command", "customers.activate"}, {"customer", o.customer}}));
  return 0;
}

Result<int> customers_block(const Options& o) {
  TILL_TRY(Session(o.data)(
      {{"command", "customers.block"}, {"customer", o.customer}, {"blocked", !o.restore}}));
  return 0;
}

Result<int> customers_replace_card(const Options& o) {
  const auto done = TILL_TRY(Session(o.data)({{"command", "customers.replace-card"},
                                              {"card_hash", o.card_hash},
                                              {"new_hash", o.new_hash},
                                              {"hash_key", o.hash_key}}));
  fmt::print("{}\n", text_of(done, "customer"));
  return 0;
}

// The key names the merge: the same one again changes nothing, `unmerge` undoes it.
Result<int> customers_merge(const Options& o) {
  const auto key = o.key.empty() ? o.into + "+" + o.from : o.key;
  const auto done = TILL_TRY(Session(o.data)(
      {{"command", "customers.merge"}, {"key", key}, {"into", o.into}, {"from", o.from}}));
  fmt::print("{}\n", text_of(done, "key"));
  return 0;
}

Result<int> customers_unmerge(const Options& o) {
  TILL_TRY(Session(o.data)({{"command", "customers.merge"}, {"key", o.key}}));
  return 0;
}

void build_cards(CLI::App& customers, Options& o, Command& chosen) {
  auto* more = leaf(customers, "add-card", "another card or phone of the same customer", o, chosen,
                    customers_add_card);
  more->add_option("customer", o.customer)->required();
  more->add_option("--card-hash", o.card_hash, "as `tillbridge identity` prints it");
  more->add_option("--phone-hash", o.phone_hash, "as `tillbridge identity` prints it");
  more->add_option("--hash-key", o.hash_key)->capture_default_str();
  leaf(customers, "activate", "her card pays from now on", o, chosen, customers_activate)
      ->add_option("customer", o.customer)
      ->required();
  auto* block = leaf(customers, "block", "her cards are refused: nothing is earned or spent", o,
                     chosen, customers_block);
  block->add_option("customer", o.customer)->required();
  block->add_flag("--undo", o.restore, "they are taken again");
  auto* card = leaf(customers, "replace-card", "a new card takes a lost one's place", o, chosen,
                    customers_replace_card);
  card->add_option("--card-hash", o.card_hash, "of the old one")->required();
  card->add_option("--new-hash", o.new_hash, "of the new one")->required();
  card->add_option("--hash-key", o.hash_key)->capture_default_str();
  auto* merge = leaf(customers, "merge", "two customers were one", o, chosen, customers_merge);
  merge->add_option("into", o.into, "who stays")->required();
  merge->add_option("from", o.from, "who comes over")->required();
  merge->add_option("--key", o.key, "its name for unmerge; else made of both");
  leaf(customers, "unmerge", "undo a merge with what is left of it", o, chosen, customers_unmerge)
      ->add_option("key", o.key)
      ->required();
}

}  // namespace

void build_customers(CLI::App& app, Options& o, Command& chosen) {
  auto* customers = app.add_subcommand("customers", "who takes part; alone it lists them");
  customers->add_option("--data", o.data, "the data folder");
  customers->add_option("--lang", o.lang, "en or ru; else LANG decides");
  customers->add_flag("--csv", o.csv);
  customers->require_subcommand(0, 1);
  customers->callback([customers, &o, &chosen] {
    if (!customers->get_subcommands().empty()) return;
    if (o.data.empty()) throw CLI::RequiredError("--data");
    chosen = customers_list;
  });
  auto* add = leaf(*customers, "add", "register a customer", o, chosen, customers_add);
  add->add_option("--card-hash", o.card_hash, "under the stores' key");
  add->add_option("--phone-hash", o.phone_hash, "under the stores' key");
  add->add_option("--card-type", o.card_type);
  add->add_option("--card-label", o.card_label, "the card's last four characters, for reports");
  add->add_option("--points", o.points, "to begin with")->capture_default_str();
  add->add_option("--hash-key", o.hash_key)->capture_default_str();
  auto* set = leaf(*customers, "set", "what rules ask about a customer", o, chosen, customers_set);
  set->add_option("customer", o.customer)->required();
  set->add_option("--segment", o.segment, "she belongs to it");
  set->add_option("--not-segment", o.not_segment, "she does not");
  set->add_option("--date", o.date, "NAME=YYYY-MM-DD: birthday …");
  set->add_option("--referrer", o.referrer, "the customer who recommended the shop");
  leaf(*customers, "list", "all customers", o, chosen, customers_list)->add_flag("--csv", o.csv);
  leaf(*customers, "types", "card types and how many cards there are of each", o, chosen,
       customers_types);
  build_cards(*customers, o, chosen);
  auto* one = leaf(app, "balance", "one customer's points", o, chosen, balance);
  one->add_option("customer", o.customer, "the customer's id, partner:NAME, or one of the hashes");
  one->add_option("--card-hash", o.card_hash, "as `tillbridge identity` prints it");
  one->add_option("--phone-hash", o.phone_hash, "as `tillbridge identity` prints it");
  one->add_option("--hash-key", o.hash_key)->capture_default_str();
  one->add_option("--seller", o.seller, "a seller's account: the name, as tills give it …");
  one->add_option("--store", o.store, "… and her store");
}

}  // namespace till::central
