// What the register keeps for ever: every document with its paper.
#pragma once

#include <array>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "sim/base/durable_lines.h"
#include "sim/base/fiscal_world.h"

namespace till::sim::datecs {

enum class Kind { kFiscalised, kSale, kReturn, kCancelled, kX, kZ, kCash, kService };
const char* name_of(Kind kind);

struct Item {
  char group = 'B';
  int64_t price = 0;        // minor units
  int64_t quantity = 1000;  // thousandths
  int64_t sum = 0;
  std::string name;  // UTF-8
};

struct Payment {
  char mode = 'P';
  int64_t amount = 0;  // less the change
};

// What a return undoes.
struct Undone {
  char type = 'R';
  uint32_t document = 0;
  int64_t seconds = 0;
  std::string unp, fm;
};

struct Document {
  std::string fm = {};  // number of the fiscal memory
  uint32_t number = 0;
  Kind kind = Kind::kSale;
  int64_t seconds = 0;   // local civil time
  std::string unp = {};  // unique sale number
  int op = 1, till = 1;
  std::vector<Item> items = {};
  std::vector<Payment> payments = {};
  std::optional<Undone> undone = {};
  int64_t total = 0;
  uint32_t z = 0;                       // Z reports: their number
  std::vector<std::string> paper = {};  // UTF-8

  std::array<int64_t, 8> groups() const;
};

class Memory {
 public:
  virtual ~Memory() = default;
  // False when it could not be made durable; then it is not in documents() either.
  virtual bool append(const Document& document) = 0;

  const std::vector<Document>& documents() const { return documents_; }
  const Document* find(const std::string& fm, uint32_t number) const;

 protected:
  std::vector<Document> documents_;
};

class RamMemory final : public Memory {
 public:
  bool append(const Document& document) override {
    documents_.push_back(document);
    return true;
  }
};

// One JSON object a line, fsynced before append returns; see sim/README.md for the fields.
class FileMemory final : public Memory {
 public:
  static std::expected<std::unique_ptr<FileMemory>, std::string> open(const std::string& path);
  bool append(const Document& document) override;

 private:
  std::unique_ptr<DurableLines> lines_;
};

}  // namespace till::sim::datecs
