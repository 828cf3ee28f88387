// Corrections of FFD 1.05: FF35, the tags, FF4A with one total.
#include <bit>
#include <numeric>

#include "sim/register/codes.h"
#include "sim/register/paper.h"
#include "sim/register/register.h"
#include "sim/register/tlv.h"

namespace till::sim {
namespace {

constexpr uint8_t kCorrection = 31;

}  // namespace

Register::Outcome Register::begin_correction(const Call&) {
  if (!shift_open_ || receipt_ || begun_ != Begun::kNothing) return fail(err::kFnBadState);
  begun_ = Begun::kCorrection;
  begun_tags_.clear();
  return {};
}

uint8_t Register::keep_correction(Ms now, int op, uint8_t kind, const Closing& closing) {
  DocumentHead h = head(now, op);
  h.receipt = static_cast<uint16_t>(receipt_number_ + 1);
  const int64_t total =
      std::accumulate(closing.payments.begin(), closing.payments.end(), int64_t{0});
  FiscalDocument d{.fn = fn_,
                   .fd = h.fd,
                   .type = kCorrection,
                   .op = kind,
                   .seconds = h.seconds,
                   .shift = shift_,
                   .receipt = h.receipt,
                   .total = total,
                   .tlv = correction_tlv(h, kind, begun_tags_, closing)};
  if (const uint8_t error = keep(std::move(d)); error != 0) return error;
  receipt_number_ = h.receipt;
  count_receipt(kind, total, closing.payments[0]);
  Slip slip{h.fd, {"КАССОВЫЙ ЧЕК КОРРЕКЦИИ", "ИТОГ =" + format_money(total)}, {}};
  forget_document();
  start_printing(now, std::move(slip));
  return 0;
}

Register::Outcome Register::make_correction(const Call& call) {
  if (begun_ != Begun::kCorrection) return fail(err::kFnBadState);
  View rest = call.args;
  const auto next = [&rest](size_t width) {
    const uint64_t value = get_le(rest.first(width));
    rest = rest.subspan(width);
    return static_cast<int64_t>(value);
  };
  const int64_t type = next(1), kind = next(1), total = next(5);
  static constexpr size_t kPaid[] = {0, 1, 13, 14, 15};
  Closing closing;
  int64_t paid = 0;
  for (const size_t at : kPaid) paid += closing.payments.at(at) = next(5);
  for (int64_t& tax : closing.taxes) tax = next(5);
  closing.tax_system = static_cast<uint8_t>(next(1));
  // The format knows sales and purchases only.
  const bool sane =
      type <= 1 && (kind == 1 || kind == 3) && std::has_single_bit(closing.tax_system);
  if (!sane || total == 0 || paid != total) return fail(err::kBadParameters);
  if (!find_tag(begun_tags_, 1173) || !find_tag(begun_tags_, 1174)) return fail(err::kFnBadState);
  Outcome out;
  out.fiscal = [this, closing, op = call.op, kind](Ms now) -> Outcome {
    if (const uint8_t error = keep_correction(now, op, static_cast<uint8_t>(kind), closing);
        error != 0) {
      return fail(error);
    }
    Outcome done;
    put_le(done.data, receipt_number_, 2);
    append(done.data, document_answer());
    return done;
  };
  return out;
}

}  // namespace till::sim
