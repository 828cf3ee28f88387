/* till.events/1, of the host: things that happen by themselves, a scan, a swipe, a paper sensor. */
#ifndef TILLBRIDGE_EVENTS_H
#define TILLBRIDGE_EVENTS_H

#include <tillbridge/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TILL_EVENTS_ID "till.events/1"
typedef struct till_events {
  /* [device; active, not in activate] `type` is zero terminated and one of the manifest's `events`
   * ("scan", "card", "input_error"); `body` is JSON by sdk/schema/event.TYPE.json. Both are copied;
   * NULL, or more than 64 KiB together, is a broken rule and dropped. What is emitted faster than
   * the host's limit (200 a second) is dropped and counted. Never blocks for long. */
  void (*emit)(const till_host* host, const char* type, const char* body,
               size_t size) TILL_NOEXCEPT;
} till_events;

#ifdef __cplusplus
}
#endif
#endif
