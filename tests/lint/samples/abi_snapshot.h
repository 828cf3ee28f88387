path: sdk/include/tillbridge/events.h
#define TILL_EVENTS_ID "till.events/1"
typedef struct till_events {
  void (*flush)(const till_host* host) TILL_NOEXCEPT;
  void (*emit)(const till_host* host, const char* type, const char* body, size_t size) TILL_NOEXCEPT;
} till_events;
