#include "printer.h"

#include <array>

namespace till {
namespace {

Result<std::int64_t> integer(const json::value& v, const std::string& path, std::int64_t low,
                             std::int64_t high) {
  if (!v.is_int64()) return fail(Code::kWrongType, path);
  if (v.get_int64() < low || v.get_int64() > high) return fail(Code::kOutOfRange, path);
  return v.get_int64();
}

Result<std::string> text(const json::value& v, const std::string& path) {
  if (!v.is_string()) return fail(Code::kWrongType, path);
  return json::value_to<std::string>(v);
}

Result<Align> align(const json::value& v, const std::string& path) {
  static constexpr std::array kNames = {"left", "centre", "right"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (v.is_string() && v.get_string() == kNames[i]) return static_cast<Align>(i);
  }
  return fail(Code::kBadValue, path);
}

Result<PrintItem> text_item(const json::object& o, const std::string& at) {
  PrintText item;
  for (const auto& [key, value] : o) {
    const std::string path = at + "." + std::string(key);
    if (key == "text") {
      item.text = TILL_TRY(text(value, path));
    } else if (key == "bold") {
      if (!value.is_bool()) return fail(Code::kWrongType, path);
      item.bold = value.get_bool();
    } else if (key == "width") {
      item.width = static_cast<int>(TILL_TRY(integer(value, path, 1, 8)));
    } else if (key == "height") {
      item.height = static_cast<int>(TILL_TRY(integer(value, path, 1, 8)));
    } else if (key == "align") {
      item.align = TILL_TRY(align(value, path));
    } else {
      return fail(Code::kUnknownField, path);
    }
  }
  return item;
}

Result<PrintItem> one_item(const json::value& v, const std::string& at) {
  if (!v.is_object() || v.get_object().empty()) return fail(Code::kWrongType, at);
  const auto& o = v.get_object();
  if (o.contains("text")) return text_item(o, at);
  if (o.size() != 1) return fail(Code::kUnknownField, at);
  const auto& [key, value] = *o.begin();
  const std::string path = at + "." + std::string(key);
  if (key == "ean13") return PrintEan13{TILL_TRY(text(value, path))};
  if (key == "qr") return PrintQr{TILL_TRY(text(value, path))};
  if (key == "feed") return PrintFeed{static_cast<int>(TILL_TRY(integer(value, path, 1, 255)))};
  if (key == "drawer") return PrintDrawer{static_cast<int>(TILL_TRY(integer(value, path, 0, 1)))};
  if (key == "cut") {
    const auto how = TILL_TRY(text(value, path));
    if (how != "full" && how != "partial") return fail(Code::kBadValue, path);
    return PrintCut{how == "partial"};
  }
  return fail(Code::kUnknownField, path);
}

}  // namespace

Result<std::vector<PrintItem>> print_items_from_json(const json::object& body) {
  const auto* list = body.if_contains("items");
  if (list == nullptr || !list->is_array()) return fail(Code::kMissingField, "items");
  std::vector<PrintItem> items;
  items.reserve(list->get_array().size());
  for (std::size_t i = 0; i < list->get_array().size(); ++i) {
    items.push_back(TILL_TRY(one_item(list->get_array()[i], "items[" + std::to_string(i) + "]")));
  }
  return items;
}

OperationResult Printer::perform(const Operation& op) {
  const auto run = [&]() -> Result<json::value> {
    if (op.verb == "printer.print") {
      TILL_CHECK(print(TILL_TRY(print_items_from_json(op.body))));
      return json::object{};
    }
    if (op.verb == "printer.status") return described::to_value(TILL_TRY(status()));
    const auto* which = op.body.if_contains("drawer");
    PrintDrawer pulse;
    if (which != nullptr)
      pulse.drawer = static_cast<int>(TILL_TRY(integer(*which, "drawer", 0, 1)));
    TILL_CHECK(print({pulse}));
    return json::object{};
  };
  if (op.verb != "printer.print" && op.verb != "printer.status" && op.verb != "drawer.open") {
    return unsupported(op.verb);
  }
  OperationResult out = conclude(run());
  // What is on paper stays there: after the first byte no error means "nothing happened".
  if (out.status == TILL_REFUSED && port().passed_no_return()) out.status = TILL_IN_DOUBT;
  return out;
}

}  // namespace till
