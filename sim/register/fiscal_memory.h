// The fiscal memory: documents are appended and never change.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "sim/base/durable_lines.h"
#include "sim/register/document.h"

namespace till::sim {

class FiscalMemory {
 public:
  virtual ~FiscalMemory() = default;
  // False when it could not be made durable; then it is not in documents() either.
  virtual bool append(const FiscalDocument& document) = 0;

  const std::vector<FiscalDocument>& documents() const { return documents_; }
  const FiscalDocument* find(const std::string& fn, uint32_t fd) const;

 protected:
  std::vector<FiscalDocument> documents_;
};

class RamFiscalMemory final : public FiscalMemory {
 public:
  bool append(const FiscalDocument& document) override {
    documents_.push_back(document);
    return true;
  }
};

// One JSON object a line, fsynced before append returns; see sim/README.md for the fields.
class FileFiscalMemory final : public FiscalMemory {
 public:
  // Any damage but a last line cut short is an error.
  static std::expected<std::unique_ptr<FileFiscalMemory>, std::string> open(
      const std::string& path);

  bool append(const FiscalDocument& document) override;

 private:
  std::unique_ptr<DurableLines> lines_;
};

// "2026-11-22T12:00"
std::string format_minute(int64_t seconds);

}  // namespace till::sim
