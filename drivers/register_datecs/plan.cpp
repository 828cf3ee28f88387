#include "plan.h"

#include <algorithm>

#include "protocols/text/codepage.h"

namespace till::datecs {
namespace {

namespace json = boost::json;

// "TB1:", "TB2:" … begin the witness's lines: a line that is there twice is still one.
constexpr std::string_view kWitnessMark = "TB";
constexpr std::size_t kMarkSize = 4, kMaxWitnessLines = 9;
constexpr std::string_view kPaymentModes = "PNCDIJKLijklmnopqrs";

std::unexpected<Error> wrong(std::string_view setting) {
  return fail(Code::kConfigInvalid, std::string(setting));
}

bool is_number(const json::value& v, std::int64_t low, std::int64_t high) {
  return v.is_int64() && v.get_int64() >= low && v.get_int64() <= high;
}

bool is_word(const json::value& v, std::size_t shortest, std::size_t longest,
             std::string_view letters) {
  return v.is_string() && v.get_string().size() >= shortest && v.get_string().size() <= longest &&
         std::string_view(v.get_string()).find_first_not_of(letters) == std::string_view::npos;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kCode = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kGroups = "ABCDEFGH";

Result<std::map<char, Percent>> tax_groups_of(const json::value& v) {
  std::map<char, Percent> groups;
  if (!v.is_object() || v.get_object().empty()) return wrong("tax_groups");
  for (const auto& [name, rate] : v.get_object()) {
    if (!is_word(json::string(name), 1, 1, kGroups) || !is_number(rate, 0, 9999)) {
      return wrong("tax_groups");
    }
    groups[name[0]] = Percent{rate.get_int64()};
  }
  return groups;
}

Result<std::map<Tender, char>> tenders_of(const json::value& v) {
  static const std::map<std::string_view, Tender> kNames = {
      {"electronic", Tender::kElectronic},
      {"prepaid", Tender::kPrepaid},
      {"credit", Tender::kCredit},
      {"counter_provision", Tender::kCounterProvision}};
  std::map<Tender, char> tenders{{Tender::kCash, 'P'}};
  if (!v.is_object()) return wrong("tenders");
  for (const auto& [name, mode] : v.get_object()) {
    const auto known = kNames.find(name);
    if (known == kNames.end() || !is_word(mode, 1, 1, kPaymentModes.substr(1))) {
      return wrong("tenders");
    }
    tenders[known->second] = mode.get_string()[0];
  }
  return tenders;
}

Result<char> group_of(const Tax& tax, const Settings& settings) {
  if (tax.kind == TaxKind::kExempt) return settings.exempt_group;
  for (const auto& [group, rate] : settings.tax_groups) {
    if (rate == tax.rate) return group;
  }
  return fail(Code::kOutOfRange, "tax: no group for " + to_string(tax.rate));
}

Result<Request> sale_of(const FiscalLine& line, const Settings& settings) {
  return sale({TILL_TRY(group_of(line.tax, settings)), line.price, line.quantity, line.name});
}

Result<void> supported(const FiscalReceipt& r) {
  if (r.kind != FiscalKind::kSale && r.kind != FiscalKind::kSaleReturn) {
    return fail(Code::kVerbUnsupported, "kind: " + kind_name(r));
  }
  if (r.correction) return fail(Code::kVerbUnsupported, "correction");
  if (r.total.minor == 0) return fail(Code::kOutOfRange, "total");
  if (r.kind == FiscalKind::kSaleReturn && !r.returned) {
    return fail(Code::kMissingField, "returned");
  }
  return {};
}

Result<std::vector<PlannedPayment>> payments_of(const FiscalReceipt& r, const Settings& settings) {
  std::vector<PlannedPayment> payments, in_cash;
  for (std::size_t i = 0; i < r.payments.size(); ++i) {
    if (r.payments[i].amount.minor == 0) continue;
    const auto mode = settings.tenders.find(r.payments[i].tender);
    if (mode == settings.tenders.end()) {
      return fail(Code::kOutOfRange, "payments[" + std::to_string(i) + "].tender");
    }
    (mode->second == 'P' ? in_cash : payments).push_back({mode->second, r.payments[i].amount});
  }
  payments.insert(payments.end(), in_cash.begin(), in_cash.end());
  return payments;
}

}  // namespace

Result<void> check_rates(const FiscalReceipt& receipt, const Settings& settings,
                         const std::map<char, Percent>& rates) {
  for (const auto& line : receipt.lines) {
    const char group = TILL_TRY(group_of(line.tax, settings));
    const auto there = rates.find(group);
    const std::string name = line.tax.kind == TaxKind::kExempt ? "exempt_group " : "tax_groups ";
    if (there == rates.end()) {
      return fail(Code::kConfigInvalid, name + group + ": not enabled in the printer");
    }
    const Percent wanted = line.tax.kind == TaxKind::kExempt ? Percent{} : line.tax.rate;
    if (there->second == wanted) continue;
    return fail(Code::kConfigInvalid, name + group + ": " + to_string(wanted) +
                                          ", the printer has " + to_string(there->second));
  }
  return {};
}

Result<Settings> settings_of(const json::object& from) {
  Settings s;
  for (const auto& [key, v] : from) {
    if (key == "operator" && is_number(v, 1, 16)) {
      s.access.operator_number = static_cast<int>(v.get_int64());
    } else if (key == "password" && is_word(v, 4, 8, kDigits)) {
      s.access.password = std::string(v.get_string());
    } else if (key == "till_number" && is_number(v, 1, 99999)) {
      s.access.till_number = static_cast<int>(v.get_int64());
    } else if (key == "operator_code" && is_word(v, 4, 4, kCode)) {
      s.operator_code = std::string(v.get_string());
    } else if (key == "exempt_group" && is_word(v, 1, 1, kGroups)) {
      s.exempt_group = v.get_string()[0];
    } else if (key == "text_width" && is_number(v, 20, 60)) {
      s.text_width = static_cast<std::size_t>(v.get_int64());
    } else if (key == "unprintable" && (v == "transliterate" || v == "refuse")) {
      s.refuse_unprintable = v == "refuse";
    } else if (key == "tax_groups") {
      s.tax_groups = TILL_TRY(tax_groups_of(v));
    } else if (key == "tenders") {
      s.tenders = TILL_TRY(tenders_of(v));
    } else {
      return wrong(key);
    }
  }
  return s;
}

namespace {

// Characters the printer does not have.
Result<void> add_losses(const FiscalReceipt& r, const Settings& settings, Plan& plan) {
  const auto look = [&](const std::string& field, const std::string& value) -> Result<void> {
    auto note = text::note_of_loss(field, value, text::CodePage::kCp1251);
    if (note.empty()) return {};
    if (settings.refuse_unprintable) return fail(Code::kUnencodable, field);
    plan.notes.push_back(std::move(note));
    return {};
  };
  for (std::size_t i = 0; i < r.lines.size(); ++i) {
    TILL_CHECK(look("lines[" + std::to_string(i) + "].name", r.lines[i].name));
  }
  return look("cashier.name", r.cashier.name);
}

}  // namespace

Result<Plan> plan_of(const FiscalReceipt& r, const Settings& settings) {
  TILL_CHECK(supported(r));
  Plan plan;
  for (std::size_t i = 0; i < r.lines.size(); ++i) {
    auto request = sale_of(r.lines[i], settings);
    if (!request) {
      return fail(request.error().code,
                  "lines[" + std::to_string(i) + "]." + request.error().detail);
    }
    plan.sales.push_back(std::move(*request));
    if (!r.lines[i].marking_code.empty() && plan.notes.empty()) {
      plan.notes.emplace_back("marking codes are not registered in this country");
    }
  }
  plan.payments = TILL_TRY(payments_of(r, settings));
  if (!r.cashier.name.empty()) plan.texts.push_back(text(r.cashier.name));
  for (const auto& line : TILL_TRY(witness_lines(r.witness, settings.text_width))) {
    plan.texts.push_back(text(line));
  }
  TILL_CHECK(add_losses(r, settings, plan));
  if (!r.contact.empty()) plan.notes.emplace_back("the register sends no electronic copy");
  return plan;
}

std::vector<PlannedPayment> payments_after(const std::vector<PlannedPayment>& all, Money tendered) {
  std::vector<PlannedPayment> left;
  for (const auto& p : all) {
    const std::int64_t paid = std::min(p.amount.minor, tendered.minor);
    tendered.minor -= paid;
    if (paid < p.amount.minor) left.push_back({p.mode, {p.amount.minor - paid}});
  }
  return left;
}

Result<std::vector<std::string>> witness_lines(const std::string& witness, std::size_t width) {
  const std::size_t piece = width - 2 - kMarkSize;  // the device adds a '#' on each side
  if (witness.size() > kMaxWitnessLines * piece) return fail(Code::kTooLarge, "witness");
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < witness.size(); at += piece) {
    lines.push_back(std::string(kWitnessMark) + std::to_string(lines.size() + 1) + ":" +
                    witness.substr(at, piece));
  }
  return lines;
}

std::string witness_of(const std::vector<std::string>& paper) {
  std::map<char, std::string_view> pieces;
  for (std::string_view line : paper) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos || line[begin] != '#') continue;
    line = line.substr(begin, line.find_last_not_of("# ") + 1 - begin);
    line.remove_prefix(std::min(line.find_first_not_of("# "), line.size()));
    if (line.size() > kMarkSize && line.starts_with(kWitnessMark) && line[kMarkSize - 1] == ':') {
      pieces[line[kWitnessMark.size()]] = line.substr(kMarkSize);
    }
  }
  std::string witness;
  for (const auto& [index, piece] : pieces) witness += piece;
  return witness;
}

}  // namespace till::datecs
