/* The host as an instance sees it. Everything it can do is an extension, found by id. */
#ifndef TILLBRIDGE_HOST_H
#define TILLBRIDGE_HOST_H

#include <tillbridge/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Given to `create`; lives until `destroy` has returned. Nothing in it may be written to. */
typedef struct till_host {
  uint32_t size;
  uint32_t abi_major, abi_minor; /* of the host */
  void* host_data;               /* the host's own, leave it alone */
  /* [device; created, active] A function table of the host by id, or NULL when it has none; lives
   * as the host. The same id gives the same pointer. Cheap. A host of version 1 always has
   * till.log/1 and till.time/1; till.events/1 when the manifest names `events`; and by `access`:
   *   port    till.port/1, till.state/1, till.progress/1
   *   http    till.http/1, till.state/1, till.progress/1
   *   direct  till.state/1, till.progress/1
   *   none    nothing more */
  const void* (*get_extension)(const struct till_host* host, const char* id)TILL_NOEXCEPT;
} till_host;

#ifdef __cplusplus
}
#endif
#endif
