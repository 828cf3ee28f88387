#include "fiscal_register.h"

namespace till {
namespace {

Result<const json::value*> member(const json::object& body, const char* name) {
  const auto* at = body.if_contains(name);
  if (at == nullptr) return fail(Code::kMissingField, name);
  return at;
}

std::string text_or_empty(const json::object& body, const char* name) {
  const auto* at = body.if_contains(name);
  return at != nullptr && at->is_string() ? json::value_to<std::string>(*at) : std::string();
}

Result<json::value> nothing(Result<void> result) {
  TILL_CHECK(std::move(result));
  return json::object{};
}

}  // namespace

OperationResult FiscalRegister::perform(const Operation& operation) {
  bool known = true;
  auto result = dispatch(operation, known);
  if (!known) return unsupported(operation.verb);
  OperationResult out = conclude(std::move(result));
  if (out.status == TILL_REFUSED) out.dirty = dirty_;
  return out;
}

Result<json::value> FiscalRegister::dispatch(const Operation& op, bool& known) {
  if (op.verb == "fiscal.baseline") return to_json(TILL_TRY(baseline()));
  if (op.verb == "fiscal.receipt") {
    const auto request = TILL_TRY(receipt_from_json(*TILL_TRY(member(op.body, "receipt"))));
    return to_json(TILL_TRY(receipt(request)));
  }
  if (op.verb == "fiscal.resolve") {
    const auto request = TILL_TRY(receipt_from_json(*TILL_TRY(member(op.body, "receipt"))));
    const auto before = TILL_TRY(baseline_from_json(*TILL_TRY(member(op.body, "baseline"))));
    return to_json(TILL_TRY(resolve(request, before)));
  }
  if (op.verb == "fiscal.recover") return nothing(recover());
  if (op.verb == "fiscal.status") return to_json(TILL_TRY(status()));
  if (op.verb == "fiscal.open_shift") return nothing(open_shift(text_or_empty(op.body, "cashier")));
  if (op.verb == "fiscal.x_report") return nothing(x_report());
  if (op.verb == "fiscal.close_shift") {
    return nothing(close_shift(text_or_empty(op.body, "cashier")));
  }
  if (op.verb == "fiscal.document") {
    const auto* number = TILL_TRY(member(op.body, "number"));
    boost::system::error_code bad;
    const auto n = number->to_number<std::uint32_t>(bad);
    if (bad) return fail(Code::kWrongType, "number");
    return to_json(TILL_TRY(document(n)));
  }
  if (op.verb == "fiscal.continue_printing") return nothing(continue_printing());
  known = false;
  return json::value{};
}

}  // namespace till
