// Free text, the cutter, the drawer, reports and what follows the end of paper.
#include <algorithm>
#include <bit>

#include "sim/base/codepage.h"
#include "sim/register/codes.h"
#include "sim/register/paper.h"
#include "sim/register/register.h"

namespace till::sim {
namespace {

constexpr size_t kMaxTextLines = 1000;  // before a cut
constexpr uint64_t kPictureLines = 1200;
constexpr uint64_t kDotsHigh = 16;
constexpr size_t kPictureBytes = 40;
constexpr uint64_t kCashRegister = 241;  // what the drawer holds

}  // namespace

Register::Outcome Register::add_text(const Call& call, View text) {
  auto& lines = receipt_ ? receipt_->text : text_;
  if (lines.size() >= kMaxTextLines) return fail(err::kReceiptFull);
  lines.push_back(
      decode(Codepage::kCp1251, {text.begin(), std::find(text.begin(), text.end(), 0)}));
  return good(call);
}

Register::Outcome Register::print_line(const Call& call) {
  return add_text(call, call.args.subspan(1));
}

Register::Outcome Register::print_line_font(const Call& call) {
  return add_text(call, call.args.subspan(2));
}

Register::Outcome Register::load_picture(const Call& call) {
  const uint64_t line = get_le(call.args.first(2));
  if (line == 0 || line > kPictureLines) return fail(err::kBadParameters);
  const View dots = call.args.subspan(2);
  picture_[line] = {dots.begin(), dots.end()};
  return good(call);
}

// Eight by sixteen dots become one character.
Register::Outcome Register::print_picture(const Call& call) {
  const uint64_t first = get_le(call.args.first(2)), last = get_le(call.args.subspan(2, 2));
  if (first == 0 || last < first || last > kPictureLines) return fail(err::kBadParameters);
  Slip slip;
  for (uint64_t top = first; top <= last; top += kDotsHigh) {
    std::array<int, kPictureBytes> black{};
    const uint64_t end = std::min(last, top + kDotsHigh - 1);
    for (uint64_t line = top; line <= end; ++line) {
      const auto dots = picture_.find(line);
      for (size_t i = 0; dots != picture_.end() && i < dots->second.size(); ++i) {
        black.at(i) += std::popcount(dots->second[i]);
      }
    }
    std::string text;
    for (const int dots : black)
      text += dots * 2 > static_cast<int>(8 * (end - top + 1)) ? '#' : ' ';
    slip.lines.push_back(text);
  }
  print_aside(slip);
  return good(call);
}

Register::Outcome Register::cut(const Call& call) {
  if (call.args[0] > 1) return fail(err::kBadParameters);
  if (options_.cutter_jams) return fail(err::kCutter);
  flush_text();
  return good(call);
}

Register::Outcome Register::drawer(const Call& call) {
  if (call.args[0] > 1) return fail(err::kBadParameters);
  ++drawer_pulses_;
  return good(call);
}

Register::Outcome Register::feed(const Call& call) {
  if (call.args[1] == 0) return fail(err::kBadParameters);
  if (!receipt_ && !text_.empty())
    text_.resize(std::min(text_.size() + call.args[1], kMaxTextLines));
  return good(call);
}

Register::Outcome Register::copy(const Call& call) {
  if (last_slip_.lines.empty()) return fail(err::kNothingToRepeat);
  Slip slip = last_slip_;
  slip.fd = 0;
  slip.lines.insert(slip.lines.begin(), "КОПИЯ ДОКУМЕНТА");
  print_aside(slip);
  return good(call);
}

Register::Outcome Register::continue_printing(const Call& call) {
  if (paper_ != Paper::kWaitsForContinue) return fail(err::kWrongSubmode);
  paper_ = Paper::kPresent;
  printing_until_ = call.now + options_.print_ms;
  return good(call);
}

Register::Outcome Register::cash_in(const Call& call) {
  cash_ += static_cast<int64_t>(get_le(call.args));
  print_aside({0, {"ВНЕСЕНИЕ", "=" + format_money(static_cast<int64_t>(get_le(call.args)))}, {}});
  Outcome out = good(call);
  put_le(out.data, ++cash_documents_, 2);
  return out;
}

Register::Outcome Register::cash_out(const Call& call) {
  const auto sum = static_cast<int64_t>(get_le(call.args));
  if (sum > cash_) return fail(err::kNoCash);
  cash_ -= sum;
  print_aside({0, {"ВЫПЛАТА", "=" + format_money(sum)}, {}});
  Outcome out = good(call);
  put_le(out.data, ++cash_documents_, 2);
  return out;
}

// Only the register that counts the drawer's cash.
Register::Outcome Register::money_register(const Call& call) {
  if (get_le(call.args) != kCashRegister) return fail(err::kBadParameters);
  Outcome out = good(call);
  put_le(out.data, static_cast<uint64_t>(cash_), 6);
  return out;
}

Register::Outcome Register::x_report(const Call& call) {
  print_aside(x_report_slip(head(call.now, call.op), counts(), sold_));
  return good(call);
}

}  // namespace till::sim
