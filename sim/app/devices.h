// The registers and the printer with their lines and their paper on disk.
#pragma once

#include <memory>

#include "sim/app/line.h"
#include "sim/app/paper_tray.h"
#include "sim/datecs/device.h"
#include "sim/printer/printer.h"
#include "sim/register/register.h"

namespace till::sim {

// A fiscal register with its line, and what a script does to any of them. A refusal throws
// std::invalid_argument in the register's own words.
class FiscalDevice : public Component, protected RegisterWorld {
 public:
  Line& line() { return line_; }
  const std::string& last_text() const { return paper_.last_text(); }

  struct Sold {
    std::string name;
    int64_t price = 0;              // minor units
    int64_t quantity_milli = 1000;  // thousandths
    int64_t sum() const;
  };
  // Another host's receipt, paid in cash; its document's number.
  virtual uint32_t foreign(Ms now, bool is_return, const std::vector<Sold>& items) = 0;
  virtual void z(Ms now) = 0;
  virtual void replace(Ms now) = 0;  // the fiscal memory
  virtual void set_paper(Ms now, bool present) = 0;
  virtual void run_out_while_printing(size_t after_lines) = 0;
  virtual void set_clock_offset(int64_t seconds) = 0;
  void power(Ms now, bool on);  // the line goes with it

  void wants(std::vector<pollfd>& out) const override { line_.wants(out); }
  std::optional<Ms> next_due() const override;
  void pump(Ms now) override;

 protected:
  // `dir` is the program's folder, `name` the device's in it.
  FiscalDevice(const std::string& dir, const std::string& name, uint16_t port, Scribe& scribe,
               Ms now, Framing framing);

 private:
  virtual void receive(Ms now, View bytes) = 0;
  virtual void nak_next_frame() = 0;
  virtual void delay_execution(Ms ms) = 0;
  virtual void switch_power(Ms now, bool on) = 0;
  virtual void tick(Ms now) = 0;
  virtual std::optional<Ms> engine_due() const = 0;
  virtual Bytes take_output() = 0;

  void command_received(uint16_t command) override;
  FiscalVerdict fiscal_moment(bool after) override;
  void print(const Slip& slip) override { paper_.print(slip); }

  PaperTray paper_;
  Ms now_;
  Line line_;
};

// What every virtual register has under the same names.
template <class Engine>
class EngineDevice : public FiscalDevice {
 public:
  Engine& engine() { return *engine_; }
  void set_paper(Ms now, bool present) override { engine_->set_paper(now, present); }
  void run_out_while_printing(size_t after_lines) override {
    engine_->run_out_while_printing(after_lines);
  }
  void set_clock_offset(int64_t seconds) override { engine_->set_clock_offset(seconds); }

 protected:
  using FiscalDevice::FiscalDevice;
  std::unique_ptr<Engine> engine_;

 private:
  void receive(Ms now, View bytes) override { engine_->receive(now, bytes); }
  void nak_next_frame() override { engine_->nak_next_frame(); }
  void delay_execution(Ms ms) override { engine_->delay_execution(ms); }
  void switch_power(Ms now, bool on) override { engine_->power(now, on); }
  void tick(Ms now) override { engine_->tick(now); }
  std::optional<Ms> engine_due() const override { return engine_->next_due(); }
  Bytes take_output() override { return engine_->take_output(); }
};

class RegisterDevice final : public EngineDevice<Register> {
 public:
  // Throws std::runtime_error.
  RegisterDevice(const std::string& dir, uint16_t port, Scribe& scribe, Ms now,
                 RegisterOptions options);

  const FiscalMemory& memory() const { return *memory_; }
  uint32_t foreign(Ms now, bool is_return, const std::vector<Sold>& items) override;
  void open_shift(Ms now);
  void z(Ms now) override;
  void replace(Ms now) override;

 private:
  std::unique_ptr<FiscalMemory> memory_;
};

class DatecsDevice final : public EngineDevice<datecs::Device> {
 public:
  // Throws std::runtime_error.
  DatecsDevice(const std::string& dir, uint16_t port, Scribe& scribe, Ms now);

  const datecs::Memory& memory() const { return *memory_; }
  uint32_t foreign(Ms now, bool is_return, const std::vector<Sold>& items) override;
  void z(Ms now) override;
  void replace(Ms now) override;

 private:
  std::unique_ptr<datecs::Memory> memory_;
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
