#include <algorithm>

#include "gateway/loyalty/effects.h"
#include "gateway/loyalty/loyalty.h"

namespace till::loyalty {
namespace {

// The part of `amount` that the first `at` of `whole` make, rounded once: differences of two such
// parts add up to the whole however often it is cut.
std::int64_t upto(std::int64_t amount, Quantity at, Quantity whole) {
  return at == whole ? amount : mul_div(amount, at.units, whole.units, Rounding::kHalfUp);
}

UnitShare slice(const UnitShare& share, Quantity from, Quantity to) {
  const auto part = [&](std::int64_t amount) {
    return upto(amount, to, share.quantity) - upto(amount, from, share.quantity);
  };
  return {to - from,
          {part(share.total.minor)},
          {part(share.discount.minor)},
          {part(share.by_points.minor)},
          {part(share.redeemed.units)},
          {part(share.accrued.units)}};
}

// The shares of the units from `from` to `to`, counted over the whole line.
LineQuote take_back(const LineQuote& sold, Quantity from, Quantity to) {
  LineQuote back;
  back.id = sold.id;
  back.uncounted = sold.uncounted;
  const Money none;
  back.gross = back.discount = back.by_points = back.total = none;
  Quantity start;
  for (const auto& share : sold.units) {
    const auto end = start + share.quantity;
    const auto low = std::max(from, start);
    const auto high = std::min(to, end);
    if (low < high) {
      const auto piece = slice(share, low - start, high - start);
      back.discount += piece.discount;
      back.by_points += piece.by_points;
      back.total += piece.total;
      back.redeemed += piece.redeemed;
      back.accrued += piece.accrued;
      back.units.push_back(piece);
    }
    start = end;
  }
  back.gross = back.total + back.discount + back.by_points;
  return back;
}

Quantity sold_quantity(const LineQuote& line) {
  Quantity total;
  for (const auto& share : line.units) total += share.quantity;
  return total;
}

Explanation in_words(const LineQuote& back, Quantity quantity) {
  const auto piece = to_string(quantity);
  return {back.id,
          piece + " back: " + to_string(back.total) + " to the customer, " +
              to_string(back.redeemed) + " points given back, " + to_string(back.accrued) +
              " earned points taken off",
          "возврат " + piece + ": " + to_string(back.total) + " покупателю, возвращено баллов " +
              to_string(back.redeemed) + ", снято начисленных " + to_string(back.accrued)};
}

void add(Quote& quote, LineQuote line) {
  if (quote.lines.empty()) {
    quote.gross = quote.discount = quote.by_points = quote.total = {0};
  }
  quote.gross += line.gross;
  quote.discount += line.discount;
  quote.by_points += line.by_points;
  quote.total += line.total;
  quote.redeemed += line.redeemed;
  quote.accrued += line.accrued;
  quote.lines.push_back(std::move(line));
}

Result<Quantity> returned_before(const std::map<std::string, Quantity>& before,
                                 const std::string& id) {
  const auto at = before.find(id);
  if (at == before.end()) return Quantity{};
  if (at->second.units < 0) return fail(Code::kOutOfRange, "line " + id + ": below 0");
  return at->second;
}

}  // namespace

Result<Quote> quote_return(const Quote& sold, const std::map<std::string, Quantity>& before,
                           const std::map<std::string, Quantity>& returned) {
  for (const auto& [id, quantity] : returned) {
    if (quantity.units < 0) return fail(Code::kOutOfRange, "line " + id + ": below 0");
    if (std::ranges::find(sold.lines, id, &LineQuote::id) == sold.lines.end()) {
      return fail(Code::kReturnTooMuch, "line " + id + " is not on the receipt");
    }
  }
  Quote back;
  back.program_version = sold.program_version;
  back.points_are_payment = sold.points_are_payment;
  back.gross = back.discount = back.by_points = back.total = {0};
  Money earlier = back.gross;  // list price of what came back before
  bool whole = true;
  for (const auto& line : sold.lines) {  // in the receipt's order
    const auto at = returned.find(line.id);
    const auto from = TILL_TRY(returned_before(before, line.id));
    const auto now = at == returned.end() ? Quantity{} : at->second;
    const bool bad_before = from > sold_quantity(line);
    if (!bad_before) earlier += take_back(line, {}, from).gross;
    whole = whole && from + now >= sold_quantity(line);
    if (now.units == 0) continue;
    const auto left = sold_quantity(line) - from;
    if (at->second > left) {
      return fail(Code::kReturnTooMuch, "line " + line.id + ": " + to_string(at->second) +
                                            ", left " + to_string(std::max(left, Quantity{})));
    }
    auto taken = take_back(line, from, from + at->second);
    back.why.push_back(in_words(taken, at->second));
    add(back, std::move(taken));
  }
  if (sold.effects) {
    const auto size = std::max<std::int64_t>(1, sold.gross.minor);
    const auto to = whole ? size : (earlier + back.gross).minor;
    back.effects = effects_back(*sold.effects, earlier.minor, to, size);
  }
  return back;
}

}  // namespace till::loyalty
