/* A scanner in plain C: every code ends with a carriage return. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tillbridge/plugin.h>

enum { kLongest = 256 };

typedef struct scanner {
  till_plugin c;
  const till_host* host;
  const till_events* events;
  char line[kLongest];
  size_t length;
  bool too_long;
} scanner;

static scanner* of(const till_plugin* plugin) { return plugin->plugin_data; }

static void tell(scanner* s, const char* type, const char* body) {
  if (s->events != NULL) s->events->emit(s->host, type, body, strlen(body));
}

static void end_of_code(scanner* s) {
  char body[kLongest + 32];
  bool good = s->length > 0 && !s->too_long;
  for (size_t i = 0; i < s->length; ++i)
    good = good && s->line[i] > ' ' && s->line[i] < 127 && s->line[i] != '"' && s->line[i] != '\\';
  if (good) {
    snprintf(body, sizeof body, "{\"raw\":\"%.*s\",\"aim\":\"\"}", (int)s->length, s->line);
    tell(s, "scan", body);
  } else {
    tell(s, "input_error", "{\"code\":2103,\"detail\":\"no code\"}");
  }
  s->length = 0;
  s->too_long = false;
}

static void on_input(const till_plugin* plugin, const uint8_t* data, size_t size) {
  scanner* s = of(plugin);
  for (size_t i = 0; i < size; ++i) {
    if (data[i] == '\r') {
      end_of_code(s);
    } else if (s->length < kLongest) {
      s->line[s->length++] = (char)data[i];
    } else {
      s->too_long = true;
    }
  }
}

static void on_port(const till_plugin* plugin, bool connected) {
  (void)connected;
  of(plugin)->length = 0;
  of(plugin)->too_long = false;
}

static till_status activate(const till_plugin* plugin, const char* config, size_t size,
                            till_error* error) {
  (void)plugin, (void)config, (void)size, (void)error; /* it has no settings */
  return TILL_DONE;
}

static void deactivate(const till_plugin* plugin) { (void)plugin; }
static void destroy(const till_plugin* plugin) { free(of(plugin)); }

static const void* get_extension(const till_plugin* plugin, const char* id) {
  static const till_input kInput = {on_input, NULL, on_port};
  (void)plugin;
  return strcmp(id, TILL_INPUT_ID) == 0 ? &kInput : NULL;
}

static const till_descriptor kDescriptor = {sizeof(till_descriptor), TILL_PLUGIN_ID,
                                            TILL_PLUGIN_NAME, TILL_PLUGIN_VERSION};

static uint32_t count(void) { return 1; }
static const till_descriptor* descriptor(uint32_t i) { return i == 0 ? &kDescriptor : NULL; }

static const till_plugin* create(const till_host* host, const char* id) {
  if (strcmp(id, kDescriptor.id) != 0) return NULL;
  scanner* s = calloc(1, sizeof *s);
  if (s == NULL) return NULL;
  s->c = (till_plugin){sizeof(till_plugin), &kDescriptor, s, activate, deactivate, destroy,
                       get_extension};
  s->host = host;
  s->events = host->get_extension(host, TILL_EVENTS_ID);
  return &s->c;
}

static bool init(const char* directory) { return directory != NULL; }
static void deinit(void) {}

static const void* get_factory(const char* id) {
  static const till_factory kFactory = {count, descriptor, create};
  return strcmp(id, TILL_FACTORY_ID) == 0 ? &kFactory : NULL;
}

const till_entry tillbridge_entry = {sizeof(till_entry), TILL_ABI_MAJOR, 0, init, deinit,
                                     get_factory};
