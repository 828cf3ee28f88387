#include "gateway/loyalty/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gateway/loyalty/called.h"
#include "gateway/loyalty/why_words.h"

namespace till::loyalty {
namespace {

struct Entry {
  std::string_view name;
  int rank;
  std::string_view en;
  std::string_view ru;
};

// {rule} {other} {money} {money_b} {points} {points_b} {count} {name} stand for the arguments, of_
// before one for its genitive.
constexpr std::array<Entry, kWhyCount> kEntries{{
    {"applied", 0, "{rule}: {money} off", "{rule}: скидка {money}"},
    {"next_step", 1, "{rule}: {to_step} more and it is {step}",
     "{rule}: ещё {to_step}, и будет {step}"},
    {"earned", 0, "{rule}: {points} for {money_b}", "{rule}: начислено {points} за {money_b}"},
    {"gift", 0, "{rule}: a gift, {quantity} × {what}", "{rule}: подарок, {quantity} × {what}"},
    {"gift_barred", 1, "{rule}: {what} is not given away: {law_en}",
     "{rule}: «{what}» не дарится: {law_ru}"},
    {"coupon_issued", 0, "{rule}: {pieces}", "{rule}: {pieces}"},
    {"message", 0, "{text_en}", "{text_ru}"},
    {"legal", 0, "no discount, no points: {law_en}", "без скидки и баллов: {law_ru}"},
    {"card_itself", 0, "no discount, no points: a loyalty card",
     "без скидки и баллов: карта лояльности"},
    {"not_positive", 0, "no discount, no points: the price is not above zero",
     "без скидки и баллов: цена не больше нуля"},
    {"deposit", 0, "no discount, no points: a deposit or fee",
     "без скидки и баллов: залог или сбор"},
    {"excluded", 0, "no discount, no points: excluded from the program",
     "без скидки и баллов: исключено из программы"},
    {"floor", 0, "{rule}: {money} less: a minimum price, or no more was left to pay",
     "{rule}: на {money} меньше: дальше минимальная цена или больше нечего было снижать"},
    {"program_paused", 0, "the program is paused", "программа приостановлена"},
    {"program_dates", 0, "the program does not run now{days}",
     "программа сейчас не действует{days}"},
    {"paused", 2, "{rule}: is paused", "{rule}: приостановлена"},
    {"dates", 2, "{rule}: not on this date{days}", "{rule}: не в эти даты{days}"},
    {"time", 2, "{rule}: not at this time", "{rule}: не в это время"},
    {"no_customer", 1, "{rule}: with a card", "{rule}: по карте"},
    {"only_unknown", 2, "{rule}: only without a card", "{rule}: только без карты"},
    {"not_verified", 1, "{rule}: the card is not confirmed (new, or central is away)",
     "{rule}: карта не подтверждена (новая или нет связи)"},
    {"card_type", 2, "{rule}: not with this type of card", "{rule}: не по этому типу карты"},
    {"segment", 2, "{rule}: for another group of customers",
     "{rule}: для другой группы покупателей"},
    {"tier", 1, "{rule}: for another level", "{rule}: для другого уровня"},
    {"store", 2, "{rule}: not in this store", "{rule}: не в этом магазине"},
    {"till", 2, "{rule}: not at this till", "{rule}: не на этой кассе"},
    {"payment", 1, "{rule}: only with another way of payment",
     "{rule}: только при другом способе оплаты"},
    {"code", 2, "{rule}: needs its code", "{rule}: нужен промокод"},
    {"coupon", 2, "{rule}: needs a coupon", "{rule}: нужен купон"},
    {"coupons", 1, "{rule}: {pieces} missing", "{rule}: не хватает: {pieces}"},
    {"counter", 1, "{rule}: not yet, {count} more ({name})",
     "{rule}: ещё рано, не хватает: {count} ({name})"},
    {"counter_past", 2, "{rule}: not any more ({name})", "{rule}: уже нет ({name})"},
    {"date", 2, "{rule}: not on these days ({name})", "{rule}: не в эти дни ({name})"},
    {"date_unknown", 2, "{rule}: not known of the customer: {name}",
     "{rule}: у покупателя не указано: {name}"},
    {"no_cashier", 2, "{rule}: no cashier is named", "{rule}: кассир не указан"},
    {"no_referrer", 2, "{rule}: nobody recommended the shop to this customer",
     "{rule}: этого покупателя никто не приводил"},
    {"experiment", 2, "{rule}: for another test group", "{rule}: для другой пробной группы"},
    {"attribute", 2, "{rule}: not in this case", "{rule}: не в этом случае"},
    {"plugin", 2, "{rule}: the plugin says no", "{rule}: плагин не разрешил"},
    {"plugin_silent", 2, "{rule}: its plugin was not asked", "{rule}: плагин не опрошен"},
    {"plugin_late", 1, "{rule}: its plugin did not answer in time",
     "{rule}: плагин не ответил вовремя"},
    {"plugin_down", 1, "{rule}: its plugin is not running", "{rule}: плагин не работает"},
    {"plugin_refused", 1, "{rule}: its plugin could not answer", "{rule}: плагин не смог ответить"},
    {"plugin_invalid", 1, "{rule}: its plugin gave an answer that can not be used",
     "{rule}: ответ плагина непригоден"},
    {"needs_amount", 1, "{rule}: needs {money} more", "{rule}: не хватает {money}"},
    {"needs_quantity", 1, "{rule}: needs {quantity} more", "{rule}: не хватает {quantity}"},
    {"needs_lines", 1, "{rule}: different goods, needs {count} more",
     "{rule}: не хватает разных товаров: {count}"},
    {"too_much", 2, "{rule}: only for smaller receipts", "{rule}: только для чеков поменьше"},
    {"condition", 2, "{rule}: its conditions are not met", "{rule}: условия не выполнены"},
    {"except", 2, "{rule}: not {except_en}", "{rule}: не действует {except_ru}"},
    {"limit_reached", 1, "{rule}: its limit is used up ({scope_en})",
     "{rule}: лимит исчерпан ({scope_ru})"},
    {"not_with", 1, "{rule}: not together with {other}", "{rule}: не вместе с «{other}»"},
    {"exclusive", 1, "{rule}: {other} excludes all others",
     "{rule}: «{other}» исключает остальные"},
    {"lost_to", 1, "{rule}: {other} gives no less", "{rule}: «{other}» даёт не меньше"},
    {"no_points", 1, "{rule}: {points} missing", "{rule}: не хватает {of_points}"},
    {"card_inactive", 1, "{rule}: the card is not active yet{awaits_en}",
     "{rule}: карта ещё не активна{awaits_ru}"},
    {"nothing_left", 2, "{rule}: nothing here it could lower", "{rule}: здесь нечего снижать"},
    {"no_goods", 2, "{rule}: its goods are not on the receipt", "{rule}: её товаров в чеке нет"},
    {"nothing_earns", 2, "{rule}: nothing is given for these goods",
     "{rule}: за эти товары ничего не даётся"},
    {"nothing_before", 2, "{rule}: nothing was earned that it could multiply",
     "{rule}: умножать нечего, ничего не начислено"},
    {"rounded_away", 2, "{rule}: comes to less than the smallest step",
     "{rule}: меньше наименьшего шага"},
    {"not_lower", 2, "{rule}: its price is no lower", "{rule}: её цена не ниже"},
    {"cut", 0, "{rule}: {money} less, its limit is used up",
     "{rule}: на {money} меньше, лимит исчерпан"},
    {"cut_points", 0, "{rule}: {points} less, its limit is used up",
     "{rule}: на {points} меньше, лимит исчерпан"},
    {"code_used", 0, "the code works: {rule}", "промокод принят: {rule}"},
    {"code_unknown", 1, "no such code", "такого промокода нет"},
    {"code_check_symbol", 1, "the code is mistyped", "промокод введён с ошибкой"},
    {"code_spent", 1, "the coupon has been used", "купон уже использован"},
    {"code_expired", 1, "the coupon has expired", "срок купона истёк"},
    {"code_foreign", 1, "the coupon is another customer's", "купон другого покупателя"},
    {"code_twice", 1, "this code was entered twice", "этот промокод уже введён"},
    {"code_not_applied", 1, "the code fits nothing on this receipt",
     "промокод ни к чему в чеке не подошёл"},
    {"code_spare", 1, "not needed here, it stays good", "здесь не нужен, остаётся в силе"},
    {"redeemed", 0, "{points} {pay} {money_b}", "списано{colon} {points} на {money_b}"},
    {"redeem_no_program", 1, "points can not be used now", "списать баллы сейчас нельзя"},
    {"redeem_no_customer", 1, "points are used with a card", "баллы списываются по карте"},
    {"redeem_unverified", 1,
     "points cannot be used: the card is not confirmed (new, or central is away)",
     "баллы списать нельзя: карта не подтверждена (новая или нет связи)"},
    {"redeem_inactive", 1, "points cannot be used: the card is not active yet{awaits_en}",
     "баллы списать нельзя: карта ещё не активна{awaits_ru}"},
    {"redeem_coupons", 1, "points are not used together with coupons",
     "баллы не списываются вместе с купонами"},
    {"redeem_min_receipt", 1, "points are used from {money} up", "баллы списываются от {money}"},
    {"redeem_min_balance", 1, "points can be used once there are {points}",
     "платить баллами можно, накопив не меньше {of_points}"},
    {"redeem_min_points", 1, "points are used from {points} up; here {points_b} at most",
     "баллы списываются от {of_points}, здесь не больше {of_points_b}"},
    {"redeem_share", 1, "points may pay {money} of {money_b}",
     "баллами можно оплатить {money} из {money_b}"},
    {"redeem_floors", 1, "minimum prices leave {money} to pay by points",
     "минимальные цены оставляют {money} под баллы"},
    {"redeem_balance", 1, "the customer can use {points}", "покупателю доступно{colon} {points}"},
    {"redeem_velocity", 1, "points have been used often enough {period_en}",
     "баллы {period_ru} списаны уже достаточно раз"},
    {"redeem_left", 1, "{points} may still be used {period_en}",
     "{period_ru} можно списать ещё {points}"},
    {"earning_velocity", 1, "the card has earned often enough {period_en}",
     "по карте {period_ru} начислено уже достаточно раз"},
    {"not_earning", 1, "no points for {money}: paid in a way that earns none",
     "за {money} не начисляется: такая оплата баллов не даёт"},
    {"most_off", 1, "{rule}: {money} less, all discounts together have their limit",
     "{rule}: на {money} меньше, у всех скидок вместе есть предел"},
    {"redeem_owed", 1, "points cannot be used: {points} owed",
     "баллы списать нельзя, за покупателем долг: {points}"},
}};

std::pair<std::string_view, std::string_view> law(std::int64_t legal) {
  switch (static_cast<goods::LegalClass>(legal)) {
    case goods::LegalClass::kTobacco:
      return {"tobacco, by law", "табак, по закону"};
    case goods::LegalClass::kGiftCard:
      return {"a gift card is money", "подарочная карта — это деньги"};
    case goods::LegalClass::kLottery:
      return {"lottery", "лотерея"};
    case goods::LegalClass::kNone:
      return {"it has a minimum price", "у товара есть минимальная цена"};
    default:
      return {"by law", "по закону"};
  }
}

// When an offer does not work: what stands under its "not".
std::pair<std::string_view, std::string_view> except(std::int64_t kind) {
  using enum Condition::Kind;
  switch (static_cast<Condition::Kind>(kind)) {
    case kBasket:
      return {"with what is on this receipt", "с тем, что есть в чеке"};
    case kCode:
      return {"with the code that was entered", "с введённым промокодом"};
    case kCoupon:
      return {"with the coupon that was entered", "с введённым купоном"};
    case kKnown:
    case kVerified:
    case kCardType:
    case kCardPromotion:
      return {"with this card", "с этой картой"};
    case kSegment:
      return {"for this group of customers", "для этой группы покупателей"};
    case kTier:
      return {"for this level", "для этого уровня"};
    case kStore:
      return {"in this store", "в этом магазине"};
    case kTill:
      return {"at this till", "на этой кассе"};
    case kPayment:
      return {"with this way of payment", "при этом способе оплаты"};
    case kTime:
      return {"at this time", "в это время"};
    case kDate:
      return {"on these days", "в эти дни"};
    case kExperiment:
      return {"for this test group", "для этой пробной группы"};
    case kCounter:
      return {"with what was bought before", "при прежних покупках этого покупателя"};
    case kAny:
    case kAll:
      return {"because one of its exceptions holds", "из-за одного из исключений"};
    default:
      return {"in this case", "в этом случае"};
  }
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kScopeWords{
    {{"of the receipt", "на чек"},
     {"of the customer", "на покупателя"},
     {"of the store", "на магазин"},
     {"of the program", "на всю акцию"}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kPeriodWords{
    {{"so far", "за всё время"},
     {"today", "сегодня"},
     {"this week", "на этой неделе"},
     {"this month", "в этом месяце"},
     {"this year", "в этом году"}}};

// By place in kActivations.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kAwaitsWords{
    {{"", ""},
     {" (it will be once it is bought)", " (станет активной, когда её купят)"},
     {" (it will be after the first purchase)", " (станет активной после первой покупки)"},
     {" (it will be once a phone is registered)", " (станет активной, когда укажут телефон)"},
     {" (the office makes it active)", " (её активирует офис)"}}};

// "2 stickers", or "2 × coupon “Ten off”" of a type whose name has no forms.
std::string pieces(const Plan& plan, NameId type, std::int64_t count, bool russian) {
  const auto name = called(plan, type, russian);
  if (name.find('|') != std::string::npos) {
    return fmt::format("{} {}", count, form_of(name, checked_mul(count, 100), russian));
  }
  return russian ? fmt::format("купон «{}», {} шт.", name, count)
                 : fmt::format("{} × coupon “{}”", count, name);
}

// In brackets; nothing for ever.
std::string days_of(const Calendar& c, bool russian) {
  const auto days = days_between(c, russian);
  return days.empty() ? days : " (" + days + ")";
}

// What is missing to a step of a ladder: "120.00", "2".
std::string to_step(const Value& v, std::int64_t missing) {
  if (v.by == Value::By::kQuantity || v.by == Value::By::kSelectedQuantity) {
    return trimmed(detail::decimal(missing, 3));
  }
  return v.by == Value::By::kCounter ? std::to_string(missing) : detail::decimal(missing, 2);
}

// The purse a reason speaks of.
NameId purse_of(const Plan& plan, const Reason& r) {
  if (r.rule < 0) return plan.redeem ? plan.redeem->purse : plan.purses[0].key;
  const auto& rule = plan.rules[static_cast<std::size_t>(r.rule)];
  if (r.why == Why::kNoPoints) return rule.cost.purse;
  return rule.give.kind == Effect::Kind::kEarn ? rule.give.purse : plan.purses[0].key;
}

// The value of one {placeholder}.
std::string argument(const Plan& plan, const Reason& r, std::string_view what, bool russian) {
  const auto rule_text = [&](std::int64_t rule) {
    if (rule < 0) return std::string(russian ? "другие" : "others");
    return std::string(plan.rules[static_cast<std::size_t>(rule)].text(russian));
  };
  const auto* rule = r.rule < 0 ? nullptr : &plan.rules[static_cast<std::size_t>(r.rule)];
  if (what == "rule") return rule == nullptr ? "" : rule_text(r.rule);
  if (what == "other") return rule_text(r.a);
  if (what == "money") return detail::decimal(r.a, 2);
  if (what == "money_b") return detail::decimal(r.b, 2);
  const bool of = what.starts_with("of_points");
  if (of || what.starts_with("points")) {
    return so_many(plan, purse_of(plan, r), what.ends_with("_b") ? r.b : r.a, russian, of);
  }
  // A verb agrees with its points: «доступно 5 баллов», but not «доступно 1 балл».
  if (what == "pay") return r.a == 100 ? "pays" : "pay";
  if (what == "colon") return form_of("1|2|5", r.a, true) == "1" ? ":" : "";
  if (what == "pieces") {
    const auto type = r.why == Why::kCoupons ? static_cast<NameId>(r.b) : rule->give.what;
    return pieces(plan, type, r.a, russian);
  }
  if (what == "count") return std::to_string(r.a);
  if (what == "quantity") return trimmed(detail::decimal(r.a, 3));
  if (what == "what") return called(plan, rule->give.what, russian);
  if (what == "text_en" || what == "text_ru") return rule->give.text[russian ? 1 : 0];
  if (what == "law_en") return std::string(law(r.a).first);
  if (what == "law_ru") return std::string(law(r.a).second);
  if (what == "except_en") return std::string(except(r.a).first);
  if (what == "except_ru") return std::string(except(r.a).second);
  if (what == "scope_en") return std::string(kScopeWords[static_cast<std::size_t>(r.a)].first);
  if (what == "scope_ru") return std::string(kScopeWords[static_cast<std::size_t>(r.a)].second);
  if (what == "awaits_en") return std::string(kAwaitsWords[static_cast<std::size_t>(r.a)].first);
  if (what == "awaits_ru") return std::string(kAwaitsWords[static_cast<std::size_t>(r.a)].second);
  const auto period = static_cast<std::size_t>(r.why == Why::kRedeemLeft ? r.b : r.a);
  if (what == "period_en") return std::string(kPeriodWords[period].first);
  if (what == "period_ru") return std::string(kPeriodWords[period].second);
  if (what == "in_days") {
    return std::to_string(r.a) + " " +
           form_of(russian ? "день|дня|дней" : "day|days", checked_mul(r.a, 100), russian);
  }
  if (what == "days") return days_of(rule == nullptr ? plan.valid : rule->valid, russian);
  if (what == "level") return called(plan, static_cast<NameId>(r.b), russian);
  if (what == "more_en" || what == "more_ru") {
    if (r.a <= 0) return {};
    if (plan.purse(plan.tiers->counter) != nullptr) return {};  // whole ones: it may be less
    if (plan.tiers->money) {
      const auto missing = detail::decimal(r.a, 2);
      return russian ? ", не хватает покупок на " + missing : ", " + missing + " more to spend";
    }
    const auto number = checked_mul(r.a, 100);
    return russian ? fmt::format(", не хватает {} {}", r.a,
                                 form_of("покупка|покупки|покупок", number, true, true))
                   : fmt::format(", {} more {}", r.a, form_of("purchase|purchases", number, false));
  }
  if (what == "to_step") return to_step(rule->give.value, r.a);
  if (what == "step") return step_text(plan, rule->give, r.b, russian);
  if (what == "name") return called(plan, static_cast<NameId>(r.b), russian);
  return {};
}

// To whom the points go when they are not the customer's.
std::pair<std::string, std::string> whose(const Plan& plan, const Reason& r) {
  if (r.rule < 0) return {};
  const auto to = plan.names.text(plan.rules[static_cast<std::size_t>(r.rule)].give.to);
  if (to.empty()) return {};
  if (to == "cashier") return {", to the cashier", ", кассиру"};
  if (to == "referrer") return {", to whoever recommended the shop", ", тому, кто пригласил"};
  return {fmt::format(", to {}", to), fmt::format(", на счёт {}", to)};
}

// Why another rule of its group was taken.
std::pair<std::string_view, std::string_view> lost(const Plan& plan, const Reason& r) {
  const auto group = plan.rules[static_cast<std::size_t>(r.rule)].group;
  const auto* g = group < 0 ? nullptr : &plan.groups[static_cast<std::size_t>(group)];
  if (g != nullptr && g->lowest) {
    return {"{rule}: {other} gives no more, and the least counts",
            "{rule}: «{other}» даёт не больше, действует наименьшее"};
  }
  if (g != nullptr && !g->best) {
    return {"{rule}: {other} comes before it", "{rule}: раньше идёт «{other}»"};
  }
  if (r.a < 0)
    return {"{rule}: others together give no less", "{rule}: вместе другие дают не меньше"};
  return {"{rule}: {other} gives no less", "{rule}: «{other}» даёт не меньше"};
}

// What keeps points from paying more of the goods than their share.
std::pair<std::string_view, std::string_view> no_room(const Plan& plan, const Reason& r) {
  if (r.why == Why::kRedeemShare) {
    return {"nothing here is paid with points", "баллами здесь ничего не оплачивается"};
  }
  if (!plan.redeem || plan.redeem->leave_per_line == 0) {
    return {"minimum prices leave {money} to pay by points",
            "минимальные цены оставляют {money} под баллы"};
  }
  return {"minimum prices, or what each line leaves to pay in money, leave {money} to points",
          "минимальные цены или остаток деньгами на строке оставляют {money} под баллы"};
}

std::string fill(const Plan& plan, const Reason& r, std::string_view pattern, bool russian) {
  std::string text;
  while (!pattern.empty()) {
    const auto open = pattern.find('{');
    text.append(pattern.substr(0, open));
    if (open == std::string_view::npos) break;
    const auto close = pattern.find('}', open);
    text.append(argument(plan, r, pattern.substr(open + 1, close - open - 1), russian));
    pattern.remove_prefix(close + 1);
  }
  return text;
}

}  // namespace

std::string_view name(Why why) { return kEntries[static_cast<std::size_t>(why)].name; }

int rank(Why why) { return kEntries[static_cast<std::size_t>(why)].rank; }

std::string counted(std::size_t number, std::string_view forms, bool russian) {
  const auto n = static_cast<std::int64_t>(number);
  return std::to_string(n) + " " + form_of(forms, checked_mul(n, 100), russian);
}

std::string percent_text(Percent percent) {
  return trimmed(detail::decimal(percent.units, 2)) + " %";
}

Words in_words(const Plan& plan, const Reason& reason) {
  const auto& entry = kEntries[static_cast<std::size_t>(reason.why)];
  Words words{fill(plan, reason, entry.en, false), fill(plan, reason, entry.ru, true)};
  const auto say = [&](std::string_view en, std::string_view ru) {
    words = {fill(plan, reason, en, false), fill(plan, reason, ru, true)};
  };
  if (reason.why == Why::kTier && reason.b != 0) {
    say("{rule}: for level {level}{more_en}", "{rule}: для уровня «{level}»{more_ru}");
  } else if (reason.why == Why::kLostTo && reason.rule >= 0) {
    const auto [en, ru] = lost(plan, reason);
    say(en, ru);
  } else if (reason.why == Why::kRedeemFloors ||
             (reason.why == Why::kRedeemShare && reason.b <= 0)) {
    const auto [en, ru] = no_room(plan, reason);
    say(en, ru);
  } else if (reason.why == Why::kRedeemNoProgram && !plan.redeem) {
    say("this program takes no points", "по этой программе баллы не списываются");
  } else if (const auto own = words_of_conditions(plan, reason)) {
    words = {fill(plan, reason, "{rule}: ", false) + own->en,
             fill(plan, reason, "{rule}: ", true) + own->ru};
  } else if (reason.why == Why::kDate && reason.a > 0) {
    say("{rule}: in {in_days} ({name})", "{rule}: через {in_days} ({name})");
  } else if (reason.why == Why::kEarned) {
    if (reason.b == 0) {  // for no goods
      say("{rule}: {points}", "{rule}: начислено {points}");
    }
    const auto [en, ru] = whose(plan, reason);
    words.en += en;
    words.ru += ru;
  }
  return words;
}

Words in_words(const Plan& plan, const Basket& basket, const Reason& reason) {
  auto words = in_words(plan, reason);
  const bool given = reason.why == Why::kApplied || reason.why == Why::kEarned;
  if (!given || reason.rule < 0) return words;
  const auto& give = plan.rules[static_cast<std::size_t>(reason.rule)].give;
  if (!give.asks_plugin()) return words;
  const auto answer =
      std::ranges::find(basket.plugins, plan.names.text(give.what), &PluginAnswer::plugin);
  if (answer == basket.plugins.end()) return words;
  const auto add = [&](const auto& list) {
    const auto said = std::ranges::find_if(list, [](const auto& d) { return !d.reason.empty(); });
    if (said == list.end()) return;
    words.en += " (" + said->reason + ")";
    words.ru += " (" + said->reason + ")";
  };
  if (give.kind == Effect::Kind::kPlugin) {
    add(answer->discounts);
  } else if (answer->points) {
    add(*answer->points);
  }
  return words;
}

}  // namespace till::loyalty
