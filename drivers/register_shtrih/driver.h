// Shtrih-M fiscal registers with fiscal storage (FN). driver.cpp sells and remembers, service.cpp
// tells the register's state and does what a person asks of it.
#pragma once

#include <array>
#include <memory>

#include "link.h"
#include "protocols/shtrih/service.h"
#include "tillbridge/sdk/fiscal_register.h"

namespace till::shtrih {

inline constexpr std::uint32_t kPrintPatienceMs = 20000;

// Tags 1021 and 1203.
Buffer cashier_tags(const Operator& cashier);

class ShtrihRegister final : public FiscalRegister {
 public:
  Result<void> activate(const json::object& settings) override;
  Result<Baseline> baseline() override;
  Result<void> check_receipt(const FiscalReceipt& receipt) override;
  Result<FiscalDocument> receipt(const FiscalReceipt& receipt) override;
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
  Result<std::string> read_setting(const Setting& at) override;
  Result<void> write_setting(const Setting& at, const std::string& value) override;
  Result<void> load_picture(std::uint32_t first_line, std::uint32_t width, Bytes bits) override;
  Result<void> print_picture(std::uint32_t first_line, std::uint32_t last_line) override;

 protected:
  Result<bool> settle() override;
  Result<MemoryState> memory() override;
  Result<FiscalDocument> document(std::uint32_t number) override;
  Result<void> cancel() override;

 private:
  Result<Link*> link() {
    if (!link_) link_ = TILL_TRY(make_link(port(), protocol_));
    return link_.get();
  }
  Result<Buffer> command(Bytes payload);
  Result<Buffer> command(Command code) { return command(plain(code, password_)); }
  Result<void> send_cashier(const Operator& cashier);
  Result<void> make(Command begin, const Operator& cashier, Command end);
  Result<void> add_detail(RegisterStatus& status, const FnStatus& fn);
  Result<Field> field_of(const Setting& at) const;
  Result<void> ready_for_receipt();
  // Everything known of a receipt before its first byte: what can't be said must not leave an open
  // receipt behind.
  struct Plan {
    std::vector<Buffer> commands;  // opening, lines, tags, text
    Buffer close;
    std::vector<std::string> notes;
  };
  Result<Plan> plan_of(const FiscalReceipt& receipt, bool tags_first) const;
  Result<Plan> correction_plan(const FiscalReceipt& receipt) const;
  [[nodiscard]] bool is_old_correction(const FiscalReceipt& receipt) const {
    return receipt.correction && ffd_105_;
  }
  Result<Closed> close(const FiscalReceipt& receipt, const Buffer& command_bytes);
  // Whether a line's tags go before it; asked of the device once in a life.
  Result<bool> tags_come_first();
  Result<std::vector<Buffer>> lines_of(const FiscalReceipt& receipt, bool tags_first) const;
  Result<std::vector<std::string>> notes_of(const FiscalReceipt& receipt) const;
  Result<std::vector<Buffer>> tags_of(const FiscalReceipt& receipt) const;
  Result<std::array<Money, 16>> payments_of(const FiscalReceipt& receipt) const;
  Result<bool> wait_printed(std::uint32_t patience_ms);
  Result<void> cut();
  void remember_cutter(Command code, std::uint8_t error);
  Result<Buffer> document_tlv(std::uint32_t number);
  Result<FnStatus> fn_status() { return parse_fn_status(TILL_TRY(command(Command::kFnStatus))); }
  Result<ShortStatus> short_status() {
    return parse_short_status(TILL_TRY(command(Command::kShortStatus)));
  }

  std::unique_ptr<Link> link_;
  Protocol protocol_ = Protocol::kAuto;
  std::uint32_t password_ = 30;
  TaxCoding tax_coding_ = TaxCoding::kMask;
  bool explicit_22_ = false;
  bool refuse_unprintable_ = false;
  bool ffd_105_ = false;
  std::optional<bool> tags_first_;
  std::size_t cashless_type_ = 2;
  bool cutter_fault_ = false;
};

}  // namespace till::shtrih
