#include "gateway/loyalty/units.h"

#include <algorithm>
#include <array>
#include <limits>

namespace till::loyalty {
namespace {

// The line's whole units taken together and the fraction after them.
struct Halves {
  std::int64_t units = 0;
  Quantity fraction;
  std::array<std::int64_t, 2> gross{};
  std::array<std::int64_t, 2> room{};
};

Halves halves(Money price, Quantity quantity, Money min_price, Money gross) {
  Halves h;
  h.units = quantity.units / kQuantityScale;
  h.fraction = {quantity.units % kQuantityScale};
  const auto floor = std::max<std::int64_t>(0, min_price.minor);
  const auto of_unit = std::max<std::int64_t>(0, checked_sub(price.minor, floor));
  h.gross[0] = checked_mul(price.minor, h.units);
  h.gross[1] = checked_sub(gross.minor, h.gross[0]);
  h.room[0] = checked_mul(of_unit, h.units);
  const auto part_floor = mul_div(floor, h.fraction.units, kQuantityScale, Rounding::kUp);
  h.room[1] = std::max<std::int64_t>(0, checked_sub(h.gross[1], part_floor));
  return h;
}

std::array<std::int64_t, 2> in_two(std::int64_t amount, const Halves& h,
                                   const std::array<std::int64_t, 2>& caps) {
  if (h.fraction.units == 0) return {amount, 0};
  if (h.units == 0) return {0, amount};
  const auto shares = allocate(amount, {h.gross[0], h.gross[1]}, {caps[0], caps[1]});
  return {shares[0], shares[1]};
}

// Units that are alike: amounts of one of them, and the points of all together.
struct Run {
  std::int64_t count = 1;
  Quantity quantity;
  std::int64_t gross = 0;
  std::int64_t cut = 0;  // discount and points together
  std::int64_t discount = 0;
  std::int64_t redeemed = 0;
  std::int64_t accrued = 0;
};

// One of `count` units, of which the first `amount % count` carry one more.
struct Even {
  std::int64_t each;
  std::int64_t more;
  Even(std::int64_t amount, std::int64_t count) : each(amount / count), more(amount % count) {}
  [[nodiscard]] std::int64_t at(std::int64_t unit) const { return each + (unit < more ? 1 : 0); }
};

// Calls piece(first, count) for each stretch of [0, count) in which neither split changes.
template <typename F>
void stretches(std::int64_t count, const Even& a, const Even& b, F piece) {
  std::int64_t first = 0;
  for (const auto end : {std::min(a.more, b.more), std::max(a.more, b.more), count}) {
    if (end > first) piece(first, end - first);
    first = std::max(first, end);
  }
}

std::vector<Run> money_runs(const Line& line, const LineQuote& quote) {
  const auto h = halves(line.price, line.quantity, line.min_price, quote.gross);
  const auto cut = in_two(checked_add(quote.discount.minor, quote.by_points.minor), h, h.room);
  const auto discount = in_two(quote.discount.minor, h, cut);
  std::vector<Run> runs;
  runs.reserve(4);
  if (h.units > 0) {
    // The cut and the discount in it are spread alike; points pay the difference, which
    // therefore is never negative and never takes a unit below its floor.
    const Even cuts(cut[0], h.units);
    const Even discounts(discount[0], h.units);
    stretches(h.units, cuts, discounts, [&](std::int64_t first, std::int64_t count) {
      runs.push_back({count, Quantity{kQuantityScale}, line.price.minor, cuts.at(first),
                      discounts.at(first), 0, 0});
    });
  }
  if (h.fraction.units > 0) {
    runs.push_back({1, h.fraction, h.gross[1], cut[1], discount[1], 0, 0});
  }
  return runs;
}

void spread_points(std::vector<Run>& runs, const LineQuote& quote, bool earn_on_points_paid) {
  if (quote.redeemed.units == 0 && quote.accrued.units == 0) return;
  std::vector<std::int64_t> paid;
  std::vector<std::int64_t> base;
  for (const auto& r : runs) {
    paid.push_back((r.cut - r.discount) * r.count);
    base.push_back((r.gross - (earn_on_points_paid ? r.discount : r.cut)) * r.count);
  }
  if (std::ranges::all_of(base, [](std::int64_t b) { return b <= 0; })) {
    // Points of a line that costs nothing (so many for a piece) go by quantity.
    for (std::size_t i = 0; i < runs.size(); ++i) base[i] = runs[i].quantity.units * runs[i].count;
  }
  const std::vector<std::int64_t> caps(runs.size(), std::numeric_limits<std::int64_t>::max());
  const auto redeemed = allocate(quote.redeemed.units, paid, caps);
  const auto accrued = allocate(quote.accrued.units, base, caps);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].redeemed = redeemed[i];
    runs[i].accrued = accrued[i];
  }
}

void emit(const Run& run, bool singly, std::vector<UnitShare>& shares) {
  const Even redeemed(run.redeemed, run.count);
  const Even accrued(run.accrued, run.count);
  stretches(run.count, redeemed, accrued, [&](std::int64_t first, std::int64_t count) {
    const auto together = singly ? 1 : count;
    const UnitShare share{{run.quantity.units * together}, {(run.gross - run.cut) * together},
                          {run.discount * together},       {(run.cut - run.discount) * together},
                          {redeemed.at(first) * together}, {accrued.at(first) * together}};
    shares.insert(shares.end(), static_cast<std::size_t>(count / together), share);
  });
}

// A line whose tax comes on top has no price of one unit to divide by; its sums are split alike.
std::vector<UnitShare> split_alike(const Line& line, const LineQuote& q) {
  const auto whole = line.quantity.units / kQuantityScale;
  const auto rest = line.quantity.units % kQuantityScale;
  const auto parts = whole + (rest > 0 ? 1 : 0);
  std::vector<UnitShare> shares;
  Quantity done;
  std::array<std::int64_t, 5> before{};
  for (std::int64_t i = 0; i < parts; ++i) {
    const Quantity size{i < whole ? kQuantityScale : rest};
    done += size;
    std::array<std::int64_t, 5> upto{};
    const std::array all{q.discount.minor + q.by_points.minor, q.discount.minor, q.redeemed.units,
                         q.accrued.units, q.gross.minor};
    for (std::size_t k = 0; k < upto.size(); ++k) {
      upto[k] = mul_div(all[k], done.units, line.quantity.units, Rounding::kDown);
    }
    const auto part = [&](std::size_t k) { return upto[k] - before[k]; };
    shares.push_back(
        {size, {part(4) - part(0)}, {part(1)}, {part(0) - part(1)}, {part(2)}, {part(3)}});
    before = upto;
  }
  return shares;
}

}  // namespace

Money unit_room(Money price, Quantity quantity, Money min_price, Money gross) {
  if (quantity.units <= 0) return {};
  const auto h = halves(price, quantity, min_price, gross);
  return {checked_add(h.room[0], h.room[1])};
}

std::vector<UnitShare> split_units(const Line& line, const LineQuote& quote,
                                   bool earn_on_points_paid) {
  std::vector<UnitShare> shares;
  if (line.quantity.units <= kQuantityScale) {  // one unit, a part of one, or nothing
    shares.push_back({line.quantity, quote.total, quote.discount, quote.by_points, quote.redeemed,
                      quote.accrued});
    return shares;
  }
  const bool on_top = std::ranges::any_of(line.taxes, [](const LineTax& t) { return !t.included; });
  if (on_top && line.quantity.units <= kMaxSingleUnits * kQuantityScale) {
    return split_alike(line, quote);
  }
  if (on_top) {
    return {{line.quantity, quote.total, quote.discount, quote.by_points, quote.redeemed,
             quote.accrued}};
  }
  auto runs = money_runs(line, quote);
  spread_points(runs, quote, earn_on_points_paid);
  const auto units = line.quantity.units / kQuantityScale;
  const bool singly = units <= kMaxSingleUnits;
  shares.reserve(singly ? static_cast<std::size_t>(units) + 1 : 3 * runs.size());
  for (const auto& run : runs) emit(run, singly, shares);
  return shares;
}

}  // namespace till::loyalty
