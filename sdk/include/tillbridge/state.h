/* till.state/1, of the host: a few small facts that must outlive the process, such as the last
 * number sent or a calibration. They belong to this device and this plugin's id; another device has
 * others, an update of the plugin finds them again, and a plugin must live with any value it finds:
 * an earlier version of it may have written it. No personal data, no secrets.
 */
#ifndef TILLBRIDGE_STATE_H
#define TILLBRIDGE_STATE_H

#include <tillbridge/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TILL_STATE_KEY_MAX 64u      /* bytes; a-z 0-9 . _ - and at least one */
#define TILL_STATE_VALUE_MAX 4096u  /* bytes, any */
#define TILL_STATE_TOTAL_MAX 65536u /* bytes of all keys and values together */
#define TILL_STATE_WRITES_MAX 10u   /* a second; each is a write to the disk */

#define TILL_STATE_ID "till.state/1"
typedef struct till_state {
  /* [device; active, also in activate] Writes the value to `value`. TILL_REFUSED with code 2019:
   * nothing is kept under `key` (zero terminated). Blocks at most TILL_GRACE_MS. */
  till_status (*get)(const till_host* host, const char* key, const till_sink* value,
                     till_error* error) TILL_NOEXCEPT;
  /* [device; active, also in activate] Keeps `size` bytes, which are copied. TILL_DONE: they are on
   * the disk. TILL_REFUSED: nothing changed (2020: a limit; 2004: too often). TILL_IN_DOUBT: no
   * answer; get tells. Blocks at most TILL_GRACE_MS. */
  till_status (*set)(const till_host* host, const char* key, const char* value, size_t size,
                     till_error* error) TILL_NOEXCEPT;
  /* [device; active, also in activate] As set; a key that is not there is TILL_DONE too. */
  till_status (*remove)(const till_host* host, const char* key, till_error* error) TILL_NOEXCEPT;
} till_state;

#ifdef __cplusplus
}
#endif
#endif
