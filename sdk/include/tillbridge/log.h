/* till.log/1, of the host: words for the person who looks after the store. */
#ifndef TILLBRIDGE_LOG_H
#define TILLBRIDGE_LOG_H

#include <tillbridge/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TILL_LOG_ID "till.log/1"
enum { TILL_LOG_DEBUG = 0, TILL_LOG_INFO = 1, TILL_LOG_WARNING = 2, TILL_LOG_ERROR = 3 };
typedef struct till_log {
  /* [device; active, also in activate] One line, copied; over the host's rate limit (20 a second)
   * it is counted, not kept. No phone, card, name or secret in it. Log a loss once and the return
   * once. Never blocks.
   */
  void (*write)(const till_host* host, int32_t level, const char* text, size_t size) TILL_NOEXCEPT;
} till_log;

#ifdef __cplusplus
}
#endif
#endif
