// What a person, another host or bad luck does to the register: one verb, JSON in, JSON out.
#pragma once

#include "sim/atol/web_server.h"

namespace till::sim::atol {

// `in` is {"do":"paper","state":"out"} …; sim/README.md has them all. `web` may be null. Throws
// std::invalid_argument with the reason, also for a verb it does not know.
json::object obey(FiscalPrinter& printer, WebServer* web, Ms now, const json::object& in);

}  // namespace till::sim::atol
