#include "sim/atol/control.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

#include "sim/base/arguments.h"
#include "sim/base/codepage.h"
#include "sim/register/tlv.h"

namespace till::sim::atol {
namespace {

using json::object;

struct Call {
  FiscalPrinter& printer;
  WebServer* web;
  Ms now;
  const object& in;
};
using Verb = object (*)(const Call&);

constexpr int64_t kMostKopecks = 100000000000, kLongestMs = 3600000, kMostLines = 10000;

// True for the first word, false for the second.
bool either(const object& in, std::string_view key, const std::string& yes, const std::string& no) {
  const std::string word = text(in, key, "");
  if (word != yes && word != no) refuse(fmt::format("{} is to be {} or {}", key, yes, no));
  return word == yes;
}

object result_of(int error) {
  if (error != kOk) refuse(fmt::format("{} {}", error, error_text(error)));
  return {};
}

Item item_of(const object& in, uint8_t op) {
  only_these(in, {"name", "price", "quantity_milli"});
  Item item;
  item.op = op;
  item.name = text(in, "name", "Товар");
  item.price = number(in, "price", 0, 0, kMostKopecks);
  item.quantity = static_cast<uint64_t>(number(in, "quantity_milli", 1000, 1, 1000000)) * 1000;
  item.sum = multiply_divide(item.price, item.quantity, 1000000);
  return item;
}

object foreign(const Call& c) {
  Receipt receipt;
  receipt.op = static_cast<uint8_t>(number(c.in, "op", 1, 1, 4));
  if (const auto* items = c.in.if_contains("items")) {
    if (!items->is_array()) refuse("items is to be an array");
    for (const auto& one : items->get_array()) {
      if (!one.is_object()) refuse("an item is to be an object");
      receipt.items.push_back(item_of(one.get_object(), receipt.op));
    }
  } else {
    receipt.items.push_back(
        item_of({{"price", number(c.in, "total", 0, 1, kMostKopecks)}}, receipt.op));
  }
  result_of(c.printer.foreign(c.now, receipt));
  return {{"fd", c.printer.last_fd()}};
}

object paper(const Call& c) {
  const bool ok = either(c.in, "state", "ok", "out");
  const std::string during = text(c.in, "during", "");
  if (!during.empty() && (during != "print" || ok)) {
    refuse("during is to be print, with the state out");
  }
  if (during.empty() && c.in.contains("line")) refuse("line is counted during print");
  if (during.empty()) {
    c.printer.set_paper(ok);
  } else {
    c.printer.paper_ends_next(static_cast<size_t>(number(c.in, "line", 0, 0, kMostLines)));
  }
  return {};
}

object power(const Call& c) {
  const std::string at = text(c.in, "at", "");
  const bool on = either(c.in, "state", "on", "off");
  if (at.empty()) {
    c.printer.power(c.now, on);
  } else {
    if (on) refuse("power fails at a fiscal moment, it does not come");
    c.printer.power_fails_next(!either(c.in, "at", "before", "after"));
  }
  return {};
}

object state(const Call& c) {
  const FiscalPrinter& p = c.printer;
  return {{"fn", p.fn()},
          {"last_fd", p.last_fd()},
          {"shift_open", p.shift_open()},
          {"shift", p.shift()},
          {"paper", p.paper() ? "ok" : "out"},
          {"unfinished_paper", p.unfinished_paper()},
          {"printed_lines", p.printed_lines()},
          {"document_open", p.document_open()},
          {"executing", p.busy()},
          {"power", p.powered() ? "on" : "off"},
          {"drawer", p.drawer()},
          {"queue", c.web == nullptr ? 0 : c.web->waiting()}};
}

object documents(const Call& c) {
  json::array all;
  for (const FiscalDocument& d : c.printer.memory().documents()) {
    const auto extra = find_tag(d.tlv, 1084);
    const auto value = extra ? find_tag(*extra, 1086) : std::nullopt;
    all.push_back(object{{"fn", d.fn},
                         {"fd", d.fd},
                         {"type", d.type},
                         {"op", d.op},
                         {"total", d.total},
                         {"fpd", d.fpd},
                         {"shift", d.shift},
                         {"receipt", d.receipt},
                         {"datetime", format_minute(d.seconds)},
                         {"attribute", value ? decode(Codepage::kCp866, *value) : ""},
                         {"tlv_hex", to_hex(d.tlv)}});
  }
  return {{"documents", std::move(all)}};
}

object hold(const Call& c) {
  if (c.web == nullptr) refuse("there is no queue");
  c.web->hold_next(number(c.in, "ms", 1000, 1, kLongestMs));
  return {};
}

object config(const Call& c) {
  if (c.in.contains("memory_holds")) {
    c.printer.set_memory_holds(static_cast<size_t>(number(c.in, "memory_holds", 0, 1, 1'000'000)));
  }
  if (c.in.contains("cutter_jams")) {
    c.printer.set_cutter_jams(either(c.in, "cutter_jams", "yes", "no"));
  }
  const bool queue = std::ranges::any_of(std::array{"start_ms", "task_ms", "cancels"},
                                         [&](auto* name) { return c.in.contains(name); });
  if (!queue) return {};
  if (c.web == nullptr) refuse("there is no queue");
  WebOptions& o = c.web->options();
  o.start_ms = number(c.in, "start_ms", o.start_ms, 0, kLongestMs);
  o.task_ms = number(c.in, "task_ms", o.task_ms, 0, kLongestMs);
  if (c.in.contains("cancels")) o.cancels = either(c.in, "cancels", "yes", "no");
  return {};
}

const std::map<std::string, Verb>& verbs() {
  static const std::map<std::string, Verb> kVerbs = {
      {"foreign", foreign},
      {"paper", paper},
      {"power", power},
      {"state", state},
      {"documents", documents},
      {"hold", hold},
      {"config", config},
      {"open_shift", [](const Call& c) { return result_of(c.printer.open_shift(c.now)); }},
      {"z", [](const Call& c) { return result_of(c.printer.close_shift(c.now)); }},
      {"replace",
       [](const Call& c) -> object {
         if (!c.printer.replace(c.now)) refuse("the new memory takes no document");
         return {};
       }},
      {"cover",
       [](const Call& c) -> object {
         c.printer.set_cover(either(c.in, "state", "open", "closed"));
         return {};
       }},
      {"late",
       [](const Call& c) -> object {
         c.printer.late_next(number(c.in, "ms", 1000, 1, kLongestMs));
         return {};
       }},
      {"fail",
       [](const Call& c) -> object {
         c.printer.fail_next(static_cast<int>(number(c.in, "error", 44, 1, 9999)));
         return {};
       }},
      {"interrupt",
       [](const Call& c) -> object {
         c.printer.interrupt_next_close();
         return {};
       }},
      {"attributes",
       [](const Call& c) -> object {
         c.printer.hide_attributes(either(c.in, "state", "hidden", "shown"));
         return {};
       }},
      {"clock", [](const Call& c) -> object {
         c.printer.set_clock_offset(number(c.in, "offset_s", 0, -315360000, 315360000));
         return {};
       }}};
  return kVerbs;
}

// The rest have none.
std::vector<std::string_view> members_of(const std::string& verb) {
  static const std::map<std::string_view, std::vector<std::string_view>> kMembers = {
      {"foreign", {"op", "items", "total"}},
      {"paper", {"state", "during", "line"}},
      {"power", {"state", "at"}},
      {"cover", {"state"}},
      {"late", {"ms"}},
      {"hold", {"ms"}},
      {"fail", {"error"}},
      {"attributes", {"state"}},
      {"config", {"start_ms", "task_ms", "cancels", "memory_holds", "cutter_jams"}},
      {"clock", {"offset_s"}}};
  const auto found = kMembers.find(verb);
  return found == kMembers.end() ? std::vector<std::string_view>() : found->second;
}

}  // namespace

json::object obey(FiscalPrinter& printer, WebServer* web, Ms now, const json::object& in) {
  const std::string name = text(in, "do", "");
  const auto verb = verbs().find(name);
  if (verb == verbs().end()) refuse(fmt::format("no such verb: {}", name));
  only_these(in, members_of(name));
  printer.tick(now);
  return verb->second({printer, web, now, in});
}

}  // namespace till::sim::atol
