// The fiscal memory's commands, shifts, and how a document becomes fiscal.
#include <algorithm>
#include <utility>

#include "sim/base/civil.h"
#include "sim/register/codes.h"
#include "sim/register/paper.h"
#include "sim/register/register.h"
#include "sim/register/tlv.h"

namespace till::sim {
namespace {

constexpr uint8_t kRegistration = 1, kShiftOpened = 2, kReceipt = 3, kShiftClosed = 5,
                  kSettlementReport = 21, kCorrection = 31;

bool is_receipt(uint8_t type) { return type == kReceipt || type == kCorrection; }
constexpr size_t kBlock = 240;
constexpr int64_t kFnLifeSeconds = int64_t{450} * 86400;

Bytes minute_bytes(int64_t seconds) {
  const Civil t = civil_of(seconds);
  Bytes out;
  for (const int part : {t.year % 100, t.month, t.day, t.hour, t.minute}) {
    out.push_back(static_cast<uint8_t>(part));
  }
  return out;
}

Bytes padded(const std::string& text, size_t width) {
  Bytes out = bytes_of(text);
  out.resize(width, ' ');
  return out;
}

// The next number of the same length.
std::string next_number(std::string number) {
  for (size_t i = number.size(); i > 0; --i) {
    char& digit = number[i - 1];
    if (digit != '9') {
      ++digit;
      break;
    }
    digit = '0';
  }
  return number;
}

}  // namespace

// --- What follows from the memory

std::vector<const FiscalDocument*> Register::of_this_fn() const {
  std::vector<const FiscalDocument*> all;
  for (const FiscalDocument& d : memory_.documents()) {
    if (d.fn == fn_) all.push_back(&d);
  }
  return all;
}

void Register::load() {
  fn_ = memory_.documents().back().fn;
  shift_ = receipt_number_ = 0;
  shift_open_ = false;
  sold_ = 0;
  for (const FiscalDocument* d : of_this_fn()) {
    last_ = *d;
    shift_ = d->shift;
    if (d->type == kRegistration) registered_at_ = d->seconds;
    if (d->type == kShiftOpened) {
      shift_open_ = true;
      shift_opened_at_ = d->seconds;
      receipt_number_ = 0;
      sold_ = 0;
    }
    if (d->type == kShiftClosed) shift_open_ = false;
    if (is_receipt(d->type)) {
      receipt_number_ = d->receipt;
      if (d->op == 1) sold_ += d->total;
      if (!std::exchange(shift_open_, true)) shift_opened_at_ = d->seconds;
    }
  }
}

ShiftCounts Register::counts() const {
  ShiftCounts counts;
  for (const FiscalDocument* d : of_this_fn()) {
    ++counts.unsent;
    if (d->shift != shift_ || shift_ == 0) continue;
    ++counts.documents;
    if (is_receipt(d->type)) ++counts.receipts;
  }
  return counts;
}

// --- Documents

DocumentHead Register::head(Ms now, int op) const {
  const int64_t minute = seconds(now) / 60 * 60;
  return {.registration = options_.registration,
          .fn = fn_,
          .fd = last_.fd + 1,
          .seconds = minute,
          .shift = shift_,
          .receipt = 0,
          .cashier = tables_.operator_name(op)};
}

uint8_t Register::keep(FiscalDocument document) {
  if (document.seconds < last_.seconds) return err::kFnBadTime;
  if (of_this_fn().size() >= options_.memory_holds) return err::kFnFull;
  document.fpd = sign(document.fn, document.tlv);
  if (!memory_.append(document)) return err::kFnFailure;
  last_ = std::move(document);
  reading_active_ = false;
  return 0;
}

uint8_t Register::register_memory(Ms now, const std::string& fn) {
  fn_ = fn;
  last_ = {};
  shift_ = 0;
  const DocumentHead h = head(now, 30);
  FiscalDocument d{.fn = fn,
                   .fd = h.fd,
                   .type = kRegistration,
                   .seconds = h.seconds,
                   .tlv = registration_tlv(h)};
  if (const uint8_t error = keep(std::move(d)); error != 0) return error;
  world_.print(registration_slip(h, last_.fpd));
  return 0;
}

uint8_t Register::make_shift_document(Ms now, int op, bool open) {
  DocumentHead h = head(now, op);
  if (open) ++h.shift;
  ShiftCounts totals = counts();
  ++totals.documents;
  ++totals.unsent;
  FiscalDocument d{.fn = fn_,
                   .fd = h.fd,
                   .type = open ? kShiftOpened : kShiftClosed,
                   .seconds = h.seconds,
                   .shift = h.shift,
                   .tlv = shift_tlv(h, open, begun_tags_, totals)};
  if (const uint8_t error = keep(std::move(d)); error != 0) return error;
  shift_ = h.shift;
  shift_open_ = open;
  if (open) {
    shift_opened_at_ = h.seconds;
    receipt_number_ = 0;
    sold_ = 0;
  }
  forget_document();
  start_printing(now, shift_slip(h, last_.fpd, open, totals));
  return 0;
}

uint8_t Register::make_receipt(Ms now, const Closing& closing) {
  DocumentHead h = head(now, receipt_->opened_by);
  h.receipt = static_cast<uint16_t>(receipt_number_ + 1);
  const int64_t total = receipt_->subtotal() - closing.rounding;
  FiscalDocument d{.fn = fn_,
                   .fd = h.fd,
                   .type = receipt_->correction ? kCorrection : kReceipt,
                   .op = receipt_->op,
                   .seconds = h.seconds,
                   .shift = shift_,
                   .receipt = h.receipt,
                   .total = total,
                   .tlv = receipt_tlv(h, *receipt_, closing)};
  if (const uint8_t error = keep(std::move(d)); error != 0) return error;
  receipt_number_ = h.receipt;
  count_receipt(receipt_->op, total, closing.payments[0] - closing.change);
  Slip slip = receipt_slip(h, last_.fpd, *receipt_, closing);
  forget_document();
  start_printing(now, std::move(slip));
  return 0;
}

void Register::count_receipt(uint8_t op, int64_t total, int64_t cash) {
  if (op == 1) sold_ += total;
  const bool in = op == 1 || op == 4;
  cash_ += (in ? 1 : -1) * cash;
}

Bytes Register::document_answer() const {
  Bytes out;
  put_le(out, last_.fd, 4);
  put_le(out, last_.fpd, 4);
  if (options_.extended_answers) append(out, minute_bytes(last_.seconds));
  return out;
}

// --- Without the host

uint8_t Register::foreign_sale(Ms now, Receipt receipt) {
  if (receipt_) return err::kReceiptOpen;
  if (!shift_open_) {
    if (const uint8_t error = open_shift(now); error != 0) return error;
  }
  receipt_ = std::move(receipt);
  Closing closing;
  closing.payments[0] = receipt_->subtotal();
  uint8_t error = settle(closing);
  if (error == 0) error = make_receipt(now, closing);
  if (error != 0) receipt_.reset();
  return error;
}

uint8_t Register::open_shift(Ms now) {
  return shift_open_ ? err::kShiftOpen : make_shift_document(now, 30, true);
}

uint8_t Register::close_shift(Ms now) {
  if (receipt_) return err::kReceiptOpen;
  return shift_open_ ? make_shift_document(now, 30, false) : err::kWrongMode;
}

uint8_t Register::replace(Ms now) {
  power(now, false);
  forget_document();
  powered_ = true;
  const uint8_t error = register_memory(now, next_number(fn_));
  load();
  return error;
}

// --- Shift commands

Register::Outcome Register::begin_opening(const Call&) {
  if (shift_open_ || receipt_) return fail(err::kFnBadState);
  begun_ = Begun::kOpening;
  begun_tags_.clear();
  return {};
}

Register::Outcome Register::begin_closing(const Call&) {
  if (!shift_open_ || receipt_) return fail(err::kFnBadState);
  begun_ = Begun::kClosing;
  begun_tags_.clear();
  return {};
}

Register::Outcome Register::open_shift_short(const Call& call) {
  Outcome out;
  out.fiscal = [this, call](Ms now) -> Outcome {
    if (const uint8_t error = make_shift_document(now, call.op, true); error != 0) {
      return fail(error);
    }
    return good(call);
  };
  return out;
}

Register::Outcome Register::close_shift_short(const Call& call) {
  Outcome out;
  out.fiscal = [this, call](Ms now) -> Outcome {
    if (const uint8_t error = make_shift_document(now, call.op, false); error != 0) {
      return fail(error);
    }
    return good(call);
  };
  return out;
}

Register::Outcome Register::open_shift_fn(const Call& call) {
  if (shift_open_ || receipt_) return fail(err::kFnBadState);
  Outcome out;
  out.fiscal = [this, op = call.op](Ms now) -> Outcome {
    if (const uint8_t error = make_shift_document(now, op, true); error != 0) return fail(error);
    Outcome done;
    put_le(done.data, shift_, 2);
    append(done.data, document_answer());
    return done;
  };
  return out;
}

Register::Outcome Register::close_shift_fn(const Call& call) {
  if (!shift_open_ || receipt_) return fail(err::kFnBadState);
  Outcome out;
  out.fiscal = [this, op = call.op](Ms now) -> Outcome {
    if (const uint8_t error = make_shift_document(now, op, false); error != 0) return fail(error);
    Outcome done;
    put_le(done.data, shift_, 2);
    append(done.data, document_answer());
    return done;
  };
  return out;
}

Register::Outcome Register::shift_parameters(const Call&) {
  Outcome out;
  out.data.push_back(shift_open_ ? 1 : 0);
  put_le(out.data, shift_, 2);
  put_le(out.data, receipt_number_, 2);
  return out;
}

// --- Questions to the fiscal memory

Register::Outcome Register::fn_status(const Call&) {
  uint8_t document = 0, data = 0;
  if (begun_ != Begun::kNothing) {
    document = begun_ == Begun::kOpening      ? 0x02
               : begun_ == Begun::kCorrection ? 0x14
               : begun_ == Begun::kSettlement ? 0x17
                                              : 0x08;
    data = begun_tags_.empty() ? 0 : 1;
  }
  if (receipt_) {
    document = 0x04;
    data = receipt_->items.empty() && receipt_->tags.empty() ? 0 : 1;
  }
  Outcome out;
  out.data = {0x03, document, data, static_cast<uint8_t>(shift_open_ ? 1 : 0), 0};
  append(out.data, minute_bytes(last_.seconds));
  append(out.data, padded(fn_, 16));
  put_le(out.data, last_.fd, 4);
  return out;
}

Register::Outcome Register::fn_number(const Call&) {
  return {.error = 0, .data = padded(fn_, 16), .fiscal = {}};
}

Register::Outcome Register::fn_expiry(const Call&) {
  Bytes date = minute_bytes(registered_at_ + kFnLifeSeconds);
  date.resize(3);
  append(date, Bytes{11, 1});  // registrations left and done
  return {.error = 0, .data = std::move(date), .fiscal = {}};
}

Register::Outcome Register::fn_version(const Call&) {
  Bytes version = padded("fn debug v 1.0", 16);
  version.push_back(0);  // a debugging memory
  return {.error = 0, .data = std::move(version), .fiscal = {}};
}

Register::Outcome Register::fn_space(const Call&) {
  const size_t used = std::min(of_this_fn().size(), options_.memory_holds);
  Outcome out;
  put_le(out.data, options_.memory_holds - used, 4);
  put_le(out.data, options_.memory_holds - used, 4);  // kilobytes for thirty days
  out.data.push_back(0);                              // notices of marking
  return out;
}

Register::Outcome Register::fn_cancel(const Call&) {
  if (!receipt_ && begun_ == Begun::kNothing) return fail(err::kFnBadState);
  forget_document();
  return {};
}

Register::Outcome Register::find_document(const Call& call) {
  const FiscalDocument* d = memory_.find(fn_, static_cast<uint32_t>(get_le(call.args)));
  if (d == nullptr) return fail(err::kFnNoData);
  Outcome out;
  out.data = {d->type, 0};  // no operator of fiscal data, hence no ticket
  append(out.data, minute_bytes(d->seconds));
  put_le(out.data, d->fd, 4);
  put_le(out.data, d->fpd, 4);
  if (d->type == kRegistration) {
    append(out.data, padded(options_.registration.inn, 12));
    append(out.data, padded(options_.registration.rnm, 20));
    append(out.data, Bytes{options_.registration.tax_systems, 0});
  } else if (is_receipt(d->type)) {
    out.data.push_back(d->op);
    put_le(out.data, static_cast<uint64_t>(d->total), 5);
  } else {
    put_le(out.data, d->shift, 2);
  }
  return out;
}

Register::Outcome Register::registration_parameter(const Call& call) {
  const auto tag = static_cast<uint16_t>(get_le(call.args.subspan(1, 2)));
  const Bytes all = registration_tlv(head(call.now, 30));
  if (tag == 0xFFFF) {
    reading_ = all;
    reading_at_ = 0;
    reading_active_ = true;
    return {};
  }
  const auto value = find_tag(all, tag);
  if (!value || tag == 1040 || tag == 1012) return fail(err::kFnNoData);
  TlvWriter out;
  out.raw(tag, *value);
  return {.error = 0, .data = out.bytes(), .fiscal = {}};
}

Register::Outcome Register::buffer_status(const Call&) {
  Outcome out;
  put_le(out.data, 0, 2);  // nothing waits in the buffer
  out.data.push_back(kBlock);
  return out;
}

Register::Outcome Register::ofd_status(const Call&) {
  const auto all = of_this_fn();
  Outcome out;
  out.data = {0x02, 0};  // no transport, a message to send
  put_le(out.data, all.size(), 2);
  put_le(out.data, all.front()->fd, 4);
  append(out.data, minute_bytes(all.front()->seconds));
  return out;
}

Register::Outcome Register::unsent_count(const Call&) {
  Outcome out;
  put_le(out.data, of_this_fn().size(), 2);
  return out;
}

Register::Outcome Register::begin_settlement(const Call&) {
  if (receipt_) return fail(err::kFnBadState);
  begun_ = Begun::kSettlement;
  begun_tags_.clear();
  return {};
}

Register::Outcome Register::make_settlement(const Call& call) {
  if (begun_ != Begun::kSettlement) return fail(err::kFnBadState);
  Outcome out;
  out.fiscal = [this, op = call.op](Ms now) -> Outcome {
    DocumentHead h = head(now, op);
    const auto unsent = counts().unsent;
    FiscalDocument d{.fn = fn_,
                     .fd = h.fd,
                     .type = kSettlementReport,
                     .seconds = h.seconds,
                     .shift = shift_,
                     .tlv = shift_tlv(h, false, begun_tags_, counts())};
    if (const uint8_t error = keep(std::move(d)); error != 0) return fail(error);
    start_printing(now, settlement_slip(h, last_.fpd, counts()));
    forget_document();
    Outcome done;
    put_le(done.data, last_.fd, 4);
    put_le(done.data, last_.fpd, 4);
    put_le(done.data, unsent, 4);
    append(done.data, Bytes{26, 1, 1});
    return done;
  };
  return out;
}

Register::Outcome Register::start_reading(const Call& call) {
  const FiscalDocument* d = memory_.find(fn_, static_cast<uint32_t>(get_le(call.args)));
  if (d == nullptr || options_.hides_contents) return fail(err::kFnNoData);
  reading_ = d->tlv;
  reading_at_ = 0;
  reading_active_ = true;
  Outcome out;
  put_le(out.data, d->type, 2);
  put_le(out.data, d->tlv.size(), 2);
  return out;
}

Register::Outcome Register::read_block(const Call&) {
  if (!reading_active_ || reading_at_ >= reading_.size()) {
    reading_active_ = false;
    return fail(err::kFnNoData);
  }
  const size_t size = std::min(kBlock, reading_.size() - reading_at_);
  const View block = View(reading_).subspan(reading_at_, size);
  reading_at_ += size;
  return {.error = 0, .data = {block.begin(), block.end()}, .fiscal = {}};
}

}  // namespace till::sim
