/* till.input/1, of the plugin: devices that speak by themselves. Needs till.port/1. */
#ifndef TILLBRIDGE_INPUT_H
#define TILLBRIDGE_INPUT_H

#include <tillbridge/instance.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TILL_INPUT_ID "till.input/1"
typedef struct till_input {
  /* [device; active, not in perform] Bytes came in, as the line cut them: one message may come in
   * many calls, many messages in one. Parse, emit events, return soon: TILL_INPUT_MS at most, under
   * 50 ms as a rule. `data` is dead when it returns. */
  void (*on_input)(const till_plugin* plugin, const uint8_t* data, size_t size) TILL_NOEXCEPT;
  /* [device; active, not in perform] Nothing came for `quiet_ms` (50) after the last on_input: the
   * gap that ends a message. May be NULL. TILL_INPUT_MS. */
  void (*on_quiet)(const till_plugin* plugin, uint32_t quiet_ms) TILL_NOEXCEPT;
  /* [device; active, not in perform] The port was opened (true) or lost (false); drop half a
   * message. The instance lives on. May be NULL. TILL_INPUT_MS. */
  void (*on_port)(const till_plugin* plugin, bool connected) TILL_NOEXCEPT;
} till_input;

#ifdef __cplusplus
}
#endif
#endif
