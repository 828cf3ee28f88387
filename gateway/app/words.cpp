#include "words.h"

#include <algorithm>
#include <span>
#include <string_view>
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
    {"cashless above the total", "безналичными больше итога"},
    {"a return pays its total", "возврат равен итогу"},
    {"above the total", "больше итога"},
    {"agrees", "совпадает"},
    {": not enabled in the printer", ": в принтере не включена"},
    {", the printer has ", ", а в принтере "},
    {"another device on this port", "на этом порту другое устройство"},
    {"no register answers, by neither protocol", "касса не отвечает ни по одному из протоколов"},
    {"the register and we do not understand each other", "касса говорит на другом протоколе"},
    {"not tried again before a restart", "до перезапуска больше не пробуем"},
    {"fiscal memory is full", "фискальная память заполнена"},
    {"fiscal memory error", "ошибка фискальной памяти"},
    {"less than 50 fiscal records left", "осталось меньше 50 фискальных записей"},
    {"end of the journal is near", "контрольная лента кончается"},
    {"is to be a binary PBM picture (P4) of at most", "нужен двоичный рисунок PBM (P4), не больше"},
    {"is to be ", "нужно "},
    {"ends too early", "обрывается"},
    {"only cancel", "можно только cancel"},
    {" is not on the receipt", " нет в чеке"},
    {": below 0", ": меньше 0"},
    {"no group for ", "нет группы для "},
    {"Connection refused", "в соединении отказано"},
    {"not enough cash in the drawer", "в ящике не хватает наличных"},
    {" dots", " точек"},
    {"near end", "кончается"},
    {"memory 90 % full", "ФН заполнен на 90 %"},
    {"must be replaced at once", "срочно замените ФН"},
    {"less than 30 days left", "ФН служит меньше 30 дней"},
    {"memory is nearly full", "ФН почти заполнен"},
    {"the OFD has not answered for long", "ОФД давно не отвечает"},
    {"replace at once", "срочно замените ФН"},
    {"replace within 30 days", "замените ФН в течение 30 дней"},
    {"no word from the tax operator", "нет ответа ОФД"},
    {"no answer in time", "нет ответа в срок"},
    {"there is no such file, or it may not be read", "такого файла нет или его нельзя прочитать"},
    {"there is no such file", "такого файла нет"},
    {"no token inside", "внутри нет токена"},
    {"is none of ", "— не "},
    {"replaced", "заменена"},
    {"blocked", "заблокирована"},
    {" must be text with a decimal in it", ": нужен текст с десятичным числом"},
    {" differs from the register's own ", " не совпадает с номером в кассе "},
    {": a marking code is that of one piece", ": код маркировки — одной штуки"},
    {": without a marking code", ": признак товара без кода маркировки"},
    {", left ", ", осталось "},
    {": at most ", ": не больше "},
    {" digits after the point", " знаков после точки"},
    {" must be an amount such as ", ": нужна сумма, например "},
    {" must be a list in brackets", ": нужен список в скобках"},
    {" must be a whole number", ": нужно целое число"},
    {" must be an object", ": нужен объект"},
    {" must be true or false", ": нужно true или false"},
    {" must be text, written exactly", ": нужен текст, записанный точно"},
    {" must be text", ": нужен текст"},
    {"digits only", "только цифры"},
    {"control characters", "управляющие символы"},
    {"below its minimum", "ниже минимальной цены"},
    {"write digits and a point, as in", "цифры и точка, как"},
    {"the register does not answer", "касса не отвечает"},
};

constexpr std::pair<std::string_view, std::string_view> kFields[] = {
    {"amount", "сумма"},
    {"armed", "подтверждённый ФН"},
    {"before", "было"},
    {"bits", "точки"},
    {"cash_in_drawer", "наличных в ящике"},
    {"cover_open", "крышка открыта"},
    {"cutter_fault", "отрезчик неисправен"},
    {"detail", "подробности"},
    {"device_time", "часы кассы"},
    {"document", "документ"},
    {"document_open", "документ открыт"},
    {"documents_left", "осталось документов"},
    {"field", "поле"},
    {"fiscal_memory", "ФН"},
    {"in_doubt", "продажи под вопросом"},
    {"kind", "вид"},
    {"last_document", "последний ФД"},
    {"memory_expires", "ФН действует до"},
    {"memory_phase", "фаза ФН"},
    {"memory_warning", "предупреждение ФН"},
    {"model", "модель"},
    {"notes", "напечатано иначе"},
    {"number", "номер"},
    {"oldest_unsent", "самый старый непереданный"},
    {"online", "на связи"},
    {"paper", "бумага есть"},
    {"paper_near_end", "бумага кончается"},
    {"printed", "напечатан"},
    {"printer_fault", "печать неисправна"},
    {"read_at", "прочитано"},
    {"receipt", "чек"},
    {"row", "ряд"},
    {"sale", "продажа"},
    {"serial", "заводской номер"},
    {"shift", "смена"},
    {"shift_number", "номер смены"},
    {"shift_opened", "смена открыта с"},
    {"sign", "ФПД"},
    {"state", "состояние"},
    {"table", "таблица"},
    {"time", "время"},
    {"total", "итог"},
    {"unread", "чужие документы, ещё не прочитаны"},
    {"unsent_documents", "не передано в ОФД"},
    {"value", "значение"},
    {"waits_for_continue", "ждёт продолжения печати"},
    {"warnings", "предупреждения"},
    {"what", "о чём"},
    {"witness", "свидетель"},
    {"witness_readable", "свидетель читается"},
};

constexpr std::pair<std::string_view, std::string_view> kValues[] = {
    {"true", "да"},
    {"false", "нет"},
    {"open", "открыта"},
    {"closed", "закрыта"},
    {"expired", "дольше 24 часов"},
    {"ready", "готов"},
    {"operating", "работает"},
    {"archive", "архив"},
    {"sale", "продажа"},
    {"sale_return", "возврат продажи"},
    {"purchase", "покупка"},
    {"purchase_return", "возврат покупки"},
    {"sale_correction", "коррекция продажи"},
    {"sale_return_correction", "коррекция возврата продажи"},
    {"purchase_correction", "коррекция покупки"},
    {"purchase_return_correction", "коррекция возврата покупки"},
    {"shift_open", "открытие смены"},
    {"shift_close", "закрытие смены"},
    {"other", "другой"},
    {"shift", "смена"},
    {"memory", "ФН"},
    {"documents", "ресурс документов"},
    {"operator", "ОФД"},
    {"clock", "часы"},
    {"committed", "проведена"},
    {"cancelled", "отменена"},
    {"in_doubt", "под вопросом"},
    {"needs_person", "нужен старший"},
    {"quoted", "не проведена"},
    {"paper", "бумага"},
    {"cover", "крышка"},
    {"cutter", "отрезчик"},
    {"printer", "печать"},
    {"out", "нет"},
    {"near end", "кончается"},
    {"fault", "неисправность"},
};

constexpr std::pair<std::string_view, std::string_view> kSales[] = {
    {"open", "открыта"},
    {"quoted", "посчитана"},
    {"parked", "отложена"},
    {"holding", "удерживаются баллы"},
    {"hold_unknown", "неизвестно, удержаны ли баллы"},
    {"fiscalising", "пробивается чек"},
    {"refused_dirty", "касса отказала, чек отменяется"},
    {"in_doubt", "под вопросом"},
    {"needs_person", "нужен старший"},
    {"committed", "проведена"},
    {"settled_by_person", "закрыта старшим"},
    {"cancelled", "отменена"},
    {"fixed", "строки чека заданы и не меняются"},
    {"undo", "отменять больше нечего"},
    {"it was never worked out", "она не была посчитана"},
};

constexpr std::pair<std::string_view, std::string_view> kDevices[] = {
    {"scanner", "сканер"},           {"reader", "ридер карт"},
    {"register", "касса"},           {"printer", "принтер"},
    {"channel", "канал сообщений"},  {"rule", "правило"},
    {"display", "дисплей"},          {"scale", "весы"},
    {"drawer", "денежный ящик"},     {"stopped", "остановлен"},
    {"starting", "запускается"},     {"ready", "работает"},
    {"backoff", "ждёт перезапуска"}, {"quarantined", "отстранён"},
    {"stopping", "останавливается"}, {"online", "на связи"},
    {"offline", "нет связи"},
};

std::string found(std::span<const std::pair<std::string_view, std::string_view>> table,
                  std::string_view text, Language language) {
  const auto at = std::ranges::find(table, text, [](const auto& row) { return row.first; });
  return std::string(language == Language::kRu && at != table.end() ? at->second : text);
}

}  // namespace

std::string label(std::string_view field, Language language) {
  return found(kFields, field, language);
}

std::string word(std::string_view value, Language language) {
  constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
      {" min", " мин"}, {" d", " дн."}, {" s", " с"}};
  constexpr std::string_view kOverdue = "overdue by ";
  if (language == Language::kRu && value.starts_with(kOverdue)) {
    return "просрочка " + word(value.substr(kOverdue.size()), language);
  }
  for (const auto& [english, russian] : kUnits) {
    if (language != Language::kRu || !value.ends_with(english)) continue;
    return std::string(value.substr(0, value.size() - english.size())).append(russian);
  }
  return found(kValues, value, language);
}

std::string sale_word(std::string_view state, Language language) {
  return found(kSales, state, language);
}

std::string device_word(std::string_view kind_or_state, Language language) {
  return found(kDevices, kind_or_state, language);
}

std::string in_words(std::string text, Language language) {
  if (language != Language::kRu) return text;
  // "document 5 exists" has its number in the middle.
  if (text.starts_with("document ") && text.ends_with(" exists")) {
    return "документ " + text.substr(9, text.size() - 16) + " существует";
  }
  // "line 1: 3.000 of 2.000 left"
  if (text.ends_with(" left") && text.find(" of ") != std::string::npos) {
    text.replace(text.find(" of "), 4, " из ");
    text.replace(text.size() - 5, 5, " оставшихся");
  }
  if (text.starts_with("line ")) text.replace(0, 5, "строка ");
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
