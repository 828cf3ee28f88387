// The routes that ask rules: a quote, a code.
#include "routes.h"

namespace till::app {
namespace {

// How the customer is going to pay, for rules that ask: kinds as the program names them.
Result<std::optional<std::vector<loyalty::Payment>>> announced(JsonObject& in) {
  if (!in.has("payments")) return std::nullopt;
  std::vector<loyalty::Payment> out;
  for (const auto& [path, value] : TILL_TRY(in.array("payments", limits::kMaxPayments))) {
    auto p = TILL_TRY(JsonObject::from(*value, path));
    loyalty::Payment payment{TILL_TRY(short_text(p, "kind")), {}};
    payment.amount = TILL_TRY(p.get_or("amount", Money{}));
    TILL_CHECK(p.finish());
    out.push_back(std::move(payment));
  }
  return out;
}

}  // namespace

std::function<void(const Result<void>&)> Routes::with_sale(const Uuid& id, std::string language,
                                                           api::Reply reply) {
  return [this, id, language = std::move(language),
          reply = std::move(reply)](const Result<void>& done) {
    reply(done ? sale_response(id, language) : error(done.error(), language));
  };
}

void Routes::quote(const Context& c, const Uuid& id, const api::Reply& reply) {
  const auto answer = with_sale(id, c.request.language, reply);
  const auto run = [&]() -> Result<void> {
    auto in = TILL_TRY(JsonObject::from(c.body, ""));
    const auto payments = TILL_TRY(announced(in));
    TILL_CHECK(in.finish());
    store_.quote(id, payments, answer);
    return {};
  };
  if (const auto started = run(); !started) answer(started);
}

// Takes a coupon or promotion code into the sale, or out of it.
void Routes::code(const Context& c, const Uuid& id, const api::Reply& reply) {
  const auto answer = with_sale(id, c.request.language, reply);
  const auto run = [&]() -> Result<void> {
    auto in = TILL_TRY(JsonObject::from(c.body, ""));
    const auto text = TILL_TRY(short_text(in, "code"));
    const bool remove = TILL_TRY(in.get_or("remove", false));
    TILL_CHECK(in.finish());
    if (store_.is_bank_card(text)) return fail(Code::kPaymentCard);
    if (remove) {
      answer(store_.desk().remove_code(id, text));
    } else {
      store_.add_code(id, text, answer);
    }
    return {};
  };
  if (const auto started = run(); !started) answer(started);
}

}  // namespace till::app
