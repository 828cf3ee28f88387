// The hash chain of a store's outbound stream.
#pragma once

#include <string>
#include <string_view>

#include "sdk/cpp/base/bytes.h"

namespace till::wire {

inline constexpr std::size_t kHashBytes = 32;

// What stands before the first entry of a stream: 32 zero bytes.
inline Buffer chain_genesis() { return Buffer(kHashBytes, 0); }

// BLAKE2b-256 (RFC 7693, no key) of `previous` followed by `payload`. Python's
// hashlib.blake2b(previous + payload, digest_size=32) gives the same.
Buffer chain_hash(Bytes previous, Bytes payload);

// Under what central keeps a seller's account, "cashier:KEY": of a store and a name, which central
// is not told. 32 hexadecimal digits.
std::string seller_key(std::string_view store, std::string_view name);

}  // namespace till::wire
