/* Tillbridge plugin boundary, version 1: the rules that hold in every header of this folder.
 *
 * A plugin is one shared library that exports one data symbol, `tillbridge_entry` (entry.h). It is
 * loaded by tillbridge-plugin-host, a child process that serves ONE instance of ONE plugin and ends
 * instead of unloading it. C11, C++17 and later. No C++ type, exception, allocation or RTTI
 * crosses: in C++ every function is noexcept, what is thrown past it ends the process.
 *
 * Each function says four things in its comment:
 *
 *   Thread.   [device]  the one thread on which all code of the instance runs, from `init` to
 *                       `destroy`. Calls into the host may block here, each with its deadline.
 *             [any]     any thread, also while a [device] call runs. Only `cancel` is called so.
 *             The host's functions are [device] too: a plugin that starts threads of its own keeps
 *             them away from the host.
 *   State.    When it may be called: the table in instance.h.
 *   Owner.    The caller keeps what it passes; it is valid until the call returns, so copy what is
 *             needed later. What a function returns by pointer is owned by the side that returned
 *             it and lives as long as its comment says. Results are written through `till_sink`.
 *   Deadline. How long it may take. The host first cancels an operation, then ends the process,
 *             starts it again and counts a crash under the name of what was late. Loading up to
 *             create is ended TILL_GRACE_MS after its time. A time in virtual tests counts like a
 *             real one. "Cheap": no waiting, no I/O, under 1 ms.
 *
 * What is asked of the library and of its process
 *   The library.  It needs the C and C++ runtimes, fmt, Boost.JSON and libsodium of the system, and
 *             has no run path: the rest is linked statically, or opened by the plugin itself with
 *             "access": "direct". Position independent, RELRO, bound at load, no unique symbols.
 *   The process.  It starts no other one. Unless its "access" is "direct" it makes no socket and
 *             opens no device and no file but its folder's and the system's: the ways out are the
 *             host's tables. Descriptor 3 is the host's.
 *
 * Text is UTF-8 with its length beside the pointer; zero terminated only where it says so.
 * Numbers are in the machine's byte order; a device's byte order is the plugin's business.
 *
 * What may change, and what never does
 *   A function table never changes, neither its members nor their order: a change is a new id
 *   ("till.port/2"), and a host that offers it still answers the old one. A data struct begins with
 *   `size` and grows only at its end: read a member only if TILL_HAS says yes, ignore a tail you do
 *   not know, refuse a struct that is smaller than version 1. Values of enumerations and codes are
 *   never reused. An id is never given another meaning. ./run lint compares all this with
 *   sdk/include/abi.json.
 *
 * How two versions meet, in four steps; each refusal has a code and names the member
 *   1. manifest    `abi.major` equals TILL_ABI_MAJOR, `abi.minor_required` is at most the host's
 *                  TILL_ABI_MINOR. Nothing of the plugin has run yet. Otherwise TB-2008.
 *   2. entry       the same two numbers in `tillbridge_entry`, and a descriptor that equals the
 *                  manifest (id, name, version). Otherwise TB-2008 or TB-2012.
 *   3. extensions  by id, both ways, through get_extension: NULL = not offered. A table with a NULL
 *                  member that is not marked "may be NULL" is refused, TB-2008.
 *   4. settings    `activate` says whether this instance can work with these settings.
 *   What the host offers is never guessed from a version: ask for the id.
 */
#ifndef TILLBRIDGE_ABI_H
#define TILLBRIDGE_ABI_H

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

/* The host's patience, in milliseconds, where no deadline is passed with the call. */
#define TILL_INIT_MS 1000u      /* loading, init, the factory and create together */
#define TILL_ACTIVATE_MS 10000u /* activate, or the manifest's limits.activate_ms: 100 to 60000 */
#define TILL_INPUT_MS 5000u     /* on_input, on_quiet, on_port; they should take under 50 */
#define TILL_GRACE_MS 2000u     /* after an operation's deadline, after cancel, for deactivate */

/* The three ways an operation ends. A timeout is no failure: if one byte that makes things final
 * may have reached the device, the answer is TILL_IN_DOUBT. */
typedef int32_t till_status;
enum {
  TILL_DONE = 0,    /* it happened, the verdict was seen */
  TILL_REFUSED = 1, /* it did not happen, and that is proven */
  TILL_IN_DOUBT = 2 /* no verdict came; the host asks the device what it did */
};

/* Why a call did not end with TILL_DONE. The caller gives the memory and sets `size`; the other
 * side fills it, writes nothing beyond `size`, and keeps no pointer to it. */
typedef struct till_error {
  uint32_t size;
  int32_t code;     /* a number of the catalogue (tillbridge/sdk/base/codes.h), 2104 for TB-2104 */
  char vendor[32];  /* the device's own code, zero terminated, "" if none */
  char detail[256]; /* zero terminated; names the thing, never personal data */
  uint32_t dirty;   /* with TILL_REFUSED: 1 = something of ours is still open in the device */
} till_error;

/* Takes a result; the caller's, dead when the call it was passed to returns. write is [device], in
 * that call and on its thread only, any number of times; the parts are copied and joined. False:
 * the host has had enough (16 MiB less 1 KiB), stop writing; an operation that ends TILL_DONE all
 * the same is in doubt then, code 1009. Never blocks. */
typedef struct till_sink {
  void* context;
  bool (*write)(const struct till_sink* sink, const char* data, size_t size) TILL_NOEXCEPT;
} till_sink;

#ifdef __cplusplus
}
#endif
#endif
