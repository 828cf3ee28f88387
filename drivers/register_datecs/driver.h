// A Datecs fiscal printer as the SDK's register. driver.cpp sells and remembers, service.cpp tells
// the printer's state and does what a person asks of it.
#pragma once

#include <optional>

#include "link.h"
#include "plan.h"
#include "protocols/datecs/errors.h"
#include "protocols/datecs/replies.h"
#include "tillbridge/sdk/fiscal_register.h"

namespace till::datecs {

inline constexpr Patience kUsual{};
inline constexpr Patience kReport{3000, 120000};
inline constexpr Patience kSettle{10000, 60000};

class DatecsRegister final : public FiscalRegister {
 public:
  Result<void> activate(const json::object& settings) override {
    settings_ = TILL_TRY(settings_of(settings));
    return {};
  }
  void on_port(bool /*connected*/) override {
    if (link_) link_->forget();
    rates_.reset();
  }
  Result<Baseline> baseline() override;
  Result<void> check_receipt(const FiscalReceipt& receipt) override;
  Result<FiscalDocument> receipt(const FiscalReceipt& receipt) override;
  Result<Resolution> resolve(const FiscalReceipt& receipt, const Baseline& before) override;
  Result<RegisterStatus> status(bool detail) override;
  // Nothing to open: the first receipt after a Z report begins the day.
  // The first receipt opens it; only a line must be there.
  Result<void> open_shift(const Operator& /*cashier*/) override {
    if (!port().connected()) return fail(Code::kPortLost);
    return {};
  }
  Result<void> x_report() override;
  Result<void> close_shift(const Operator& cashier) override;
  Result<void> continue_printing() override;
  Result<void> copy() override;
  Result<void> cash(bool in, Money amount, const Operator& cashier) override;
  Result<void> set_clock(const std::string& local_time) override;
  Result<void> open_drawer() override;
  [[nodiscard]] ReceiptLimits limits() const override {
    return {.lines = kMaxSales, .name_characters = 2 * kMaxNameLine};
  }

 protected:
  Result<bool> settle() override;
  Result<MemoryState> memory() override;
  Result<FiscalDocument> document(std::uint32_t number) override;
  Result<void> cancel() override;

 private:
  Link& link() {
    if (!link_) link_.emplace(port());
    return *link_;
  }
  Result<Reply> command(const Request& request, Patience patience = kUsual);
  Result<Buffer> ask(const Request& request, Patience patience = kUsual) {
    return TILL_TRY(command(request, patience)).data;
  }
  Error refusal(const Reply& reply);
  Result<Status> device_status(Patience patience = kUsual) {
    return TILL_TRY(command(with_option(Command::kStatus, "X"), patience)).status;
  }
  Result<Diagnostics> diagnostics() {
    return parse_diagnostics(TILL_TRY(ask(with_option(Command::kDiagnostics, "0"))));
  }
  Result<ReceiptState> receipt_state() {
    return parse_receipt_state(TILL_TRY(ask(with_option(Command::kReceiptState, "T"))));
  }
  Result<void> ready_for_receipt();
  Result<Request> opening(const FiscalReceipt& receipt, const Diagnostics& d,
                          const std::string& unp);
  Result<void> pay(const std::vector<PlannedPayment>& payments, Money due);
  Error cannot_be_undone(Error error);
  Result<FiscalDocument> closed_document(Bytes close_reply, const Diagnostics& d,
                                         const std::string& unp);
  Result<void> complete_paid();
  Result<bool> wait_printed();
  // After something is done: what becomes of its paper does not undo it.
  void finish_printing() { static_cast<void>(wait_printed()); }
  Result<JournalDocument> journal_document(std::uint32_t number);
  Result<void> known_by_paper(std::uint32_t number);
  Result<std::vector<std::string>> paper_of(std::uint32_t number);

  Settings settings_;
  // Of the printer's tax groups, asked once after it was connected and after each Z report, behind
  // which they may be changed; empty: it does not tell them.
  std::optional<std::map<char, Percent>> rates_;
  std::optional<Link> link_;
  bool expired_ = false;  // the register has refused to sell before a Z report
  bool wrong_password_ = false;
  const FiscalReceipt* resolving_ = nullptr;
  std::uint32_t counted_ = 0;  // documents that were there before it
};

}  // namespace till::datecs
