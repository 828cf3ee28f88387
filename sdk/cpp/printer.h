// Receipt printers: override print() and status(); the base class speaks printer.* and drawer.*.
//
//   printer.print {"items":[{"text","bold","width","height","align"} | {"ean13"} | {"qr"} |
//                           {"feed"} | {"cut":"full"|"partial"} | {"drawer":0|1}]} -> {}
//   printer.status {} -> PrinterStatus       drawer.open {"drawer":0|1} -> {}
#pragma once

#include <variant>
#include <vector>

#include "plugin.h"
#include "verbs.h"

namespace till {

enum class Align { kLeft, kCentre, kRight };

struct PrintText {
  std::string text;  // UTF-8, one line or several
  bool bold = false;
  int width = 1;  // 1..8 times
  int height = 1;
  Align align = Align::kLeft;
};
struct PrintEan13 {
  std::string digits;  // 12 or 13
};
struct PrintQr {
  std::string data;
};
struct PrintFeed {
  int lines = 1;
};
struct PrintCut {
  bool partial = false;
};
struct PrintDrawer {
  int drawer = 0;
};
using PrintItem = std::variant<PrintText, PrintEan13, PrintQr, PrintFeed, PrintCut, PrintDrawer>;

enum class Paper { kOk, kNearEnd, kOut, kUnknown };

struct PrinterStatus {
  bool online = true;
  Paper paper = Paper::kUnknown;
  bool cover_open = false;
  bool error = false;
  bool drawer_open = false;
};
BOOST_DESCRIBE_STRUCT(PrinterStatus, (), (online, paper, cover_open, error, drawer_open))

template <>
struct described::Names<Paper> {
  static constexpr Name kAll[] = {{"ok"}, {"near_end"}, {"out"}, {"unknown"}};
};

class Printer : public Plugin {
 public:
  // Call port().point_of_no_return() before the first byte that prints: from there on every error
  // is in doubt, for somebody must look at the paper.
  virtual Result<void> print(const std::vector<PrintItem>& items) = 0;
  virtual Result<PrinterStatus> status() = 0;

  OperationResult perform(const Operation& operation) final;
};

// kUnknownField, kWrongType, kOutOfRange name the item by its index.
Result<std::vector<PrintItem>> print_items_from_json(const json::object& body);

}  // namespace till
