// What the register sells, registers and keeps.
#pragma once

#include <array>
#include <string>

#include "sim/base/bytes.h"
#include "sim/base/fiscal_world.h"

namespace till::sim {

// One fiscal document as the fiscal memory keeps it.
struct FiscalDocument {
  std::string fn;       // number of the fiscal memory, 16 digits
  uint32_t fd = 0;      // document number, from 1
  uint8_t type = 0;     // 1 registration, 2 shift opened, 3 receipt, 5 shift closed
  uint8_t op = 0;       // receipts: tag 1054 (1 sale, 2 sale return, 3 buy, 4 buy return)
  int64_t seconds = 0;  // local civil time, whole minutes
  uint32_t fpd = 0;     // fiscal sign
  uint16_t shift = 0;
  uint16_t receipt = 0;  // number within the shift; 0 for other documents
  int64_t total = 0;     // kopecks
  Bytes tlv;             // the whole document in FFD tags
};

// One sold (or returned) thing.
struct Item {
  uint8_t op = 1;         // as FF46 gives it: the same numbers as tag 1054
  uint64_t quantity = 0;  // millionths
  int64_t price = 0;      // kopecks
  int64_t sum = 0;        // kopecks
  int64_t tax_sum = 0;    // kopecks of VAT within the sum
  uint8_t vat = 6;        // tag 1199
  uint8_t department = 0;
  uint8_t method = 4;  // tag 1214
  uint8_t object = 1;  // tag 1212
  std::string name;    // UTF-8
  Bytes tags;          // TLV that came by FF4D
};

struct Receipt {
  uint8_t op = 1;           // tag 1054
  bool correction = false;  // document 31
  int opened_by = 30;
  std::vector<Item> items;
  Bytes tags;                     // TLV that came by FF0C
  std::vector<std::string> text;  // free lines printed while it was open, UTF-8

  int64_t subtotal() const {
    int64_t sum = 0;
    for (const Item& item : items) sum += item.sum;
    return sum;
  }
};

// How a receipt is closed, in kopecks.
struct Closing {
  std::array<int64_t, 16> payments{};  // 0 cash, 1..12 electronic, 13 prepaid, 14 credit, 15 other
  int64_t rounding = 0;                // 0..99
  std::array<int64_t, 6> taxes{};      // tags 1102..1107
  uint8_t tax_system = 1;              // tag 1055
  int64_t change = 0;
};

// What the register was registered with; it appears on every document.
struct Registration {
  std::string user = "ООО \"ТОРГОВЫЙ ДОМ\"";
  std::string inn = "7701234560";
  std::string address = "115035, г. Москва, ул. Пятницкая, 12";
  std::string place = "Магазин № 1";
  std::string rnm = "0000000400054952";
  std::string serial = "0013370000001234";
  std::string ofd_inn = "7704358518";
  uint8_t tax_systems = 1;
  uint8_t ffd = 2;  // tag 1209: 2 is FFD 1.05
};

}  // namespace till::sim
