// Receipts: from opening to the fiscal document.
#include <algorithm>
#include <bit>
#include <utility>

#include "sim/base/codepage.h"
#include "sim/register/codes.h"
#include "sim/register/register.h"
#include "sim/register/tlv.h"

namespace till::sim {
namespace {

constexpr uint64_t kNotGiven = 0xFFFFFFFFFF;  // five bytes FF
constexpr int64_t kMaxSum = 0xFFFFFFFFFE;
constexpr size_t kItemOverhead = 80;  // bytes of an item's fixed tags

std::string text_of(View bytes) {
  return decode(Codepage::kCp1251, {bytes.begin(), std::find(bytes.begin(), bytes.end(), 0)});
}

size_t size_of(const Receipt& receipt) {
  size_t bytes = receipt.tags.size();
  for (const Item& item : receipt.items) {
    bytes += kItemOverhead + item.name.size() + item.tags.size();
  }
  return bytes;
}

// Takes little-endian fields off the front.
class Fields {
 public:
  explicit Fields(View bytes) : rest_(bytes) {}
  uint64_t next(size_t width) {
    const uint64_t value = get_le(rest_.first(width));
    rest_ = rest_.subspan(width);
    return value;
  }
  int64_t money() { return static_cast<int64_t>(next(5)); }
  uint8_t byte() { return static_cast<uint8_t>(next(1)); }
  View rest() const { return rest_; }

 private:
  View rest_;
};

}  // namespace

uint8_t Register::own_receipt(const Call& call) const {
  return call.op == receipt_->opened_by || call.op == 30 ? 0 : err::kOtherOperator;
}

Register::Outcome Register::open_receipt(const Call& call) {
  if (receipt_) return fail(err::kReceiptOpen);
  if (begun_ != Begun::kNothing) return fail(err::kFnBadState);
  // 8Dh counts sale, buy, sale return, buy return; tag 1054 sale, sale return, buy, buy return.
  static constexpr uint8_t kOps[] = {1, 3, 2, 4};
  // With the highest bit, a correction of FFD 1.1 and later.
  const uint8_t type = call.args[0] & 0x7F;
  if (type > 3) return fail(err::kBadParameters);
  flush_text();
  receipt_ = Receipt{.op = kOps[type],
                     .correction = type != call.args[0],
                     .opened_by = call.op,
                     .items = {},
                     .tags = {},
                     .text = {}};
  return good(call);
}

Register::Outcome Register::operation(const Call& call) {
  if (const uint8_t error = own_receipt(call); error != 0) return fail(error);
  if (seconds(call.now) - shift_opened_at_ >= kShiftSeconds) return fail(err::kShiftExpired);
  Fields fields(call.args);
  Item item;
  item.op = fields.byte();
  item.quantity = fields.next(6);
  const uint64_t price = fields.next(5), sum = fields.next(5), tax = fields.next(5);
  const auto vat = vat_of_mask(fields.byte(), seconds(call.now), tables_.raises_vat());
  item.department = fields.byte();
  item.method = fields.byte();
  item.object = fields.byte();
  item.name = text_of(fields.rest());
  if (item.op != receipt_->op) return fail(err::kWrongOperationType);
  if (item.quantity == 0) return fail(err::kQuantityRange);
  if (price == kNotGiven || !vat || item.method < 1 || item.method > 7 || item.object < 1) {
    return fail(err::kBadParameters);
  }
  item.price = static_cast<int64_t>(price);
  item.vat = vat->ordinal;
  // The product may not wrap: 40 bits by 48.
  if (price > 0 && item.quantity / 1000000 > static_cast<uint64_t>(kMaxSum) / price) {
    return fail(err::kReceiptOverflow);
  }
  const int64_t computed = multiply_divide(item.price, item.quantity, 1000000);
  item.sum = sum == kNotGiven ? computed : static_cast<int64_t>(sum);
  if (item.sum > computed + 1 || item.sum < computed - 1) return fail(err::kBadParameters);
  if (receipt_->subtotal() + item.sum > kMaxSum) return fail(err::kReceiptOverflow);
  item.tax_sum = multiply_divide(item.sum, static_cast<uint64_t>(vat->numerator), vat->denominator);
  if (tax != kNotGiven) {
    if (static_cast<int64_t>(tax) > item.sum) return fail(err::kBadParameters);
    item.tax_sum = static_cast<int64_t>(tax);
  }
  if (size_of(*receipt_) + kItemOverhead + item.name.size() > kMaxReceiptBytes) {
    return fail(err::kReceiptFull);
  }
  item.tags = std::exchange(next_tags_, {});
  receipt_->items.push_back(std::move(item));
  return {};
}

Register::Outcome Register::operation_tags(const Call& call) {
  if (const uint8_t error = own_receipt(call); error != 0) return fail(error);
  static constexpr uint8_t kTagsFirst[] = {16, 19, 20, 21, 45, 46};
  const bool first = std::ranges::find(kTagsFirst, options_.model) != std::end(kTagsFirst);
  if (!first && receipt_->items.empty()) return fail(err::kBadParameters);
  if (!parse_tlv(call.args)) return fail(err::kFnBadValue);
  if (size_of(*receipt_) + call.args.size() > kMaxReceiptBytes) return fail(err::kFnTlvTooBig);
  append(first ? next_tags_ : receipt_->items.back().tags, call.args);
  return {};
}

// The fiscal memory's own check; there is no server here to ask.
Register::Outcome Register::check_mark(const Call& call) {
  const View a = call.args;
  const size_t size = a[2];
  if (size == 0 || a.size() < 4 + size + a[3]) return fail(err::kBadLength);
  const View code = a.subspan(4, size);
  mark_.assign(code.begin(), code.end());
  return {.error = 0, .data = {0x03, 0x00, 0x01, 0x00}, .fiscal = {}};
}

Register::Outcome Register::accept_mark(const Call& call) {
  if (mark_.empty()) return fail(err::kWrongSequence);
  if (call.args[0] == 1) marks_.push_back(mark_);
  mark_.clear();
  return {.error = 0, .data = {0x03}, .fiscal = {}};
}

Register::Outcome Register::bind_mark(const Call& call) {
  if (const uint8_t error = own_receipt(call); error != 0) return fail(error);
  const View code = call.args.subspan(1);
  if (receipt_->items.empty() || code.size() != call.args[0]) return fail(err::kBadParameters);
  const auto same = [code](const Bytes& mark) { return std::ranges::equal(mark, code); };
  if (std::none_of(marks_.begin(), marks_.end(), same)) return fail(err::kMarkNotChecked);
  put_le(receipt_->items.back().tags, 2000, 2);
  put_le(receipt_->items.back().tags, code.size(), 2);
  append(receipt_->items.back().tags, code);
  return {.error = 0, .data = {0, 0, 0}, .fiscal = {}};
}

Register::Outcome Register::document_tags(const Call& call) {
  if (!receipt_ && begun_ == Begun::kNothing) return fail(err::kWrongMode);
  if (receipt_) {
    if (const uint8_t error = own_receipt(call); error != 0) return fail(error);
  }
  if (!parse_tlv(call.args)) return fail(err::kFnBadValue);
  Bytes& tags = receipt_ ? receipt_->tags : begun_tags_;
  const size_t used = receipt_ ? size_of(*receipt_) : tags.size();
  if (used + call.args.size() > kMaxReceiptBytes) return fail(err::kFnTlvTooBig);
  append(tags, call.args);
  return {};
}

Register::Outcome Register::subtotal(const Call& call) {
  Outcome out = good(call);
  put_le(out.data, static_cast<uint64_t>(receipt_->subtotal()), 5);
  return out;
}

Register::Outcome Register::cancel_receipt(const Call& call) {
  if (const uint8_t error = own_receipt(call); error != 0) return fail(error);
  forget_document();
  print_aside({0, {"ЧЕК АННУЛИРОВАН"}, {}});
  return good(call);
}

Register::Outcome Register::close_short(const Call& call) {
  Fields fields(call.args);
  Closing closing;
  for (size_t i = 0; i < 4; ++i) closing.payments.at(i) = fields.money();
  if (fields.next(2) != 0) return fail(err::kBadParameters);  // no discounts with a fiscal memory
  return close_plan(call, closing);
}

Register::Outcome Register::close_extended(const Call& call) {
  Fields fields(call.args);
  Closing closing;
  for (int64_t& sum : closing.payments) sum = fields.money();
  if (fields.next(2) != 0) return fail(err::kBadParameters);
  return close_plan(call, closing);
}

Register::Outcome Register::close_v2(const Call& call) {
  Fields fields(call.args);
  Closing closing;
  for (int64_t& sum : closing.payments) sum = fields.money();
  closing.rounding = fields.byte();
  for (int64_t& sum : closing.taxes) sum = fields.money();
  closing.tax_system = fields.byte();
  if (const std::string text = text_of(fields.rest()); !text.empty()) {
    receipt_->text.push_back(text);
  }
  return close_plan(call, closing);
}

// Completes the closing, or says why it is impossible.
uint8_t Register::settle(Closing& closing) const {
  const int64_t total = receipt_->subtotal() - closing.rounding;
  // A receipt of nothing is refused; one whose items cost nothing is a gift, and legal.
  if (receipt_->items.empty() || total < 0) return err::kZeroReceipt;
  const bool reasoned = find_tag(receipt_->tags, 1173) && find_tag(receipt_->tags, 1174);
  if (receipt_->correction && !reasoned) return err::kFnBadState;
  if (closing.tax_system == 0) closing.tax_system = 1;
  if (closing.rounding > 99 || closing.tax_system > 32 ||
      !std::has_single_bit(closing.tax_system)) {
    return err::kBadParameters;
  }
  int64_t cashless = 0;
  for (size_t i = 1; i < closing.payments.size(); ++i) cashless += closing.payments.at(i);
  if (cashless > total) return err::kCashlessTooMuch;
  if (closing.payments[0] + cashless < total) return err::kPaidTooLittle;
  closing.change = closing.payments[0] + cashless - total;
  const auto given = [](int64_t tax) { return tax > 0; };
  if (std::none_of(closing.taxes.begin(), closing.taxes.end(), given)) {
    closing.taxes = taxes_of(*receipt_);
  }
  // A sum of taxes is within the items, which rounding may exceed by some kopecks.
  const bool sane = std::all_of(closing.taxes.begin(), closing.taxes.end(),
                                [this](int64_t tax) { return tax <= receipt_->subtotal(); });
  return sane ? 0 : err::kBadParameters;
}

Register::Outcome Register::close_plan(const Call& call, Closing closing) {
  if (const uint8_t error = own_receipt(call); error != 0) return fail(error);
  if (seconds(call.now) - shift_opened_at_ >= kShiftSeconds) return fail(err::kShiftExpired);
  if (!next_tags_.empty()) return fail(err::kFnBadState);  // of a line that never came
  if (const uint8_t error = settle(closing); error != 0) return fail(error);
  Outcome out;
  out.fiscal = [this, closing, op = call.op, code = call.code](Ms now) -> Outcome {
    if (const uint8_t error = make_receipt(now, closing); error != 0) return fail(error);
    if (options_.cutter_jams) return fail(err::kCutter);  // behind the document it made
    Outcome done;
    if (code != 0xFF45) done.data.push_back(static_cast<uint8_t>(op));
    put_le(done.data, static_cast<uint64_t>(closing.change), 5);
    if (code == 0xFF45) append(done.data, document_answer());
    return done;
  };
  return out;
}

}  // namespace till::sim
