// Fiscal registers: override the typed calls; the base class speaks the fiscal.* verbs.
//
//   fiscal.baseline {} -> Baseline            fiscal.receipt {"receipt"} -> FiscalDocument
//   fiscal.resolve {"receipt","baseline"} -> Resolution      fiscal.recover {} -> {}
//   fiscal.status {} -> RegisterStatus        fiscal.open_shift {"cashier"} -> {}
//   fiscal.x_report {} -> {}                  fiscal.close_shift {"cashier"} -> {}
//   fiscal.document {"number"} -> FiscalDocument   fiscal.continue_printing {} -> {}
#pragma once

#include "fiscal.h"
#include "plugin.h"

namespace till {

class FiscalRegister : public Plugin {
 public:
  // Read under the register's lock; the daemon journals it with the intent before receipt().
  virtual Result<Baseline> baseline() = 0;
  virtual Result<FiscalDocument> receipt(const FiscalReceipt& receipt) = 0;
  // What did the device do? Called after any loss; may be called again and again.
  virtual Result<Resolution> resolve(const FiscalReceipt& receipt, const Baseline& before) = 0;
  // Cancels whatever document of ours is open and verifies that none is.
  virtual Result<void> recover() = 0;
  virtual Result<RegisterStatus> status() = 0;
  virtual Result<void> open_shift(const std::string& cashier) = 0;
  virtual Result<void> x_report() = 0;
  virtual Result<void> close_shift(const std::string& cashier) = 0;
  virtual Result<FiscalDocument> document(std::uint32_t number) = 0;
  virtual Result<void> continue_printing() = 0;

  OperationResult perform(const Operation& operation) final;

 protected:
  // A driver says so when it has opened a document in the device, and when it is closed or gone.
  void document_open(bool open) { dirty_ = open; }

 private:
  Result<json::value> dispatch(const Operation& operation, bool& known);
  bool dirty_ = false;
};

}  // namespace till
