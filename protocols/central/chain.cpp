#include "protocols/central/chain.h"

#include <sodium.h>

namespace till::wire {

Buffer chain_hash(Bytes previous, Bytes payload) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, kHashBytes);
  crypto_generichash_update(&state, previous.data(), previous.size());
  crypto_generichash_update(&state, payload.data(), payload.size());
  Buffer hash(kHashBytes);
  crypto_generichash_final(&state, hash.data(), hash.size());
  return hash;
}

std::string seller_key(std::string_view store, std::string_view name) {
  constexpr std::size_t kDigits = 32;
  return to_hex(chain_hash(as_bytes(store), as_bytes(name))).substr(0, kDigits);
}

}  // namespace till::wire
