// Any bytes as a program, and any as a basket for it: both are read or refused, and whatever is
// read evaluates to sums that add up.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/base/json.h"
#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/evaluate.h"

namespace {

constexpr std::string_view kBasket = R"({"customer":{"id":"c","card_type":"gold",
    "purses":{"points":"500"}},"redeem":"max","codes":["A"],"lines":[
    {"sku":"a","category":"x","price":"10.00","quantity":"3","min_price":"4"},
    {"sku":"b","category":"y","price":"99.99","quantity":"0.345"},
    {"sku":"c","price":"-5.00"},{"sku":"t","price":"200","legal":"tobacco"}]})";

void check(const till::loyalty::Program& program, std::string_view text) {
  const auto json = till::parse_json(text);
  if (!json) return;
  const auto basket = till::loyalty::basket_from_json(*json);
  if (!basket || basket->lines.size() > 50) return;
  try {
    till::loyalty::Evaluator e(program.plan());
    e.start(*basket);
    const auto& out = e.run();
    std::int64_t total = 0;
    for (std::size_t i = 0; i < out.lines.size(); ++i) {
      const auto& l = out.lines[i];
      total += l.total;
      if (l.discount < 0 || l.by_points < 0 || l.accrued < 0) std::abort();
      const bool untouchable = basket->lines[i].legal == till::goods::LegalClass::kTobacco;
      if (untouchable && (l.discount != 0 || l.by_points != 0 || l.accrued != 0)) std::abort();
    }
    if (total != out.sum.total) std::abort();
    (void)till::loyalty::outcome_to_json(program, *basket, out);
  } catch (const till::Overflow&) {  // a basket of 10^17 roubles
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto cut = text.find('\n');  // a program on the first line, a basket on the rest
  const auto program = till::loyalty::Program::from_json(text.substr(0, cut));
  if (!program) return 0;
  check(*program, kBasket);
  if (cut != std::string_view::npos) check(*program, text.substr(cut + 1));
  return 0;
}
