// Prices with tax and without it: rounded on every line, or once on the sum of what is taxed alike.
#include <algorithm>

#include "gateway/loyalty/evaluate.h"

namespace till::loyalty {

// Lines taxed like `first`: f of their sum, spread over them by what they cost. `discounted`: the
// gross prices stand already; a line nothing was taken off keeps its own, and no other goes above.
template <typename F>
void Evaluator::of_one_rate(std::uint32_t first, std::span<const std::int64_t> amounts,
                            std::span<std::int64_t> out, F f, bool discounted) {
  const auto& rate = lines_[first];
  std::int64_t sum = 0, positive = 0, others = 0;
  weight_.assign(count_, 0);
  cap_.assign(count_, kHighest);
  for (std::size_t i = 0; i < count_; ++i) {
    const auto& l = lines_[i];
    const auto gross = out_.lines[i].gross - l.fixed;
    if (l.taxed_on_top != rate.taxed_on_top || l.taxed_inside != rate.taxed_inside) continue;
    sum = checked_add(sum, amounts[i]);
    if (discounted && amounts[i] == l.list) {
      out[i] = gross;
      others = checked_add(others, gross);
    } else if (amounts[i] > 0) {
      weight_[i] = amounts[i];
      if (discounted) cap_[i] = std::max<std::int64_t>(0, gross - amounts[i]);
      positive = checked_add(positive, amounts[i]);
    } else {
      out[i] = f(l, amounts[i]);
      others = checked_add(others, out[i]);
    }
  }
  const auto change = f(rate, sum) - others - positive;  // tax goes on top, or out
  share_.assign(count_, 0);
  spread(std::max(change, -change), weight_, cap_, share_, all_);
  for (std::size_t i = 0; i < count_; ++i) {
    if (weight_[i] > 0) out[i] = amounts[i] + (change < 0 ? -share_[i] : share_[i]);
  }
}

template <typename F>
void Evaluator::by_rate(std::span<const std::int64_t> amounts, std::span<std::int64_t> out, F f,
                        bool discounted) {
  if (!plan_.settings.tax_of_receipt) {
    for (std::size_t i = 0; i < count_; ++i) out[i] = f(lines_[i], amounts[i]);
    return;
  }
  rates_.clear();
  for (std::uint32_t i = 0; i < count_; ++i) {
    const auto& l = lines_[i];
    const bool seen = std::ranges::any_of(rates_, [&](std::uint32_t r) {
      return lines_[r].taxed_on_top == l.taxed_on_top && lines_[r].taxed_inside == l.taxed_inside;
    });
    if (!seen) rates_.push_back(i);
  }
  for (const auto first : rates_) of_one_rate(first, amounts, out, f, discounted);
}

void Evaluator::totals() {
  const bool before_tax = plan_.settings.before_tax;
  const auto tax = [this](const LineState& l, std::int64_t amount) { return with_tax(l, amount); };
  scratch_.resize(count_);
  wish_.resize(count_);
  for (std::size_t i = 0; i < count_; ++i) wish_[i] = lines_[i].listed;
  by_rate(wish_, scratch_, tax);
  for (std::size_t i = 0; i < count_; ++i) {
    out_.lines[i].gross = checked_add(scratch_[i], lines_[i].fixed);
  }
  if (before_tax) by_rate({amount_.data(), count_}, scratch_, tax, true);
  for (std::size_t i = 0; i < count_; ++i) {
    const auto& l = lines_[i];
    auto& q = out_.lines[i];
    // Where discounts work on prices with tax, an odd kopeck of the receipt's tax is not
    // discounted.
    const auto off = std::min(l.list - amount_[i], std::max<std::int64_t>(0, scratch_[i]));
    q.total = before_tax ? checked_add(scratch_[i], l.fixed) : q.gross - off;
    q.discount = q.gross - q.total;
    out_.sum.gross = checked_add(out_.sum.gross, q.gross);
    out_.sum.discount = checked_add(out_.sum.discount, q.discount);
  }
  out_.sum.total = out_.sum.gross - out_.sum.discount;
  after_discounts_ = true;
}

// What is paid without tax. Points that are a payment pay for taxed goods as money does.
void Evaluator::net_prices() {
  const bool as_payment = plan_.redeem && plan_.redeem->as_payment;
  const bool before_tax = plan_.settings.before_tax && (out_.sum.by_points == 0 || as_payment);
  scratch_.resize(count_);
  wish_.resize(count_);
  for (std::size_t i = 0; i < count_; ++i) {
    const auto& q = out_.lines[i];
    wish_[i] = before_tax ? amount_[i] : q.total - lines_[i].fixed + (as_payment ? q.by_points : 0);
  }
  // The tax is rounded, as a register does it; what is left is the price without it.
  by_rate(wish_, scratch_, [&](const LineState& l, std::int64_t amount) {
    const auto rate = l.taxed_inside + (before_tax ? 0 : l.taxed_on_top);
    if (rate == 0) return amount;
    return amount - mul_div(amount, rate, kTaxScale + rate, Rounding::kHalfUp);
  });
  for (std::size_t i = 0; i < count_; ++i) out_.lines[i].net = scratch_[i];
}

}  // namespace till::loyalty
