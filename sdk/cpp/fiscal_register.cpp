#include "fiscal_register.h"

#include <map>
#include <utility>

#include "base/base64.h"

namespace till {
namespace {

Result<const json::value*> member(const json::object& body, const char* name) {
  const auto* at = body.if_contains(name);
  if (at == nullptr) return fail(Code::kMissingField, name);
  return at;
}

Result<std::string> text(const json::object& body, const char* name) {
  const auto* at = TILL_TRY(member(body, name));
  if (!at->is_string()) return fail(Code::kWrongType, name);
  return json::value_to<std::string>(*at);
}

template <typename T>
Result<T> number(const json::object& body, const char* name) {
  const auto* at = TILL_TRY(member(body, name));
  if (!at->is_number()) return fail(Code::kWrongType, name);
  boost::system::error_code bad;
  const T value = at->to_number<T>(bad);
  if (bad) return fail(Code::kOutOfRange, name);
  return value;
}

Result<Operator> cashier_of(const json::object& body) {
  const auto* at = body.if_contains("cashier");
  return at == nullptr ? Operator{} : operator_from_json(*at);
}

Result<FiscalRegister::Setting> setting_of(const json::object& body) {
  return FiscalRegister::Setting{TILL_TRY(number<std::uint32_t>(body, "table")),
                                 TILL_TRY(number<std::uint32_t>(body, "row")),
                                 TILL_TRY(number<std::uint32_t>(body, "field"))};
}

Result<json::value> nothing(Result<void> result) {
  TILL_CHECK(std::move(result));
  return json::object{};
}

}  // namespace

FiscalRegister::Handler FiscalRegister::handler(std::string_view verb) {
  using R = FiscalRegister;
  static const std::map<std::string_view, Handler> kHandlers = {
      {"fiscal.check", &R::on_check},
      {"fiscal.baseline", &R::on_baseline},
      {"fiscal.receipt", &R::on_receipt},
      {"fiscal.resolve", &R::on_resolve},
      {"fiscal.recover", &R::on_recover},
      {"fiscal.status", &R::on_status},
      {"fiscal.document", &R::on_document},
      {"fiscal.open_shift", &R::on_open_shift},
      {"fiscal.close_shift", &R::on_close_shift},
      {"fiscal.x_report", &R::on_x_report},
      {"fiscal.settlement_report", &R::on_settlement_report},
      {"fiscal.continue_printing", &R::on_continue_printing},
      {"fiscal.copy", &R::on_copy},
      {"fiscal.cash", &R::on_cash},
      {"drawer.open", &R::on_open_drawer},
      {"fiscal.set_clock", &R::on_set_clock},
      {"fiscal.read_setting", &R::on_read_setting},
      {"fiscal.write_setting", &R::on_write_setting},
      {"fiscal.load_picture", &R::on_load_picture},
      {"fiscal.print_picture", &R::on_print_picture},
  };
  const auto at = kHandlers.find(verb);
  return at == kHandlers.end() ? nullptr : at->second;
}

OperationResult FiscalRegister::perform(const Operation& operation) {
  const Handler handle = handler(operation.verb);
  if (handle == nullptr) return unsupported(operation.verb);
  OperationResult out = conclude((this->*handle)(operation.body));
  if (out.status == TILL_REFUSED) out.dirty = dirty_;
  return out;
}

Result<FiscalReceipt> FiscalRegister::checked(const json::object& body) {
  auto request = TILL_TRY(receipt_from_json(*TILL_TRY(member(body, "receipt"))));
  TILL_CHECK(check(request, limits()));
  TILL_CHECK(check_receipt(request));
  return request;
}

Result<json::value> FiscalRegister::on_check(const json::object& body) {
  TILL_TRY(checked(body));
  return json::object{};
}

Result<json::value> FiscalRegister::on_baseline(const json::object&) {
  const auto before = TILL_TRY(baseline());
  last_before_ = before.last_document;
  return to_json(before);
}

Result<json::value> FiscalRegister::on_receipt(const json::object& body) {
  document_open(false);
  const auto request = TILL_TRY(checked(body));
  auto made = receipt(request);
  if (!made) return std::unexpected(believed(std::move(made).error()));
  last_before_.reset();
  return to_json(*made);
}

// The register's "no" is believed once its memory says so too: a cutter that jams behind a document
// that was made answers with its own error.
Error FiscalRegister::believed(Error error) {
  const auto before = std::exchange(last_before_, std::nullopt);
  const bool nothing_sent = !port().passed_no_return() || error.code == Code::kRegisterOffline;
  if (nothing_sent || is_loss(error.code)) return error;
  const auto now = memory();
  if (now && now->last_document == before) {
    document_open(now->document_open);
    return error;
  }
  return {Code::kTimeout, "refused, but nobody knows what became of it", std::move(error.vendor)};
}

Result<json::value> FiscalRegister::on_resolve(const json::object& body) {
  const auto request = TILL_TRY(receipt_from_json(*TILL_TRY(member(body, "receipt"))));
  const auto before = TILL_TRY(baseline_from_json(*TILL_TRY(member(body, "baseline"))));
  auto resolution = TILL_TRY(resolve(request, before));
  if (resolution.verdict != ResolutionVerdict::kNeedsPerson) document_open(false);
  return to_json(resolution);
}

Result<json::value> FiscalRegister::on_recover(const json::object&) {
  TILL_CHECK(cancel());
  document_open(false);
  return json::object{};
}

Result<json::value> FiscalRegister::on_status(const json::object& body) {
  const auto* detail = body.if_contains("detail");
  return to_json(TILL_TRY(status(detail != nullptr && detail->is_bool() && detail->get_bool())));
}

Result<json::value> FiscalRegister::on_document(const json::object& body) {
  auto found = TILL_TRY(document(TILL_TRY(number<std::uint32_t>(body, "number"))));
  if (found.fiscal_memory.empty()) found.fiscal_memory = TILL_TRY(memory()).fiscal_memory;
  return to_json(found);
}

Result<json::value> FiscalRegister::on_open_shift(const json::object& body) {
  return nothing(open_shift(TILL_TRY(cashier_of(body))));
}

Result<json::value> FiscalRegister::on_close_shift(const json::object& body) {
  return nothing(close_shift(TILL_TRY(cashier_of(body))));
}

Result<json::value> FiscalRegister::on_x_report(const json::object&) { return nothing(x_report()); }

Result<json::value> FiscalRegister::on_settlement_report(const json::object&) {
  return nothing(settlement_report());
}

Result<json::value> FiscalRegister::on_continue_printing(const json::object&) {
  return nothing(continue_printing());
}

Result<json::value> FiscalRegister::on_copy(const json::object&) { return nothing(copy()); }

Result<json::value> FiscalRegister::on_open_drawer(const json::object&) {
  return nothing(open_drawer());
}

Result<json::value> FiscalRegister::on_cash(const json::object& body) {
  const auto direction = TILL_TRY(text(body, "direction"));
  if (direction != "in" && direction != "out") return fail(Code::kBadValue, "direction");
  const Money amount{TILL_TRY(number<std::int64_t>(body, "amount"))};
  if (amount.minor <= 0) return fail(Code::kOutOfRange, "amount");
  return nothing(cash(direction == "in", amount, TILL_TRY(cashier_of(body))));
}

Result<json::value> FiscalRegister::on_set_clock(const json::object& body) {
  return nothing(set_clock(TILL_TRY(text(body, "time"))));
}

Result<json::value> FiscalRegister::on_read_setting(const json::object& body) {
  return json::object{{"value", TILL_TRY(read_setting(TILL_TRY(setting_of(body))))}};
}

// The old value goes back with the answer: the daemon keeps it for an undo.
Result<json::value> FiscalRegister::on_write_setting(const json::object& body) {
  const auto at = TILL_TRY(setting_of(body));
  const auto value = TILL_TRY(text(body, "value"));
  const auto before = TILL_TRY(read_setting(at));
  TILL_CHECK(write_setting(at, value));
  return json::object{{"before", before}, {"value", TILL_TRY(read_setting(at))}};
}

Result<json::value> FiscalRegister::on_load_picture(const json::object& body) {
  const auto first = TILL_TRY(number<std::uint32_t>(body, "first_line"));
  const auto width = TILL_TRY(number<std::uint32_t>(body, "width"));
  const auto bits = from_base64(TILL_TRY(text(body, "bits")));
  if (width == 0 || width % 8 != 0) return fail(Code::kBadValue, "width");
  if (!bits || bits->empty() || bits->size() % (width / 8) != 0)
    return fail(Code::kBadValue, "bits");
  return nothing(load_picture(first, width, *bits));
}

Result<json::value> FiscalRegister::on_print_picture(const json::object& body) {
  const auto first = TILL_TRY(number<std::uint32_t>(body, "first_line"));
  const auto last = TILL_TRY(number<std::uint32_t>(body, "last_line"));
  if (first == 0 || last < first) return fail(Code::kOutOfRange, "last_line");
  return nothing(print_picture(first, last));
}

}  // namespace till
