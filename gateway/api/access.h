// Who may do what: a token per till, roles, and the Host and Origin checks that keep a web page in
// a browser on the same machine from talking to the gateway (DNS rebinding, cross-site requests).
#pragma once

#include <string>
#include <vector>

#include "gateway/api/http.h"
#include "sdk/cpp/base/result.h"

namespace till::api {

enum class Role { kCashier, kSenior, kIntegrator };

struct Access {
  std::string till;        // whose token it is
  std::string token_hash;  // hex of BLAKE2b-256
  Role role = Role::kCashier;
};

class AccessList {
 public:
  explicit AccessList(std::vector<Access> entries) : entries_(std::move(entries)) {}

  // kForbiddenOrigin, kUnauthorised. The token is compared as a hash, in constant time.
  Result<Access> check(const Request& request) const;

 private:
  std::vector<Access> entries_;
};

std::string token_hash(const std::string& token);
// Loopback by name or number, with any port.
bool is_loopback_host(std::string_view host);
Result<Role> parse_role(std::string_view name);
std::string_view name(Role role);

}  // namespace till::api
