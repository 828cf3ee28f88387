// Goods that no rule may give away: the law, or a minimum price, stands above every program.
#pragma once

#include <vector>

#include "gateway/goods/goods.h"
#include "gateway/loyalty/loyalty.h"

namespace till::loyalty {

// No tobacco, nothing that is money, nothing that has a minimum price.
bool may_be_given(goods::LegalClass legal, Money min_price);

// Of the program's gifts those the goods file bars, with why; for Basket::goods.
std::vector<GoodsFact> barred_gifts(const Program& program, const goods::Catalogue& goods);

// kProgramInvalid for the first rule whose gift the goods file bars, with the reason.
Result<void> check_gifts(const Program& program, const goods::Catalogue& goods);

}  // namespace till::loyalty
