// The till API, route by route, as gateway/api/openapi.yaml describes it.
#include <algorithm>
#include <cctype>
#include <vector>

#include "gateway/base/json.h"
#include "gateway/base/limits.h"
#include "protocols/gs1/check_digit.h"
#include "routes.h"

namespace till::app {
namespace {

namespace json = boost::json;

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) parts.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

Result<std::vector<FiscalPayment>> payments_of(JsonObject& in) {
  static constexpr std::array<std::string_view, 5> kTenders = {"cash", "electronic", "prepaid",
                                                               "credit", "counter_provision"};
  std::vector<FiscalPayment> out;
  for (const auto& [path, value] : TILL_TRY(in.array("payments", limits::kMaxPayments))) {
    auto p = TILL_TRY(JsonObject::from(*value, path));
    const auto tender = TILL_TRY(p.get<std::string>("tender"));
    const auto at = std::ranges::find(kTenders, tender);
    if (at == kTenders.end()) return fail(Code::kBadValue, p.path_of("tender"));
    const auto amount = TILL_TRY(decimal<Money>(p, "amount"));
    if (amount.minor < 0) return fail(Code::kOutOfRange, p.path_of("amount") + ": below 0");
    out.push_back({static_cast<Tender>(at - kTenders.begin()), amount});
    TILL_CHECK(p.finish());
  }
  return out;
}

// A document as it stands on the paper.
Result<FiscalDocument> document_of(JsonObject& in) {
  auto d = TILL_TRY(in.object("document"));
  FiscalDocument document;
  document.fiscal_memory = TILL_TRY(short_text(d, "fiscal_memory"));
  // 16 digits in Russia, 8 characters in Bulgaria; a dash or dots are somebody's placeholder.
  const bool number = std::ranges::all_of(
      document.fiscal_memory, [](unsigned char c) { return c < 0x80 && std::isalnum(c) != 0; });
  if (!number) return fail(Code::kBadValue, d.path_of("fiscal_memory"));
  document.number = TILL_TRY(number_u32(d, "number"));
  // The paper of some countries has none; a Russian one does.
  constexpr std::size_t kRussian = 16;
  if (d.has("sign") || document.fiscal_memory.size() == kRussian) {
    document.sign = TILL_TRY(number_u32(d, "sign"));
  }
  TILL_CHECK(d.finish());
  return document;
}

}  // namespace

api::Response Routes::error(const Error& e, const std::string& language) const {
  return ok({{"error", error_view(e, store_.language_of(language))}}, http_status(e.code));
}

Result<std::string> Routes::subscribe(const api::Request& request) const {
  if (request.path != "/v1/events") return fail(Code::kNotFound, request.path);
  auto till = TILL_TRY(access_.check(request)).till;
  // Once it listens: what it was asked while it was away.
  if (store_.till_register() != nullptr) {
    store_.after(0, [this] { store_.till_register()->ask_again(); });
  }
  return till;
}

void Routes::handle(const api::Request& request, api::Reply reply) {
  const auto refuse = [&](const Error& e) { reply(error(e, request.language)); };
  const auto who = access_.check(request);
  if (!who) return refuse(who.error());
  Context context{request, *who, split_path(request.path), json::object{},
                  store_.language_of(request.language)};
  if (request.path == "/metrics") {
    return reply({200, store_.metrics().render(), "text/plain; version=0.0.4"});
  }
  if (context.path.empty() || context.path[0] != "v1")
    return refuse({Code::kNotFound, request.path, {}});
  context.path.erase(context.path.begin());
  if (!request.body.empty()) {
    auto body = parse_json(request.body);
    if (!body) return refuse(body.error());
    context.body = std::move(*body);
  }
  try {
    if (request.idempotency_key.empty()) return dispatch(context, std::move(reply));
    with_key(context, std::move(reply));
  } catch (const Overflow& e) {
    refuse({Code::kOverflow, e.what(), {}});
  }
}

// The same key and payload get the stored answer; the same key with another payload a conflict.
void Routes::with_key(const Context& context, api::Reply reply) {
  const auto& request = context.request;
  const TillId till{context.who.till};
  if (request.idempotency_key.size() > limits::kMaxIdempotencyKey) {
    return reply(error({Code::kOutOfRange, "Idempotency-Key", {}}, request.language));
  }
  const std::string hash = api::token_hash(request.method + request.path + "\n" + request.body);
  if (const auto stored = store_.journal().answer(till, request.idempotency_key)) {
    if (stored->payload_hash != hash) {
      return reply(error({Code::kKeyConflict, request.idempotency_key, {}}, request.language));
    }
    return reply({stored->status, stored->body});
  }
  dispatch(context, [this, till, hash, key = request.idempotency_key,
                     reply = std::move(reply)](const api::Response& response) {
    // What may still change, or may be tried again, is not frozen.
    if (response.status < 300 && response.status != 202) {
      store_.journal().keep_answer(till, key, {hash, response.status, response.body});
    }
    reply(response);
  });
}

void Routes::dispatch(const Context& c, api::Reply reply) {
  const auto& method = c.request.method;
  const auto answer = [&](const Result<api::Response>& r) {
    reply(r ? *r : error(r.error(), c.request.language));
  };
  const std::string head = c.path.empty() ? "" : c.path[0];
  if (head == "sales" && c.path.size() >= 2) return sale_route(c, std::move(reply));
  if (head == "sales" && method == "POST") return answer(open_sale(c));
  if (head == "sales" && method == "GET") {
    json::array out;
    for (const auto& sale : store_.desk().live()) {
      if (sale.till.value == c.who.till || c.who.role != api::Role::kCashier) {
        out.push_back(sale_view(sale, c.language));
      }
    }
    return reply(ok({{"sales", std::move(out)}}));
  }
  if (head == "returns" && c.path.size() == 1 && method == "POST") return answer(open_return(c));
  if (head == "devices" && method == "GET")
    return reply(ok({{"devices", store_.describe_devices()}}));
  if (head == "scale" && c.path.size() == 2 && method == "POST") {
    const json::object body = c.body.is_object() ? c.body.get_object() : json::object();
    return store_.counter().scale(
        c.who.till, c.path[1], body,
        [this, language = c.request.language, reply](const Result<json::object>& r) {
          reply(r ? ok(*r) : error(r.error(), language));
        });
  }
  if (head == "plugins" && method == "GET")
    return reply(ok({{"plugins", store_.describe_plugins()}}));
  if (head == "devices" && c.path.size() == 3 && c.path[2] == "release" && method == "POST") {
    if (c.who.role == api::Role::kCashier) return answer(fail(Code::kRoleForbidden));
    const auto released = store_.release_device(c.path[1]);
    if (!released) return answer(std::unexpected(released.error()));
    return reply(ok(json::object{}));
  }
  if (head == "health" && method == "GET") {
    return reply(ok({{"store", store_.config().store.value},
                     {"ready", true},
                     {"register_online", store_.registers().answers(c.who.till)},
                     {"central_online", store_.central_online()},
                     {"alarms", store_.alarms()},
                     {"in_doubt", store_.desk().doubts()},
                     {"outbound", store_.journal().last_sequence()},
                     {"acknowledged", store_.journal().acknowledged()}}));
  }
  if (head == "register" && c.path.size() >= 2) {
    return register_route(c, store_.registers().of_till(c.who.till), std::move(reply));
  }
  if (head == "registers" && c.path.size() >= 3) return registers_route(c, std::move(reply));
  if (head == "documents" && c.path.size() == 1 && method == "POST") {
    return answer(open_document(c));
  }
  const bool known = head == "sales" || head == "returns" || head == "devices" ||
                     head == "plugins" || head == "health";
  reply(error({known ? Code::kMethodNotAllowed : Code::kNotFound, c.request.path, {}},
              c.request.language));
}

api::Response Routes::sale_response(const Uuid& id, const std::string& language, int status) {
  const auto sale = store_.desk().find(id);
  if (!sale) return error({Code::kNoSuchSale, to_string(id), {}}, language);
  return ok(sale_view(*sale, store_.language_of(language)), status);
}

Result<api::Response> Routes::open_sale(const Context& c) {
  auto in = TILL_TRY(JsonObject::from(c.body, ""));
  const auto number = TILL_TRY(till_number(in));
  auto cashier = TILL_TRY(line_text(in, "cashier"));
  const auto pin = TILL_TRY(in.get_or<std::string>("pin", ""));
  TILL_CHECK(in.finish());
  if (!pin.empty()) {
    cashier = TILL_TRY(store_.operators().by_pin(c.who.till, pin, store_.clock().monotonic_us()));
  }
  const auto id = TILL_TRY(store_.desk().open(TillId{c.who.till}, number, cashier));
  return sale_response(id, c.request.language, 201);
}

Result<api::Response> Routes::open_return(const Context& c) {
  auto in = TILL_TRY(JsonObject::from(c.body, ""));
  const auto number = TILL_TRY(till_number(in));
  const auto cashier = TILL_TRY(line_text(in, "cashier"));
  const auto sold = parse_uuid(TILL_TRY(in.get<std::string>("sale")));
  if (!sold) return fail(Code::kNoSuchSale);
  std::map<std::string, Quantity> lines;
  for (const auto& [path, value] : TILL_TRY(in.members("lines", limits::kMaxSaleLines))) {
    const auto name = path.substr(path.rfind('.') + 1);
    lines[name] = TILL_TRY(decimal_of<Quantity>(*value, path));
  }
  TILL_CHECK(in.finish());
  const auto id =
      TILL_TRY(store_.desk().open_return(TillId{c.who.till}, number, cashier, *sold, lines));
  return sale_response(id, c.request.language, 201);
}

// /v1/sales/{id} and below.
void Routes::sale_route(const Context& c, api::Reply reply) {
  const auto refuse = [&](Code code, const std::string& detail = {}) {
    reply(error({code, detail, {}}, c.request.language));
  };
  const auto id = parse_uuid(c.path[1]);
  const auto sale = id ? store_.desk().find(*id) : std::nullopt;
  if (!sale) return refuse(Code::kNoSuchSale, c.path[1].substr(0, limits::kMaxApiText));
  // A cashier sees her own till's sales; a senior all of them.
  if (sale->till.value != c.who.till && c.who.role == api::Role::kCashier) {
    return refuse(Code::kRoleForbidden);
  }
  if (c.path.size() == 2) {
    if (c.request.method != "GET") return refuse(Code::kMethodNotAllowed);
    return reply(sale_response(*id, c.request.language));
  }
  if (c.request.method != "POST") return refuse(Code::kMethodNotAllowed);
  const std::string& verb = c.path[2];
  if (c.path.size() == 3 && verb == "identify") return identify(c, *id, std::move(reply));
  if (c.path.size() == 3 && verb == "pay") return pay(c, *id, std::move(reply));
  if (c.path.size() == 3 && verb == "balance") {
    if (!sale->customer) return refuse(Code::kNoCustomer);
    return store_.balance(
        *sale->customer, [this, language = c.request.language, reply](Result<Points> p) {
          reply(p ? ok({{"available", to_string(*p)}}) : error(p.error(), language));
        });
  }
  if (c.path.size() == 3 && verb == "codes") return code(c, *id, reply);
  if (c.path.size() == 3 && verb == "quote") return quote(c, *id, reply);
  if (c.path.size() == 3 && verb == "settle") return settle(c, *id, std::move(reply));
  if (c.path.size() == 3 && verb == "fiscal") {
    const auto told = told_by_till(c, *sale);
    return reply(told ? *told : error(told.error(), c.request.language));
  }
  if (c.path.size() == 3 && verb == "undo") {
    const auto opened = open_undo(c, *sale);
    return reply(opened ? *opened : error(opened.error(), c.request.language));
  }
  const auto response = edit(c, *id);
  reply(response ? *response : error(response.error(), c.request.language));
}

Result<api::Response> Routes::edit(const Context& c, const Uuid& id) {
  auto& desk = store_.desk();
  auto in = TILL_TRY(JsonObject::from(c.body, ""));
  const std::string& verb = c.path[2];
  if (verb == "lines" && c.path.size() == 4) {
    const auto quantity = TILL_TRY(decimal<Quantity>(in, "quantity"));
    TILL_CHECK(in.finish());
    TILL_CHECK(desk.set_quantity(id, c.path[3], quantity));
    return sale_response(id, c.request.language);
  }
  if (c.path.size() != 3) return fail(Code::kNotFound, c.request.path.substr(0, 256));
  if (verb == "lines") {
    const auto code = TILL_TRY(in.get<std::string>("code"));
    const auto quantity = TILL_TRY(find_decimal<Quantity>(in, "quantity"));
    TILL_CHECK(in.finish());
    const auto found = store_.scanned(code, "");
    if (!found && store_.is_bank_card(code)) {
      // One digit wrong, and every tenth number of Russian goods looks like an old card's.
      const bool goods = found.error().code == Code::kCheckDigit;
      return fail(goods ? Code::kCheckDigit : Code::kPaymentCard);
    }
    const auto* item = TILL_TRY(found);
    TILL_CHECK(desk.add(id, item->code, quantity.value_or(Quantity{kQuantityScale}),
                        gs1::gtin_of_elements(code) ? code : ""));
  } else if (verb == "contact") {
    const auto to = TILL_TRY(in.get<std::string>("contact"));
    TILL_CHECK(in.finish());
    TILL_CHECK(desk.contact(id, to));
  } else if (verb == "points") {
    const auto points = TILL_TRY(decimal<Points>(in, "points"));
    TILL_CHECK(in.finish());
    const auto before = desk.find(id);
    TILL_CHECK(desk.redeem(id, points));  // what the receipt can't take is said before the code
    if (before && before->customer) {
      if (const auto may = store_.may_redeem(*before->customer, points); !may) {
        TILL_CHECK(desk.redeem(id, before->redeem));
        return std::unexpected(may.error());
      }
    }
  } else if (verb == "park" || verb == "resume" || verb == "cancel") {
    TILL_CHECK(in.finish());
    TILL_CHECK(verb == "park"     ? desk.park(id)
               : verb == "resume" ? desk.resume(id)
                                  : desk.cancel(id));
  } else {
    return fail(Code::kNotFound, c.request.path.substr(0, 256));
  }
  return sale_response(id, c.request.language);
}

void Routes::identify(const Context& c, const Uuid& id, api::Reply reply) {
  const std::string language = c.request.language;
  const auto refuse = [this, language, reply](const Error& e) { reply(error(e, language)); };
  const auto apply = [this, id, language, reply, refuse](Result<checkout::Identity> who) {
    if (!who) return refuse(who.error());
    const auto done = store_.desk().identify(id, std::move(*who));
    if (!done) return refuse(done.error());
    reply(sale_response(id, language));
  };
  const auto run = [&]() -> Result<void> {
    auto in = TILL_TRY(JsonObject::from(c.body, ""));
    if (in.has("phone")) {
      const auto phone = TILL_TRY(short_text(in, "phone"));
      const auto code = TILL_TRY(in.get_or<std::string>("code", ""));
      const bool enrol = TILL_TRY(in.get_or("enrol", false));
      const auto highest = TILL_TRY(find_decimal<Points>(in, "highest"));
      TILL_CHECK(in.finish());
      if (!code.empty()) {
        store_.identify_phone(id, phone, code, enrol, apply);
        return {};
      }
      // Bound to what this receipt could take at most, unless the till asks for less.
      const auto sale = store_.desk().find(id);
      Points most;
      for (const auto& line : sale->lines) most.units += (line.price * line.quantity).minor;
      if (highest && highest->units < 0) return fail(Code::kOutOfRange, "highest");
      if (highest) most = *highest;
      store_.send_code(id, TillId{c.who.till}, phone, most,
                       [language, reply, refuse, most](const Result<void>& sent) {
                         if (!sent) return refuse(sent.error());
                         reply(ok({{"code_sent", true}, {"highest", to_string(most)}}, 202));
                       });
      return {};
    }
    const auto event = TILL_TRY(in.get_or<std::string>("card_event", ""));
    const auto typed = event.empty() ? TILL_TRY(short_text(in, "card")) : std::string();
    TILL_CHECK(in.finish());
    store_.identify_card(id, c.who.till, event, typed, apply);
    return {};
  };
  if (const auto started = run(); !started) refuse(started.error());
}

// 200 committed; 202 not decided yet; otherwise the trouble's own status.
api::Response Routes::paid(const checkout::Sale& sale, Language language) const {
  using enum checkout::State;
  const bool put_aside = sale.state == kCancelled || sale.state == kParked;
  const int status = checkout::is_paying(sale.state) ? 202
                     : put_aside                     ? http_status(Code::kSaleState)
                     : checkout::is_final(sale.state)
                         ? 200
                         : http_status(static_cast<Code>(sale.trouble));
  auto view = sale_view(sale, language);
  // Switching it on is no help when its driver may not run.
  const auto problem = store_.registers().problem(sale.till.value);
  if (sale.trouble == static_cast<int>(Code::kRegisterOffline) && problem) {
    view["trouble"] = error_view(*problem, language);
  }
  return ok(std::move(view), status);
}

void Routes::pay(const Context& c, const Uuid& id, api::Reply reply) {
  const Language language = c.language;
  // What makes two requests the same payment, also when the first one's answer was lost with the
  // process: kept with the attempt.
  const std::string request =
      c.request.idempotency_key.empty()
          ? std::string()
          : c.request.idempotency_key + ":" + api::token_hash(c.request.body);
  const auto sale = store_.desk().find(id);
  const bool begun = sale && sale->state != checkout::State::kQuoted &&
                     sale->state != checkout::State::kOpen && !request.empty() &&
                     sale->attempt.request.starts_with(c.request.idempotency_key + ":");
  if (begun && sale->attempt.request == request) return reply(paid(*sale, language));
  if (begun)
    return reply(error({Code::kKeyConflict, c.request.idempotency_key, {}}, c.request.language));
  const auto run = [&]() -> Result<void> {
    auto in = TILL_TRY(JsonObject::from(c.body, ""));
    const auto quote = TILL_TRY(in.get<std::string>("quote"));
    auto payments = TILL_TRY(payments_of(in));
    TILL_CHECK(in.finish());
    const auto answered = std::make_shared<bool>(false);
    TILL_CHECK(store_.desk().pay(
        id, quote, std::move(payments),
        [this, language, reply, answered](const checkout::Sale& rests) {
          if (!std::exchange(*answered, true)) reply(this->paid(rests, language));
        },
        request));
    // A till that prints by itself is told at once what to print; the outcome is its own word.
    if (store_.till_register() != nullptr) {
      store_.when_printing(id, [this, id, language, reply, answered] {
        const auto printing = store_.desk().find(id);
        if (!printing || std::exchange(*answered, true)) return;
        auto view = sale_view(*printing, language);
        view["attempt"] = printing->attempt.number;
        view["receipt"] = to_json(printing->attempt.receipt);
        reply(ok(view, 202));
      });
    }
    return {};
  };
  if (const auto started = run(); !started) reply(error(started.error(), c.request.language));
}

namespace {

// The attempt's document stands already: the till says it once more.
bool is_known(const checkout::Sale& sale, std::uint32_t attempt, const FiscalDocument& document) {
  const auto* const settled = sale.settlement(attempt);
  const auto own = settled != nullptr && settled->found ? settled->found
                   : attempt == sale.attempt.number     ? sale.document
                                                        : std::nullopt;
  return own && checkout::is_same(*own, document);
}

}  // namespace

// The till prints by itself: its word on an attempt.
Result<api::Response> Routes::told_by_till(const Context& c, const checkout::Sale& sale) {
  static constexpr std::array<std::string_view, 3> kOutcomes = {"done", "refused", "in_doubt"};
  if (store_.till_register() == nullptr) return fail(Code::kSaleState, "store.fiscal_by");
  auto in = TILL_TRY(JsonObject::from(c.body, ""));
  const auto attempt = TILL_TRY(number_u32(in, "attempt"));
  const auto text = TILL_TRY(in.get<std::string>("outcome"));
  const auto reason = TILL_TRY(line_text(in, "reason"));
  const auto at = std::ranges::find(kOutcomes, text);
  if (at == kOutcomes.end()) return fail(Code::kBadValue, "outcome");
  const auto verdict = static_cast<checkout::Verdict>(at - kOutcomes.begin());
  const checkout::Attempt* const asked = sale.attempt_of(attempt);
  if (asked == nullptr) return fail(Code::kSaleState, "attempt");
  FiscalDocument document;
  if (verdict == checkout::Verdict::kDone) {
    if (!in.has("document")) return fail(Code::kMissingField, "document");
    document = TILL_TRY(document_of(in));
    TILL_CHECK(store_.desk().check_document(sale, *asked, document));
    document.total = asked->receipt.total;
    document.kind = kind_name(asked->receipt);
    document.witness = to_string(AttemptKey{sale.id, attempt});
  }
  TILL_CHECK(in.finish());
  const AttemptKey key{sale.id, attempt};
  auto told = store_.till_register()->told(to_string(key), verdict, document, reason);
  if (!told && verdict == checkout::Verdict::kDone) {
    told = store_.desk().found_by_till(key, document);
  }
  const bool again = verdict == checkout::Verdict::kDone && is_known(sale, attempt, document);
  if (!told && !again) return std::unexpected(told.error());
  return ok(json::object{{"sale", to_string(sale.id)}, {"taken", text}}, 202);
}

void Routes::settle(const Context& c, const Uuid& id, api::Reply reply) {
  const std::string language = c.request.language;
  const auto run = [&]() -> Result<void> {
    if (c.who.role == api::Role::kCashier) return fail(Code::kRoleForbidden);
    auto in = TILL_TRY(JsonObject::from(c.body, ""));
    std::optional<FiscalDocument> document;
    if (in.has("document")) {
      document = TILL_TRY(document_of(in));
    } else if (!TILL_TRY(in.get<bool>("no_document"))) {
      return fail(Code::kMissingField, "document");
    }
    TILL_CHECK(in.finish());
    return store_.desk().settle(id, c.who.till, std::move(document),
                                [this, id, language, reply](const checkout::Sale& sale) {
                                  reply(ok(sale_view(sale, store_.language_of(language))));
                                });
  };
  if (const auto started = run(); !started) reply(error(started.error(), language));
}

}  // namespace till::app
