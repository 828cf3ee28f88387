/* till.http/1, of the host: HTTP through the daemon, for channels and drivers of network devices
 * (manifest: "access": "http"). TLS, proxies and secrets are the daemon's. */
#ifndef TILLBRIDGE_HTTP_H
#define TILLBRIDGE_HTTP_H

#include <tillbridge/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TILL_HTTP_ID "till.http/1"
typedef struct till_http {
  /* [device; active, also in activate] `request` is JSON {"method","url","headers":{},"body"},
   * copied; a header value or the body may hold "${secret:NAME}", which the daemon fills in and the
   * plugin does not see, unless the server answers with it: of the store's secrets those that the
   * device's settings or its `secrets` name. Headers are 8 KiB together at most. The answer is
   * written to `answer` as JSON {"status","body"}. TILL_REFUSED: nothing was sent. TILL_IN_DOUBT:
   * it may have arrived, no answer came. Blocks at most `timeout_ms` and a second.
   */
  till_status (*request)(const till_host* host, const char* request, size_t size,
                         uint32_t timeout_ms, const till_sink* answer,
                         till_error* error) TILL_NOEXCEPT;
} till_http;

#ifdef __cplusplus
}
#endif
#endif
