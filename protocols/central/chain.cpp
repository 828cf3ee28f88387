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

}  // namespace till::wire
