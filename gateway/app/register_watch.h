// What the store knows of its register beyond a sale: which fiscal memory it is armed for, which
// documents are ours, what state it is in and what it warns of.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/errors.h"
#include "gateway/base/metrics.h"
#include "protocols/central/wire.h"
#include "sdk/cpp/fiscal.h"

namespace till::app {

// A thing that stops the shop, or will if nobody acts.
struct Forecast {
  std::string what;     // "shift", "memory", "documents", "operator", "clock", "paper", …
  std::string detail;   // how much is left, or what is wrong
  bool urgent = false;  // warned of again when it becomes so
};
// What is worth a warning in a register's state. `now` is local time like "2026-11-22T12:05:30".
std::vector<Forecast> forecasts(const RegisterStatus& status, const std::string& now);

struct WatchHooks {
  std::function<std::string(const std::string&)> setting;
  std::function<void(const std::string&, const std::string&)> set_setting;
  // The last document of that memory in the journal, 0 = none.
  std::function<std::uint32_t(const std::string&)> last_sold;
  // Is it a sale of this store, by its witness or its number?
  std::function<bool(const FiscalDocument&)> sold_here;
  std::function<void(const wire::RegisterNotice&)> tell;  // to central
  std::function<void(boost::json::object)> publish;       // to tills and consoles
};

class RegisterWatch {
 public:
  // `name`: the device's, for the log and the metrics.
  RegisterWatch(std::string name, WatchHooks hooks, Metrics& metrics);

  // May live documents be made on it? kRegisterNotArmed, kRegisterReplaced, with its number.
  Result<void> admits(const RegisterStatus& status);
  // A person confirms the number she read from the register's own report. kBadValue: another one.
  Result<void> arm(const RegisterStatus& status, const std::string& number);
  [[nodiscard]] const std::string& armed() const { return armed_; }

  // A sale's document: the journal knows it too, so nothing is written for it.
  void ours(const std::string& fiscal_memory, std::uint32_t number);
  // The last document after a command of ours, a shift report for one.
  void ours_up_to(const std::string& fiscal_memory, std::uint32_t number);
  // The last document as it stands before we do anything: what is new is somebody else's.
  void saw(const std::string& fiscal_memory, std::uint32_t last);
  // Numbers nobody here knows, to be read when there is time; at most a few at once.
  [[nodiscard]] std::vector<std::uint32_t> unread() const;
  void read(const FiscalDocument& document);
  // The register shows it, but not so that it is understood: told as it is.
  void unreadable(std::uint32_t number, const Error& why);
  // A command of ours may be making a document of that kind, until its answer is here; "other" ones
  // (what is no receipt, or a cancelled one) until everything unread is read.
  void expect(const std::string& kind);
  void answered(const std::string& kind);

  // A state read in full: kept for the console, warned of once for each new thing.
  void state(RegisterStatus status, const std::string& local_now);
  [[nodiscard]] boost::json::object describe() const;

 private:
  void keep();
  void count(std::string_view metric, std::int64_t by);
  void gauge(std::string_view metric, std::int64_t value);
  void remember_shift(RegisterStatus& status, const std::string& local_now);

  std::string name_;
  WatchHooks hooks_;
  Metrics& metrics_;
  std::string armed_;
  std::string known_memory_;
  std::uint32_t known_ = 0;
  std::set<std::uint32_t> foreign_;
  std::set<std::string> expected_;  // kinds
  boost::json::object last_state_;
  boost::json::array warnings_;
  std::set<std::string> warned_;
};

}  // namespace till::app
