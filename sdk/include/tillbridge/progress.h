/* till.progress/1, of the host: how far a long operation has come, for the person who waits. */
#ifndef TILLBRIDGE_PROGRESS_H
#define TILLBRIDGE_PROGRESS_H

#include <tillbridge/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TILL_PROGRESS_ID "till.progress/1"
typedef struct till_progress {
  /* [device; active, in perform] Thousandths of the operation that are done, 0 to 1000; never less
   * than before in the same operation. A hint: it says nothing about the outcome. Never blocks for
   * long. */
  void (*report)(const till_host* host, uint32_t thousandths) TILL_NOEXCEPT;
} till_progress;

#ifdef __cplusplus
}
#endif
#endif
