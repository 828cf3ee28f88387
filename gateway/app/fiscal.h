// The register as the desk sees it, on top of a device and the fiscal.* verbs.
#pragma once

#include <memory>

#include "gateway/app/operators.h"
#include "gateway/app/register_watch.h"
#include "gateway/checkout/ports.h"
#include "gateway/devices/device.h"

namespace till::app {

class Fiscal final : public checkout::RegisterPort {
 public:
  using After = std::function<void(std::int64_t us, std::function<void()>)>;
  Fiscal(std::shared_ptr<devices::Device> device, RegisterWatch watch, Operators& operators,
         After after, bool auto_open_shift, int tax_system)
      : device_(std::move(device)),
        watch_(std::move(watch)),
        operators_(operators),
        after_(std::move(after)),
        auto_open_shift_(auto_open_shift),
        tax_system_(tax_system) {}

  void lock(std::function<void()> then) override { device_->lock(std::move(then)); }
  void unlock() override { device_->unlock(); }
  [[nodiscard]] bool online() const override { return device_->online(); }
  // Online, and the last question was answered: for whoever only wants to know. A payment tries
  // nevertheless, a register that was silent may be back.
  [[nodiscard]] bool answers() const { return online() && !silence_; }
  // Why its driver does not run.
  [[nodiscard]] std::optional<Error> problem() const { return device_->problem(); }
  // Why it does not answer; nothing when it does.
  [[nodiscard]] std::optional<Error> trouble() const;
  [[nodiscard]] bool offers(std::string_view verb) const { return device_->offers(verb); }
  RegisterWatch& watch() { return watch_; }
  [[nodiscard]] bool taken() const { return device_->locked(); }
  void prepare(const FiscalReceipt& receipt, checkout::Then<Result<Baseline>> then) override;
  void receipt(const AttemptKey& key, const FiscalReceipt& receipt,
               checkout::Then<checkout::RegisterOutcome> then) override;
  void resolve(const FiscalReceipt& receipt, const Baseline& before,
               checkout::Then<Result<Resolution>> then) override;
  void recover(checkout::Then<Result<void>> then) override;

  // Reports and questions of a person, in turn with the sales. What makes a document needs an
  // armed register. kRegisterOffline, or kDeviceBusy when its turn does not come in 20 seconds.
  void command(const std::string& verb, boost::json::object body,
               const checkout::Then<Result<boost::json::value>>& then);
  // Cash in or out, once: after a loss the drawer's sum tells whether it was done.
  void cash(bool in, Money amount, const std::string& cashier,
            const checkout::Then<Result<boost::json::value>>& then);
  // kShiftOpen unless the shift is closed: no register allows it between receipts.
  void set_clock(const std::string& local_time,
                 const checkout::Then<Result<boost::json::value>>& then);
  // Reads the number and arms the register for it, if it is the one given.
  void arm(const std::string& number, const checkout::Then<Result<void>>& then);
  // State and foreign documents, read in its turn while nobody sells.
  void look(const std::function<std::string()>& local_now);

 private:
  using Body = checkout::Then<Result<boost::json::value>>;
  void ask(const std::string& verb, boost::json::object body, std::uint32_t deadline_ms,
           const Body& then);
  void status(bool detail, const checkout::Then<Result<RegisterStatus>>& then);
  using Printable = std::shared_ptr<const FiscalReceipt>;
  void make_ready(const Printable& receipt, bool recovered,
                  const checkout::Then<Result<Baseline>>& then);
  void on_status(const RegisterStatus& status, const Printable& receipt, bool recovered,
                 const checkout::Then<Result<Baseline>>& then);
  void open_shift_for(const Printable& receipt, const checkout::Then<Result<Baseline>>& then);
  // `ours`: the last document came from a command of ours.
  void read_baseline(bool ours, const checkout::Then<Result<Baseline>>& then);
  void in_turn(const checkout::Then<Result<void>>& then,
               devices::Device::Turn kind = devices::Device::Turn::kActs);
  void in_turn_asked(bool armed, bool detail, const checkout::Then<Result<RegisterStatus>>& then);
  // A command that makes a document which is nobody's sale.
  struct Report {
    const char* verb;
    const char* document;  // what RegisterWatch calls it
    bool repeatable;       // the drivers look whether it is done already
    bool armed;            // only on the armed register
    bool numbered;         // once more would be another document of the fiscal memory
  };
  // kRegisterReplaced when another register than the armed one answers.
  Result<void> not_swapped(const RegisterStatus& status);
  static const Report* report_of(std::string_view verb);
  void report(const Report& what, const boost::json::object& body, std::uint32_t before,
              const Body& then, int tries);
  void was_made(const Report& what, std::uint32_t before, const Error& loss, const Body& then,
                int tries);
  void end_command(const Result<boost::json::value>& result, const Body& then);
  void cash_was(Money before, bool in, Money amount, const Body& then, int tries);
  [[nodiscard]] FiscalReceipt completed(FiscalReceipt receipt) const;
  void read_foreign(std::vector<std::uint32_t> numbers, bool first);
  void heard(const Result<boost::json::value>& answer);

  std::shared_ptr<devices::Device> device_;
  RegisterWatch watch_;
  Operators& operators_;
  After after_;
  bool auto_open_shift_;
  int tax_system_;
  bool looks_ = false;  // one look waits for its turn
  // Of a device that is online: how the last question ended without an answer.
  std::optional<Error> silence_;
};

}  // namespace till::app
