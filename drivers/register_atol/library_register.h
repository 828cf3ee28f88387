// The register by way of the vendor's library, in this process.
#pragma once

#include "atol_register.h"
#include "library.h"

namespace till::atol {

class LibraryRegister final : public AtolRegister {
 public:
  Result<void> activate(const json::object& settings) override;

 protected:
  Result<Results> run(const std::vector<std::string>& tasks) override;
  Result<json::object> run_once(const std::string& task, const std::string& key) override;
  Result<void> await(const std::string& key) override;
  Result<void> close_off(const std::string& key) override;
  Result<bool> is_document_open() override { return library_->is_receipt_open(); }
  Result<bool> finish_paper() override;
  [[nodiscard]] bool leaves_open() const override { return true; }

 private:
  std::unique_ptr<Library> library_;
};

}  // namespace till::atol
