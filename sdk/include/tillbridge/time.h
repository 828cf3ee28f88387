/* till.time/1, of the host: time comes from here, so that tests and the simulation can bend it. */
#ifndef TILLBRIDGE_TIME_H
#define TILLBRIDGE_TIME_H

#include <tillbridge/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TILL_TIME_ID "till.time/1"
typedef struct till_time {
  /* [device; active, also in activate] Microseconds since 1970 UTC; may jump either way. Cheap. */
  int64_t (*unix_us)(const till_host* host) TILL_NOEXCEPT;
  /* [device; active, also in activate] Microseconds since some moment; never goes back. Cheap. */
  int64_t (*monotonic_us)(const till_host* host) TILL_NOEXCEPT;
  /* [device; active, also in activate] Sleeps `ms`, never longer; false at once when cancelled
   * meanwhile. It counts into the deadline of the call it is made in. */
  bool (*sleep)(const till_host* host, uint32_t ms) TILL_NOEXCEPT;
} till_time;

#ifdef __cplusplus
}
#endif
#endif
