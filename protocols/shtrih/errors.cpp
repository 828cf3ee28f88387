#include "errors.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

namespace till::shtrih {
namespace {

// Sorted by code. Source: vendor's protocol 1.17 for FN and KKT codes.
constexpr DeviceError kErrors[] = {
    {0x01, "unknown command, wrong format or parameters",
     "неизвестная команда, неверный формат или параметры"},
    {0x02, "wrong state of the fiscal storage", "неверное состояние ФН"},
    {0x03, "failure of the fiscal storage", "отказ ФН"},
    {0x04, "failure of the crypto coprocessor", "отказ криптографического сопроцессора"},
    {0x05, "fiscal storage has reached its end of life", "закончен срок эксплуатации ФН"},
    {0x06, "archive of the fiscal storage is full", "архив ФН переполнен"},
    {0x07, "wrong date or time", "неверные дата или время"},
    {0x08, "no such data", "запрошенные данные отсутствуют"},
    {0x09, "wrong value of a parameter", "неверное значение параметра"},
    {0x10, "TLV data too big", "превышен размер данных TLV"},
    {0x11, "no connection to the OFD", "нет транспортного соединения с ОФД"},
    {0x12, "crypto resource is used up", "исчерпан ресурс криптографического сопроцессора"},
    {0x14, "storage resource is used up", "исчерпан ресурс хранения"},
    {0x15, "resource of waiting for transfer is used up", "исчерпан ресурс ожидания передачи"},
    {0x16, "shift is longer than 24 hours", "продолжительность смены более 24 часов"},
    {0x17, "more than 5 minutes between two operations",
     "неверная разница во времени между операциями"},
    {0x20, "message of the OFD was not accepted", "сообщение ОФД не принято"},
    {0x2f, "time-out talking to the fiscal storage", "таймаут обмена с ФН"},
    {0x30, "fiscal storage does not answer", "ФН не отвечает"},
    {0x32, "marking is forbidden", "запрещена работа с маркировкой"},
    {0x33, "wrong parameters in the command", "некорректные параметры в команде"},
    {0x34, "no data", "нет данных"},
    {0x35, "wrong parameter for these settings", "некорректный параметр при данных настройках"},
    {0x36, "wrong parameters for this model", "некорректные параметры для данной реализации"},
    {0x37, "command is not supported", "команда не поддерживается"},
    {0x38, "ROM error", "ошибка ПЗУ"},
    {0x39, "internal software error", "внутренняя ошибка ПО"},
    {0x3a, "surcharge total overflow in the shift", "переполнение накопления надбавок в смене"},
    {0x3c, "shift is open, not possible", "смена открыта, операция невозможна"},
    {0x3d, "shift is not open, not possible", "смена не открыта, операция невозможна"},
    {0x3e, "department total overflow", "переполнение накопления по секциям в смене"},
    {0x3f, "discount total overflow", "переполнение накопления скидок в смене"},
    {0x40, "discount range overflow", "переполнение диапазона скидок"},
    {0x41, "payment type 1 range overflow", "переполнение диапазона оплаты типом 1"},
    {0x42, "payment type 2 range overflow", "переполнение диапазона оплаты типом 2"},
    {0x43, "payment type 3 range overflow", "переполнение диапазона оплаты типом 3"},
    {0x44, "payment type 4 range overflow", "переполнение диапазона оплаты типом 4"},
    {0x45, "payments are less than the total", "сумма всех типов оплаты меньше итога чека"},
    {0x46, "not enough cash in the drawer", "не хватает наличности в кассе"},
    {0x47, "tax total overflow", "переполнение накопления по налогам"},
    {0x48, "receipt total overflow", "переполнение итога чека"},
    {0x49, "not possible in an open receipt of this kind",
     "операция невозможна в открытом чеке данного типа"},
    {0x4a, "a receipt is open, not possible", "открыт чек, операция невозможна"},
    {0x4b, "receipt buffer overflow", "буфер чека переполнен"},
    {0x4c, "tax turnover overflow", "переполнение накопления по обороту налогов"},
    {0x4d, "cashless payment exceeds the total",
     "вносимая безналичной оплатой сумма больше суммы чека"},
    {0x4e, "shift is longer than 24 hours", "смена превысила 24 часа"},
    {0x4f, "wrong password", "неверный пароль"},
    {0x50, "the previous command is still printing", "идёт печать результатов предыдущей команды"},
    {0x51, "payment type 1 shift overflow", "переполнение накоплений оплатой типом 1 в смене"},
    {0x52, "payment type 2 shift overflow", "переполнение накоплений оплатой типом 2 в смене"},
    {0x53, "payment type 3 shift overflow", "переполнение накоплений оплатой типом 3 в смене"},
    {0x54, "payment type 4 shift overflow", "переполнение накоплений оплатой типом 4 в смене"},
    {0x55, "receipt is closed, not possible", "чек закрыт, операция невозможна"},
    {0x56, "no document to repeat", "нет документа для повтора"},
    {0x58, "waiting for the command to continue printing", "ожидание команды продолжения печати"},
    {0x59, "document was opened by another operator", "документ открыт другим оператором"},
    {0x5a, "discount exceeds the receipt", "скидка превышает сумму чека"},
    {0x5b, "surcharge range overflow", "переполнение диапазона надбавок"},
    {0x5c, "24 V supply is low", "понижено напряжение 24 В"},
    {0x5d, "table is not defined", "таблица не определена"},
    {0x5e, "wrong operation", "неверная операция"},
    {0x5f, "negative receipt total", "отрицательный итог чека"},
    {0x60, "overflow in a multiplication", "переполнение при умножении"},
    {0x61, "price out of range", "переполнение диапазона цены"},
    {0x62, "quantity out of range", "переполнение диапазона количества"},
    {0x63, "department out of range", "переполнение диапазона отдела"},
    {0x65, "not enough money in the department", "не хватает денег в секции"},
    {0x66, "department overflow", "переполнение денег в секции"},
    {0x68, "not enough money in the tax turnover", "не хватает денег по обороту налогов"},
    {0x69, "tax turnover overflow", "переполнение денег по обороту налогов"},
    {0x6a, "power failed during an I2C answer", "ошибка питания в момент ответа по I2C"},
    {0x6b, "no receipt paper", "нет чековой ленты"},
    {0x6c, "no journal paper", "нет операционного журнала"},
    {0x6d, "not enough money in a tax", "не хватает денег по налогу"},
    {0x6e, "tax overflow", "переполнение денег по налогу"},
    {0x6f, "cash-out overflow in the shift", "переполнение по выплате в смене"},
    {0x71, "cutter error", "ошибка отрезчика"},
    {0x72, "command is not supported in this submode",
     "команда не поддерживается в данном подрежиме"},
    {0x73, "command is not supported in this mode", "команда не поддерживается в данном режиме"},
    {0x74, "RAM error", "ошибка ОЗУ"},
    {0x75, "power error", "ошибка питания"},
    {0x76, "printer: no tacho pulses", "ошибка принтера: нет импульсов с тахогенератора"},
    {0x77, "printer: no signal from the sensors", "ошибка принтера: нет сигнала с датчиков"},
    {0x78, "firmware was replaced", "замена ПО"},
    {0x79, "fiscal memory was replaced", "замена ФП"},
    {0x7a, "field can not be edited", "поле не редактируется"},
    {0x7b, "hardware error", "ошибка оборудования"},
    {0x7c, "date does not match", "не совпадает дата"},
    {0x7d, "wrong date format", "неверный формат даты"},
    {0x7e, "wrong value in the length field", "неверное значение в поле длины"},
    {0x7f, "receipt total out of range", "переполнение диапазона итога чека"},
    {0x84, "cash overflow", "переполнение наличности"},
    {0x85, "sales overflow in the shift", "переполнение по приходу в смене"},
    {0x86, "purchases overflow in the shift", "переполнение по расходу в смене"},
    {0x87, "sale returns overflow in the shift", "переполнение по возвратам прихода в смене"},
    {0x88, "purchase returns overflow in the shift", "переполнение по возвратам расхода в смене"},
    {0x89, "cash-in overflow in the shift", "переполнение по внесению в смене"},
    {0x8a, "surcharge overflow in the receipt", "переполнение по надбавкам в чеке"},
    {0x8b, "discount overflow in the receipt", "переполнение по скидкам в чеке"},
    {0x8c, "negative surcharge total", "отрицательный итог надбавки в чеке"},
    {0x8d, "negative discount total", "отрицательный итог скидки в чеке"},
    {0x8e, "zero receipt total", "нулевой итог чека"},
    {0x8f, "the register is not registered", "касса не зарегистрирована"},
    {0x90, "field exceeds its size in the settings",
     "поле превышает размер, установленный в настройках"},
    {0x91, "print field border exceeded", "выход за границу поля печати"},
    {0x92, "fields overlap", "наложение полей"},
    {0x93, "RAM was restored", "восстановление ОЗУ прошло успешно"},
    {0x94, "limit of operations in the receipt", "исчерпан лимит операций в чеке"},
    {0x96, "close the shift first", "выполните отчёт о закрытии смены"},
    {0x9b, "wrong action", "некорректное действие"},
    {0x9c, "goods not found in the base", "товар не найден в базе товаров"},
    {0x9d, "bad record in the goods base", "неверные данные в записи о товаре"},
    {0x9e, "bad size of the goods base file", "неверный размер файла базы товаров"},
    {0xa0, "marked goods are forbidden", "запрещена работа с маркированными товарами"},
    {0xa1, "wrong order of commands", "неверная последовательность команд"},
    {0xa2, "marked goods are blocked for now",
     "работа с маркированными товарами временно заблокирована"},
    {0xa3, "table of marking codes is full", "переполнена таблица проверки КМ"},
    {0xa4, "a required TLV is missing", "в составе реквизитов отсутствует обязательный TLV"},
    {0xa5, "the marking code was not checked", "код маркировки не проверялся"},
    {0xc0, "date and time must be confirmed", "контроль даты и времени: подтвердите дату и время"},
    {0xc2, "supply voltage is too high", "превышение напряжения блока питания"},
    {0xc4, "shift numbers do not match", "несовпадение номеров смен"},
    {0xc5, "slip buffer is empty", "буфер подкладного документа пуст"},
    {0xc6, "no slip", "подкладной документ отсутствует"},
    {0xc7, "field can not be edited in this mode", "поле не редактируется в данном режиме"},
    {0xc8, "no link with the printer", "нет связи с принтером"},
    {0xc9, "print head is overheated", "перегрев печатающей головки"},
    {0xca, "temperature out of range", "температура вне условий эксплуатации"},
    {0xcb, "wrong subtotal of the receipt", "неверный подытог чека"},
    {0xce, "limit of free memory", "лимит минимального свободного объёма ОЗУ или ПЗУ"},
    {0xcf, "wrong date (clock was reset?)", "неверная дата (часы сброшены?)"},
    {0xd0, "journal is not printed", "отчёт операционного журнала не распечатан"},
    {0xd1, "no data in the buffer", "нет данных в буфере"},
    {0xd5, "critical load error", "критическая ошибка при загрузке"},
    {0xe0, "bill acceptor: no link", "ошибка связи с купюроприёмником"},
    {0xe1, "bill acceptor is busy", "купюроприёмник занят"},
    {0xe2, "bill acceptor: total does not match the receipt",
     "итог чека не соответствует итогу купюроприёмника"},
    {0xe3, "bill acceptor error", "ошибка купюроприёмника"},
    {0xe4, "bill acceptor: total is not zero", "итог купюроприёмника не нулевой"},
};

Code meaning(std::uint8_t code) {
  switch (code) {
    case 0x16:
    case 0x4e:
      return Code::kShiftTooLong;
    case 0x3c:
      return Code::kShiftOpen;
    case 0x3d:
      return Code::kShiftClosed;
    case 0x4a:
      return Code::kDocumentOpen;
    case 0x4b:
      return Code::kTooManyLines;
    case 0x4f:
      return Code::kRegisterPassword;
    case 0x6b:
      return Code::kPaperOut;
    case 0x71:
    case 0x76:
    case 0x77:
    case 0xc8:
      return Code::kPrinterError;
    case 0x08:
      return Code::kNoSuchDocument;
    case 0x05:  // of the fiscal memory: its life, its archive, its keys, its storage
    case 0x06:
    case 0x12:
    case 0x14:
      return Code::kMemoryEnded;
    default:
      return Code::kRegisterRefused;
  }
}

}  // namespace

std::span<const DeviceError> all_device_errors() { return kErrors; }

const DeviceError* device_error(std::uint8_t code) {
  const auto* at = std::ranges::lower_bound(kErrors, code, {}, &DeviceError::code);
  return at != std::end(kErrors) && at->code == code ? at : nullptr;
}

Error to_error(std::uint8_t code) {
  std::array<char, 8> vendor{};
  std::snprintf(vendor.data(), vendor.size(), "%02Xh", code);
  const DeviceError* known = device_error(code);
  std::string detail = known == nullptr ? std::string("undocumented")
                                        : std::string(known->en) + " / " + std::string(known->ru);
  return {meaning(code), std::move(detail), vendor.data()};
}

}  // namespace till::shtrih
