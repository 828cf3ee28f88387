// The two ATOL drivers against the virtual register: "library" through the stand-in for the
// vendor's libfptr10.so, a position being one call over the line, and "web" through the web
// server's queue, a position being one HTTP exchange.
#include <dlfcn.h>

#include <algorithm>
#include <stdexcept>

#include "sim/atol/control.h"
#include "sim/register/tlv.h"
#include "tests/faults/rig.h"

// The drivers' entries, renamed by the build: a program has room for one tillbridge_entry.
extern "C" const till_entry atol_library_entry, atol_web_entry;

namespace till::faults {
namespace {

namespace json = boost::json;
namespace sim_atol = sim::atol;
using testkit::FakeOutcome;

bool g_web = false;  // which driver the next FakeHost makes

std::string kind_of(std::int64_t type, std::int64_t op) {
  static constexpr const char* kKinds[] = {"sale", "sale_return", "purchase", "purchase_return"};
  if (type == 2) return "shift_open";
  if (type == 5) return "shift_close";
  if (type == 21) return "settlement";
  if ((type != 3 && type != 31) || op < 1 || op > 4) return "other";
  return std::string(kKinds[op - 1]) + (type == 31 ? "_correction" : "");
}

Money money_tag(const sim::Bytes& tlv, std::uint16_t tag) {
  const auto value = sim::find_tag(tlv, tag);
  return {value ? static_cast<std::int64_t>(sim::get_le(*value)) : 0};
}

// What both share: a person's hand on the register.
class AtolRig : public Rig {
 public:
  std::vector<Kept> kept() override {
    std::vector<Kept> out;
    const auto answer = told({{"do", "documents"}});
    for (const auto& d : answer.at("documents").as_array()) {
      const auto tlv = sim::from_hex(json::value_to<std::string>(d.at("tlv_hex"))).value();
      out.push_back(
          {json::value_to<std::string>(d.at("fn")),
           d.at("fd").to_number<std::uint32_t>(),
           kind_of(d.at("type").to_number<std::int64_t>(), d.at("op").to_number<std::int64_t>()),
           {d.at("total").to_number<std::int64_t>()},
           json::value_to<std::string>(d.at("attribute")),
           d.at("fpd").to_number<std::uint32_t>(),
           money_tag(tlv, 1031),
           money_tag(tlv, 1081),
           money_tag(tlv, 1215) + money_tag(tlv, 1216) + money_tag(tlv, 1217)});
    }
    return out;
  }
  bool document_open() override { return told({{"do", "state"}}).at("document_open").as_bool(); }
  Money in_drawer() override { return {told({{"do", "state"}}).at("drawer").as_int64()}; }
  bool paper_waits() override { return told({{"do", "state"}}).at("unfinished_paper").as_bool(); }
  bool foreign(const FiscalReceipt& equal) override {
    if (equal.correction) return false;
    json::array items;
    for (const FiscalLine& line : equal.lines) {
      items.push_back(json::object{{"name", line.name},
                                   {"price", line.price.minor},
                                   {"quantity_milli", line.quantity.units}});
    }
    return done({{"do", "foreign"}, {"op", static_cast<int>(equal.kind) + 1}, {"items", items}});
  }
  bool automatic_z() override { return done({{"do", "z"}}); }
  bool replace_memory() override {
    return done({{"do", "config"}, {"memory_holds", 230000}}) && done({{"do", "replace"}});
  }
  bool power_fails(bool after) override {
    return done({{"do", "power"}, {"state", "off"}, {"at", after ? "after" : "before"}});
  }
  bool power_on() override {
    if (told({{"do", "state"}}).at("power") == "on") return false;
    return done({{"do", "power"}, {"state", "on"}});
  }
  bool paper_ends(bool at_next_document) override {
    json::object verb = {{"do", "paper"}, {"state", "out"}};
    if (at_next_document) verb["during"] = "print";
    return done(verb);
  }
  bool paper_ends_after(std::size_t lines) override {
    return done({{"do", "paper"}, {"state", "out"}, {"during", "print"}, {"line", lines}});
  }
  bool paper_back() override { return done({{"do", "paper"}, {"state", "ok"}}); }
  bool fill_memory() override {
    const auto held = told({{"do", "state"}}).at("last_fd").to_number<std::size_t>();
    return done({{"do", "config"}, {"memory_holds", held}});
  }
  bool clock_off_by(std::int64_t seconds) override {
    return done({{"do", "clock"}, {"offset_s", seconds}});
  }
  bool cutter_jams(bool jams) override {
    return done({{"do", "config"}, {"cutter_jams", jams ? "yes" : "no"}});
  }
  bool hide_witness() override { return done({{"do", "attributes"}, {"state", "hidden"}}); }

 protected:
  virtual json::object told(const json::object& verb) = 0;  // throws when it is not possible now
  bool done(const json::object& verb) {
    try {
      told(verb);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }
  void begin(const json::object& settings) {
    if (host.activate(settings).status != TILL_DONE || !done({{"do", "open_shift"}})) {
      throw std::runtime_error("the rig does not start");
    }
  }
  [[nodiscard]] std::int64_t ms() const { return host.now_us / 1000; }
};

class WebRig final : public AtolRig {
 public:
  WebRig() {
    host.set_http([this](const json::object& request) { return exchange(request); });
    host.set_clock([this](std::int64_t) {
      if (delayed_ && delayed_->due <= ms()) {
        web_.http(ms(), delayed_->method, delayed_->path, delayed_->body);
        delayed_.reset();
      }
      web_.tick(ms());
      auto due = web_.next_due();
      if (delayed_) due = due ? std::min(*due, delayed_->due) : delayed_->due;
      return due ? std::optional(*due * 1000) : std::nullopt;
    });
    begin({});
  }
  void cut(Where where, std::size_t at) override {
    cut_at_ = at;
    where_ = where;
    exchanges_ = 0;
    was_cut_ = false;
  }
  bool was_cut() const override { return was_cut_; }
  void reconnect(std::uint32_t after_ms) override {
    host.pass_ms(after_ms);
    cut_at_.reset();
    was_cut_ = false;
  }
  bool late(std::uint32_t ms) override { return done({{"do", "hold"}, {"ms", ms}}); }
  bool power_on() override {
    // The queue works on by itself: what is in it gets to the moment at which power fails.
    if (web_.waiting() > 0 || delayed_) host.pass_ms(kDelayMs + 2000);
    return AtolRig::power_on();
  }

 private:
  json::object told(const json::object& verb) override {
    web_.tick(ms());
    return sim_atol::obey(printer_, &web_, ms(), verb);
  }
  FakeOutcome exchange(const json::object& request) {
    if (was_cut_) return {TILL_REFUSED, {}, {Code::kTimeout, "no connection", {}}, false};
    const bool cut = cut_at_ && exchanges_ == *cut_at_;
    ++exchanges_;
    was_cut_ = cut;
    FakeOutcome lost{TILL_IN_DOUBT, {}, {Code::kTimeout, "lost", {}}, false};
    if (cut && where_ == Where::kToDevice) return lost;
    const auto text = [&](const char* name) {
      const auto* at = request.if_contains(name);
      return at == nullptr ? std::string() : json::value_to<std::string>(*at);
    };
    const std::string url = text("url"), path = url.substr(url.find('/', 8));
    if (cut && where_ == Where::kLate) {
      delayed_ = Delayed{ms() + kDelayMs, text("method"), path, text("body")};
      return lost;
    }
    const auto answer = web_.http(ms(), text("method"), path, text("body"));
    if (cut) return lost;
    return {TILL_DONE, json::object{{"status", answer.status}, {"body", answer.body}}, {}, false};
  }

  // kLate: the lost exchange reaches the server when the driver has long given it up.
  static constexpr std::int64_t kDelayMs = 30000;
  struct Delayed {
    std::int64_t due;
    std::string method, path, body;
  };

  sim::RamFiscalMemory memory_;
  sim_atol::FiscalPrinter printer_{memory_, ms()};
  sim_atol::WebServer web_{printer_};
  std::optional<std::size_t> cut_at_;
  std::size_t exchanges_ = 0;
  Where where_ = Where::kToDevice;
  std::optional<Delayed> delayed_;
  bool was_cut_ = false;
};

class LibraryRig final : public AtolRig {
 public:
  LibraryRig() {
    void* library = ::dlopen(TILL_FPTR_STANDIN, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error(::dlerror());
    hand_ = reinterpret_cast<const char* (*)(const char*)>(::dlsym(library, "fptr_standin"));
    told({{"do", "time"}, {"ms", ms()}});
    told({{"do", "reset"}, {"keep_time", true}});
    host.set_clock([this](std::int64_t) {
      told({{"do", "time"}, {"ms", ms()}});
      return std::optional<std::int64_t>();
    });
    begin({{"library", TILL_FPTR_STANDIN}});
    host.perform("fiscal.baseline");  // the connection is open
  }
  void cut(Where where, std::size_t at) override {
    told({{"do", "cut"}, {"at", at}, {"executed", where != Where::kToDevice}});
  }
  bool was_cut() const override { return said({{"do", "state"}}).at("was_cut").as_bool(); }
  void reconnect(std::uint32_t after_ms) override {
    host.pass_ms(after_ms);
    told({{"do", "mend"}});
  }
  bool late(std::uint32_t ms) override { return done({{"do", "late"}, {"ms", ms}}); }

 private:
  json::object said(const json::object& verb) const {
    return json::parse(hand_(json::serialize(verb).c_str())).as_object();
  }
  json::object told(const json::object& verb) override {
    auto answer = said(verb);
    if (!answer.at("ok").as_bool()) throw std::runtime_error(json::serialize(answer));
    return answer;
  }
  const char* (*hand_)(const char*) = nullptr;
};

}  // namespace

std::vector<std::string> variants() { return {"library", "web"}; }

std::unique_ptr<Rig> make_rig(const std::string& variant) {
  g_web = variant == "web";
  if (g_web) return std::make_unique<WebRig>();
  return std::make_unique<LibraryRig>();
}

}  // namespace till::faults

namespace {
const till_entry& chosen() { return till::faults::g_web ? atol_web_entry : atol_library_entry; }
}  // namespace

const till_entry tillbridge_entry = {
    sizeof(till_entry),
    TILL_ABI_MAJOR,
    0,
    [](const char* folder) noexcept { return chosen().init(folder); },
    []() noexcept {},
    [](const char* id) noexcept { return chosen().get_factory(id); }};
