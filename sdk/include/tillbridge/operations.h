/* till.operations/1, of the plugin: devices that are told to do something.
 *
 *   the host's clock         what it does
 *   ----------------------   --------------------------------------------------------------
 *   deadline                 waits TILL_GRACE_MS more
 *   + TILL_GRACE_MS          cancel: host calls of perform end with -1 or false at once
 *   + TILL_GRACE_MS          the process is ended; the operation is in doubt
 */
#ifndef TILLBRIDGE_OPERATIONS_H
#define TILLBRIDGE_OPERATIONS_H

#include <tillbridge/instance.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One operation; the host's, valid until perform returns. Same `key` and body = the same operation,
 * also after a restart: it may come again when nobody knows how it ended. */
typedef struct till_operation {
  uint32_t size;
  uint32_t deadline_ms; /* from the call */
  const char* verb;     /* zero terminated: "fiscal.receipt"; one of the manifest's `verbs` */
  const char* key;      /* zero terminated; "" for verbs that change nothing */
  const char* body;     /* JSON by sdk/schema/VERB.json, `body_size` bytes, not zero terminated */
  size_t body_size;
} till_operation;

#define TILL_OPERATIONS_ID "till.operations/1"
typedef struct till_operations {
  /* [device; active] Does it, once, and writes the JSON result (one object) to `result` when it is
   * TILL_DONE. TILL_REFUSED: nothing happened; an unknown verb is code 2013, a body that is not by
   * the schema a code of 1002 to 1012 (not 1010) whose detail names the member, and no byte goes to
   * the device. TILL_IN_DOUBT: only after a byte was sent. Returns within the operation's deadline,
   * however often the device says something. */
  till_status (*perform)(const till_plugin* plugin, const till_operation* operation,
                         const till_sink* result, till_error* error) TILL_NOEXCEPT;
  /* [any; active, in perform] The host has already ended its own blocked calls; here a plugin wakes
   * what it waits for otherwise. perform ends as what is true by then; an operation that has not
   * begun is refused without it. perform does not return to the host while cancel runs. Must not
   * block, must not call the host. Cheap. May be NULL. */
  void (*cancel)(const till_plugin* plugin) TILL_NOEXCEPT;
} till_operations;

#ifdef __cplusplus
}
#endif
#endif
