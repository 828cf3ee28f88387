#include "errors.h"

#include <algorithm>
#include <string>

namespace till::atol {
namespace {

constexpr std::size_t kMaxSaid = 160;  // bytes of the register's own text that are passed on

// Sorted by code. Source: the vendor's header libfptr10.h.
constexpr DeviceError kErrors[] = {
    {1, "connection is not enabled", "соединение не установлено"},
    {2, "no connection to the register", "нет связи с ККТ"},
    {3, "port is busy", "порт занят"},
    {4, "port is not available", "порт недоступен"},
    {5, "incorrect data from the register", "некорректные данные от устройства"},
    {6, "internal error of the driver", "внутренняя ошибка драйвера"},
    {8, "a required parameter is missing", "отсутствует обязательный параметр"},
    {9, "settings are wrong", "некорректные настройки"},
    {10, "driver is not configured", "драйвер не настроен"},
    {11, "not supported by this register", "не поддерживается в данной версии ККТ"},
    {12, "not possible in this mode", "не поддерживается в данном режиме"},
    {13, "wrong value of a parameter", "некорректное значение параметра"},
    {15, "unknown error", "неизвестная ошибка"},
    {16, "wrong sum", "некорректная сумма"},
    {17, "wrong quantity", "некорректное количество"},
    {18, "cash counter overflow", "переполнение счётчика наличности"},
    {26, "wrong format of a command", "неверный формат команды"},
    {29, "date must be confirmed", "требуется подтверждение ввода даты"},
    {34, "mode is blocked", "вход в режим заблокирован"},
    {35, "check the date and time", "проверьте дату и время"},
    {36, "date is before that of the fiscal storage", "дата и время в ККТ меньше чем в ФН"},
    {40, "receipt buffer overflow", "переполнение буфера чека"},
    {44, "out of paper", "нет бумаги"},
    {45, "cover is open", "открыта крышка"},
    {46, "no connection to the printer unit", "нет связи с принтером чеков"},
    {47, "mechanical fault of the printer", "механическая ошибка печатающего устройства"},
    {48, "wrong type of receipt", "неверный тип чека"},
    {52, "cashless payments above the total", "сумма безналичных оплат больше суммы чека"},
    {55, "register is busy", "предыдущая операция незавершена"},
    {62, "forbidden by the settings", "операция невозможна при текущих настройках"},
    {63, "total overflow", "переполнение итога чека"},
    {66, "receipt is not fully paid", "чек оплачен не полностью"},
    {68, "shift is longer than 24 hours", "смена превысила 24 часа"},
    {71, "wrong password", "неверный пароль"},
    {73, "shift is closed, not possible", "смена закрыта, операция невозможна"},
    {77, "wrong date or time", "неверные дата или время"},
    {80, "not enough cash in the drawer", "нет денег для выплаты"},
    {81, "receipt is closed, not possible", "чек закрыт, операция невозможна"},
    {82, "a receipt is open, not possible", "чек открыт, операция невозможна"},
    {83, "shift is open, not possible", "смена открыта, операция невозможна"},
    {89, "register is not fiscal", "ККТ не зарегистрирована"},
    {94, "licence is wrong", "неверный код защиты или лицензия"},
    {114, "printer is overheated", "перегрев головки принтера"},
    {115, "exchange with the fiscal storage failed", "ошибка обмена с ФН"},
    {117, "wrong state of the fiscal storage", "неверное состояние ФН"},
    {118, "failure of the fiscal storage", "неисправность ФН"},
    {119, "failure of the crypto coprocessor", "неисправность криптографического сопроцессора ФН"},
    {120, "fiscal storage has reached its end of life", "закончен срок эксплуатации ФН"},
    {121, "archive of the fiscal storage is full", "переполнение архива ФН"},
    {122, "wrong date or time for the fiscal storage", "неверные дата или время для ФН"},
    {123, "no such data in the fiscal storage", "запрошенные данные отсутствуют в ФН"},
    {130, "another fiscal storage", "неверный номер ФН"},
    {132, "battery is low", "низкое напряжение на аккумуляторе"},
    {137, "resource of the fiscal storage is used up", "исчерпан ресурс хранения ФН"},
    {139, "documents are not yet sent to the OFD", "в ФН есть неотправленные документы"},
    {140, "fiscal storage does not answer in time", "исчерпан ресурс ожидания ФН"},
    {141, "shift is longer than 24 hours", "продолжительность смены ФН более 24 часов"},
    {143, "wrong tax system", "некорректный тип системы налогообложения"},
    {144, "wrong tax rate", "некорректный номер налога"},
    {150, "fault of the cutter", "ошибка отрезчика"},
    {151, "report was interrupted", "снятие отчёта прервалось"},
    {161, "a required tag is missing", "отсутствует обязательный реквизит"},
    {162, "document cannot be read from the fiscal storage", "ошибка чтения документа из ФН"},
    {166, "no fiscal storage", "ФН не найден"},
    {177, "closing of the receipt was interrupted", "закрытие чека прервалось"},
    {190, "wrong FFD version", "некорректная версия ФФД"},
    {200, "a document is open, not possible", "документ открыт, операция невозможна"},
    {201, "no document is open", "документ закрыт, операция невозможна"},
    {203, "document must be cancelled", "требуется отмена документа"},
    {225, "register must be registered", "требуется регистрация ККТ"},
    {227, "wrong total", "некорректная сумма чека"},
    {241, "connection was lost", "потеряно соединение с ККТ"},
    {249, "document was cancelled", "документ отменён"},
    {278, "no connection to the print service", "нет связи со службой печати"},
    {401, "a marking code is being checked", "процедура проверки кода маркировки уже запущена"},
    {402, "no connection to the marking server", "ошибка соединения с сервером маркировки"},
    {405, "wrong GS1 code", "код маркировки не соответствует GS1"},
    {406, "marking is forbidden", "запрещена работа с маркированными товарами"},
    {408, "too many marking codes", "переполнение таблицы кодов маркировки"},
    {409, "wrong marking code", "некорректный код маркировки"},
    {412, "wrong unit of measure", "некорректная единица измерения"},
    {413, "not possible in this FFD version", "операция недоступна в текущей версии ФФД"},
    {420, "marking code was not checked", "код маркировки не проверен"},
    {421, "checking the marking code took too long", "истекло время проверки кода маркировки"},
    {501, "task cannot be understood", "ошибка разбора задания"},
    {502, "stopped by an error before", "выполнение прервано из-за предыдущих ошибок"},
    {601, "driver's server is busy", "сервер ККТ занят"},
    {603, "exchange with the driver's server failed", "ошибка обмена с сервером ККТ"},
};

Code code_of(int device) {
  switch (device) {
    // Nobody knows whether the task came through or how far it was executed.
    case 1:
    case 2:
    case 3:
    case 4:
    case 241:
    case 278:
    case 603:
      return Code::kPortLost;
    case 55:
    case 177:
    case 601:
      return Code::kTimeout;
    case 44:
      return Code::kPaperOut;
    case 45:
      return Code::kCoverOpen;
    case 46:
    case 47:
    case 114:
    case 150:
      return Code::kPrinterError;
    case 68:
    case 141:
      return Code::kShiftTooLong;
    case 71:
      return Code::kRegisterPassword;
    case 73:
      return Code::kShiftClosed;
    case 83:
      return Code::kShiftOpen;
    case 82:
    case 200:
    case 203:
      return Code::kDocumentOpen;
    case 123:
      return Code::kNoSuchDocument;
    case 120:
    case 121:
    case 137:
      return Code::kMemoryEnded;
    default:
      return Code::kRegisterRefused;
  }
}

}  // namespace

std::span<const DeviceError> all_device_errors() { return kErrors; }

const DeviceError* device_error(int code) {
  const auto* const at = std::ranges::lower_bound(kErrors, code, {}, &DeviceError::code);
  return at != std::end(kErrors) && at->code == code ? at : nullptr;
}

Error to_error(int code, std::string_view said) {
  const DeviceError* known = device_error(code);
  const std::string_view text = known != nullptr ? known->en : said.substr(0, kMaxSaid);
  return {code_of(code), std::string(text), std::to_string(code)};
}

}  // namespace till::atol
