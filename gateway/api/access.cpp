#include "access.h"

#include <sodium.h>

#include <array>

#include "sdk/cpp/base/bytes.h"

namespace till::api {
namespace {

constexpr std::array<std::string_view, 3> kRoles = {"cashier", "senior", "integrator"};

bool is_loopback_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return is_loopback_host(origin.substr(scheme.size()));
  }
  return false;
}

}  // namespace

std::string token_hash(const std::string& token) {
  Buffer hash(32);
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(token.data()),
                     token.size(), nullptr, 0);
  return to_hex(hash);
}

bool is_loopback_host(std::string_view host) {
  if (host.starts_with("[")) {
    const auto end = host.find(']');
    return end != std::string_view::npos && host.substr(0, end + 1) == "[::1]" &&
           (end + 1 == host.size() || host[end + 1] == ':');
  }
  const auto name = host.substr(0, host.find(':'));
  return name == "127.0.0.1" || name == "localhost";
}

Result<Access> AccessList::check(const Request& request) const {
  if (!is_loopback_host(request.host)) return fail(Code::kForbiddenOrigin, "Host");
  if (!request.origin.empty() && !is_loopback_origin(request.origin)) {
    return fail(Code::kForbiddenOrigin, "Origin");
  }
  if (request.token.empty()) return fail(Code::kUnauthorised);
  const std::string hash = token_hash(request.token);
  for (const Access& entry : entries_) {
    if (entry.token_hash.size() == hash.size() &&
        sodium_memcmp(entry.token_hash.data(), hash.data(), hash.size()) == 0) {
      return entry;
    }
  }
  return fail(Code::kUnauthorised);
}

Result<Role> parse_role(std::string_view text) {
  for (std::size_t i = 0; i < kRoles.size(); ++i) {
    if (kRoles[i] == text) return static_cast<Role>(i);
  }
  return fail(Code::kConfigInvalid, "role " + std::string(text));
}

std::string_view name(Role role) { return kRoles[static_cast<std::size_t>(role)]; }

}  // namespace till::api
