/* Tillbridge plugin boundary, version 1. C11 and C++23 clean; the only header a plugin needs.
 *
 * A plugin is one shared library that exports one data symbol, `tillbridge_entry`. It is loaded by
 * tillbridge-plugin-host, a child process that serves ONE instance of ONE plugin and ends instead
 * of unloading it. No C++ type, exception, allocation or RTTI crosses this header.
 *
 * Threads.  [device]  the one thread on which all code of the instance runs. Blocking calls into
 *                     the host are allowed here, each with its deadline.
 *           [any]     any thread, also while a [device] call runs. Only `cancel` is called so.
 * Ownership. The caller keeps what it passes; it is valid until the call returns, so copy what you
 *           need later. What a function returns by pointer is owned by the side that returned it
 *           and lives as long as its comment says. Results are written through `till_sink`.
 * Text.     UTF-8, length given beside the pointer; not zero terminated unless it says so.
 * Growth.   A function table never changes: a change is a new id ("till.port/2"). A data struct
 *           begins with `size` and grows only at its end: read a member only if TILL_HAS says yes.
 * Errors.   A function answers till_status; the words go into a till_error.
 */
#ifndef TILLBRIDGE_PLUGIN_H
#define TILLBRIDGE_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define TILL_NOEXCEPT noexcept
#else
#define TILL_NOEXCEPT
#endif

#define TILL_EXPORT __attribute__((visibility("default")))

#define TILL_ABI_MAJOR 1u /* must be equal on both sides */
#define TILL_ABI_MINOR 0u /* the plugin's `minor_required` must not be above the host's */

/* True when *s is new enough to carry `member`. */
#define TILL_HAS(s, member) ((s)->size >= offsetof(__typeof__(*(s)), member) + sizeof((s)->member))

/* The three ways an operation ends, and what else a call can say. A timeout is no failure: if one
 * byte may have reached the device, the answer is TILL_IN_DOUBT. */
typedef int32_t till_status;
enum {
  TILL_DONE = 0,    /* it happened, the verdict was seen */
  TILL_REFUSED = 1, /* it did not happen, and that is proven */
  TILL_IN_DOUBT = 2 /* no verdict came; ask `resolve` */
};

/* Why an operation did not end with TILL_DONE. The plugin fills it; `size` is set by the caller. */
typedef struct till_error {
  uint32_t size;
  int32_t code;     /* a number of the catalogue, 2104 for TB-2104 */
  char vendor[32];  /* the device's own code, zero terminated, "" if none */
  char detail[256]; /* zero terminated; names the thing, never personal data */
  uint32_t dirty;   /* with TILL_REFUSED: 1 = something of ours is still open in the device */
} till_error;

/* Takes a result. Called on the thread it was passed to, any number of times; the parts are joined.
 * False: the host has had enough (over its limit), stop writing. */
typedef struct till_sink {
  void* context;
  bool (*write)(const struct till_sink* sink, const char* data, size_t size) TILL_NOEXCEPT;
} till_sink;

/* ---- what the host offers ------------------------------------------------------------------- */

/* The host as the instance sees it; lives from create to after destroy. */
typedef struct till_host {
  uint32_t size;
  uint32_t abi_major, abi_minor;
  void* host_data; /* the host's own, leave it alone */
  /* [device] A function table of the host by id, or NULL when it has none; lives as the host. */
  const void* (*get_extension)(const struct till_host* host, const char* id)TILL_NOEXCEPT;
} till_host;

/* The bytes of the instance's port. The daemon opens and pumps the port; here is a pipe of bytes
 * with credit. While `perform` runs, incoming bytes wait for read(); otherwise they go to on_input.
 */
#define TILL_PORT_ID "till.port/1"
typedef struct till_port {
  /* [device] Reads at least 1 and at most `capacity` bytes. Returns their number, 0 when
   * `timeout_ms` passed, -1 when the port is gone or the operation was cancelled. */
  int32_t (*read)(const till_host* host, uint8_t* buffer, size_t capacity,
                  uint32_t timeout_ms) TILL_NOEXCEPT;
  /* [device] Hands all bytes over. False when the port is gone or `timeout_ms` passed; then some
   * of them may have gone out. */
  bool (*write)(const till_host* host, const uint8_t* data, size_t size,
                uint32_t timeout_ms) TILL_NOEXCEPT;
  /* [device] Drops what has come in and was not read. */
  void (*discard_input)(const till_host* host) TILL_NOEXCEPT;
  /* [device] A hint: from here on silence means TILL_IN_DOUBT. Cheap, no storage is touched. */
  void (*point_of_no_return)(const till_host* host) TILL_NOEXCEPT;
  /* [device] Is the port open now? */
  bool (*connected)(const till_host* host) TILL_NOEXCEPT;
} till_port;

/* Things that happen by themselves: a scan, a swipe, a paper sensor. */
#define TILL_EVENTS_ID "till.events/1"
typedef struct till_events {
  /* [device] `type` zero terminated ("scan", "card", "input_error"); `body` JSON. */
  void (*emit)(const till_host* host, const char* type, const char* body,
               size_t size) TILL_NOEXCEPT;
} till_events;

#define TILL_LOG_ID "till.log/1"
enum { TILL_LOG_DEBUG = 0, TILL_LOG_INFO = 1, TILL_LOG_WARNING = 2, TILL_LOG_ERROR = 3 };
typedef struct till_log {
  /* [device] One line; over the host's rate limit it is counted, not kept. No personal data. */
  void (*write)(const till_host* host, int32_t level, const char* text, size_t size) TILL_NOEXCEPT;
} till_log;

/* Time comes from the host, so that tests and the simulation can bend it. */
#define TILL_TIME_ID "till.time/1"
typedef struct till_time {
  int64_t (*unix_us)(const till_host* host) TILL_NOEXCEPT;      /* [device] may jump */
  int64_t (*monotonic_us)(const till_host* host) TILL_NOEXCEPT; /* [device] never goes back */
  /* [device] Sleeps; false when cancelled meanwhile. */
  bool (*sleep)(const till_host* host, uint32_t ms) TILL_NOEXCEPT;
} till_time;

/* HTTP through the daemon, for channels and for drivers of network devices. */
#define TILL_HTTP_ID "till.http/1"
typedef struct till_http {
  /* [device] `request` is JSON {"method","url","headers":{},"body"}; a header value or the body may
   * hold "${secret:NAME}", which the daemon fills in. The answer is JSON {"status","body"}.
   * TILL_REFUSED: nothing was sent. TILL_IN_DOUBT: it may have arrived, no answer came. */
  till_status (*request)(const till_host* host, const char* request, size_t size,
                         uint32_t timeout_ms, const till_sink* answer,
                         till_error* error) TILL_NOEXCEPT;
} till_http;

/* ---- what a plugin is ------------------------------------------------------------------------ */

/* Owned by the plugin, lives until deinit; must equal the manifest. All text zero terminated. */
typedef struct till_descriptor {
  uint32_t size;
  const char* id; /* reverse DNS: "org.tillbridge.scanner_serial" */
  const char* name;
  const char* version;
} till_descriptor;

typedef struct till_plugin {
  uint32_t size;
  const till_descriptor* descriptor;
  void* plugin_data; /* the plugin's own */
  /* [device] Reads its settings (JSON object) and gets ready. The port may not be connected yet.
   * Called once; TILL_REFUSED with an error ends the instance. */
  till_status (*activate)(const struct till_plugin* plugin, const char* config, size_t size,
                          till_error* error) TILL_NOEXCEPT;
  /* [device] No call but destroy follows. */
  void (*deactivate)(const struct till_plugin* plugin) TILL_NOEXCEPT;
  /* [device] Frees the instance; the pointer is dead afterwards. */
  void (*destroy)(const struct till_plugin* plugin) TILL_NOEXCEPT;
  /* [device] A function table of the plugin by id, or NULL; lives as the instance. */
  const void* (*get_extension)(const struct till_plugin* plugin, const char* id)TILL_NOEXCEPT;
} till_plugin;

/* Devices that speak by themselves. */
#define TILL_INPUT_ID "till.input/1"
typedef struct till_input {
  /* [device] Bytes came in. Parse, emit events, return soon. */
  void (*on_input)(const till_plugin* plugin, const uint8_t* data, size_t size) TILL_NOEXCEPT;
  /* [device] Nothing came for `quiet_ms` after the last on_input: the gap that ends a message. */
  void (*on_quiet)(const till_plugin* plugin, uint32_t quiet_ms) TILL_NOEXCEPT;
  /* [device] The port was opened (true) or lost (false). */
  void (*on_port)(const till_plugin* plugin, bool connected) TILL_NOEXCEPT;
} till_input;

/* One operation. Same `key` and body = the same operation, also after a restart. */
typedef struct till_operation {
  uint32_t size;
  uint32_t deadline_ms; /* from the call; later the host cancels, then ends the process */
  const char* verb;     /* zero terminated: "fiscal.receipt" */
  const char* key;      /* zero terminated; "" for verbs that change nothing */
  const char* body;     /* JSON, `body_size` bytes */
  size_t body_size;
} till_operation;

/* Devices that are told to do something. */
#define TILL_OPERATIONS_ID "till.operations/1"
typedef struct till_operations {
  /* [device] Does it and writes the JSON result. An unknown verb: TILL_REFUSED, code 2013. */
  till_status (*perform)(const till_plugin* plugin, const till_operation* operation,
                         const till_sink* result, till_error* error) TILL_NOEXCEPT;
  /* [any] Wakes a blocked host call of `perform`; it ends as what is true by then. May be NULL. */
  void (*cancel)(const till_plugin* plugin) TILL_NOEXCEPT;
} till_operations;

#define TILL_FACTORY_ID "till.factory/1"
typedef struct till_factory {
  uint32_t (*count)(void) TILL_NOEXCEPT; /* [device] */
  /* [device] NULL beyond count; owned by the plugin, lives until deinit. */
  const till_descriptor* (*descriptor)(uint32_t index)TILL_NOEXCEPT;
  /* [device] NULL for an unknown id. No host function may be called before activate. */
  const till_plugin* (*create)(const till_host* host, const char* id)TILL_NOEXCEPT;
} till_factory;

/* The exported symbol. init and deinit are called once each; init must be quick. */
typedef struct till_entry {
  uint32_t size;
  uint32_t abi_major, abi_minor_required;
  bool (*init)(const char* directory) TILL_NOEXCEPT;       /* [device] the plugin's folder */
  void (*deinit)(void) TILL_NOEXCEPT;                      /* [device] */
  const void* (*get_factory)(const char* id)TILL_NOEXCEPT; /* [device] */
} till_entry;

extern TILL_EXPORT const till_entry tillbridge_entry;

#ifdef __cplusplus
}
#endif
#endif
