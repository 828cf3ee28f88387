// The register and the printer with their lines and their paper on disk.
#pragma once

#include <memory>

#include "sim/app/line.h"
#include "sim/app/scribe.h"
#include "sim/printer/printer.h"
#include "sim/register/register.h"

namespace till::sim {

class RegisterDevice final : public Component, private RegisterWorld {
 public:
  // `dir` is the program's folder. Throws std::runtime_error.
  RegisterDevice(const std::string& dir, uint16_t port, Scribe& scribe, Ms now);

  Line& line() { return line_; }
  Register& fr() { return *register_; }
  const FiscalMemory& memory() const { return *memory_; }
  const std::string& last_text() const { return last_text_; }
  void power(Ms now, bool on);  // the line goes with it

  void wants(std::vector<pollfd>& out) const override { line_.wants(out); }
  std::optional<Ms> next_due() const override;
  void pump(Ms now) override;

 private:
  void command_received(uint16_t command) override;
  FiscalVerdict fiscal_moment(bool after) override;
  void print(const Slip& slip) override;

  std::string paper_dir_;
  Scribe& scribe_;
  Ms now_;
  int slips_ = 0;  // papers that are no fiscal documents
  std::string last_text_;
  std::unique_ptr<FiscalMemory> memory_;
  Line line_;
  std::unique_ptr<Register> register_;
};

class PrinterDevice final : public Component {
 public:
  PrinterDevice(const std::string& dir, uint16_t port, Scribe& scribe);

  Line& line() { return line_; }
  Printer& printer() { return printer_; }
  const std::string& last_text() const { return last_text_; }
  const std::string& last_trouble() const { return last_trouble_; }
  int receipts() const { return receipts_; }

  void wants(std::vector<pollfd>& out) const override { line_.wants(out); }
  std::optional<Ms> next_due() const override { return line_.next_due(); }
  void pump(Ms now) override;

 private:
  std::string paper_dir_;
  Scribe& scribe_;
  Printer printer_;
  Line line_;
  int receipts_ = 0;
  std::string last_text_, last_trouble_;
};

}  // namespace till::sim
