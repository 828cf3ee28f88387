#include "gateway/loyalty/gifts.h"

#include <algorithm>

#include "gateway/loyalty/explain.h"
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

}  // namespace till::loyalty
