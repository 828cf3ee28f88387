// Corrections of FFD 1.05: one total with its taxes instead of lines, and no room for the witness;
// resolve then finds the document by its kind and total.
#include "driver.h"
#include "protocols/shtrih/tlv.h"
#include "tillbridge/sdk/ru_ffd.h"

namespace till::shtrih {
namespace {

// Where the taxes of a line are counted: tags 1102 to 1107. Rates of the simplified system (5 and
// 7 %) have no tag in this format.
Result<std::size_t> slot_of(int tax_1199) {
  switch (tax_1199) {
    case 1:
    case 11:
      return 0U;
    case 2:
      return 1U;
    case 5:
      return 2U;
    case 6:
      return 3U;
    case 3:
    case 12:
      return 4U;
    case 4:
      return 5U;
    default:
      return fail(Code::kBadValue, "tax");
  }
}

// The tax within a sum; of what bears none, the sum itself.
Money counted(const FiscalLine& line) {
  const auto rate = line.tax.rate.units;
  if (rate == 0) return line.sum;
  return {mul_div(line.sum.minor, rate, kPercentScale + rate, Rounding::kHalfUp)};
}

std::size_t place_of(Tender tender) {
  switch (tender) {
    case Tender::kCash:
      return 0;
    case Tender::kElectronic:
      return 1;
    case Tender::kPrepaid:
      return 2;
    case Tender::kCredit:
      return 3;
    default:
      return 4;
  }
}

}  // namespace

Result<ShtrihRegister::Plan> ShtrihRegister::correction_plan(const FiscalReceipt& r) const {
  CorrectionSums sums{.by_order = r.correction->by_order,
                      .sign_1054 = ru_ffd::sign_1054(r.kind),
                      .total = r.total,
                      .payments = {},
                      .taxes = {},
                      .tax_system_bits = static_cast<std::uint8_t>(r.ru_ffd.tax_system_1055)};
  // The format knows what was not registered at a sale or a purchase; returns came with 1.1.
  if (r.kind != FiscalKind::kSale && r.kind != FiscalKind::kPurchase) {
    return fail(Code::kBadValue, "kind");
  }
  for (std::size_t i = 0; i < r.lines.size(); ++i) {
    const auto slot = slot_of(TILL_TRY(ru_ffd::tax_1199(r.lines[i].tax)));
    if (!slot) return fail(Code::kBadValue, "lines[" + std::to_string(i) + "].tax");
    sums.taxes[*slot] += counted(r.lines[i]);
  }
  Money change;
  for (const FiscalPayment& p : r.payments) {
    sums.payments[place_of(p.tender)] += p.amount;
    change += p.amount;
  }
  change -= r.total;
  sums.payments[0] -= change;
  Plan plan;
  plan.commands.push_back(plain(Command::kBeginCorrection, password_));
  if (!r.cashier.name.empty()) {
    plan.commands.push_back(send_tlv(password_, cashier_tags(r.cashier)));
  }
  plan.commands.push_back(
      send_tlv(password_, TILL_TRY(correction_reason(r.correction->by_order, r.correction->date,
                                                     r.correction->number))));
  plan.close = TILL_TRY(shtrih::correction(password_, sums));
  plan.notes = {"lines: printed as one total (FFD 1.05)"};
  return plan;
}

}  // namespace till::shtrih
