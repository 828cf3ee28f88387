/* The way in: the one exported symbol and the factory behind it. */
#ifndef TILLBRIDGE_ENTRY_H
#define TILLBRIDGE_ENTRY_H

#include <tillbridge/instance.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TILL_FACTORY_ID "till.factory/1"
/* Owned by the plugin, lives until deinit. All its calls together with loading and init:
 * TILL_INIT_MS. No member is NULL. */
typedef struct till_factory {
  /* [device; initialised] How many plugins the library makes: 1. */
  uint32_t (*count)(void) TILL_NOEXCEPT;
  /* [device; initialised] NULL from `count` on; owned by the plugin, lives until deinit. */
  const till_descriptor* (*descriptor)(uint32_t index)TILL_NOEXCEPT;
  /* [device; initialised] A new instance, owned by the plugin until destroy. NULL for an id that is
   * not exactly one of its own. Of the host only get_extension may be called. */
  const till_plugin* (*create)(const till_host* host, const char* id)TILL_NOEXCEPT;
} till_factory;

/* The exported symbol; no member is NULL. init and deinit are called once each; init must be quick
 * and start nothing. */
typedef struct till_entry {
  uint32_t size;
  uint32_t abi_major, abi_minor_required;
  /* [device; loaded] The plugin's folder, zero terminated, dead when it returns. False: refused.
   * Counts into TILL_INIT_MS. */
  bool (*init)(const char* directory) TILL_NOEXCEPT;
  /* [device; gone] Frees what init made. The host may end the process instead. TILL_GRACE_MS. */
  void (*deinit)(void) TILL_NOEXCEPT;
  /* [device; initialised] A table of the plugin by id, owned by it and alive until deinit; NULL for
   * an id it does not know. The same id gives the same pointer. Counts into TILL_INIT_MS. */
  const void* (*get_factory)(const char* id)TILL_NOEXCEPT;
} till_entry;

extern TILL_EXPORT const till_entry tillbridge_entry;

#ifdef __cplusplus
}
#endif
#endif
