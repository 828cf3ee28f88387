// What the command line does with events: what happened to a customer or a seller beside sales.
#include <fmt/format.h>

#include "central/app/cli.h"

namespace till::central {
namespace {

using boost::json::object;
using boost::json::value;

// "50.00 points; 1.00 mugs to anna; coupon 7712; gift tea x 1.000".
std::string given_words(const Options& o, const value& given, const std::string& customer,
                        const std::string& seller) {
  std::string out;
  const auto add = [&](const std::string& words) { out += (out.empty() ? "" : "; ") + words; };
  for (const auto& credit : given.at("credits").as_array()) {
    auto account = text_of(credit, "account");
    const bool hers = account == customer;
    if (account.starts_with("cashier:")) account = seller;
    const auto whose =
        hers ? std::string() : fmt::format(" {} {}", say(o, "to", "на счёт"), account);
    const auto purse = text_of(credit, "purse");
    add(fmt::format("{} {}{}", text_of(credit, "amount"),
                    purse == "points" ? say(o, "points", "баллов") : std::string_view(purse),
                    whose));
  }
  for (const auto& code : given.at("coupons").as_array()) {
    add(fmt::format("{} {}", say(o, "coupon", "купон"), std::string_view(code.as_string())));
  }
  for (const auto& gift : given.at("gifts").as_array()) {
    add(fmt::format("{} {} x {}", say(o, "gift", "подарок"), text_of(gift, "sku"),
                    text_of(gift, "count")));
  }
  return out.empty() ? std::string(say(o, "nothing", "ничего")) : out;
}

Result<int> events_add(const Options& o) {
  const auto given = TILL_TRY(Session(o.data)({{"command", "events.add"},
                                               {"event", o.event},
                                               {"customer", o.customer},
                                               {"seller", o.seller},
                                               {"store", o.store},
                                               {"note", o.note},
                                               {"key", o.key}}));
  fmt::print("{}: {}\n", text_of(given, "key"), given_words(o, given, o.customer, o.seller));
  return 0;
}

Result<int> events_list(const Options& o) {
  const std::vector<Column> columns{{"Date and time", "Дата и время", "date_time", 19},
                                    {"Event", "Событие", "event", 16},
                                    {"Store", "Магазин", "store", 12},
                                    {"Seller", "Продавец", "seller", 12},
                                    {"Customer", "Клиент", "customer", 36},
                                    {"Given", "Выдано", "given", 24},
                                    {"Note", "Примечание", "note", 24}};
  return list(o, {{"command", "events.list"}, {"event", o.event}}, columns, "n",
              [&](const value& row) {
                const auto customer = text_of(row, "customer");
                return std::vector<std::string>{
                    local_time(row.at("at").as_int64()),
                    text_of(row, "event"),
                    text_of(row, "store"),
                    text_of(row, "seller"),
                    customer,
                    given_words(o, row.at("given"), customer, text_of(row, "seller")),
                    text_of(row, "note")};
              });
}

}  // namespace

void build_events(CLI::App& app, Options& o, Command& chosen) {
  auto* events = app.add_subcommand("events", "what happens beside sales")->require_subcommand(1);
  auto* add = leaf(*events, "add", "it happened: the program's rules on it give what they say", o,
                   chosen, events_add);
  add->add_option("event", o.event, "as the rules' `on` has it")->required();
  add->add_option("--customer", o.customer, "whose it is");
  add->add_option("--seller", o.seller, "the seller's name, as tills give it; with --store");
  add->add_option("--store", o.store, "where");
  add->add_option("--note", o.note, "for the report");
  add->add_option("--key", o.key, "the same one again gives nothing more; else each is a new one");
  auto* all = leaf(*events, "list", "all events and what was given", o, chosen, events_list);
  all->add_option("--event", o.event, "only these");
  all->add_flag("--csv", o.csv);
}

}  // namespace till::central
