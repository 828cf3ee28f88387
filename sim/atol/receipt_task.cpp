#include "sim/atol/receipt_task.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/base/civil.h"
#include "sim/base/codepage.h"
#include "sim/register/tlv.h"

namespace till::sim::atol {
namespace {

constexpr double kMost = 1e10;

std::optional<int64_t> scaled(const json::value* value, double scale) {
  if (value == nullptr) return std::nullopt;
  boost::system::error_code bad;
  const double number = value->to_number<double>(bad);
  if (bad || !(number >= 0) || number > kMost) return std::nullopt;
  return std::llround(number * scale);
}

std::string text(const json::object& in, std::string_view key) {
  const auto* at = in.if_contains(key);
  return at != nullptr && at->is_string() ? json::value_to<std::string>(*at) : "";
}

int tax_of(const json::object& item) {
  static constexpr std::array kTaxes = {"vat20", "vat10", "vat120", "vat110", "vat0",  "none",
                                        "vat5",  "vat7",  "vat105", "vat107", "vat22", "vat122"};
  const auto* tax = item.if_contains("tax");
  if (tax == nullptr || !tax->is_object()) return 6;
  const auto at = std::ranges::find(kTaxes, text(tax->get_object(), "type"));
  return at == kTaxes.end() ? 0 : static_cast<int>(at - kTaxes.begin()) + 1;
}

int method_of(const json::object& item) {
  static constexpr std::array kMethods = {"fullPrepayment", "prepayment",     "advance",
                                          "fullPayment",    "partialPayment", "credit",
                                          "creditPayment"};
  const auto at = std::ranges::find(kMethods, text(item, "paymentMethod"));
  return at == kMethods.end() ? 0 : static_cast<int>(at - kMethods.begin()) + 1;
}

int add_position(const json::object& in, int operation, Receipt& receipt) {
  Item item;
  const auto price = kopecks(in.if_contains("price"));
  const auto quantity = scaled(in.if_contains("quantity"), 1e6);
  const auto amount = kopecks(in.if_contains("amount"));
  if (!price || !quantity || !amount || *quantity == 0) return kInvalidParam;
  item.op = static_cast<uint8_t>(operation);
  item.name = text(in, "name");
  item.price = *price;
  item.quantity = static_cast<uint64_t>(*quantity);
  item.sum = *amount;
  if (item.name.empty()) return kInvalidParam;
  if (multiply_divide(item.price, item.quantity, 1000000) != item.sum) return kInvalidSum;
  const int tax = tax_of(in), method = method_of(in);
  const auto object = scaled(in.if_contains("paymentObject"), 1);
  if (tax == 0) return kInvalidTaxType;
  if (method == 0 || !object || *object < 1 || *object > 33) return kInvalidParam;
  item.vat = static_cast<uint8_t>(tax);
  item.method = static_cast<uint8_t>(method);
  item.object = static_cast<uint8_t>(*object);
  const Vat& vat = vat_of_ordinal(item.vat);
  item.tax_sum = multiply_divide(item.sum, static_cast<uint64_t>(vat.numerator), vat.denominator);
  receipt.items.push_back(std::move(item));
  return kOk;
}

int add_item(const json::value& value, int operation, Receipt& receipt, TlvWriter& tags) {
  if (!value.is_object()) return kParseError;
  const auto& item = value.get_object();
  const std::string type = text(item, "type");
  if (type == "position") return add_position(item, operation, receipt);
  if (type == "userAttribute") {
    TlvWriter inside;
    inside.text(1085, text(item, "name"));
    inside.text(1086, text(item, "value"));
    tags.raw(1084, inside.bytes());
    receipt.text.push_back(text(item, "name") + ": " + text(item, "value"));
    return kOk;
  }
  return type == "text" ? kOk : kInvalidParam;
}

int add_payments(const json::object& task, Closing& closing, int64_t total) {
  static constexpr std::array<std::pair<const char*, size_t>, 5> kTypes = {
      {{"cash", 0}, {"electronically", 1}, {"prepaid", 13}, {"credit", 14}, {"other", 15}}};
  const auto* payments = task.if_contains("payments");
  if (payments == nullptr || !payments->is_array()) return kParseError;
  int64_t paid = 0, cashless = 0;
  for (const auto& one : payments->get_array()) {
    if (!one.is_object()) return kParseError;
    const std::string type = text(one.get_object(), "type");
    const auto* const at =
        std::ranges::find(kTypes, type, [](const auto& t) { return std::string(t.first); });
    const auto sum = kopecks(one.get_object().if_contains("sum"));
    if (at == kTypes.end() || !sum) return kInvalidParam;
    closing.payments.at(at->second) += *sum;
    paid += *sum;
    if (at->second != 0) cashless += *sum;
  }
  if (cashless > total) return kNonCashTooMuch;
  if (paid < total) return kNotFullyPaid;
  closing.change = paid - total;
  return kOk;
}

void add_texts(const json::object& task, TlvWriter& tags) {
  const auto* cashier = task.if_contains("operator");
  if (cashier != nullptr && cashier->is_object()) {
    tags.text(1021, text(cashier->get_object(), "name"));
    const std::string vatin = text(cashier->get_object(), "vatin");
    if (!vatin.empty()) tags.text(1203, vatin, 12);
  }
  const auto* client = task.if_contains("clientInfo");
  if (client != nullptr && client->is_object()) {
    tags.text(1008, text(client->get_object(), "emailOrPhone"));
  }
}

std::string iso_of(int64_t seconds) {
  const Civil t = civil_of(seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:00", t.year, t.month, t.day, t.hour, t.minute);
}

json::value render_one(uint16_t tag, View value) {
  switch (tag) {
    case 1059:
    case 1084:
      return json::array{render(value)};
    case 1012:
      return json::value(iso_of(static_cast<int64_t>(get_le(value))));
    case 1020:
    case 1031:
    case 1043:
    case 1079:
    case 1081:
    case 1215:
    case 1216:
    case 1217:
      return static_cast<double>(get_le(value)) / 100;
    case 1038:
    case 1040:
    case 1042:
    case 1054:
    case 1055:
    case 1199:
    case 1209:
    case 1212:
    case 1214:
      return get_le(value);
    case 1023:
    case 1077:
      return json::value(to_hex(value));
    default:
      return json::value(decode(Codepage::kCp866, value));
  }
}

}  // namespace

std::optional<int64_t> kopecks(const json::value* value) { return scaled(value, 100); }

int operation_of(std::string_view type, bool& correction) {
  static constexpr std::array<std::string_view, 4> kTypes = {"sell", "sellReturn", "buy",
                                                             "buyReturn"};
  correction = type.ends_with("Correction");
  if (correction) type.remove_suffix(10);
  const auto at = std::ranges::find(kTypes, type);
  return at == kTypes.end() ? 0 : static_cast<int>(at - kTypes.begin()) + 1;
}

Sale parse_sale(const json::object& task, int operation) {
  Sale sale;
  const auto* items = task.if_contains("items");
  if (items == nullptr || !items->is_array() ||
      items->get_array().size() > FiscalPrinter::kMaxItems) {
    return {.error = kParseError};
  }
  TlvWriter tags;
  add_texts(task, tags);
  sale.receipt.op = static_cast<uint8_t>(operation);
  for (const auto& item : items->get_array()) {
    sale.error = add_item(item, operation, sale.receipt, tags);
    if (sale.error != kOk) return sale;
  }
  sale.receipt.tags = tags.bytes();
  if (sale.receipt.items.empty()) return {.error = kInvalidParam};
  const int64_t total = sale.receipt.subtotal();
  if (task.contains("total") && kopecks(task.if_contains("total")) != total) {
    return {.error = kInvalidTotal};
  }
  sale.error = add_payments(task, sale.closing, total);
  sale.closing.taxes = taxes_of(sale.receipt);
  return sale;
}

json::object render(View tlv) {
  json::object out;
  const auto tags = parse_tlv(tlv);
  if (!tags) return out;
  for (const auto& [tag, value] : *tags) {
    const std::string key = std::to_string(tag);
    json::value one = render_one(tag, value);
    auto* before = out.if_contains(key);
    if (before != nullptr && before->is_array() && one.is_array()) {
      before->get_array().push_back(one.get_array()[0]);
    } else {
      out[key] = std::move(one);
    }
  }
  return out;
}

std::string base64(View bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t n = 0; n < 3; ++n) group = group << 8 | (i + n < bytes.size() ? bytes[i + n] : 0U);
    for (size_t n = 0; n < 4; ++n) {
      out += n > bytes.size() - i ? '=' : kDigits[group >> (18 - 6 * n) & 63U];
    }
  }
  return out;
}

}  // namespace till::sim::atol
