// Where the cash program prints by itself (fiscal_by = "till"): the same states on its word. The
// desk asks as it asks a driver; the till answers with what its own register did.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "gateway/checkout/ports.h"

namespace till::app {

class TillRegister final : public checkout::RegisterPort {
 public:
  // `ask` tells the till to print: (witness, "print" | "resolve", receipt as JSON).
  using Ask = std::function<void(const std::string&, const char*, const FiscalReceipt&)>;
  using Post = std::function<void(std::function<void()>)>;
  using After = std::function<void(std::int64_t us, std::function<void()>)>;
  TillRegister(Ask ask, Post post, After after)
      : ask_(std::move(ask)), post_(std::move(post)), after_(std::move(after)) {}

  void lock(std::function<void()> then) override { post_(std::move(then)); }  // its own affair
  void unlock() override {}
  [[nodiscard]] bool online() const override { return true; }
  void prepare(const FiscalReceipt& receipt, checkout::Then<Result<Baseline>> then) override;
  void receipt(const AttemptKey& key, const FiscalReceipt& receipt,
               checkout::Then<checkout::RegisterOutcome> then) override;
  void resolve(const FiscalReceipt& receipt, const Baseline& before,
               checkout::Then<Result<Resolution>> then) override;
  void recover(checkout::Then<Result<void>> then) override;

  // What the till says of an attempt: printed, refused for good, or it does not know itself.
  // kSaleState: nobody asked about it.
  Result<void> told(const std::string& witness, checkout::Verdict verdict,
                    const FiscalDocument& document, const std::string& reason);

  // A till has come (again): it hears what it has not answered yet.
  void ask_again();

 private:
  template <typename T>
  struct Question {
    FiscalReceipt receipt;
    checkout::Then<T> then;
  };
  Ask ask_;
  Post post_;
  After after_;
  std::map<std::string, Question<checkout::RegisterOutcome>> printing_;
  std::map<std::string, Question<Result<Resolution>>> resolving_;
};

}  // namespace till::app
