// An ATOL register behind the vendor's JSON tasks. How a task gets there and its answer back is
// the transport's: the web server's HTTP API or the vendor's library.
#pragma once

#include <string>
#include <vector>

#include "protocols/atol/results.h"
#include "tillbridge/sdk/fiscal_register.h"

namespace till::atol {

class AtolRegister : public FiscalRegister {
 public:
  Result<Baseline> baseline() override;
  Result<void> check_receipt(const FiscalReceipt& receipt) override;
  Result<FiscalDocument> receipt(const FiscalReceipt& receipt) override;
  Result<Resolution> resolve(const FiscalReceipt& receipt, const Baseline& before) override;
  Result<RegisterStatus> status(bool detail) override;
  Result<void> open_shift(const Operator& cashier) override;
  Result<void> x_report() override;
  Result<void> close_shift(const Operator& cashier) override;
  Result<void> continue_printing() override;
  Result<void> settlement_report() override;
  Result<void> copy() override;
  Result<void> cash(bool in, Money amount, const Operator& cashier) override;
  Result<void> set_clock(const std::string& local_time) override;
  Result<void> open_drawer() override;

 protected:
  using Results = std::vector<json::object>;

  // ---- the transport ----
  // Runs these tasks one after the other; the first error ends it. Errors: a loss, or the
  // register's own by to_error().
  virtual Result<Results> run(const std::vector<std::string>& tasks) = 0;
  // One task that is never executed twice under the same key, however often it is asked for.
  virtual Result<json::object> run_once(const std::string& task, const std::string& key) = 0;
  // Returns once nothing that was asked for under the key waits or is executed.
  virtual Result<void> await(const std::string& key) = 0;
  // From here on nothing asked for under the key can be executed any more, whatever is still on
  // its way, and no document of ours is open.
  virtual Result<void> close_off(const std::string& key) = 0;
  virtual Result<bool> is_document_open() = 0;
  // The same after a doubt, where it may cost more to find out.
  virtual Result<bool> left_open() { return is_document_open(); }
  // Prints what the paper's end had stopped. False: it cannot print on.
  virtual Result<bool> finish_paper();
  // May a document of ours stay open when the answer to its task is lost?
  [[nodiscard]] virtual bool leaves_open() const = 0;

  // The setting "unprintable"; false: this is no such setting.
  bool take_unprintable(std::string_view key, const json::value& value);

  // One task without parameters.
  Result<json::object> ask(std::string_view type);

  Result<bool> settle() override;
  Result<MemoryState> memory() override;
  Result<FiscalDocument> document(std::uint32_t number) override;
  Result<void> cancel() override;

 private:
  Result<MemoryState> ready_for_receipt();
  Result<void> act(const std::string& task);
  Result<void> end_act();
  void remember_cutter(const Result<json::object>& done);
  Result<void> turn_shift(bool open, const Operator& cashier);
  void add_detail(RegisterStatus& out);

  std::string unended_;     // key of a person's command whose answer was lost
  std::uint64_t acts_ = 0;  // so far
  bool cutter_fault_ = false;
  bool refuse_unprintable_ = false;
  std::string key_;  // of the last sale, key_of(): what settle() and cancel() are about
};

}  // namespace till::atol
