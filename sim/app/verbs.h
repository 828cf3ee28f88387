// The verbs of the control socket; sim/README.md has an example of each.
#pragma once

#include <string>

#include "sim/app/atol_device.h"
#include "sim/app/devices.h"
#include "sim/app/phone.h"

namespace till::sim {

struct World {
  RegisterDevice& fr;
  DatecsDevice& datecs;
  AtolDevice& atol;
  PrinterDevice& printer;
  Line& scanner;
  Line& reader;
  Phone& phone;
  Scribe& scribe;
};

// Answers {"ok":true,…} or {"ok":false,"error":"…"}; never throws on bad input.
std::string obey(World& world, Ms now, const std::string& line);

}  // namespace till::sim
