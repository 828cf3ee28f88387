// Status, identity, tables and the clock.
#include <algorithm>

#include "sim/base/civil.h"
#include "sim/base/codepage.h"
#include "sim/register/codes.h"
#include "sim/register/register.h"

namespace till::sim {
namespace {

constexpr uint16_t kReceiptRoll = 1 << 1, kDecimalPoint = 1 << 4, kReceiptPaper = 1 << 7,
                   kReceiptLever = 1 << 9;

uint8_t u8(int value) { return static_cast<uint8_t>(value); }

}  // namespace

uint16_t Register::flags() const {
  const bool paper = paper_ == Paper::kPresent || paper_ == Paper::kWaitsForContinue;
  return static_cast<uint16_t>(kDecimalPoint | kReceiptLever |
                               (paper ? kReceiptRoll | kReceiptPaper : 0));
}

Register::Outcome Register::short_status(const Call& call) {
  const size_t operations = receipt_ ? receipt_->items.size() : 0;
  Outcome out = good(call);
  put_le(out.data, flags(), 2);
  append(out.data, Bytes{mode(call.now), submode(call.now), static_cast<uint8_t>(operations)});
  // Battery, power and the error codes of memories this register does not have.
  append(out.data, Bytes{0x9F, 0xE5, 0x18, 0x01, static_cast<uint8_t>(operations >> 8)});
  append(out.data, options_.floating);
  return out;
}

Register::Outcome Register::long_status(const Call& call) {
  const Civil t = civil_of(seconds(call.now));
  const uint64_t serial = std::stoull(options_.registration.serial);
  Outcome out = good(call);
  Bytes& d = out.data;
  append(d, Bytes{'C', '1'});
  put_le(d, 62922, 2);
  append(d, Bytes{21, 1, 25});
  d.push_back(tables_.number_in_hall());
  put_le(d, last_.fd, 2);
  put_le(d, flags(), 2);
  append(d, Bytes{mode(call.now), submode(call.now), 0});
  append(d, Bytes(7, 0));  // legacy fiscal memory
  append(d, Bytes{u8(t.day), u8(t.month), u8(t.year % 100), u8(t.hour), u8(t.minute), u8(t.second),
                  0});
  put_le(d, serial & 0xFFFFFFFF, 4);
  put_le(d, static_cast<uint64_t>(shift_open_ ? shift_ - 1 : shift_), 2);
  put_le(d, 0, 2);
  append(d, Bytes{1, 11});  // registrations done and left
  put_le(d, std::stoull(options_.registration.inn), 6);
  return out;
}

Register::Outcome Register::device_type(const Call&) {
  Outcome out;
  out.data = {0x00, 0x00, 0x01, 0x0E, options_.model, 0x00};  // a register, protocol 1.14
  append(out.data, encode(Codepage::kCp1251, "ШТРИХ-М-02Ф"));
  return out;
}

Register::Outcome Register::model_parameters(const Call& call) {
  if (call.args[0] != 1) return fail(err::kBadParameters);
  Outcome out;
  Bytes& d = out.data;
  put_le(d, uint64_t{1} << 50, 8);  // extended answers can be switched on; no protocol 2
  append(d, Bytes{12, 24, 1, 12, 8, 14, 14});
  put_le(d, 0, 4);
  put_le(d, 30, 4);
  append(d, Bytes{0, 0});
  put_le(d, 255, 2);
  append(d, Bytes{40, 64});
  put_le(d, 600, 2);
  return out;
}

Register::Outcome Register::error_text(const Call& call) {
  Outcome out;
  out.data = encode(Codepage::kCp1251, error_name(call.args[0]));
  return out;
}

Register::Outcome Register::write_table(const Call& call) {
  const View a = call.args;
  return fail(
      tables_.write(a[0], static_cast<uint16_t>(get_le(a.subspan(1, 2))), a[3], a.subspan(4)));
}

Register::Outcome Register::read_table(const Call& call) {
  const View a = call.args;
  const auto value = tables_.read(a[0], static_cast<uint16_t>(get_le(a.subspan(1, 2))), a[3]);
  if (!value) return fail(value.error());
  return {.error = 0, .data = *value, .fiscal = {}};
}

Register::Outcome Register::table_structure(const Call& call) {
  const auto shape = tables_.shape(call.args[0]);
  if (!shape) return fail(shape.error());
  Outcome out;
  out.data = encode(Codepage::kCp1251, shape->name);
  out.data.resize(40, 0);
  put_le(out.data, shape->rows, 2);
  out.data.push_back(shape->fields);
  return out;
}

Register::Outcome Register::field_structure(const Call& call) {
  const auto value = tables_.read(call.args[0], 1, call.args[1]);
  if (!value) return fail(value.error());
  const bool text = tables_.is_text(call.args[0], call.args[1]);
  Outcome out;
  out.data.resize(40, 0);  // unnamed
  append(out.data, Bytes{u8(text ? 1 : 0), u8(static_cast<int>(value->size()))});
  if (!text) {
    append(out.data, Bytes(value->size(), 0x00));
    append(out.data, Bytes(value->size(), 0xFF));
  }
  return out;
}

Register::Outcome Register::set_time(const Call& call) {
  const int64_t now = seconds(call.now);
  Civil t = civil_of(now);
  t.hour = call.args[0];
  t.minute = call.args[1];
  t.second = call.args[2];
  const auto wanted = seconds_of(t);
  if (!wanted) return fail(err::kBadParameters);
  clock_offset_ += *wanted - now;
  return {};
}

Register::Outcome Register::set_date(const Call& call) {
  const int64_t now = seconds(call.now);
  Civil t = civil_of(now);
  t.day = call.args[0];
  t.month = call.args[1];
  t.year = 2000 + call.args[2];
  const auto wanted = seconds_of(t);
  if (!wanted) return fail(err::kBadDate);
  unconfirmed_ = clock_offset_ + *wanted - now;
  return {};
}

Register::Outcome Register::confirm_date(const Call& call) {
  const Civil t = civil_of(call.now / 1000 + *unconfirmed_);
  if (call.args[0] != t.day || call.args[1] != t.month || 2000 + call.args[2] != t.year) {
    return fail(err::kDateMismatch);
  }
  clock_offset_ = *unconfirmed_;
  unconfirmed_.reset();
  return {};
}

std::string error_name(uint8_t code) {
  struct Name {
    uint8_t code;
    const char* text;
  };
  static constexpr Name kNames[] = {
      {0x00, "Ошибок нет"},
      {err::kFnBadState, "ФН: неверное состояние"},
      {err::kFnFailure, "ФН: отказ"},
      {err::kFnBadTime, "ФН: некорректная дата и время"},
      {err::kFnNoData, "ФН: нет запрошенных данных"},
      {err::kFnBadValue, "ФН: некорректное значение параметров"},
      {err::kFnTlvTooBig, "ФН: превышение размеров TLV"},
      {err::kBadParameters, "Некорректные параметры в команде"},
      {err::kUnknownCommand, "Команда не поддерживается"},
      {err::kShiftOpen, "Смена открыта, операция невозможна"},
      {err::kPaidTooLittle, "Сумма всех типов оплаты меньше итога чека"},
      {err::kWrongOperationType, "Операция невозможна в открытом чеке данного типа"},
      {err::kReceiptOpen, "Открыт чек, операция невозможна"},
      {err::kReceiptFull, "Буфер чека переполнен"},
      {err::kCashlessTooMuch, "Сумма безналичной оплаты больше суммы чека"},
      {err::kShiftExpired, "Смена превысила 24 часа"},
      {err::kBadPassword, "Неверный пароль"},
      {err::kPrinting, "Идет печать результатов выполнения предыдущей команды"},
      {err::kNothingToRepeat, "Нет документа для повтора"},
      {err::kWaitsForContinue, "Ожидание команды продолжения печати"},
      {err::kOtherOperator, "Документ открыт другим оператором"},
      {0x5D, "Таблица не определена"},
      {err::kQuantityRange, "Переполнение диапазона количества"},
      {err::kNoPaper, "Нет чековой ленты"},
      {err::kWrongSubmode, "Команда не поддерживается в данном подрежиме"},
      {err::kWrongMode, "Команда не поддерживается в данном режиме"},
      {err::kDateMismatch, "Не совпадает дата"},
      {err::kBadDate, "Неверный формат даты"},
      {err::kBadLength, "Неверное значение в поле длины"},
      {err::kReceiptOverflow, "Переполнение диапазона итога чека"},
      {err::kZeroReceipt, "Нулевой итог чека"},
      {0x90, "Размер поля превышает допустимый"},
  };
  const auto* const it = std::find_if(std::begin(kNames), std::end(kNames),
                                      [code](const Name& n) { return n.code == code; });
  return it != std::end(kNames) ? it->text : "Неизвестная ошибка";
}

}  // namespace till::sim
