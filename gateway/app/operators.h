// The shop's operators: who may stand at a till, and how the fiscal document names them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sdk/cpp/base/result.h"
#include "sdk/cpp/fiscal.h"

namespace till::app {

struct OperatorEntry {
  Operator named;          // name and tax number (INN) for the document
  std::string pin_hash;    // operator_pin_hash(), "" = no PIN
  std::string card_hash;   // of her own loyalty card …
  std::string phone_hash;  // … and phone, "" = not known
};

// Slow on purpose: a PIN has few digits. Made by `tillbridge pin`.
std::string operator_pin_hash(const std::string& name, const std::string& pin);

class Operators {
 public:
  explicit Operators(std::vector<OperatorEntry> entries) : entries_(std::move(entries)) {}

  // Who has this PIN. kRoleForbidden: nobody; kTooManyRequests: too many wrong ones at this till.
  Result<std::string> by_pin(const std::string& till, const std::string& pin, std::int64_t now_us);
  // The name with its tax number, if the shop has listed it.
  [[nodiscard]] Operator named(const std::string& name) const;
  // Is it the card or phone of the operator of that name?
  [[nodiscard]] bool owns(const std::string& name, const std::string& hash) const;

 private:
  struct Wrong {
    int count = 0;
    std::int64_t since_us = 0;
  };
  std::vector<OperatorEntry> entries_;
  std::map<std::string, Wrong> wrong_;  // by till: those of the configuration
};

}  // namespace till::app
