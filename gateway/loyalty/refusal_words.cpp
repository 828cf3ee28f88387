#include "gateway/loyalty/refusal_words.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace till::loyalty {
namespace {

using Phrase = std::pair<std::string_view, std::string_view>;

constexpr Phrase kPhrases[] = {
    // how JSON is written
    {"the file", "файл"},
    {", column ", ", столбец "},
    {" must be ", " — "},
    {"text, written exactly: ", "текст, точно: "},
    {", not 12.5", ", а не 12.5"},
    {"an amount such as ", "сумма вида "},
    {" must be text", " — текст"},
    {"true or false", "true или false"},
    {"a whole number", "целое число"},
    {"an object", "объект"},
    {"a list in brackets", "список в скобках"},
    {" bytes, at most ", " байт, читается не больше "},
    {" are read", ""},
    {"text after the end", "текст после конца"},
    {"syntax error", "ошибка записи"},
    {"incomplete JSON", "JSON оборван"},
    {"write digits and a point, as in 12.50", "цифры и точка, как 12.50"},
    {" digits after the point", " знаков после точки"},
    {"at most ", "не больше "},
    {" 31 elements", " 31 элемента"},  // the only limit that asks for the other form
    {" elements", " элементов"},
    {" fields", " полей"},
    {" is not like ", " — не вида "},
    {"no such day: ", "такого дня нет: "},
    {" is none of ", " — не из "},
    // values
    {": empty", ": пусто"},
    {": below 0", ": меньше 0"},
    {": above 0, at most 1 000 000", ": больше 0, не больше 1 000 000"},
    {": above 0, at most 100 %", ": больше 0, не больше 100 %"},
    {": above 0.01", ": больше 0.01"},
    {": above 0", ": больше 0"},
    {": must be above 0", ": должно быть больше 0"},
    {"must be above 0", "должно быть больше 0"},
    {": at most 100 %", ": не больше 100 %"},
    {": 1 to ", ": от 1 до "},
    {": 0 to ", ": от 0 до "},
    {": 0.01 to 10000", ": от 0.01 до 10000"},
    {": pilot and control are 0.01 to 100 % together", ": pilot и control вместе от 0.01 до 100 %"},
    {": only 2 is known", ": известна только 2"},
    {"needs min, max or every", "нужно min, max или every"},
    {"needs min or max", "нужно min или max"},
    {"needs in or is", "нужно in или is"},
    {"needs buy or get", "нужно buy или get"},
    {"needs times or amount", "нужно times или amount"},
    {"needs times or points", "нужно times или points"},
    {"needs times", "нужно times"},
    {", or per_unit, fixed, per_amount, multiply, plugin",
     " или per_unit, fixed, per_amount, multiply, plugin"},
    {", or amount, price, earn, gift, coupon, message, plugin, round_to",
     " или amount, price, earn, gift, coupon, message, plugin, round_to"},
    {"only one of percent, per_unit, fixed, per_amount, multiply, plugin",
     "только одно из percent, per_unit, fixed, per_amount, multiply, plugin"},
    {"a rule gives one thing; here also ", "правило даёт одно; здесь ещё и "},
    {"two times, ", "два времени, "},
    {"true, or leave it out", "true или не пишите"},
    {"an empty list; leave the field out if all are meant",
     "пустой список; если имеются в виду все, не пишите поле"},
    {"an empty list means never", "пустой список — никогда"},
    {"an empty list", "пустой список"},
    {"an empty span of time", "пустой промежуток времени"},
    {"min is above max: nothing lies between", "min больше max: между ними ничего нет"},
    {"before from: it never holds", "раньше from: не наступит никогда"},
    {"steps overlap: not above the one before", "ступени перекрываются: не выше предыдущей"},
    {"only of the customer's points; others live as their purse says",
     "только для баллов покупателя; остальные живут по своему кошельку"},
    {"by tier or by a counter", "по tier или по счётчику"},
    {": percent or fixed, not both", ": percent или fixed, не оба"},
    {": needs percent or fixed", ": нужно percent или fixed"},
    {": a fixed tax comes on top of the price", ": твёрдый налог прибавляется к цене"},
    {": a coupon expires", ": у купона есть срок"},
    {"tiers overlap: not above the one before", "уровни перекрываются: не выше предыдущего"},
    {"times value must be whole kopecks", "шаг, умноженный на value, — целое число копеек"},
    // names that stand for nothing
    {"not among the plugins", "такого плагина в plugins нет"},
    {"no such purse", "такого кошелька нет"},
    {"no such tier", "такого уровня нет"},
    {"no such coupon", "такого купона нет"},
    {"no such group", "такой группы нет"},
    {"no such experiment", "такого эксперимента нет"},
    {"no tiers defined", "уровни (tiers) не описаны"},
    {"no rule or group ", "нет ни правила, ни группы "},
    {"no rule is in it", "в ней нет ни одного правила"},
    {"the rule itself", "само это правило"},
    {"no rule asks it", "ни одно правило его не спрашивает"},
    {"no rule ", "нет правила "},
    {" is not defined", " не описано"},
    {"nobody is in this group", "в этой группе никого нет"},
    {"; there are purchases, purchases_ever, spent, spent_ever and purses",
     "; есть purchases, purchases_ever, spent, spent_ever и кошельки"},
    {"nobody counts ", "никто не считает "},
    // parts that do not go together
    {"excludes everything", "исключает всё"},
    {"expires before it becomes active", "сгорает раньше, чем начинает действовать"},
    {"one, in a group of the lowest", "в группе lowest действует одно"},
    {"one, in a group per line", "в группе per line действует одно"},
    {"leaves no room in length", "не оставляет места в length"},
    {"a check symbol needs digits only", "для контрольного знака нужны только цифры"},
    {"a code could also be of ", "код подошёл бы и к "},
    {"a card that its sale activates needs sold_as",
     "карте, которую делает активной продажа, нужен sold_as"},
    {"by selected_quantity: price, amount per unit, percent off; by selected_amount: percents",
     "по selected_quantity: price, amount за единицу, скидка в %; по selected_amount: проценты"},
    {"marginal steps by quantity are rounded line by line",
     "с marginal по количеству округляется каждая строка"},
    {"marginal steps are rounded once, on the sum", "с marginal округляется один раз, по сумме"},
    {"below 1 would take points away", "меньше 1 отнимало бы баллы"},
    {"a limit of nothing", "лимит «ничего»"},
    {"a receipt has no period", "у чека нет периода"},
    {"a number of coupons stands at the top, not inside others",
     "число купонов стоит сразу в when, не внутри других условий"},
    {"points go by what is paid, which is known last; ",
     "баллы идут от оплаченного, а оно известно последним; "},
    {"before it only fixed and per_unit, nothing else asked",
     "до него только fixed и per_unit без прочих условий начисления"},
    {"only a rule that looks at one line at a time can be in stage line",
     "на этапе line только правила, которым хватает одной строки"},
    {"a discount comes before the earning", "скидка — до начисления"},
    {"for gifts, coupons and an amount per receipt", "для подарков, купонов и суммы на чек"},
    {"for percents and per unit", "для процентов и за единицу"},
    {"gives nothing", "не даёт ничего"},
    {"a rule with sets selects in buy and get", "правило с sets выбирает товары в buy и get"},
    {"per set needs sets", "per set требует sets"},
    {"sets count for themselves", "наборы считают сами"},
    {"nothing but spaces", "одни пробелы"},
    {" is almost ", " — почти "},
    {"a second limit on the same", "второй лимит на то же самое"},
    {"0 leaves nothing to the discounts", "0 не оставляет скидкам ничего"},
    {"can never apply: in ", "не сработает никогда: в "},
    {" always wins", " всегда побеждает"},
    {"not takes away every customer", "not отнимает всех покупателей"},
    {"no purchase and no birth lies in the future", "покупка и день рождения не бывают в будущем"},
    {"nothing to exclude", "исключать нечего"},
    {"selects nothing: what it wants is excluded again",
     "не выбирает ничего: что нужно, тут же исключено"},
    {"nested too deeply", "слишком глубоко вложено"},
    {"discounts and earning cannot be weighed against each other",
     "скидки и начисления нельзя сравнить между собой"},
    {"a group per line holds only rules of stage line",
     "в группе per line только правила этапа line"},
    {"the best of several is searched among at most 12 rules",
     "лучшее из нескольких ищется не больше чем среди 12 правил"},
    {"a card type names this rule, so it needs ", "правило названо типом карты, ему нужно "},
    {"this_receipt_too is for purchases and spent", "this_receipt_too — для purchases и spent"},
    {"says nothing", "пустой текст"},
    {"per customer, but only customers nobody knows", "на покупателя, но покупатель неизвестен"},
    {"one step is worth more than max_amount: points could never pay",
     "один шаг стоит больше max_amount: баллами не заплатить никогда"},
    {"worth more than max_amount: points could never pay",
     "стоит больше max_amount: баллами не заплатить никогда"},
    // what can never be
    {"can never apply: ", "не сработает никогда: "},
    {"can never hold: ", "не выполнится никогда: "},
    {"no customer, and something about the customer",
     "покупатель неизвестен, а условие — о покупателе"},
    {"its dates lie outside the program's", "его даты вне дат программы"},
    {"settings.excluded holds all of it", "всё это в settings.excluded"},
    {"no card type names this rule", "ни один тип карты не называет это правило"},
    {" always comes first in ", " всегда первое в "},
    {" always comes first", " всегда первое"},
    {"not_with, and ", "not_with, а "},
    {"no goods are of both", "общих товаров у них нет"},
    {"not together with ", "не вместе с "},
    {"only one of the group applies", "из группы действует одно"},
    {"what it multiplies is paused: ", "приостановлено то, что он умножает: "},
    {"nobody known, so nobody's points", "покупатель неизвестен, баллов нет"},
    {"nobody known to give points to", "покупатель неизвестен, баллы дать некому"},
    {"at enrolment only earn with fixed or multiply gives something",
     "при регистрации что-то даёт только earn с fixed или multiply"},
    {"there are no goods at enrolment", "при регистрации товаров нет"},
    {"there is no receipt at enrolment", "при регистрации чека нет"},
    {"no earlier rule gives what it multiplies",
     "ни одно правило до него не даёт того, что он умножает"},
    {" stands alone on every receipt", " действует одно в каждом чеке"},
    {"when lets nothing so high through", "when столько не пропустит"},
    {"when asks for more, and the next step begins below that",
     "when требует больше, а следующая ступень начинается ниже"},
    {".give, step ", ".give, ступень "},
    {"no multiple of every lies within is", "ни одно кратное every не попадает в is"},
    {"not takes away what the others ask for", "not отнимает то, чего требуют другие"},
    {"there is no such time", "такого времени нет"},
    {"two conditions on ", "два условия на "},
    {"conditions on tiers and on their counter", "условия на tiers и на их счётчик"},
    {" that exclude each other", ", исключающие друг друга"},
    {"there are never fewer goods than none", "меньше нуля товаров не бывает"},
    {"a number of an attribute is never below 0", "число в attribute не бывает меньше 0"},
    {"what costs nothing is passed over", "правила не трогают товары без цены"},
    {"no price is below 0", "цен меньше 0 не бывает"},
    {"a discount needs goods, and when lets none through",
     "скидке нужны товары, а when не пропускает ни одного"},
    {" leaves nothing to take off", " не оставляет, с чего давать скидку"},
    {"only one rule is in it", "в ней всего одно правило"},
    {"2026-11-22 or 2026-11-22T18:30", "2026-11-22 или 2026-11-22T18:30"},
    // baskets and steps of an account
    {"the program goes by date or time", "программа смотрит на дату или время"},
    {": the account does not add up", ": счёт не сходится"},
    {": nothing in the program goes by it", ": программа на это не смотрит"},
    {"no rule works on ", "ни одно правило не срабатывает на "},
    {" has no limit per ", ": нет лимита per "},
    {": not known", ": неизвестно"},
    {": released", ": отпущено"},
    {": already posted", ": уже списано"},
    {" with another sum", " с другой суммой"},
    {": another sum is held", ": удержана другая сумма"},
    {": is still held", ": ещё удержано"},
    {", available ", ", доступно "},
    {", left ", ", осталось "},
    {"number of elements ", "элементов "},
    {", expected ", ", ожидалось "},
    {": missing", ": нет"},
    {": is no object", ": не объект"},
    {": is no list", ": не список"},
    {": a program and its tests; `tillbridge program test` runs them",
     ": программа и её тесты; их выполняет `tillbridge program test`"},
    {": a test of an account; `tillbridge program test` runs it",
     ": проверка счёта; её выполняет `tillbridge program test`"},
    // signatures and journals
    {": there is no ", ": нет файла "},
    {" holds no key", " — ключа в файле нет"},
    {" is there already or can not be made", " уже есть, или создать его нельзя"},
    {"the signature can not be read", "подпись не читается"},
    {"it is signed by a key that is not known here: ",
     "подписано ключом, которого здесь не знают: "},
    {"it was changed after it was signed", "изменено после подписи"},
    {"a sale in the journal", "продажа в журнале"},
    {": name the sale by its id", ": назовите продажу её номером"},
    {"it was never worked out", "она не рассчитана"},
    {": expired", ": истекло"},
    {"customer.card: blocked", "customer.card: карта заблокирована"},
    {"customer.card: expired", "customer.card: срок карты истёк"},
    {"customer.card: replaced", "customer.card: карта заменена"},
    {": more than is held", ": больше, чем удержано"},
    {" is not on the receipt", " нет в чеке"},
    {"tests: there is none", "tests: нет ни одного"},
    // gifts
    {" is not given away: ", " не дарится: "},
    {": a gift, ", ": подарок, "},
    {"tobacco, by law", "табак, по закону"},
    {"a gift card is money", "подарочная карта — это деньги"},
    {" is not given away: lottery", " не дарится: лотерея"},
    {"too deep", "слишком глубоко"},
    {"the basket", "чек"},
    {"the account", "счёт"},
    {"the program", "программа"},
    {"it has a minimum price", "у товара есть минимальная цена"},
    {"by law", "по закону"},
};

// Longer ones first: some stand inside others.
const std::vector<Phrase>& by_length() {
  static const auto sorted = [] {
    std::vector<Phrase> list(std::begin(kPhrases), std::end(kPhrases));
    std::ranges::stable_sort(
        list, [](const Phrase& a, const Phrase& b) { return a.first.size() > b.first.size(); });
    return list;
  }();
  return sorted;
}

}  // namespace

std::string refusal_text(Error error, Language language) {
  if (language == Language::kRu) error.detail = refusal_in_russian(std::move(error.detail));
  return describe(error, language);
}

std::string refusal_in_russian(std::string detail) {
  // Of a receipt, whatever the line is called.
  constexpr std::string_view kLine = "line ";
  if (const auto at = detail.find(kLine); at != std::string::npos &&
                                          detail.ends_with(" is not on the receipt") &&
                                          (at == 0 || detail[at - 1] == ' ')) {
    detail.replace(at, kLine.size(), "строки ");
  }
  // Of a place in a file; "line" is also a stage.
  for (auto at = detail.find("line "); at != std::string::npos; at = detail.find("line ", at + 1)) {
    if (at + 5 < detail.size() && detail[at + 5] >= '0' && detail[at + 5] <= '9') {
      detail.replace(at, 4, "строка");
    }
  }
  for (const auto& [english, russian] : by_length()) {
    for (auto at = detail.find(english); at != std::string::npos; at = detail.find(english, at)) {
      detail.replace(at, english.size(), russian);
      at += russian.size();
    }
  }
  return detail;
}

}  // namespace till::loyalty
