#include "sim/register/tables.h"

#include <fmt/core.h>

#include <algorithm>

#include "sim/base/codepage.h"

namespace till::sim {
namespace {

constexpr uint8_t kSettings = 1, kCashiers = 2, kRegional = 17;
constexpr uint8_t kBadParameter = 0x33, kNoTable = 0x5D, kTooLong = 0x90;
constexpr uint8_t kSettingsFields = 40, kRegionalFields = 71, kSuppress = 7, kRaiseVat = 71;
constexpr size_t kNameWidth = 64;

Bytes padded(std::string_view utf8, size_t width) {
  Bytes bytes = encode(Codepage::kCp1251, utf8);
  bytes.resize(width, 0);
  return bytes;
}

}  // namespace

Tables::Tables() {
  for (int f = 1; f <= kSettingsFields; ++f) {
    fields_[{kSettings, 1, static_cast<uint8_t>(f)}] = {Bytes{0}};
  }
  fields_[{kSettings, 1, 1}].value = {1};
  for (int op = 1; op <= 30; ++op) {
    const auto row = static_cast<uint16_t>(op);
    Bytes password;
    put_le(password, static_cast<uint64_t>(op), 4);
    const std::string name = op == 30   ? "СИС. АДМИНИСТРАТОР"
                             : op == 29 ? "АДМИНИСТРАТОР"
                                        : fmt::format("ОПЕРАТОР{}", op);
    fields_[{kCashiers, row, 1}] = {password};
    fields_[{kCashiers, row, 2}] = {padded(name, kNameWidth), true};
  }
  for (int f = 1; f <= kRegionalFields; ++f) {
    fields_[{kRegional, 1, static_cast<uint8_t>(f)}] = {Bytes{0}};
  }
  fields_[{kRegional, 1, kRaiseVat}].value = {1};
}

std::expected<Bytes, uint8_t> Tables::read(uint8_t table, uint16_t row, uint8_t field) const {
  if (const auto s = shape(table); !s) return std::unexpected(s.error());
  const auto it = fields_.find({table, row, field});
  if (it == fields_.end()) return std::unexpected(kBadParameter);
  return it->second.value;
}

bool Tables::is_text(uint8_t table, uint8_t field) const {
  const auto it = fields_.find({table, 1, field});
  return it != fields_.end() && it->second.text;
}

uint8_t Tables::write(uint8_t table, uint16_t row, uint8_t field, View value) {
  if (const auto s = shape(table); !s) return s.error();
  const auto it = fields_.find({table, row, field});
  if (it == fields_.end()) return kBadParameter;
  const size_t width = it->second.value.size();
  if (value.size() > width) return kTooLong;
  if (!it->second.text && value.size() != width) return kBadParameter;
  it->second.value.assign(value.begin(), value.end());
  it->second.value.resize(width, 0);
  return 0;
}

std::expected<Tables::Shape, uint8_t> Tables::shape(uint8_t table) const {
  switch (table) {
    case kSettings:
      return Shape{"ТИП И РЕЖИМ КАССЫ", 1, kSettingsFields};
    case kCashiers:
      return Shape{"ПАРОЛИ КАССИРОВ", 30, 2};
    case kRegional:
      return Shape{"РЕГИОНАЛЬНЫЕ НАСТРОЙКИ", 1, kRegionalFields};
    default:
      return std::unexpected(kNoTable);
  }
}

uint8_t Tables::number_in_hall() const { return fields_.at({kSettings, 1, 1}).value[0]; }

uint32_t Tables::password(int operator_number) const {
  const Key key{kCashiers, static_cast<uint16_t>(operator_number), 1};
  return static_cast<uint32_t>(get_le(fields_.at(key).value));
}

std::string Tables::operator_name(int operator_number) const {
  const Bytes& value = fields_.at({kCashiers, static_cast<uint16_t>(operator_number), 2}).value;
  return decode(Codepage::kCp1251, {value.begin(), std::find(value.begin(), value.end(), 0)});
}

bool Tables::suppress_next_receipt() const {
  return fields_.at({kRegional, 1, kSuppress}).value[0] == 1;
}

void Tables::clear_suppress() { fields_[{kRegional, 1, kSuppress}].value = {0}; }

bool Tables::raises_vat() const { return fields_.at({kRegional, 1, kRaiseVat}).value[0] == 1; }

}  // namespace till::sim
