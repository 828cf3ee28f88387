#include "gateway/loyalty/explain.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace till::loyalty {
namespace {

// Both languages at once, so that neither is forgotten.
struct Words {
  std::string en;
  std::string ru;

  template <typename... Args>
  void add(fmt::format_string<const Args&...> in_english,
           fmt::format_string<const Args&...> in_russian, const Args&... args) {
    for (auto* text : {&en, &ru}) {
      if (!text->empty()) text->append("; ");
    }
    fmt::format_to(std::back_inserter(en), in_english, args...);
    fmt::format_to(std::back_inserter(ru), in_russian, args...);
  }
};

std::pair<std::string_view, std::string_view> exclusion(const Line& line) {
  if (line.is_card) return {"a loyalty card", "карта лояльности"};
  switch (line.legal) {
    case goods::LegalClass::kTobacco:
      return {"tobacco, by law", "табак, по закону"};
    case goods::LegalClass::kGiftCard:
      return {"a gift card is money", "подарочная карта — это деньги"};
    case goods::LegalClass::kLottery:
      return {"lottery", "лотерея"};
    default:
      return {"the price is not above zero", "цена не больше нуля"};
  }
}

void explain_discount(const LineQuote& q, const LineReason& why, const std::string& percent,
                      Words& words) {
  const auto gross = to_string(q.gross);
  const auto given = to_string(q.discount);
  if (q.discount == why.wanted) {
    words.add("{} of {} = {} off", "{} от {} = скидка {}", percent, gross, given);
  } else if (q.discount < why.wanted) {
    words.add("{} of {} would be {}, the minimum price leaves {} off",
              "{} от {} было бы {}, минимальная цена оставляет скидку {}", percent, gross,
              to_string(why.wanted), given);
  } else {
    words.add("{} of {} = {}, and {} moved here from goods at their minimum price: {} off",
              "{} от {} = {}, ещё {} перенесено с товаров по минимальной цене: скидка {}", percent,
              gross, to_string(why.wanted), to_string(q.discount - why.wanted), given);
  }
}

Words line_words(const Program& program, const Line& line, const LineQuote& q,
                 const LineReason& why, const std::string& discount, const std::string& earn) {
  Words words;
  if (why.excluded) {
    const auto [en, ru] = exclusion(line);
    words.en.append("no discount, no points: ").append(en);
    words.ru.append("без скидки и баллов: ").append(ru);
    return words;
  }
  if (why.wanted.minor != 0 || q.discount.minor != 0) explain_discount(q, why, discount, words);
  if (q.by_points.minor != 0) {
    words.add("{} paid by {} points", "{} оплачено {} баллами", to_string(q.by_points),
              to_string(q.redeemed));
  }
  if (program.earn.units > 0 && why.base.minor != 0) {
    words.add("{} of {} = {} points", "{} от {} = {} баллов", earn, to_string(why.base),
              to_string(q.accrued));
  }
  return words;
}

void explain_redemption(const Program& program, const Basket& basket, const Reasons& why,
                        const Quote& quote, Words& words) {
  const auto& customer = *basket.customer;
  if (!customer.verified) {
    if (basket.redeem.units > 0) {
      words.add("points cannot be used: the card is not verified yet",
                "баллы списать нельзя: карта ещё не подтверждена");
    }
    return;
  }
  if (program.max_redeem.units == 0) {
    if (basket.redeem.units > 0) {
      words.add("this program takes no points", "по этой программе баллы не списываются");
    }
    return;
  }
  if (why.floors_limit) {
    words.add("minimum prices leave {} to pay by points", "минимальные цены оставляют {} под баллы",
              to_string(why.redeem_limit));
  } else {
    words.add("points may pay {} of {} = {}", "баллами можно оплатить {} от {} = {}",
              percent_text(program.max_redeem), to_string(why.redeemable_part),
              to_string(why.redeem_limit));
  }
  words.add("the customer has {} points, used in steps of {}: at most {}",
            "у покупателя {} баллов, списываются по {}: не больше {}",
            to_string(customer.available), to_string(program.point_step),
            to_string(quote.redeemable));
  if (basket.redeem.units > 0) {
    words.add("{} asked for, {} used", "запрошено {}, списано {}", to_string(basket.redeem),
              to_string(quote.redeemed));
  }
}

Words receipt_words(const Program& program, const Basket& basket, const Reasons& why,
                    const Quote& quote) {
  Words words;
  if (!basket.customer) {
    words.add("no customer: no card discount, no points",
              "нет покупателя: без скидки по карте и без баллов");
    return words;
  }
  if (why.discount.units == 0) {
    words.add("no card discount", "скидки по карте нет");
  } else {
    words.add("card discount {}: {} off", "скидка по карте {}: {}", percent_text(why.discount),
              to_string(quote.discount));
  }
  explain_redemption(program, basket, why, quote, words);
  if (program.earn.units > 0) {
    words.add("{} points earned", "начислено баллов: {}", to_string(quote.accrued));
  }
  return words;
}

}  // namespace

std::string percent_text(Percent percent) {
  auto text = detail::decimal(percent.units, 2);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text + " %";
}

void explain(const Program& program, const Basket& basket, const Reasons& reasons, Quote& quote) {
  const auto discount = percent_text(reasons.discount);
  const auto earn = percent_text(program.earn);
  quote.why.reserve(basket.lines.size() + 1);
  for (std::size_t i = 0; basket.customer && i < basket.lines.size(); ++i) {
    auto words =
        line_words(program, basket.lines[i], quote.lines[i], reasons.lines[i], discount, earn);
    if (words.en.empty()) continue;
    quote.why.push_back({basket.lines[i].id, std::move(words.en), std::move(words.ru)});
  }
  auto words = receipt_words(program, basket, reasons, quote);
  quote.why.push_back({"", std::move(words.en), std::move(words.ru)});
}

}  // namespace till::loyalty
