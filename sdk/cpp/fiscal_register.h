// Fiscal registers: override the typed calls; the base class speaks the fiscal.* verbs.
//
//   fiscal.check {"receipt"} -> {}
//   fiscal.baseline {} -> Baseline            fiscal.receipt {"receipt"} -> FiscalDocument
//   fiscal.resolve {"receipt","baseline"} -> Resolution      fiscal.recover {} -> {}
//   fiscal.status {"detail"} -> RegisterStatus        fiscal.document {"number"} -> FiscalDocument
//   fiscal.open_shift {"cashier"} -> {}       fiscal.close_shift {"cashier"} -> {}
//   fiscal.x_report {} -> {}                  fiscal.settlement_report {} -> {}
//   fiscal.continue_printing {} -> {}         fiscal.copy {} -> {}
//   fiscal.cash {"direction":"in"|"out","amount","cashier"} -> {}
//   drawer.open {} -> {}
//   fiscal.set_clock {"time":"2026-11-22T12:05:30"} -> {}
//   fiscal.read_setting {"table","row","field"} -> {"value"}
//   fiscal.write_setting {"table","row","field","value"} -> {"before","value"}
//   fiscal.load_picture {"first_line","width","bits"} -> {}
//   fiscal.print_picture {"first_line","last_line"} -> {}
//
// "cashier" is an Operator. A verb the device has not is not in its manifest; the base class
// answers kVerbUnsupported.
#pragma once

#include <optional>

#include "fiscal_resolve.h"
#include "plugin.h"

namespace till {

class FiscalRegister : public Plugin, protected FiscalMemory {
 public:
  // Prints one receipt and returns when it is fiscal. check_receipt() has passed it. A refusal
  // after the point of no return counts only while memory() shows the baseline's last document;
  // kRegisterOffline says that nothing was sent.
  virtual Result<FiscalDocument> receipt(const FiscalReceipt& receipt) = 0;
  // Without `detail` only what a sale must know; it is asked before each one.
  virtual Result<RegisterStatus> status(bool detail) = 0;
  virtual Result<void> open_shift(const Operator& cashier) = 0;
  virtual Result<void> x_report() = 0;
  virtual Result<void> close_shift(const Operator& cashier) = 0;
  virtual Result<void> continue_printing() = 0;
  [[nodiscard]] virtual ReceiptLimits limits() const { return {}; }
  // What can be refused without asking the device: a tax it has no code for, a kind of receipt its
  // country does not know. Asked before a shift is opened for the receipt and before receipt(); the
  // limits are held already. The error's detail names the field.
  virtual Result<void> check_receipt(const FiscalReceipt& /*receipt*/) { return {}; }

  // Read under the register's lock; the daemon journals it with the intent before receipt().
  virtual Result<Baseline> baseline() = 0;
  // What did the device do? Called after any loss; may be called again and again. Override to ask
  // a device that keeps answers by key first; the walk stays the proof.
  virtual Result<Resolution> resolve(const FiscalReceipt& receipt, const Baseline& before) {
    return resolve_by_walk(*this, receipt, before);
  }

  virtual Result<void> settlement_report() { return fail(Code::kVerbUnsupported); }
  virtual Result<void> copy() { return fail(Code::kVerbUnsupported); }
  virtual Result<void> cash(bool /*in*/, Money /*amount*/, const Operator& /*cashier*/) {
    return fail(Code::kVerbUnsupported);
  }
  virtual Result<void> set_clock(const std::string& /*local_time*/) {
    return fail(Code::kVerbUnsupported);
  }
  virtual Result<void> open_drawer() { return fail(Code::kVerbUnsupported); }
  struct Setting {
    std::uint32_t table = 0, row = 0, field = 0;
  };
  virtual Result<std::string> read_setting(const Setting& /*at*/) {
    return fail(Code::kVerbUnsupported);
  }
  virtual Result<void> write_setting(const Setting& /*at*/, const std::string& /*value*/) {
    return fail(Code::kVerbUnsupported);
  }

  // Lines of dots kept in the device, for its header or to be printed; `width` is a multiple of
  // eight, `bits` are whole lines, the first dot is the highest bit, 1 is black (as in PBM).
  virtual Result<void> load_picture(std::uint32_t /*first_line*/, std::uint32_t /*width*/,
                                    Bytes /*bits*/) {
    return fail(Code::kVerbUnsupported);
  }
  virtual Result<void> print_picture(std::uint32_t /*first_line*/, std::uint32_t /*last_line*/) {
    return fail(Code::kVerbUnsupported);
  }

  OperationResult perform(const Operation& operation) final;

 protected:
  // A driver says so when it has opened a document in the device, and when it is closed or gone.
  void document_open(bool open) { dirty_ = open; }

 private:
  using Handler = Result<json::value> (FiscalRegister::*)(const json::object& body);
  static Handler handler(std::string_view verb);
  Result<FiscalReceipt> checked(const json::object& body);
  Result<json::value> on_check(const json::object& body);
  Result<json::value> on_baseline(const json::object& body);
  Result<json::value> on_receipt(const json::object& body);
  Result<json::value> on_resolve(const json::object& body);
  Result<json::value> on_recover(const json::object& body);
  Result<json::value> on_status(const json::object& body);
  Result<json::value> on_document(const json::object& body);
  Result<json::value> on_open_shift(const json::object& body);
  Result<json::value> on_close_shift(const json::object& body);
  Result<json::value> on_x_report(const json::object& body);
  Result<json::value> on_settlement_report(const json::object& body);
  Result<json::value> on_continue_printing(const json::object& body);
  Result<json::value> on_copy(const json::object& body);
  Result<json::value> on_open_drawer(const json::object& body);
  Result<json::value> on_cash(const json::object& body);
  Result<json::value> on_set_clock(const json::object& body);
  Result<json::value> on_read_setting(const json::object& body);
  Result<json::value> on_write_setting(const json::object& body);
  Result<json::value> on_load_picture(const json::object& body);
  Result<json::value> on_print_picture(const json::object& body);

  Error believed(Error error);

  bool dirty_ = false;
  std::optional<std::uint32_t> last_before_;  // the baseline's, of the receipt to come
};

}  // namespace till
