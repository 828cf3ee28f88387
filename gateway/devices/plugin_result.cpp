#include "plugin_result.h"

#include <algorithm>
#include <string>

#include "gateway/base/json.h"
#include "sdk/cpp/fiscal_described.h"
#include "sdk/cpp/kinds.h"
#include "sdk/cpp/printer.h"
#include "sdk/cpp/verbs.h"

namespace till::devices {

namespace {

struct SettingRead {
  std::string value;
};
struct SettingWritten {
  std::string before, value;
};
BOOST_DESCRIBE_STRUCT(SettingRead, (), (value))
BOOST_DESCRIBE_STRUCT(SettingWritten, (), (before, value))

template <typename T>
Result<void> as(const boost::json::value& value) {
  TILL_CHECK(described::parsed<T>(value, "result"));
  return {};
}

struct Verb {
  std::string_view name;
  Result<void> (*check)(const boost::json::value&);
};
constexpr Verb kVerbs[] = {
    {"display.clear", as<Nothing>},
    {"display.show", as<Nothing>},
    {"drawer.open", as<Nothing>},
    {"drawer.status", as<DrawerStatus>},
    {"export.write", as<ExportReceipt>},
    {"fiscal.baseline", as<Baseline>},
    {"fiscal.cash", as<Nothing>},
    {"fiscal.check", as<Nothing>},
    {"fiscal.close_shift", as<Nothing>},
    {"fiscal.continue_printing", as<Nothing>},
    {"fiscal.copy", as<Nothing>},
    {"fiscal.document", as<FiscalDocument>},
    {"fiscal.load_picture", as<Nothing>},
    {"fiscal.open_shift", as<Nothing>},
    {"fiscal.print_picture", as<Nothing>},
    {"fiscal.read_setting", as<SettingRead>},
    {"fiscal.receipt", as<FiscalDocument>},
    {"fiscal.recover", as<Nothing>},
    {"fiscal.resolve", as<Resolution>},
    {"fiscal.set_clock", as<Nothing>},
    {"fiscal.settlement_report", as<Nothing>},
    {"fiscal.status", as<RegisterStatus>},
    {"fiscal.write_setting", as<SettingWritten>},
    {"fiscal.x_report", as<Nothing>},
    {"marking.check", as<MarkingAnswer>},
    {"message.send", as<MessageReceipt>},
    {"printer.print", as<Nothing>},
    {"printer.status", as<PrinterStatus>},
    {"rule.evaluate", as<RuleAnswer>},
    {"scale.tare", as<Nothing>},
    {"scale.weigh", as<Weighing>},
    {"scale.zero", as<Nothing>},
};

}  // namespace

Result<void> check_result(std::string_view verb, std::string_view text) {
  const auto* const at = std::ranges::find(kVerbs, verb, &Verb::name);
  return at == std::end(kVerbs) ? Result<void>() : at->check(TILL_TRY(parse_json(text)));
}

}  // namespace till::devices
