/* till.port/1, of the host: the bytes of the instance's port.
 *
 * The daemon opens and pumps the port (serial, USB, TCP); here is a pipe of bytes with credit, so a
 * port survives its driver's crash. At most TILL_PORT_CREDIT bytes are under way in each direction:
 * a plugin that does not read makes the daemon stop reading the device, a device that does not take
 * bytes makes write() wait. While `perform` runs, incoming bytes wait for read(); otherwise they go
 * to on_input. A lost port is opened again by the daemon; on_port tells.
 */
#ifndef TILLBRIDGE_PORT_H
#define TILLBRIDGE_PORT_H

#include <tillbridge/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TILL_PORT_ID "till.port/1"
#define TILL_PORT_CREDIT 32768u /* bytes under way, each direction */

typedef struct till_port {
  /* [device; active] Reads at least 1 and at most `capacity` bytes into the plugin's buffer.
   * Returns their number, 0 when `timeout_ms` passed, -1 when the port is gone or the operation was
   * cancelled. Blocks at most `timeout_ms`. */
  int32_t (*read)(const till_host* host, uint8_t* buffer, size_t capacity,
                  uint32_t timeout_ms) TILL_NOEXCEPT;
  /* [device; active] Hands all bytes over; they are copied. False when the port is gone, the
   * operation was cancelled or `timeout_ms` passed; then some of them may have gone out. */
  bool (*write)(const till_host* host, const uint8_t* data, size_t size,
                uint32_t timeout_ms) TILL_NOEXCEPT;
  /* [device; active] Drops what has come in and was not read. Never blocks. */
  void (*discard_input)(const till_host* host) TILL_NOEXCEPT;
  /* [device; active, in perform] A hint: from here on silence means TILL_IN_DOUBT. Cheap, no
   * storage is touched. */
  void (*point_of_no_return)(const till_host* host) TILL_NOEXCEPT;
  /* [device; active] Is the port open now? Never blocks. */
  bool (*connected)(const till_host* host) TILL_NOEXCEPT;
} till_port;

#ifdef __cplusplus
}
#endif
#endif
