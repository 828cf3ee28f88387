/* clang-format off */
/* What a plugin makes: an instance, and its life.
 *
 *   state        entered by               the host may call              the plugin may call
 *   -----------  -----------------------  -----------------------------  ---------------------------
 *   loaded       dlopen, symbols bound    entry.init                     nothing; no threads, files,
 *                                                                        signals from constructors
 *   initialised  init gave true           get_factory, the factory       nothing
 *   created      create                   get_extension, activate,       host.get_extension; inside
 *                                         destroy                        activate also till.log,
 *                                                                        till.time, till.state and
 *                                                                        till.http
 *   active       activate gave TILL_DONE  get_extension, on_input,       everything
 *                                         on_quiet, on_port, perform,
 *                                         deactivate; cancel in perform
 *   failed       activate gave another    destroy                        nothing
 *   inactive     deactivate returned      destroy                        nothing
 *   gone         destroy returned         create again, deinit           nothing; the host is dead
 *
 * The host never calls two [device] functions at once. It may end the process in any state instead
 * of walking on: deactivate, destroy and deinit are a courtesy, not a promise. In one process the
 * host creates one instance; a test host creates one after another.
 */
/* clang-format on */
#ifndef TILLBRIDGE_INSTANCE_H
#define TILLBRIDGE_INSTANCE_H

#include <tillbridge/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Owned by the plugin, lives until deinit; must equal the manifest. All text zero terminated. */
typedef struct till_descriptor {
  uint32_t size;
  const char* id; /* reverse DNS: "org.tillbridge.scanner_serial" */
  const char* name;
  const char* version; /* semver */
} till_descriptor;

/* Owned by the plugin, from create to destroy. No member is NULL except plugin_data. */
typedef struct till_plugin {
  uint32_t size;
  const till_descriptor* descriptor; /* the factory's own pointer */
  void* plugin_data;                 /* the plugin's own */
  /* [device; created] Reads its settings (a JSON object, checked by the manifest's config_schema,
   * defaults filled in; copy what is kept) and gets ready. The port may not be connected yet, so no
   * byte is sent. Called once; TILL_REFUSED with an error that names the setting ends the instance.
   * TILL_ACTIVATE_MS. */
  till_status (*activate)(const struct till_plugin* plugin, const char* config, size_t size,
                          till_error* error) TILL_NOEXCEPT;
  /* [device; active] Ends what the plugin started: its threads are joined when it returns. No call
   * but destroy follows. TILL_GRACE_MS with destroy and with an operation that still runs. */
  void (*deactivate)(const struct till_plugin* plugin) TILL_NOEXCEPT;
  /* [device; created, failed, inactive] Frees the instance; the pointer is dead afterwards.
   * Within the time of deactivate. */
  void (*destroy)(const struct till_plugin* plugin) TILL_NOEXCEPT;
  /* [device; created, active] A function table of the plugin by id, or NULL for an id it does not
   * know; lives as the instance. The same id gives the same pointer. Cheap. */
  const void* (*get_extension)(const struct till_plugin* plugin, const char* id)TILL_NOEXCEPT;
} till_plugin;

#ifdef __cplusplus
}
#endif
#endif
