#include <algorithm>
#include <limits>

#include "gateway/loyalty/explain.h"
#include "gateway/loyalty/loyalty.h"
#include "gateway/loyalty/units.h"

namespace till::loyalty {
namespace {

using Amounts = std::vector<std::int64_t>;

std::int64_t sum(const Amounts& amounts) {
  std::int64_t total = 0;
  for (const auto a : amounts) total = checked_add(total, a);
  return total;
}

// Lines with a negative amount (a manual deduction) lower what the others may still give: scales
// `amounts` down until they fit into `limit`.
void fit(Amounts& amounts, std::int64_t limit) {
  if (sum(amounts) > limit) amounts = allocate(std::max<std::int64_t>(0, limit), amounts, amounts);
}

bool excluded(const Line& line, Money gross) {
  return gross.minor <= 0 || line.is_card || !goods::may_discount(line.legal);
}

// The steps in their order; each reads what the earlier ones left in `quote`.
class Evaluation {
 public:
  Evaluation(const Program& program, const Basket& basket) : program_(program), basket_(basket) {}

  Quote run() {
    price_list();
    card_discount();
    redemption();
    accrual();
    finish();
    return std::move(quote_);
  }

 private:
  void price_list() {
    const auto count = basket_.lines.size();
    quote_.program_version = program_.version;
    quote_.points_are_payment = program_.redemption_is_payment;
    quote_.lines.reserve(count);
    why_.lines.resize(count);
    rooms_.assign(count, 0);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& line = basket_.lines[i];
      LineQuote q;
      q.id = line.id;
      q.gross = q.total = line.price * line.quantity;
      const auto none = Money{0, q.gross.currency};
      q.discount = q.by_points = why_.lines[i].wanted = why_.lines[i].base = none;
      why_.lines[i].excluded = excluded(line, q.gross);
      if (!why_.lines[i].excluded) rooms_[i] = room(line, q.gross).minor;
      quote_.gross = i == 0 ? q.gross : quote_.gross + q.gross;
      quote_.lines.push_back(std::move(q));
    }
    const auto none = Money{0, quote_.gross.currency};
    quote_.total = quote_.gross;
    quote_.discount = quote_.by_points = why_.redeemable_part = why_.redeem_limit = none;
  }

  void card_discount() {
    if (!basket_.customer) return;
    const auto at = program_.card_discount.find(basket_.customer->card_type);
    if (at == program_.card_discount.end() || at->second.units <= 0) return;
    why_.discount = at->second;
    const auto count = quote_.lines.size();
    Amounts given(count, 0);
    Amounts gross(count, 0);
    std::int64_t blocked = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (why_.lines[i].excluded) continue;
      gross[i] = quote_.lines[i].gross.minor;
      why_.lines[i].wanted = share(quote_.lines[i].gross, at->second, program_.money_rounding);
      const auto wanted = why_.lines[i].wanted.minor;
      given[i] = std::min(wanted, rooms_[i]);
      blocked = checked_add(blocked, wanted - given[i]);
    }
    if (blocked > 0) {
      // What a floor blocks moves to the lines that still have room.
      Amounts left(count, 0);
      for (std::size_t i = 0; i < count; ++i) left[i] = rooms_[i] - given[i];
      const auto moved = allocate(blocked, gross, left);
      for (std::size_t i = 0; i < count; ++i) given[i] += moved[i];
    }
    fit(given, quote_.total.minor);
    for (std::size_t i = 0; i < count; ++i) {
      auto& q = quote_.lines[i];
      q.discount.minor = given[i];
      q.total.minor -= given[i];
      rooms_[i] -= given[i];
    }
    quote_.discount.minor = sum(given);
    quote_.total -= quote_.discount;
  }

  void redemption() {
    if (!basket_.customer || !basket_.customer->verified) return;
    Amounts weights(quote_.lines.size(), 0);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (!why_.lines[i].excluded) weights[i] = quote_.lines[i].total.minor;
    }
    const auto part = std::clamp<std::int64_t>(quote_.total.minor, 0, sum(weights));
    why_.redeemable_part.minor = part;
    const auto by_percent = share(why_.redeemable_part, program_.max_redeem, Rounding::kDown).minor;
    const auto by_floors = sum(rooms_);
    why_.floors_limit = by_floors < by_percent;
    why_.redeem_limit.minor = std::min(by_percent, by_floors);
    quote_.redeemable = most_points(why_.redeem_limit.minor, basket_.customer->available);
    const auto step = std::max<std::int64_t>(1, program_.point_step.units);
    const auto asked = std::max<std::int64_t>(0, basket_.redeem.units) / step * step;
    quote_.redeemed.units = std::min(asked, quote_.redeemable.units);
    if (quote_.redeemed.units == 0) return;
    pay_by_points(weights);
  }

  // Whole steps that neither exceed the money nor the balance.
  [[nodiscard]] Points most_points(std::int64_t money, Points available) const {
    const auto step = program_.point_step.units;
    const auto value = program_.point_value.minor;
    if (step <= 0 || value <= 0 || available.units < step || money <= 0) return {};
    const auto steps = std::min(mul_div(money, 100, checked_mul(step, value), Rounding::kDown),
                                available.units / step);
    return {steps * step};
  }

  void pay_by_points(const Amounts& weights) {
    const auto money =
        mul_div(quote_.redeemed.units, program_.point_value.minor, 100, Rounding::kDown);
    const auto paid = allocate(money, weights, rooms_);
    const Amounts no_caps(paid.size(), std::numeric_limits<std::int64_t>::max());
    const auto points = allocate(quote_.redeemed.units, paid, no_caps);
    for (std::size_t i = 0; i < paid.size(); ++i) {
      auto& q = quote_.lines[i];
      q.by_points.minor = paid[i];
      q.redeemed.units = points[i];
      q.total.minor -= paid[i];
    }
    quote_.by_points.minor = money;
    quote_.total -= quote_.by_points;
  }

  void accrual() {
    if (!basket_.customer || program_.earn.units <= 0) return;
    Amounts bases(quote_.lines.size(), 0);
    for (std::size_t i = 0; i < bases.size(); ++i) {
      const auto& q = quote_.lines[i];
      if (why_.lines[i].excluded || !goods::may_accrue(basket_.lines[i].legal)) continue;
      bases[i] = q.total.minor + (program_.earn_on_points_paid ? q.by_points.minor : 0);
    }
    const auto by_points = program_.earn_on_points_paid ? quote_.by_points.minor : 0;
    fit(bases, checked_add(quote_.total.minor, by_points));
    for (std::size_t i = 0; i < bases.size(); ++i) {
      why_.lines[i].base.minor = bases[i];
      auto& accrued = quote_.lines[i].accrued;
      accrued.units =
          mul_div(bases[i], program_.earn.units, kPercentScale, program_.points_rounding);
      quote_.accrued += accrued;
    }
  }

  void finish() {
    for (std::size_t i = 0; i < quote_.lines.size(); ++i) {
      auto& q = quote_.lines[i];
      q.units = split_units(basket_.lines[i], q, program_.earn_on_points_paid);
    }
    explain(program_, basket_, why_, quote_);
  }

  const Program& program_;
  const Basket& basket_;
  Quote quote_;
  Reasons why_;
  Amounts rooms_;  // what may still come off each line; 0 where nothing may
};

}  // namespace

Quote quote(const Program& program, const Basket& basket) {
  return Evaluation(program, basket).run();
}

}  // namespace till::loyalty
