#include "fiscal.h"

#include <boost/describe.hpp>
#include <type_traits>

// One description of the members serves both directions.
namespace till {

BOOST_DESCRIBE_STRUCT(RuFfdLine, (), (tax_1199, payment_object_1212, payment_method_1214))
BOOST_DESCRIBE_STRUCT(RuFfdDocument, (), (tax_system_1055))
BOOST_DESCRIBE_STRUCT(FiscalLine, (), (name, price, quantity, sum, ru_ffd))
BOOST_DESCRIBE_STRUCT(FiscalPayment, (), (tender, amount))
BOOST_DESCRIBE_STRUCT(FiscalReceipt, (),
                      (kind, witness, lines, payments, total, cashier, contact, ru_ffd))
BOOST_DESCRIBE_STRUCT(FiscalDocument, (),
                      (fiscal_memory, number, sign, shift, receipt, time, total, witness, printed, kind))
BOOST_DESCRIBE_STRUCT(Baseline, (), (fiscal_memory, last_document, device_time))
BOOST_DESCRIBE_STRUCT(Resolution, (), (verdict, document, reason, candidates))
BOOST_DESCRIBE_STRUCT(RegisterStatus, (),
                      (fiscal_memory, shift, shift_number, last_document, paper, cover_open,
                       document_open, waits_for_continue, device_time, model))

namespace {

namespace json = boost::json;

struct Name {
  const char* text;
};
template <typename E>
struct Names;
template <>
struct Names<FiscalKind> {
  static constexpr Name kAll[] = {{"sale"}, {"sale_return"}};
};
template <>
struct Names<Tender> {
  static constexpr Name kAll[] = {
      {"cash"}, {"electronic"}, {"prepaid"}, {"credit"}, {"counter_provision"}};
};
template <>
struct Names<ResolutionVerdict> {
  static constexpr Name kAll[] = {{"done"}, {"refused"}, {"needs_person"}};
};

template <typename T>
concept Described = boost::describe::has_describe_members<T>::value && !std::is_enum_v<T>;
template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

template <typename T>
json::value write(const T& value) {
  if constexpr (std::is_same_v<T, Money>) {
    return value.minor;
  } else if constexpr (std::is_same_v<T, Quantity>) {
    return value.units;
  } else if constexpr (std::is_enum_v<T>) {
    return Names<T>::kAll[static_cast<std::size_t>(value)].text;
  } else if constexpr (IsVector<T>::value) {
    json::array out;
    for (const auto& item : value) out.push_back(write(item));
    return out;
  } else if constexpr (Described<T>) {
    json::object out;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) { out[member.name] = write(value.*member.pointer); });
    return out;
  } else {
    return json::value_from(value);
  }
}

template <typename T>
Result<void> read(const json::value& from, T& to, const char* name) {
  if constexpr (std::is_same_v<T, Money>) {
    return read(from, to.minor, name);
  } else if constexpr (std::is_same_v<T, Quantity>) {
    return read(from, to.units, name);
  } else if constexpr (std::is_enum_v<T>) {
    if (!from.is_string()) return fail(Code::kWrongType, name);
    for (std::size_t i = 0; i < std::size(Names<T>::kAll); ++i) {
      if (from.get_string() == Names<T>::kAll[i].text) {
        to = static_cast<T>(i);
        return {};
      }
    }
    return fail(Code::kBadValue, name);
  } else if constexpr (IsVector<T>::value) {
    if (!from.is_array()) return fail(Code::kWrongType, name);
    for (const auto& item : from.get_array()) {
      TILL_CHECK(read(item, to.emplace_back(), name));
    }
    return {};
  } else if constexpr (Described<T>) {
    if (!from.is_object()) return fail(Code::kWrongType, name);
    Result<void> result;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) {
          if (!result) return;
          if (const auto* at = from.get_object().if_contains(member.name)) {
            result = read(*at, to.*member.pointer, member.name);
          } else {
            result = fail(Code::kMissingField, member.name);
          }
        });
    return result;
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!from.is_string()) return fail(Code::kWrongType, name);
    to = json::value_to<std::string>(from);
    return {};
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!from.is_bool()) return fail(Code::kWrongType, name);
    to = from.get_bool();
    return {};
  } else {
    if (!from.is_number()) return fail(Code::kWrongType, name);
    boost::system::error_code bad;
    to = from.to_number<T>(bad);
    if (bad) return fail(Code::kOutOfRange, name);
    return {};
  }
}

template <typename T>
Result<T> parsed(const json::value& from, const char* name) {
  T value;
  TILL_CHECK(read(from, value, name));
  return value;
}

}  // namespace

json::value to_json(const FiscalReceipt& receipt) { return write(receipt); }
json::value to_json(const FiscalDocument& document) { return write(document); }
json::value to_json(const Baseline& baseline) { return write(baseline); }
json::value to_json(const Resolution& resolution) { return write(resolution); }
json::value to_json(const RegisterStatus& status) { return write(status); }

Result<FiscalReceipt> receipt_from_json(const json::value& v) {
  return parsed<FiscalReceipt>(v, "receipt");
}
Result<FiscalDocument> document_from_json(const json::value& v) {
  return parsed<FiscalDocument>(v, "document");
}
Result<Baseline> baseline_from_json(const json::value& v) {
  return parsed<Baseline>(v, "baseline");
}
Result<Resolution> resolution_from_json(const json::value& v) {
  return parsed<Resolution>(v, "resolution");
}
Result<RegisterStatus> status_from_json(const json::value& v) {
  return parsed<RegisterStatus>(v, "status");
}

}  // namespace till
