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

Halves halves(const Line& line, Money gross) {
  Halves h;
  h.units = line.quantity.units / kQuantityScale;
  h.fraction = {line.quantity.units % kQuantityScale};
  const auto floor = std::max<std::int64_t>(0, line.min_price.minor);
  const auto unit_room = std::max<std::int64_t>(0, checked_sub(line.price.minor, floor));
  h.gross[0] = checked_mul(line.price.minor, h.units);
  h.gross[1] = checked_sub(gross.minor, h.gross[0]);
  h.room[0] = checked_mul(unit_room, h.units);
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
  const auto h = halves(line, quote.gross);
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
  const std::vector<std::int64_t> caps(runs.size(), std::numeric_limits<std::int64_t>::max());
  const auto redeemed = allocate(quote.redeemed.units, paid, caps);
  const auto accrued = allocate(quote.accrued.units, base, caps);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].redeemed = redeemed[i];
    runs[i].accrued = accrued[i];
  }
}

void emit(const Run& run, Currency currency, bool singly, std::vector<UnitShare>& shares) {
  const Even redeemed(run.redeemed, run.count);
  const Even accrued(run.accrued, run.count);
  stretches(run.count, redeemed, accrued, [&](std::int64_t first, std::int64_t count) {
    const auto together = singly ? 1 : count;
    const UnitShare share{
        {run.quantity.units * together},     {(run.gross - run.cut) * together, currency},
        {run.discount * together, currency}, {(run.cut - run.discount) * together, currency},
        {redeemed.at(first) * together},     {accrued.at(first) * together}};
    shares.insert(shares.end(), static_cast<std::size_t>(count / together), share);
  });
}

}  // namespace

Money room(const Line& line, Money gross) {
  if (line.quantity.units <= 0) return {0, gross.currency};
  const auto h = halves(line, gross);
  return {checked_add(h.room[0], h.room[1]), gross.currency};
}

std::vector<UnitShare> split_units(const Line& line, const LineQuote& quote,
                                   bool earn_on_points_paid) {
  std::vector<UnitShare> shares;
  if (line.quantity.units <= kQuantityScale) {  // one unit, a part of one, or nothing
    shares.push_back({line.quantity, quote.total, quote.discount, quote.by_points, quote.redeemed,
                      quote.accrued});
    return shares;
  }
  auto runs = money_runs(line, quote);
  spread_points(runs, quote, earn_on_points_paid);
  const auto units = line.quantity.units / kQuantityScale;
  const bool singly = units <= kMaxSingleUnits;
  shares.reserve(singly ? static_cast<std::size_t>(units) + 1 : 3 * runs.size());
  for (const auto& run : runs) emit(run, quote.gross.currency, singly, shares);
  return shares;
}

}  // namespace till::loyalty
