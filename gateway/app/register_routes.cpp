// /v1/register/… : the register's state and what a person asks of it; /v1/documents: receipts that
// are no sale from a basket.
#include <algorithm>
#include <functional>
#include <iterator>
#include <map>

#include "routes.h"

namespace till::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostUndo = 100;
constexpr const char* kUndoSetting = "register.undo";

struct Route {
  const char* method;
  const char* verb;
  bool senior;
};

const std::map<std::string, Route>& simple_routes() {
  static const std::map<std::string, Route> kRoutes = {
      {"x-report", {"POST", "fiscal.x_report", false}},
      {"open-shift", {"POST", "fiscal.open_shift", false}},
      {"close-shift", {"POST", "fiscal.close_shift", true}},
      {"continue-printing", {"POST", "fiscal.continue_printing", false}},
      {"settlement-report", {"POST", "fiscal.settlement_report", true}},
      {"copy", {"POST", "fiscal.copy", false}},
      {"drawer", {"POST", "drawer.open", false}}};
  return kRoutes;
}

Result<std::uint32_t> number_of(const std::string& text) {
  std::uint64_t value = 0;
  if (text.empty() || text.size() > 10) return fail(Code::kBadValue, text.substr(0, 64));
  for (const char c : text) {
    if (c < '0' || c > '9') return fail(Code::kBadValue, text);
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (value > std::numeric_limits<std::uint32_t>::max()) return fail(Code::kOutOfRange, text);
  return static_cast<std::uint32_t>(value);
}

// `given` over `usual`, object by object.
json::value over(json::value usual, const json::value& given) {
  if (!usual.is_object() || !given.is_object()) return given;
  for (const auto& [name, value] : given.get_object()) {
    auto& at = usual.get_object()[name];
    at = over(std::move(at), value);
  }
  return usual;
}

// What a person leaves out of a receipt she writes: empty members, a line's sum, the total.
json::value completed(const json::value& given) {
  FiscalReceipt pattern;
  pattern.lines.emplace_back();
  if (given.is_object() && given.get_object().contains("correction")) pattern.correction.emplace();
  json::value usual = to_json(pattern);
  const json::value line = usual.at("lines").at(0);
  usual.get_object()["lines"] = json::array{};
  json::value out = over(std::move(usual), given);
  if (!out.is_object() || !out.at("lines").is_array()) return out;
  std::int64_t total = 0;
  for (auto& each : out.get_object()["lines"].get_array()) {
    const bool summed = each.is_object() && each.get_object().contains("sum");
    each = over(line, each);
    if (!each.is_object()) return out;
    boost::system::error_code none;
    const auto number = [&](const char* name) {
      return each.at(name).to_number<std::int64_t>(none);
    };
    try {
      if (!summed)
        each.get_object()["sum"] = (Money{number("price")} * Quantity{number("quantity")}).minor;
      total = checked_add(total, number("sum"));
    } catch (const Overflow&) {
      return out;  // the check names it
    }
  }
  if (!given.get_object().contains("total")) out.get_object()["total"] = total;
  return out;
}

// A member nobody reads is a slip of hers, and might be what makes the document a right one.
Result<void> all_known(const json::value& given, const json::value& pattern,
                       const std::string& path) {
  if (const auto* list = given.if_array(); list != nullptr && pattern.is_array()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      TILL_CHECK(all_known((*list)[i], pattern.at(0), path + "[" + std::to_string(i) + "]"));
    }
  }
  const auto* object = given.if_object();
  if (object == nullptr || !pattern.is_object()) return {};
  for (const auto& [name, member] : *object) {
    const std::string at = path + "." + std::string(name.substr(0, 64));
    const auto* known = pattern.get_object().if_contains(name);
    if (known == nullptr) return fail(Code::kUnknownField, at);
    TILL_CHECK(all_known(member, *known, at));
  }
  return {};
}

// Every member a receipt may have.
json::value whole_receipt() {
  FiscalReceipt all;
  all.lines.emplace_back();
  all.payments.emplace_back();
  all.correction.emplace();
  all.returned.emplace();
  return to_json(all);
}

// Of a command that ended with this error: is its effect in the register for all one knows?
bool may_be_done(Code code) {
  return checkout::is_loss(code) || code == Code::kCancelled || code == Code::kRegisterInDoubt;
}

// The newest one that is so.
void forget(json::array& list, const json::object& entry) {
  const auto at = std::find(list.rbegin(), list.rend(), json::value(entry));
  if (at != list.rend()) list.erase(std::next(at).base());
}

json::array undo_list(const std::string& kept) {
  boost::system::error_code bad;
  const auto value = json::parse(kept.empty() ? "[]" : kept, bad);
  return bad || !value.is_array() ? json::array{} : value.get_array();
}

}  // namespace

// Sales whose document is not known yet, of that register.
json::array Routes::doubts(const Fiscal& there) const {
  json::array out;
  for (const auto& sale : store_.desk().live()) {
    const auto& port = store_.registers().port(sale.till, sale.attempt.baseline.fiscal_memory);
    if (&port == &there && checkout::is_open_doubt(sale.state))
      out.push_back(json::string(to_string(sale.id)));
  }
  return out;
}

checkout::Then<Result<json::value>> Routes::passing_on(const std::string& language,
                                                       const api::Reply& reply) const {
  return [this, language, reply](const Result<json::value>& result) {
    reply(result ? ok(*result) : error(result.error(), language));
  };
}

// registers/DEVICE/…: what register/… is to the asker's own.
void Routes::registers_route(const Context& c, api::Reply reply) {
  auto* const there = store_.registers().of_device(c.path[1]);
  if (there == nullptr)
    return reply(error({Code::kNoSuchDevice, c.path[1], {}}, c.request.language));
  const bool own = there == store_.registers().of_till(c.who.till);
  if (!own && c.who.role == api::Role::kCashier) {
    return reply(error({Code::kRoleForbidden, {}, {}}, c.request.language));
  }
  Context inner = c;
  inner.path.erase(inner.path.begin() + 1);
  register_route(inner, there, std::move(reply));
}

void Routes::register_status(const std::string& language, Fiscal& there, const api::Reply& reply) {
  const auto known = [this, language, &there] {
    auto out = there.watch().describe();
    if (const auto trouble = there.trouble()) {
      out["problem"] = error_view(*trouble, store_.language_of(language));
    }
    out["in_doubt"] = doubts(there);
    return out;
  };
  if (!there.online() || there.taken()) {  // what is known must not wait for a doubt
    auto out = known();
    out["online"] = there.answers();
    return reply(ok(out));
  }
  there.command("fiscal.status", {{"detail", true}},
                [this, language, reply, known, &there](const Result<json::value>& r) {
                  if (!r && there.answers()) return reply(error(r.error(), language));
                  if (const auto s = r ? status_from_json(*r) : std::unexpected(r.error())) {
                    there.watch().state(*s, store_.local_time());
                  }
                  auto out = known();
                  if (!there.answers()) out["online"] = false;
                  reply(ok(out));
                });
}

void Routes::register_route(const Context& c, Fiscal* const found, api::Reply reply) {
  const std::string& language = c.request.language;
  const std::string& name = c.path[1];
  const auto refuse = [&](const Error& e) { reply(error(e, language)); };
  const bool senior = c.who.role != api::Role::kCashier;
  if (found == nullptr) {
    const auto none = store_.registers().problem(c.who.till);
    return refuse(none.value_or(Error{Code::kNotFound, "store.fiscal_by = \"till\"", {}}));
  }
  Fiscal& there = *found;
  if (name == "status" && c.request.method == "GET") {
    return register_status(language, there, reply);
  }
  if (name == "documents" && c.path.size() == 3 && c.request.method == "GET") {
    const auto number = number_of(c.path[2]);
    if (!number) return refuse(number.error());
    return there.command("fiscal.document", {{"number", *number}}, passing_on(language, reply));
  }
  if (name == "settings") return register_setting(c, there, reply);
  if (name == "picture") return register_picture(c, there, reply);
  const auto at = simple_routes().find(name);
  const bool own = name == "arm" || name == "cash" || name == "clock";
  if (at == simple_routes().end() && !own) return refuse({Code::kNotFound, c.request.path, {}});
  if (c.request.method != "POST") return refuse({Code::kMethodNotAllowed, c.request.path, {}});
  if ((own || at->second.senior) && !senior) return refuse({Code::kRoleForbidden, {}, {}});
  if (name == "arm" || name == "cash") {
    const auto run = name == "arm" ? register_arm(c, there, reply) : register_cash(c, there, reply);
    if (!run) refuse(run.error());
    return;
  }
  if (name == "clock") {
    return there.set_clock(store_.local_time(), passing_on(language, reply));
  }
  json::object body;
  if (const auto* o = c.body.if_object(); o != nullptr && o->contains("cashier")) {
    auto in = JsonObject::from(c.body, "");
    const auto cashier = line_text(*in, "cashier");
    if (!cashier) return refuse(cashier.error());
    body["cashier"] = to_json(store_.operators().named(*cashier));
  }
  const bool paper = name == "continue-printing";
  there.command(
      at->second.verb, std::move(body),
      [this, paper, &there, then = passing_on(language, reply)](const Result<json::value>& r) {
        if (r && paper) store_.desk().paper_is_finished(there);
        then(r);
      });
}

// The operator types the number she read from the register's own report. What is in doubt stays
// so: it belongs to the memory that was there before.
Result<void> Routes::register_arm(const Context& c, Fiscal& there, const api::Reply& reply) {
  auto in = TILL_TRY(JsonObject::from(c.body, ""));
  const auto number = TILL_TRY(short_text(in, "fiscal_memory"));
  TILL_CHECK(in.finish());
  there.arm(number,
            [this, language = c.request.language, reply, &there](const Result<void>& armed) {
              if (!armed) return reply(error(armed.error(), language));
              reply(ok({{"armed", there.watch().armed()}, {"in_doubt", doubts(there)}}));
            });
  return {};
}

Result<void> Routes::register_cash(const Context& c, Fiscal& there, const api::Reply& reply) {
  auto in = TILL_TRY(JsonObject::from(c.body, ""));
  const auto direction = TILL_TRY(short_text(in, "direction"));
  const auto amount = TILL_TRY(decimal<Money>(in, "amount"));
  const auto cashier = TILL_TRY(line_text(in, "cashier"));
  TILL_CHECK(in.finish());
  if (direction != "in" && direction != "out") return fail(Code::kBadValue, "direction");
  if (amount.minor <= 0) return fail(Code::kOutOfRange, "amount");
  there.cash(direction == "in", amount, cashier, passing_on(c.request.language, reply));
  return {};
}

// POST picture {"first_line","width","bits"} keeps lines of dots in the register, POST
// picture/print
// {"first_line","last_line"} prints them; the driver's SDK checks the members.
void Routes::register_picture(const Context& c, Fiscal& there, const api::Reply& reply) {
  const std::string& language = c.request.language;
  const auto refuse = [&](const Error& e) { reply(error(e, language)); };
  const bool print = c.path.size() == 3 && c.path[2] == "print";
  if (c.path.size() != 2 && !print) return refuse({Code::kNotFound, c.request.path, {}});
  if (c.request.method != "POST") return refuse({Code::kMethodNotAllowed, c.request.path, {}});
  if (c.who.role == api::Role::kCashier) return refuse({Code::kRoleForbidden, {}, {}});
  if (!c.body.is_object()) return refuse({Code::kWrongType, "body", {}});
  there.command(print ? "fiscal.print_picture" : "fiscal.load_picture", c.body.get_object(),
                passing_on(language, reply));
}

// GET settings/TABLE/ROW/FIELD, POST the same {"value"}, POST settings/undo.
void Routes::register_setting(const Context& c, Fiscal& there, const api::Reply& reply) {
  const std::string& language = c.request.language;
  const auto refuse = [&](const Error& e) { reply(error(e, language)); };
  if (c.who.role == api::Role::kCashier) return refuse({Code::kRoleForbidden, {}, {}});
  if (c.path.size() == 3 && c.path[2] == "undo" && c.request.method == "POST") {
    return undo_setting(language, there, reply);
  }
  if (c.path.size() != 5) return refuse({Code::kNotFound, c.request.path, {}});
  json::object body;
  for (const auto& [name, at] : {std::pair("table", 2), {"row", 3}, {"field", 4}}) {
    const auto number = number_of(c.path[static_cast<std::size_t>(at)]);
    if (!number) return refuse(number.error());
    body[name] = *number;
  }
  if (c.request.method == "GET") {
    return there.command("fiscal.read_setting", std::move(body), passing_on(language, reply));
  }
  const auto* o = c.body.if_object();
  const auto* value = o == nullptr ? nullptr : o->if_contains("value");
  if (value == nullptr || !value->is_string()) return refuse({Code::kWrongType, "value", {}});
  write_setting(language, there, reply, body, *value);
}

// What stands there is on the disk before it is changed: a write whose answer is lost can be taken
// back too.
void Routes::write_setting(const std::string& language, Fiscal& there, const api::Reply& reply,
                           const json::object& field, const json::value& value) {
  there.command("fiscal.read_setting", field,
                [this, language, reply, field, value, &there](const Result<json::value>& was) {
                  if (!was) return reply(error(was.error(), language));
                  json::object before = field, command = field;
                  before["value"] = was->at("value");
                  before["fiscal_memory"] = there.watch().armed();
                  command["value"] = value;
                  change_undo([&](json::array& list) {
                    list.push_back(before);
                    if (list.size() > kMostUndo) list.erase(list.begin());
                  });
                  there.command("fiscal.write_setting", command,
                                [this, language, reply, before](const Result<json::value>& r) {
                                  if (r) return reply(ok(*r));
                                  // Refused: nothing was changed, and there is nothing to take
                                  // back.
                                  if (!may_be_done(r.error().code)) {
                                    change_undo([&](json::array& list) { forget(list, before); });
                                  }
                                  reply(error(r.error(), language));
                                });
                });
}

void Routes::change_undo(const std::function<void(json::array&)>& change) {
  auto list = undo_list(store_.journal().setting(kUndoSetting));
  change(list);
  store_.journal().set_setting(kUndoSetting, json::serialize(list));
}

void Routes::undo_setting(const std::string& language, Fiscal& there, const api::Reply& reply) {
  static constexpr const char* kVerb = "fiscal.write_setting";
  if (!there.offers(kVerb)) return reply(error({Code::kVerbUnsupported, kVerb, {}}, language));
  // A register that was replaced has settings of its own: nothing of the old one is written there.
  const auto list = undo_list(store_.journal().setting(kUndoSetting));
  const auto of_this_one = [&there](const json::value& change) {
    const auto* memory = change.as_object().if_contains("fiscal_memory");
    return memory != nullptr && *memory == json::value(there.watch().armed());
  };
  const auto at = std::find_if(list.rbegin(), list.rend(), of_this_one);
  if (at == list.rend())
    return reply(error({Code::kNothingToUndo, there.watch().armed(), {}}, language));
  const json::object last = at->as_object();
  json::object command = last;
  command.erase("fiscal_memory");
  there.command(kVerb, std::move(command),
                [this, language, reply, last](const Result<json::value>& r) {
                  if (!r) return reply(error(r.error(), language));
                  change_undo([&](json::array& kept) { forget(kept, last); });
                  reply(ok(last));
                });
}

namespace {

// Every text of a receipt goes to paper, but a marking code: that one has GS inside.
Result<void> all_printable(const json::value& value, const std::string& path) {
  if (value.is_string() && !printable(json::value_to<std::string>(value))) {
    return control_characters(path);
  }
  if (const auto* list = value.if_array()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      TILL_CHECK(all_printable((*list)[i], path + "[" + std::to_string(i) + "]"));
    }
  }
  if (const auto* object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      if (name == "marking_code") continue;
      TILL_CHECK(all_printable(member, path + "." + std::string(name)));
    }
  }
  return {};
}

}  // namespace

// A correction, or any other receipt with lines of its own. Then it is paid as a sale.
Result<api::Response> Routes::open_document(const Context& c) {
  if (c.who.role == api::Role::kCashier) return fail(Code::kRoleForbidden);
  auto in = TILL_TRY(JsonObject::from(c.body, ""));
  const auto number = TILL_TRY(till_number(in));
  const auto cashier = TILL_TRY(line_text(in, "cashier"));
  if (!in.has("receipt")) return fail(Code::kMissingField, "receipt");
  TILL_CHECK(all_known(c.body.at("receipt"), whole_receipt(), "receipt"));
  TILL_CHECK(all_printable(c.body.at("receipt"), "receipt"));
  const auto receipt = TILL_TRY(receipt_from_json(completed(c.body.at("receipt"))));
  TILL_TRY(in.object("receipt"));
  // A senior has no register where each till has its own.
  const auto till = TILL_TRY(in.get_or<std::string>("till", c.who.till));
  TILL_CHECK(in.finish());
  const auto is_it = [&](const api::Access& a) { return a.till == till; };
  if (std::ranges::none_of(store_.config().access, is_it)) return fail(Code::kBadValue, "till");
  // The witness is the gateway's, and the cashier stands beside the receipt.
  if (!receipt.witness.empty()) return fail(Code::kBadValue, "receipt.witness");
  if (!receipt.cashier.name.empty() || !receipt.cashier.tax_number.empty())
    return fail(Code::kBadValue, "receipt.cashier: is `cashier`");
  const auto id = TILL_TRY(store_.desk().open_document(TillId{till}, number, cashier, receipt));
  return sale_response(id, c.request.language, 201);
}

// The return receipt for a document that was found after its sale had been sold again.
Result<api::Response> Routes::open_undo(const Context& c, const checkout::Sale& sale) {
  if (c.who.role == api::Role::kCashier) return fail(Code::kRoleForbidden);
  auto in = TILL_TRY(JsonObject::from(c.body, ""));
  const auto number = TILL_TRY(till_number(in));
  TILL_CHECK(in.finish());
  const bool here = store_.registers().serves(c.who.till);
  const TillId till = here ? TillId{c.who.till} : sale.till;
  const auto id = TILL_TRY(store_.desk().open_undo(till, number, sale.cashier, sale.id));
  return sale_response(id, c.request.language, 201);
}

}  // namespace till::app
