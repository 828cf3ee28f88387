#include "errors.h"

#include <algorithm>

namespace till::datecs {
namespace {

// "Fiscal printer programming interface" 1.00BG, appendix 4. Sorted by falling code.
constexpr DeviceError kErrors[] = {
    {-150001, "syntax error", "синтаксическая ошибка"},
    {-150002, "invalid command", "неизвестная команда"},
    {-150003, "not permitted", "не разрешено"},
    {-150010, "the printer is blocked", "принтер заблокирован"},
    {-150100, "the clock is not set", "часы не установлены"},
    {-150101, "out of paper", "нет бумаги"},
    {-150102, "journal error", "ошибка контрольной ленты"},
    {-150103, "arithmetic overflow", "переполнение"},
    {-150104, "invalid password", "неверный пароль"},
    {-150105, "less than 2 lines in the header", "в заголовке меньше двух строк"},
    {-150106, "invalid serial number", "неверный серийный номер"},
    {-150107, "invalid bar code data", "неверные данные штрихкода"},
    {-150108, "invalid request", "неверный запрос"},
    {-150109, "cutter error", "ошибка отрезчика"},
    {-150110, "presenter error", "ошибка презентера"},
    {-150111, "the data contain 'FISCAL'", "в тексте есть слово «фискальный»"},
    {-150112, "wrong invoice number", "неверный номер счёта"},
    {-150113, "the unique sale number is missing", "нет уникального номера продажи"},
    {-150114, "unique sale number overflow", "счётчик уникальных номеров переполнен"},
    {-150115, "the unique sale number must increase", "уникальный номер продажи должен расти"},
    {-150116, "not logged in", "нет входа оператора"},
    {-150117, "the currency is not defined", "валюта не задана"},
    {-150200, "a receipt is open", "чек открыт"},
    {-150201, "no receipt is open", "чек не открыт"},
    {-150202, "receipts after the Z report", "после Z-отчёта были чеки"},
    {-150203, "no receipts after the Z report", "после Z-отчёта не было чеков"},
    {-150204, "more than 24 hours without a Z report", "больше 24 часов без Z-отчёта"},
    {-150205, "time before the last fiscal record", "время раньше последней фискальной записи"},
    {-150206, "time before the last journal record", "время раньше последней записи ленты"},
    {-150207, "date and time are probably wrong", "дата и время, вероятно, неверны"},
    {-150209, "the journal cannot be read", "контрольная лента не читается"},
    {-150210, "the journal cannot be written", "контрольная лента не пишется"},
    {-150211, "the journal cannot be formatted", "контрольную ленту нельзя отформатировать"},
    {-150212, "the journal document cannot be opened", "документ контрольной ленты не открыть"},
    {-150213, "no access to the external display", "нет доступа к внешнему дисплею"},
    {-150214, "the journal is nearly full", "контрольная лента почти заполнена"},
    {-150215, "a valid journal cannot be formatted", "исправную ленту нельзя форматировать"},
    {-150216, "the journal number is too big", "слишком большой номер контрольной ленты"},
    {-150217, "no such document", "нет данных о документе"},
    {-150218, "the journal's paper width differs", "другая ширина бумаги контрольной ленты"},
    {-150231, "the journal buffer is full", "буфер контрольной ленты полон"},
    {-150232, "the journal buffer cannot be written", "буфер контрольной ленты не пишется"},
    {-150300, "the fiscal memory is not formatted", "фискальная память не отформатирована"},
    {-150301, "the serial number is not set", "серийный номер не задан"},
    {-150302, "the VAT number is not set", "налоговый номер не задан"},
    {-150303, "the VAT rates are not set", "ставки налога не заданы"},
    {-150304, "all VAT rates are disabled", "все ставки налога запрещены"},
    {-150305, "the printer is not fiscalised", "принтер не фискализирован"},
    {-150306, "the printer is fiscalised", "принтер фискализирован"},
    {-150307, "no records in the fiscal memory", "фискальная память пуста"},
    {-150308, "the fiscal memory does not respond", "фискальная память не отвечает"},
    {-150309, "too many records in the fiscal memory", "слишком много фискальных записей"},
    {-150310, "the serial number is already set", "серийный номер уже задан"},
    {-150311, "the fiscal memory is read-only", "фискальная память только для чтения"},
    {-150312, "the fiscal memory is not found", "фискальная память не найдена"},
    {-150313, "fiscal memory read error", "ошибка чтения фискальной памяти"},
    {-150314, "VAT rates or decimals changed", "ставки налога или число знаков изменены"},
    {-150400, "no such PLU", "нет такого товара"},
    {-150401, "no such department", "нет такого отдела"},
    {-150402, "invalid VAT group", "неверная налоговая группа"},
    {-150403, "the VAT group is disabled", "налоговая группа запрещена"},
    {-150404, "too many sales in the receipt", "слишком много продаж в чеке"},
    {-150405, "payment or discount was made", "оплата или скидка уже была"},
    {-150406, "negative sum or quantity", "отрицательная сумма или количество"},
    {-150407, "the discount exceeds the price", "скидка больше цены"},
    {-150408, "void of a sale that is not there", "сторно несуществующей продажи"},
    {-150409, "payment has begun", "оплата начата"},
    {-150410, "the payment type is not programmed", "вид оплаты не запрограммирован"},
    {-150411, "the total is already paid", "итог уже оплачен"},
    {-150412, "the total is not entirely paid", "итог оплачен не полностью"},
    {-150413, "not enough cash", "недостаточно наличных"},
    {-150414, "cash payment only", "только наличными"},
    {-150415, "change is not allowed", "сдача не разрешена"},
    {-150416, "this operator's sums are not zero", "суммы оператора не нулевые"},
    {-150417, "this PLU's sums are not zero", "суммы товара не нулевые"},
    {-150418, "this department's sums are not zero", "суммы отдела не нулевые"},
    {-150419, "no free PLU", "нет места для товаров"},
    {-150420, "too many lines in the receipt", "слишком много строк в чеке"},
    {-150421, "no data for a copy", "нет данных для копии"},
    {-150422, "this payment type's sums are not zero", "суммы вида оплаты не нулевые"},
    {-150423, "the PLU is sold in this receipt", "товар продан в этом чеке"},
    {-150424, "invalid fuel PLU", "неверный код топлива"},
    {-150425, "fuel is sold by PLU only", "топливо продаётся только по коду"},
    {-150426, "not a gas station", "не заправка"},
    {-150427, "more than 200 departments with sales", "больше 200 отделов с продажами"},
    {-150428, "no data for a receipt copy", "нет данных для копии чека"},
    {-150429, "fuel storno is not allowed", "сторно топлива не разрешено"},
    {-150430, "invalid storno date and time", "неверные дата и время сторно"},
    {-150431, "zero price", "нулевая цена"},
    {-150432, "too many fuel sales in the receipt", "слишком много продаж топлива в чеке"},
    {-150433, "already paid by other means than cash", "уже оплачено безналично"},
    {-150434, "the payment transaction was denied", "оплата отклонена"},
    {-150435, "the sums are not zero", "суммы не нулевые"},
    {-150436, "no tip is allowed", "чаевые не разрешены"},
    {-150800, "the printer is not registered", "принтер не зарегистрирован"},
    {-150801, "no invoice number", "нет номера счёта"},
    {-150802, "invoice number out of range", "номер счёта вне диапазона"},
    {-150803, "no invoice numbers programmed", "номера счетов не запрограммированы"},
    {-150804, "no customer data entered", "нет данных покупателя"},
    {-150805, "customer data already entered", "данные покупателя уже введены"},
    {-150806, "not an invoice", "не счёт"},
    {-150807, "tax terminal error", "ошибка налогового терминала"},
    {-150808, "the modem does not respond", "модем не отвечает"},
    {-150809, "the modem is busy", "модем занят"},
    {-150810, "no SIM card in the modem", "в модеме нет SIM-карты"},
    {-150811, "a foreign SIM card", "SIM-карта не та, что зарегистрирована"},
    {-150812, "petrol station data are outdated", "данные заправки устарели"},
    {-150813, "no starting data command", "нет команды начала данных"},
    {-150819, "this is an invoice", "это счёт"},
};

Code meaning(std::int32_t code) {
  switch (code) {
    case -150101:
      return Code::kPaperOut;
    case -150104:
    case -150116:
      return Code::kRegisterPassword;
    case -150200:
      return Code::kDocumentOpen;
    case -150204:
      return Code::kShiftTooLong;
    case -150404:
      return Code::kTooManyLines;
    case -150309:
      return Code::kMemoryEnded;
    case -150212:
    case -150217:
      return Code::kNoSuchDocument;
    default:
      return Code::kRegisterRefused;
  }
}

}  // namespace

std::span<const DeviceError> all_device_errors() { return kErrors; }

const DeviceError* device_error(std::int32_t code) {
  const auto* at = std::ranges::find(kErrors, code, &DeviceError::code);
  return at != std::end(kErrors) ? at : nullptr;
}

Error to_error(std::int32_t code) {
  const DeviceError* known = device_error(code);
  std::string detail = known == nullptr ? std::string("undocumented")
                                        : std::string(known->en) + " / " + std::string(known->ru);
  return {meaning(code), std::move(detail), std::to_string(code)};
}

Error to_error(const Status& s) {
  const std::string bits = to_hex(s.bytes);
  if (s.cover_open()) return {Code::kCoverOpen, "", bits};
  if (s.paper_out()) return {Code::kPaperOut, "", bits};
  if (s.printer_fault()) return {Code::kPrinterError, "", bits};
  const char* what = s.syntax_error()      ? "syntax error / синтаксическая ошибка"
                     : s.unknown_command() ? "invalid command / неизвестная команда"
                     : s.overflow()        ? "arithmetic overflow / переполнение"
                                           : "not permitted / не разрешено";
  return {Code::kRegisterRefused, what, bits};
}

}  // namespace till::datecs
