#include "gateway/loyalty/called.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace till::loyalty {

std::string trimmed(std::string text) {
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string form_of(std::string_view forms, std::int64_t number, bool russian, bool of) {
  const auto whole = (number < 0 ? -number : number) / 100;
  const bool broken = number % 100 != 0;
  int form = whole == 1 && !broken ? 0 : 1;
  if (russian && !broken) {
    const auto last = whole % 100 > 10 && whole % 100 < 20 ? 0 : whole % 10;
    form = last == 1 ? 0 : last > 1 && last < 5 && !of ? 1 : 2;
    if (of && last == 1) form = 1;
  }
  for (; form > 0 && forms.find('|') != std::string_view::npos; --form) {
    forms.remove_prefix(forms.find('|') + 1);
  }
  return std::string(forms.substr(0, forms.find('|')));
}

std::string called(const Plan& plan, NameId key, bool russian) {
  struct Known {
    std::string_view id, en, ru;
  };
  constexpr std::array<Known, 10> kKnown{{{"points", "point|points", "балл|балла|баллов"},
                                          {"spent", "spending", "сумма покупок"},
                                          {"spent_ever", "spending", "сумма покупок"},
                                          {"purchases", "purchases", "покупки"},
                                          {"purchases_ever", "purchases", "покупки"},
                                          {"birthday", "birthday", "день рождения"},
                                          {"joined", "joining", "вступление"},
                                          {"first_purchase", "first purchase", "первая покупка"},
                                          {"last_purchase", "last purchase", "последняя покупка"},
                                          {"stamps", "stamp|stamps", "наклейка|наклейки|наклеек"}}};
  const auto id = plan.names.text(key);
  const auto said = [&](const std::array<std::string, 2>& name) {
    return name[russian ? 1 : 0].empty() ? std::string(id) : name[russian ? 1 : 0];
  };
  if (const auto* purse = plan.purse(key); purse != nullptr && !purse->name[0].empty()) {
    return said(purse->name);
  }
  if (plan.tiers) {
    const auto level = std::ranges::find(plan.tiers->steps, key, &Tier::key);
    if (level != plan.tiers->steps.end()) return said(level->name);
  }
  if (const auto* coupon = plan.coupon(key); coupon != nullptr) return said(coupon->name);
  const auto known = std::ranges::find(kKnown, id, &Known::id);
  return known == kKnown.end() ? std::string(id) : std::string(russian ? known->ru : known->en);
}

std::string so_many(const Plan& plan, NameId purse, std::int64_t amount, bool russian, bool of) {
  return trimmed(detail::decimal(amount, 2)) + " " +
         form_of(called(plan, purse, russian), amount, russian, of);
}

std::string days_between(const Calendar& c, bool russian) {
  std::string out;
  if (c.from != INT64_MIN) out = (russian ? "с " : "from ") + format_day(c.from / kDaySeconds);
  if (c.until != INT64_MAX) {
    out += (out.empty() ? "" : " ") + std::string(russian ? "по " : "until ") +
           format_day(c.until / kDaySeconds);
  }
  return out;
}

}  // namespace till::loyalty
