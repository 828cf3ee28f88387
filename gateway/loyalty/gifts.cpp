#include "gateway/loyalty/gifts.h"

#include <algorithm>

#include "gateway/loyalty/evaluate.h"
#include "gateway/loyalty/explain.h"
#include "gateway/loyalty/load.h"
#include "gateway/loyalty/plan.h"

namespace till::loyalty {

bool may_be_given(goods::LegalClass legal, Money min_price) {
  return goods::may_discount(legal) && min_price.minor <= 0;
}

std::vector<GoodsFact> barred_gifts(const Program& program, const goods::Catalogue& goods) {
  const auto& plan = program.plan();
  std::vector<GoodsFact> out;
  for (const auto gift : plan.gifts) {
    const auto* item = goods.find(plan.names.text(gift));
    if (item == nullptr || may_be_given(item->legal, item->min_price)) continue;
    out.push_back({item->code, item->legal, item->min_price});
  }
  return out;
}

Result<void> check_gifts(const Program& program, const goods::Catalogue& goods) {
  const auto barred = barred_gifts(program, goods);
  if (barred.empty()) return {};
  const auto& plan = program.plan();
  const auto what = plan.names.find(barred.front().sku);
  const auto gives = [&](const Rule& r) {
    return r.give.kind == Effect::Kind::kGift && r.give.what == what && !r.paused;
  };
  const auto rule = std::ranges::find_if(plan.rules, gives);
  const auto why =
      in_words(plan, {Why::kGiftBarred, static_cast<std::int32_t>(rule - plan.rules.begin()), -1,
                      static_cast<std::int64_t>(barred.front().legal), 0});
  return fail(Code::kProgramInvalid, "rules." + rule->id + ".give.gift: " + why.en);
}

// Of goods that may not be given away: their class, kNone when it is their minimum price. A line
// with the same goods tells it as well as the goods file.
std::optional<goods::LegalClass> Evaluator::barred(NameId gift) const {
  for (std::size_t i = 0; i < count_; ++i) {
    const auto& l = lines_[i];
    if (l.sku == gift && !may_be_given(l.legal, {l.min_price})) return l.legal;
  }
  const auto fact = std::ranges::find(basket_->goods, plan_.names.text(gift), &GoodsFact::sku);
  if (fact == basket_->goods.end() || may_be_given(fact->legal, fact->min_price)) return {};
  return fact->legal;
}

bool Evaluator::code_is_for(const Code& code, std::uint32_t rule) const {
  const auto in = [&](NameId name) {
    return name != kNoName && std::ranges::binary_search(plan_.by_code[name], rule);
  };
  return in(code.name) || in(code.type);
}

// In order, and nobody has used them up yet.
std::int64_t Evaluator::free_coupons(NameId type) const {
  return std::ranges::count_if(
      codes_, [&](const Code& c) { return type != kNoName && c.type == type && c.taken < 0; });
}

// Those that were entered first.
void Evaluator::take_coupons(std::uint32_t rule, std::int64_t times) {
  const auto& takes = plan_.rules[rule].takes;
  auto left = checked_mul(takes.count, times);
  for (auto& code : codes_) {
    if (left == 0 || code.type != takes.type || code.taken >= 0) continue;
    code.taken = rule;
    --left;
  }
}

// What rules that did not apply after all had used up.
void Evaluator::give_coupons_back() {
  for (auto& code : codes_) {
    if (code.taken >= 0 && gave_[static_cast<std::size_t>(code.taken)] == 0) code.taken = -1;
  }
}

// What is paid for the rule's goods, as earning counts it.
std::int64_t Evaluator::paid_for(std::uint32_t rule) const {
  const auto& r = plan_.rules[rule];
  std::int64_t paid = 0;
  for (const auto i : lines_of(rule)) {
    if (!lines_[i].earns || !selects(r.select, lines_[i])) continue;
    paid = checked_add(paid, earning_base(r, i));
  }
  return paid;
}

std::int64_t Evaluator::apply_gift(std::uint32_t rule, bool dry, const Quota& q) {
  const auto& r = plan_.rules[rule];
  const auto times = form_sets(rule, q.times, dry);
  if (times == 0) return 0;
  if (!r.sets && !r.select.all()) {
    const auto lines = lines_of(rule);
    const bool some = std::ranges::any_of(
        lines, [&](auto i) { return !lines_[i].excluded && selects(r.select, lines_[i]); });
    if (!some) {
      const auto why = lacks_goods(rule).value_or(Blame{Why::kNothingEarns});
      if (!dry) say(why.why, rule, -1, why.a);
      return 0;
    }
  }
  // An empty receipt still is a visit; one of tobacco alone earns nothing, nor is anything handed
  // out for it.
  const bool hands = r.give.kind != Effect::Kind::kMessage;
  if (hands && count_ > 0 &&
      std::none_of(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(count_),
                   [](const auto& l) { return l.earns; })) {
    if (!dry) say(Why::kNothingEarns, rule);
    return 0;
  }
  auto count = checked_mul(r.give.quantity, times);
  if (r.give.every > 0) {
    const auto paid = paid_for(rule);
    if (paid < r.give.every) {
      if (!dry) say(Why::kNeedsAmount, rule, -1, r.give.every - paid);
      return 0;
    }
    const auto most = load::kMaxHanded * (r.give.kind == Effect::Kind::kGift ? kQuantityScale : 1);
    count = std::min(most, checked_mul(count, paid / r.give.every));
  }
  if (dry) return 1;
  if (r.give.kind == Effect::Kind::kGift) {
    out_.gifts.push_back({rule, r.give.what, count});
    say(Why::kGift, rule, -1, out_.gifts.back().count);
  } else if (r.give.kind == Effect::Kind::kCoupon) {
    out_.coupons.push_back({rule, r.give.what, count});
    say(Why::kCouponIssued, rule, -1, out_.coupons.back().count);
  } else {
    say(Why::kMessage, rule);
  }
  gave(rule, times, 0);
  return 1;
}

}  // namespace till::loyalty
