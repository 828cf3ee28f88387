// The register's settings tables 1, 2 and 17, as far as anything here depends on them.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <tuple>

#include "sim/base/bytes.h"

namespace till::sim {

class Tables {
 public:
  Tables();

  // The error is the register's own code.
  std::expected<Bytes, uint8_t> read(uint8_t table, uint16_t row, uint8_t field) const;
  bool is_text(uint8_t table, uint8_t field) const;
  uint8_t write(uint8_t table, uint16_t row, uint8_t field, View value);
  // Name (CP1251), rows and fields.
  struct Shape {
    std::string name;
    uint16_t rows;
    uint8_t fields;
  };
  std::expected<Shape, uint8_t> shape(uint8_t table) const;

  uint8_t number_in_hall() const;
  uint32_t password(int operator_number) const;          // 1..30
  std::string operator_name(int operator_number) const;  // UTF-8
  bool suppress_next_receipt() const;                    // table 17 field 7
  void clear_suppress();
  bool raises_vat() const;  // table 17 field 71 = 1

 private:
  struct Field {
    Bytes value;
    bool text = false;
  };
  using Key = std::tuple<uint8_t, uint16_t, uint8_t>;
  std::map<Key, Field> fields_;
};

}  // namespace till::sim
