#include "words.h"

#include <utility>

namespace till::app {
namespace {

// Longer ones before those they contain.
constexpr std::pair<const char*, const char*> kRussian[] = {
    {"the witness cannot be read and several documents may fit",
     "содержание документов прочитать нельзя, подходят несколько"},
    {"fiscal memory was replaced", "ФН заменён"},
    {"too many documents since", "с тех пор слишком много документов"},
    {"no document of this sale", "документа этой продажи нет"},
    {"the register has no such document", "такого документа в кассе нет"},
    {"the register refuses every frame", "касса отвергает каждый кадр"},
    {"an answer to another command", "ответ на другую команду"},
    {"the register is blocked", "касса заблокирована"},
    {"nobody knows what became of it", "что с ним стало, неизвестно"},
    {"refused, but a document came up", "отказ, но появился документ"},
    {"the coupon has been used", "купон уже использован"},
    {"the coupon has expired", "срок купона истёк"},
    {"the coupon is another customer's", "купон другого покупателя"},
    {"no such code", "такого промокода нет"},
    {"the code is mistyped", "промокод введён с ошибкой"},
    {"this code was entered twice", "этот промокод уже введён"},
    {"it is document ", "это документ "},
    {"characters printed as ?", "знаков напечатано как ?"},
    {"as look-alikes", "заменено похожими"},
    {"characters outside the register's code page", "знаков вне кодировки кассы"},
    {"printed as one total (FFD 1.05)", "напечатаны одним итогом (ФФД 1.05)"},
    {"not in force", "ставка не действует"},
    {"cashless payment above the total", "безналичная оплата больше итога"},
    {"cashless above the total", "безналичными больше итога"},
    {"a return pays its total", "возврат равен итогу"},
    {"above the total", "больше итога"},
    {"agrees", "совпадает"},
    {"no register answers, by neither protocol", "касса не отвечает ни по одному из протоколов"},
    {"the register and we do not understand each other", "касса говорит на другом протоколе"},
    {"not tried again before a restart", "до перезапуска больше не пробуем"},
    {"near end", "кончается"},
    {"memory 90 % full", "ФН заполнен на 90 %"},
    {"replace at once", "срочно замените ФН"},
    {"replace within 30 days", "замените ФН в течение 30 дней"},
    {"no word from the tax operator", "нет ответа ОФД"},
    {"no answer in time", "нет ответа в срок"},
};

}  // namespace

std::string in_words(std::string text, Language language) {
  if (language != Language::kRu) return text;
  // "document 5 exists" has its number in the middle.
  if (text.starts_with("document ") && text.ends_with(" exists")) {
    return "документ " + text.substr(9, text.size() - 16) + " существует";
  }
  for (const auto& [english, russian] : kRussian) {
    const std::string_view wanted = english;
    for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at)) {
      text.replace(at, wanted.size(), russian);
      at += std::string_view(russian).size();
    }
  }
  return text;
}

}  // namespace till::app
