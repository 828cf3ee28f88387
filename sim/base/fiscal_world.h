// What a fiscal register does to the world around it, and what a script makes of it.
#pragma once

#include <string>

#include "sim/base/bytes.h"

namespace till::sim {

// One piece of paper as the printing mechanism leaves it.
struct Slip {
  uint32_t fd = 0;  // number of the fiscal document; 0: none
  std::vector<std::string> lines;
  std::string qr;  // empty: none
};

// What a script makes of a fiscal moment.
struct FiscalVerdict {
  Ms delay = 0;
  bool power_off = false;
};

class RegisterWorld {
 public:
  virtual ~RegisterWorld() = default;
  virtual void command_received(uint16_t) {}
  // Asked before and after a document becomes fiscal.
  virtual FiscalVerdict fiscal_moment(bool after) = 0;
  virtual void print(const Slip& slip) = 0;
};

}  // namespace till::sim
