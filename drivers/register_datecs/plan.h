// A receipt turned into the device's commands before a byte of it is sent, and the witness on its
// paper. Pure.
#pragma once

#include <map>
#include <vector>

#include "protocols/datecs/commands.h"
#include "tillbridge/sdk/fiscal.h"

namespace till::datecs {

// What differs between shops and firmwares; the names are those of the manifest.
struct Settings {
  Access access;
  std::string operator_code = "0001";  // 4 characters of the unique sale number
  // Bulgaria's groups: A 0 %, B 20 %, C 20 % (fuel), D 9 %. The first that fits is taken.
  std::map<char, Percent> tax_groups = {{'A', {0}}, {'B', {2000}}, {'C', {2000}}, {'D', {900}}};
  char exempt_group = 'A';
  std::map<Tender, char> tenders = {
      {Tender::kCash, 'P'}, {Tender::kElectronic, 'D'}, {Tender::kCredit, 'N'}};
  bool refuse_unprintable = false;  // else look-alikes and '?', told in the notes
  std::size_t text_width = 28;      // characters of a fiscal text line that surely reach the paper
};
// kConfigInvalid names the setting.
Result<Settings> settings_of(const boost::json::object& from);

struct PlannedPayment {
  char mode;
  Money amount;
};

struct Plan {
  std::vector<Request> sales;
  std::vector<Request> texts;  // the cashier's name, the witness
  // In the order they are sent: cash last, for only cash gives change.
  std::vector<PlannedPayment> payments;
  std::vector<std::string> notes;  // what the device can't print
};
// kVerbUnsupported: a kind this country does not know; kOutOfRange names the line or payment.
Result<Plan> plan_of(const FiscalReceipt& receipt, const Settings& settings);

// kConfigInvalid names the setting and both rates where the printer's group of a line has another
// rate than the settings say: it would print and report a wrong tax.
Result<void> check_rates(const FiscalReceipt& receipt, const Settings& settings,
                         const std::map<char, Percent>& rates);

// What is left of the payments once `tendered` is paid.
std::vector<PlannedPayment> payments_after(const std::vector<PlannedPayment>& all, Money tendered);

// The witness as lines of fiscal text, and read back from a document's paper ("" = not on it).
// kTooLarge: more than nine lines.
Result<std::vector<std::string>> witness_lines(const std::string& witness, std::size_t width);
std::string witness_of(const std::vector<std::string>& paper);

}  // namespace till::datecs
