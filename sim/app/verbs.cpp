#include "sim/app/verbs.h"

#include <fmt/core.h>

#include <boost/json.hpp>
#include <charconv>
#include <functional>
#include <map>
#include <stdexcept>

#include "sim/base/arguments.h"

namespace till::sim {
namespace {

namespace json = boost::json;
using json::object;

struct Call {
  World& world;
  Ms now;
  const object& in;
};
using Verb = std::function<object(const Call&)>;

bool flag(const object& in, std::string_view key) {
  const auto* value = in.if_contains(key);
  if (value == nullptr || !value->is_bool()) refuse(fmt::format("{} is to be a bool", key));
  return value->get_bool();
}

Bytes hex(const std::string& digits) {
  const auto bytes = from_hex(digits);
  if (!bytes) refuse("that is not hex");
  return *bytes;
}

// --- Scanner and reader

object scan(const Call& call) {
  Bytes bytes;
  if (call.in.contains("raw_hex")) {
    bytes = hex(text(call.in, "raw_hex", ""));
  } else {
    const std::string data = text(call.in, "data", "");
    if (data.empty()) refuse("data or raw_hex is wanted");
    const bool ean13 =
        data.size() == 13 && data.find_first_not_of("0123456789") == std::string::npos;
    bytes =
        bytes_of(text(call.in, "aim", ean13 ? "]E0" : "") + data + text(call.in, "suffix", "\r"));
  }
  if (!call.world.scanner.plugged()) refuse("the scanner is pulled");
  call.world.scanner.send(call.now, bytes);
  return {};
}

object swipe(const Call& call) {
  Bytes bytes;
  if (call.in.contains("raw_hex")) {
    bytes = hex(text(call.in, "raw_hex", ""));
  } else {
    const std::string one = text(call.in, "track1", ""), two = text(call.in, "track2", "");
    if (one.empty() && two.empty()) refuse("track1, track2 or raw_hex is wanted");
    std::string all;
    if (!one.empty()) all += "%" + one + "?";
    if (!two.empty()) all += ";" + two + "?";
    bytes = bytes_of(all + "\r");
  }
  if (!call.world.reader.plugged()) refuse("the reader is pulled");
  call.world.reader.send(call.now, bytes);
  return {};
}

// --- Faults

Fault fault_of(const object& in) {
  static const std::map<std::string, Fault::What> kWhat = {
      {"cut", Fault::What::kCut},         {"nak", Fault::What::kNak},
      {"garbage", Fault::What::kGarbage}, {"slow", Fault::What::kSlow},
      {"late", Fault::What::kLate},       {"power", Fault::What::kPower},
      {"double", Fault::What::kDouble},   {"other", Fault::What::kOther}};
  static const std::map<std::string, Fault::When> kWhen = {
      {"rx", Fault::When::kRx}, {"tx", Fault::When::kTx}, {"fiscal", Fault::When::kFiscal}};
  const auto what = kWhat.find(text(in, "what", ""));
  const auto when = kWhen.find(text(in, "when", "rx"));
  const std::string side = text(in, "side", "before");
  if (what == kWhat.end())
    refuse("what is to be cut, nak, garbage, double, other, slow, late or power");
  if (when == kWhen.end()) refuse("when is to be rx, tx or fiscal");
  if (side != "before" && side != "after") refuse("side is to be before or after");
  Fault fault{.when = when->second,
              .at = number(in, "at", 1, 1, 1 << 30),
              .after = side == "after",
              .what = what->second,
              .ms = number(in, "ms", 0, 0, 3600000),
              .skip = static_cast<int>(number(in, "skip", 0, 0, 1000000))};
  if (const std::string command = text(in, "command", ""); !command.empty()) {
    unsigned value = 0;
    const char* end = command.data() + command.size();
    const auto [stop, error] = std::from_chars(command.data(), end, value, 16);
    if (error != std::errc() || stop != end || value > 0xFFFF) refuse("command is to be hex");
    fault.command = static_cast<uint16_t>(value);
  }
  return fault;
}

void add_line_verbs(std::map<std::string, Verb>& verbs, const std::string& name,
                    const std::function<Line&(World&)>& line) {
  verbs[name + ".fault"] = [line, name](const Call& c) -> object {
    const Fault fault = fault_of(c.in);
    if (name != "register" && name != "datecs" &&
        (fault.when == Fault::When::kFiscal || fault.command)) {
      refuse("only a register knows commands and fiscal moments");
    }
    if (!line(c.world).script().add(fault)) refuse("too many faults");
    return {{"pending", line(c.world).script().pending()}};
  };
  verbs[name + ".faults.clear"] = [line](const Call& c) -> object {
    line(c.world).script().clear();
    return {};
  };
  verbs[name + ".pull"] = [line](const Call& c) -> object {
    line(c.world).pull();
    return {};
  };
  verbs[name + ".plug"] = [line](const Call& c) -> object {
    line(c.world).plug();
    return {};
  };
}

// --- Phone

object phone_messages(const Call& call) {
  json::array all;
  for (const auto& m : call.world.phone.messages()) {
    all.push_back(object{{"to", m.to}, {"text", m.text}});
  }
  return {{"messages", std::move(all)}};
}

object phone_fail(const Call& call) {
  call.world.phone.fail(static_cast<int>(number(call.in, "status", 503, 100, 599)),
                        static_cast<int>(number(call.in, "times", 1, 0, 1000000)));
  return {};
}

// --- Any fiscal register

using Fiscal = std::function<FiscalDevice&(World&)>;
using Sold = FiscalDevice::Sold;

Sold sold_of(const object& in) {
  only_these(in, {"name", "price", "quantity_milli"});
  constexpr int64_t kMost = 100000000000;
  return {text(in, "name", "Товар"), number(in, "price", 0, 0, kMost),
          number(in, "quantity_milli", 1000, 1, 1000000)};
}

object foreign(const Call& call, FiscalDevice& device) {
  const std::string kind = text(call.in, "op", "sale");
  if (kind != "sale" && kind != "return") refuse("op is to be sale or return");
  std::vector<Sold> items;
  if (const auto* given = call.in.if_contains("items")) {
    if (!given->is_array()) refuse("items is to be an array");
    for (const auto& one : given->get_array()) {
      if (!one.is_object()) refuse("an item is to be an object");
      items.push_back(sold_of(one.get_object()));
    }
  } else {
    items.push_back(sold_of({{"price", number(call.in, "total", 0, 1, 100000000000)}}));
  }
  int64_t sum = 0;
  for (const Sold& item : items) sum += item.sum();
  if (call.in.contains("total") && number(call.in, "total", 0, 1, 100000000000) != sum) {
    refuse("total is not the sum of the items");
  }
  return {{"fd", device.foreign(call.now, kind == "return", items)}};
}

object paper(const Call& call, FiscalDevice& device) {
  const std::string state = text(call.in, "state", ""), during = text(call.in, "during", "");
  if (state != "ok" && state != "out") refuse("state is to be ok or out");
  if (!during.empty() && (during != "print" || state != "out")) {
    refuse("during is to be print, with the state out");
  }
  if (during.empty() && call.in.contains("line")) refuse("line is counted during print");
  if (during.empty()) {
    device.set_paper(call.now, state == "ok");
  } else {
    device.run_out_while_printing(static_cast<size_t>(number(call.in, "line", 0, 0, 10000)));
  }
  return {};
}

object power(const Call& call, FiscalDevice& device) {
  const std::string state = text(call.in, "state", "");
  if (state != "on" && state != "off") refuse("state is to be on or off");
  device.power(call.now, state == "on");
  return {};
}

object set_clock(const Call& call, FiscalDevice& device) {
  constexpr int64_t kTenYears = 315360000;
  device.set_clock_offset(number(call.in, "offset_s", 0, -kTenYears, kTenYears));
  return {};
}

void add_fiscal_verbs(std::map<std::string, Verb>& verbs, const std::string& name,
                      const Fiscal& device) {
  using Act = object (*)(const Call&, FiscalDevice&);
  const auto add = [&](const char* verb, Act act) {
    verbs[name + "." + verb] = [device, act](const Call& c) { return act(c, device(c.world)); };
  };
  add_line_verbs(verbs, name, [device](World& w) -> Line& { return device(w).line(); });
  add("foreign", foreign);
  add("paper", paper);
  add("power", power);
  add("clock", set_clock);
  add("text", [](const Call&, FiscalDevice& d) -> object { return {{"text", d.last_text()}}; });
  add("z", [](const Call& c, FiscalDevice& d) -> object {
    d.z(c.now);
    return {};
  });
  add("replace", [](const Call& c, FiscalDevice& d) -> object {
    d.replace(c.now);
    return {};
  });
}

// --- Register (Shtrih-M)

object configure(const Call& call) {
  constexpr int64_t kLongest = 600000;
  RegisterOptions& o = call.world.fr.engine().options();
  o.print_ms = number(call.in, "print_ms", o.print_ms, 0, kLongest);
  o.exec_ms = number(call.in, "exec_ms", o.exec_ms, 0, kLongest);
  o.fiscal_exec_ms = number(call.in, "fiscal_exec_ms", o.fiscal_exec_ms, 0, kLongest);
  o.model = static_cast<uint8_t>(number(call.in, "model", o.model, 0, 255));
  o.memory_holds = static_cast<size_t>(
      number(call.in, "memory_holds", static_cast<int64_t>(o.memory_holds), 1, 1'000'000));
  if (call.in.contains("extended_answers")) o.extended_answers = flag(call.in, "extended_answers");
  if (call.in.contains("ff_after_ack")) {
    call.world.fr.engine().set_ff_after_ack(flag(call.in, "ff_after_ack"));
  }
  return {};
}

object register_state(const Call& call) {
  const Register::State s = call.world.fr.engine().state(call.now);
  return {{"mode", s.mode},
          {"submode", s.submode},
          {"shift_open", s.shift_open},
          {"shift", s.shift},
          {"receipt", s.receipt},
          {"last_fd", s.last_fd},
          {"fn", s.fn},
          {"paper", s.paper ? "ok" : "out"},
          {"printed_lines", s.printed_lines},
          {"receipt_open", s.receipt_open},
          {"items", s.items},
          {"subtotal", s.subtotal},
          {"answer_pending", s.answer_pending},
          {"executing", s.executing},
          {"drawer", s.drawer_pulses},
          {"power", s.power ? "on" : "off"},
          {"plugged", call.world.fr.line().plugged()},
          {"faults", call.world.fr.line().script().pending()}};
}

object documents(const Call& call) {
  json::array all;
  for (const FiscalDocument& d : call.world.fr.memory().documents()) {
    all.push_back(object{{"fn", d.fn},
                         {"fd", d.fd},
                         {"type", d.type},
                         {"op", d.op},
                         {"total", d.total},
                         {"fpd", d.fpd},
                         {"shift", d.shift},
                         {"receipt", d.receipt},
                         {"datetime", format_minute(d.seconds)},
                         {"tlv_hex", to_hex(d.tlv)}});
  }
  return {{"documents", std::move(all)}};
}

void add_register_verbs(std::map<std::string, Verb>& verbs) {
  add_fiscal_verbs(verbs, "register", [](World& w) -> FiscalDevice& { return w.fr; });
  verbs["register.config"] = configure;
  verbs["register.state"] = register_state;
  verbs["register.documents"] = documents;
  verbs["register.print_ms"] = [](const Call& c) -> object {
    c.world.fr.engine().options().print_ms = number(c.in, "ms", 50, 0, 600000);
    return {};
  };
  verbs["register.open_shift"] = [](const Call& c) -> object {
    c.world.fr.open_shift(c.now);
    return {};
  };
}

// --- Datecs

object configure_datecs(const Call& call) {
  constexpr int64_t kLongest = 600000;
  const object& in = call.in;
  datecs::Options& o = call.world.datecs.engine().options();
  o.exec_ms = number(in, "exec_ms", o.exec_ms, 0, kLongest);
  o.fiscal_exec_ms = number(in, "fiscal_exec_ms", o.fiscal_exec_ms, 0, kLongest);
  o.line_ms = number(in, "line_ms", o.line_ms, 1, kLongest);
  call.world.datecs.engine().set_line_ms(o.line_ms);
  if (in.contains("journal_shows_paper")) o.journal_shows_paper = flag(in, "journal_shows_paper");
  o.memory_holds = static_cast<size_t>(
      number(in, "memory_holds", static_cast<int64_t>(o.memory_holds), 1, 1'000'000));
  if (in.contains("cutter_jams")) o.cutter_jams = flag(in, "cutter_jams");
  o.rates[1] = static_cast<int>(number(in, "rate_b", o.rates[1], 0, 9999));
  return {};
}

object datecs_state(const Call& call) {
  const auto s = call.world.datecs.engine().state(call.now);
  return {{"fm", s.fm},
          {"last_document", s.last_document},
          {"z", s.z},
          {"receipt_open", s.receipt_open},
          {"items", s.items},
          {"subtotal", s.subtotal},
          {"paid", s.paid},
          {"cash", s.cash},
          {"paper", s.paper ? "ok" : "out"},
          {"cover_open", s.cover_open},
          {"pending_lines", s.pending_lines},
          {"executing", s.executing},
          {"blocked", s.blocked},
          {"drawer", s.drawer_pulses},
          {"power", s.power ? "on" : "off"},
          {"plugged", call.world.datecs.line().plugged()},
          {"faults", call.world.datecs.line().script().pending()}};
}

object datecs_documents(const Call& call) {
  json::array all;
  for (const datecs::Document& d : call.world.datecs.memory().documents()) {
    json::array lines;
    for (const std::string& line : d.paper) lines.emplace_back(line);
    all.push_back(object{{"fm", d.fm},
                         {"number", d.number},
                         {"kind", datecs::name_of(d.kind)},
                         {"total", d.total},
                         {"unp", d.unp},
                         {"datetime", format_minute(d.seconds)},
                         {"paper", std::move(lines)}});
  }
  return {{"documents", std::move(all)}};
}

void add_datecs_verbs(std::map<std::string, Verb>& verbs) {
  add_fiscal_verbs(verbs, "datecs", [](World& w) -> FiscalDevice& { return w.datecs; });
  verbs["datecs.config"] = configure_datecs;
  verbs["datecs.state"] = datecs_state;
  verbs["datecs.documents"] = datecs_documents;
  verbs["datecs.cover"] = [](const Call& c) -> object {
    c.world.datecs.engine().set_cover(flag(c.in, "open"));
    return {};
  };
}

// --- ATOL

// Everything but the cable and the paper's text is the register's own matter.
object atol_verb(const Call& call, const std::string& verb) {
  AtolDevice& device = call.world.atol;
  if (verb == "pull" || verb == "plug" || verb == "text") only_these(call.in, {});
  if (verb == "pull") {
    device.pull();
    return {};
  }
  if (verb == "plug") {
    device.plug();
    return {};
  }
  if (verb == "text") return {{"text", device.last_text()}};
  object in = call.in;
  in["do"] = verb;
  object out = device.obey(call.now, in);
  if (verb == "state") out["plugged"] = device.plugged();
  return out;
}

// --- Printer

object printer_paper(const Call& call) {
  static const std::map<std::string, Printer::Paper> kStates = {{"ok", Printer::Paper::kOk},
                                                                {"near", Printer::Paper::kNearEnd},
                                                                {"out", Printer::Paper::kOut}};
  const auto state = kStates.find(text(call.in, "state", ""));
  if (state == kStates.end()) refuse("state is to be ok, near or out");
  call.world.printer.printer().set_paper(state->second);
  return {};
}

object printer_state(const Call& call) {
  PrinterDevice& p = call.world.printer;
  return {{"online", p.printer().online()},
          {"receipts", p.receipts()},
          {"buffered", p.printer().buffered()},
          {"drawer", p.printer().drawer_pulses()},
          {"unknown_commands", p.printer().unknown_commands()},
          {"last_trouble", p.last_trouble()},
          {"plugged", p.line().plugged()}};
}

void add_printer_verbs(std::map<std::string, Verb>& verbs) {
  verbs["printer.paper"] = printer_paper;
  verbs["printer.state"] = printer_state;
  verbs["printer.cover"] = [](const Call& c) -> object {
    c.world.printer.printer().set_cover(flag(c.in, "open"));
    return {};
  };
  verbs["printer.drawer"] = [](const Call& c) -> object {
    return {{"pulses", c.world.printer.printer().drawer_pulses()}};
  };
  verbs["printer.text"] = [](const Call& c) -> object {
    return {{"text", c.world.printer.last_text()}, {"receipts", c.world.printer.receipts()}};
  };
}

std::map<std::string, Verb> make_verbs() {
  std::map<std::string, Verb> verbs;
  verbs["scan"] = scan;
  verbs["swipe"] = swipe;
  verbs["phone.messages"] = phone_messages;
  verbs["phone.fail"] = phone_fail;
  verbs["phone.clear"] = [](const Call& c) -> object {
    c.world.phone.clear();
    return {};
  };
  verbs["pictures"] = [](const Call& c) -> object {
    c.world.scribe.pictures(flag(c.in, "on"));
    return {};
  };
  add_line_verbs(verbs, "printer", [](World& w) -> Line& { return w.printer.line(); });
  add_line_verbs(verbs, "scanner", [](World& w) -> Line& { return w.scanner; });
  add_line_verbs(verbs, "reader", [](World& w) -> Line& { return w.reader; });
  add_register_verbs(verbs);
  add_datecs_verbs(verbs);
  add_printer_verbs(verbs);
  return verbs;
}

// The members of a verb, by its name or by what stands behind the device's; the rest have none.
std::vector<std::string_view> members_of(const std::string& verb) {
  static const std::map<std::string_view, std::vector<std::string_view>> kMembers = {
      {"scan", {"data", "raw_hex", "aim", "suffix"}},
      {"swipe", {"track1", "track2", "raw_hex"}},
      {"phone.fail", {"status", "times"}},
      {"fault", {"what", "when", "at", "side", "ms", "skip", "command"}},
      {"pictures", {"on"}},
      {"foreign", {"op", "items", "total"}},
      {"paper", {"state", "during", "line"}},
      {"power", {"state"}},
      {"clock", {"offset_s"}},
      {"cover", {"open"}},
      {"print_ms", {"ms"}},
      {"printer.paper", {"state"}},
      {"register.config",
       {"print_ms", "exec_ms", "fiscal_exec_ms", "model", "memory_holds", "extended_answers",
        "ff_after_ack"}},
      {"datecs.config",
       {"exec_ms", "fiscal_exec_ms", "line_ms", "journal_shows_paper", "memory_holds",
        "cutter_jams", "rate_b"}}};
  auto found = kMembers.find(verb);
  if (found == kMembers.end()) found = kMembers.find(verb.substr(verb.find('.') + 1));
  return found == kMembers.end() ? std::vector<std::string_view>() : found->second;
}

}  // namespace

std::string obey(World& world, Ms now, const std::string& line) {
  static const std::map<std::string, Verb> kVerbs = make_verbs();
  try {
    const json::value value = json::parse(line);
    if (!value.is_object()) refuse("an object is wanted");
    const object& in = value.get_object();
    const std::string name = text(in, "do", "");
    const auto verb = kVerbs.find(name);
    if (verb == kVerbs.end() && !name.starts_with("atol."))
      refuse(fmt::format("no such verb: {}", name));
    if (verb != kVerbs.end()) only_these(in, members_of(name));
    const Call call{world, now, in};
    object out = verb == kVerbs.end() ? atol_verb(call, name.substr(5)) : verb->second(call);
    out["ok"] = true;
    return json::serialize(out);
  } catch (const std::exception& e) {
    return json::serialize(object{{"ok", false}, {"error", e.what()}});
  }
}

}  // namespace till::sim
