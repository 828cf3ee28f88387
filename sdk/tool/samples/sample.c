/* The kit's own plugin, in plain C: a cash drawer with a bar code scanner on one line ("O\n" is
 * answered "K\n" or "E\n", a code ends with a carriage return), a channel and a rule. Built once as
 * it should be, and once for each mistake the kit must find: BROKEN names it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <tillbridge/plugin.h>
#include <unistd.h>

#include "json.h"

#ifndef BROKEN
#define BROKEN ""
#endif
#ifndef SAMPLE_VERSION
#define SAMPLE_VERSION "1.0.0"
#endif

static bool broken(const char* how) { return strcmp(BROKEN, how) == 0; }

enum { kLine = 128 };

typedef struct sample {
  till_plugin c;
  const till_host* host;
  const till_port* port;
  const till_events* events;
  const till_log* log;
  const till_time* time;
  const till_http* http;
  const till_state* state;
  const till_progress* progress;
  char line[kLine];
  size_t length;
  bool activated, active, dead, told, overflow;
  int64_t since_us;
  const char* config; /* kept only by a mistake */
  char secret[64];    /* the same */
  size_t last_size;   /* the same */
  char* heap;         /* grows only by a mistake */
  size_t heap_size;
  unsigned calls;
  pthread_t thread;
  bool has_thread;
} sample;

static char g_line[kLine]; /* shared only by a mistake */
static size_t g_length;
static bool g_slept;
void* volatile g_lost; /* what a mistake has lost */

static sample* of(const till_plugin* p) { return (sample*)p->plugin_data; }

static void say(sample* s, const char* words) {
  s->log->write(s->host, TILL_LOG_WARNING, words, strlen(words));
}

static till_status stop(till_error* error, till_status status, int code, const char* detail) {
  error->code = code;
  snprintf(error->detail, sizeof error->detail, "%s", detail);
  if (broken("memory.error")) memset(error->detail, 'x', sizeof error->detail + 40);
  return status;
}

/* ---- input ---- */

static void code_read(sample* s, const char* line, size_t length) {
  char body[2 * kLine + 32];
  bool good = length > 0;
  for (size_t i = 0; i < length; ++i) good = good && line[i] >= '0' && line[i] <= '9';
  if (good) {
    snprintf(body, sizeof body, "{\"raw\":\"%.*s\",\"aim\":\"\"}", (int)length, line);
  } else {
    snprintf(body, sizeof body, "{\"code\":2103,\"detail\":\"no code\"}");
  }
  if (s->events == NULL && !broken("life.optional_host")) return;
  s->events->emit(s->host, good ? "org.tillbridge.test.code" : "input_error", body, strlen(body));
}

static void on_input(const till_plugin* p, const uint8_t* data, size_t size) TILL_NOEXCEPT {
  sample* s = of(p);
  const bool shared = broken("life.fresh");
  char* line = shared ? g_line : s->line;
  size_t* length = shared ? &g_length : &s->length;
  if (broken("threads.prompt")) s->time->sleep(s->host, 2000);
  if (broken("faults.garbage")) {
    s->heap = realloc(s->heap, s->heap_size += size);
    memcpy(s->heap + s->heap_size - size, data, size);
  }
  for (size_t i = 0; i < size; ++i) {
    if (data[i] == '\n') continue;
    if (data[i] != '\r') {
      if (*length < kLine)
        line[(*length)++] = (char)data[i];
      else
        s->overflow = true;
      continue;
    }
    if (!s->overflow) code_read(s, line, *length);
    s->overflow = false;
    *length = 0;
  }
  if (broken("faults.dribble")) *length = 0;
}

static void on_port(const till_plugin* p, bool connected) TILL_NOEXCEPT {
  sample* s = of(p);
  s->told = false;
  if (!connected) s->length = g_length = 0;
  s->overflow = false;
  if (!connected && broken("faults.reconnect")) s->dead = true;
  if (connected && broken("kind.events") && s->events != NULL)
    s->events->emit(s->host, "beep", "{}", 2);
}

/* ---- operations ---- */

static bool take(const till_sink* sink, const char* data, size_t size) TILL_NOEXCEPT {
  char* answer_text = sink->context;
  const size_t length = strlen(answer_text);
  if (length + size >= 512) return false;
  memcpy(answer_text + length, data, size);
  answer_text[length + size] = 0;
  return true;
}

/* The key of the last drawer that was opened is kept: the same one again is not opened again. */
static bool was_done(sample* s, const char* key) {
  char last[512] = "";
  const till_sink sink = {last, take};
  till_error error = {sizeof error, 0, "", "", 0};
  if (s->state == NULL || *key == 0 || broken("operations.same_key")) return false;
  return s->state->get(s->host, "done", &sink, &error) == TILL_DONE && strcmp(last, key) == 0;
}

static void keep_done(sample* s, const char* key) {
  till_error error = {sizeof error, 0, "", "", 0};
  if (s->state != NULL && *key != 0) s->state->set(s->host, "done", key, strlen(key), &error);
}

static void report(sample* s, uint32_t thousandths) {
  if (s->progress != NULL) s->progress->report(s->host, thousandths);
}

/* Each byte gives the device its whole time anew. */
static bool answer_at_last(sample* s, char* reply, uint32_t deadline_ms) {
  do {
    if (s->port->read(s->host, (uint8_t*)reply, 1, deadline_ms) <= 0) return false;
    if (*reply == 'K' || *reply == 'E') return s->port->read(s->host, (uint8_t*)reply + 1, 1, 1) == 1;
  } while (true);
}

static bool answer(sample* s, char* reply, uint32_t deadline_ms) {
  if (broken("operations.deadline+restarts")) return answer_at_last(s, reply, deadline_ms);
  const int64_t until = s->time->monotonic_us(s->host) + (int64_t)deadline_ms * 1000;
  for (size_t n = 0; n < 2;) {
    const int64_t left_ms = (until - s->time->monotonic_us(s->host)) / 1000;
    const uint32_t wait = broken("operations.deadline") ? 60000
                          : left_ms > 0                 ? (uint32_t)left_ms
                                                        : 0;
    const int32_t got = s->port->read(s->host, (uint8_t*)reply + n, 2 - n, wait);
    for (int i = 0; got < 0 && broken("operations.cancel") && i < 1000; ++i)
      s->port->read(s->host, (uint8_t*)reply, 1, 1);
    if (got <= 0) return false;
    n += (size_t)got;
  }
  return true;
}

static bool finish(const till_sink* result, const char* body) {
  if (!broken("memory.sink")) return result->write(result, body, strlen(body));
  for (; *body != 0; ++body) result->write(result, body, 1);
  return true;
}

static till_status ask(sample* s, const char* command, const char* done, uint32_t deadline_ms,
                       const till_sink* result, till_error* error) {
  if (broken("operations.no_port") && s->port != NULL && !s->port->connected(s->host))
    return finish(result, done), TILL_DONE;
  if (s->port == NULL || s->dead || !s->port->connected(s->host)) {
    if (broken("kind.log_once") || !s->told) say(s, "the line is gone");
    s->told = true;
    return stop(error, TILL_REFUSED, 2002, "no line");
  }
  report(s, 300);
  if (broken("operations.progress")) report(s, 200);
  s->port->discard_input(s->host);
  const bool sent = s->port->write(s->host, (const uint8_t*)command, strlen(command), deadline_ms);
  char reply[2] = {0, 0};
  if (!sent && broken("operations.cancel+done")) return finish(result, done), TILL_DONE;
  if (!sent || !answer(s, reply, deadline_ms)) {
    if (broken("faults.cut") && !s->port->connected(s->host))
      return finish(result, done), TILL_DONE;
    if (broken("operations.status")) return (till_status)7;
    if (broken("operations.reasons")) return stop(error, TILL_IN_DOUBT, 9998, "no answer");
    memcpy(error->vendor, s->secret, 31);
    return stop(error, TILL_IN_DOUBT, 2005, "no answer");
  }
  if (broken("operations.random") && (uint8_t)reply[0] < 24) abort();
  if (reply[0] == 'E' && reply[1] == '\n')
    return stop(error, TILL_REFUSED, 2203, "the drawer says no");
  if (reply[0] != 'K' || reply[1] != '\n')
    return stop(error, TILL_IN_DOUBT, 2006, "no answer of a drawer");
  finish(result, done);
  return TILL_DONE;
}

static till_status drawer_open(sample* s, text body, const till_operation* op,
                               const till_sink* result, till_error* error) {
  const text which = json_member(body, "drawer");
  const bool number = which.at != NULL && *which.at >= '0' && *which.at <= '9';
  if (which.at != NULL && !number && !json_is(which, 'n') && !broken("operations.bad_body"))
    return stop(error, TILL_REFUSED, 1005, "drawer");
  if (number && which.end - which.at > 1 && s->port != NULL && s->port->connected(s->host)) {
    if (broken("operations.doubt")) return stop(error, TILL_IN_DOUBT, 2005, "drawer");
    return stop(error, TILL_REFUSED, 1006, "drawer: 0 to 9");
  }
  if (was_done(s, op->key)) return finish(result, "{}"), TILL_DONE;
  const till_status status =
      ask(s, broken("faults.replay") ? "O!\n" : "O\n", "{}", op->deadline_ms, result, error);
  if (status == TILL_DONE) keep_done(s, op->key);
  return status;
}

static till_status message_send(sample* s, text body, uint32_t deadline_ms, const till_sink* result,
                                till_error* error) {
  const text to = json_member(body, "to"), words = json_member(body, "text");
  if (!json_is(to, '"') || !json_is(words, '"'))
    return stop(error, TILL_REFUSED, 1005,
                broken("operations.bad_body+nameless") ? "it" : "to, text");
  if (s->http == NULL) return stop(error, TILL_REFUSED, 2002, "no HTTP");
  if (broken("life.access") && s->port != NULL)
    s->port->write(s->host, (const uint8_t*)"?", 1, 100);
  if (broken("kind.privacy"))
    s->log->write(s->host, TILL_LOG_INFO, to.at, (size_t)(to.end - to.at));
  const char* request =
      broken("http.request")  ? "hello"
      : broken("http.header") ? "{\"url\":\"http://127.0.0.1/\",\"headers\":{\"X-Shop\":7}}"
                              : "{\"method\":\"POST\",\"url\":\"http://127.0.0.1/\","
                                "\"headers\":{},\"body\":\"\"}";
  char got[512] = "";
  const till_sink sink = {got, take};
  const till_status status =
      s->http->request(s->host, request, strlen(request), deadline_ms, &sink, error);
  if (broken("http.request") || broken("http.header")) return status;
  if (status != TILL_DONE)
    return stop(error, status, status == TILL_REFUSED ? 2002 : 2005, "no answer");
  if (strstr(got, "\"status\":2") == NULL && !broken("kind.channel_answers"))
    return stop(error, TILL_REFUSED, 2203, "the provider said no");
  finish(result, "{\"id\":\"1\"}");
  return TILL_DONE;
}

static till_status rule_evaluate(sample* s, text body, const till_sink* result, till_error* error) {
  text lines = json_member(body, "lines"), line;
  if (!json_is(lines, '[') || !json_is(json_member(body, "instant"), '"') ||
      !json_is(json_member(body, "customer"), '"'))
    return stop(error, TILL_REFUSED, 1005, "instant, customer, lines");
  ++lines.at;
  while (json_next(&lines, &line)) {
    if (!json_is(line, '{') || json_member(line, "total").at == NULL)
      return stop(error, TILL_REFUSED, 1005, "lines");
  }
  const bool grown = (size_t)(body.end - body.at) > s->last_size;
  s->last_size = (size_t)(body.end - body.at);
  if ((broken("kind.rule") && s->calls % 2 == 0) || (broken("kind.rule+remembers") && grown)) {
    finish(result, "{\"discounts\":[{\"line\":1,\"amount\":0,\"reason\":\"every other one\"}]}");
  } else {
    finish(result, "{\"discounts\":[]}");
  }
  return TILL_DONE;
}

static till_status perform(const till_plugin* p, const till_operation* op, const till_sink* result,
                           till_error* error) TILL_NOEXCEPT {
  sample* s = of(p);
  const text body = {op->body, op->body + op->body_size};
  if (broken("memory.larger") && op->size != sizeof *op)
    return stop(error, TILL_REFUSED, 1010, "size");
  if (broken("memory.borrowed")) g_lost = (void*)(intptr_t)s->config[0];
  if (broken("memory.leaks")) g_lost = malloc(1000);
  if (broken("asan.sanitized.address")) {
    const char* eight = malloc(8);
    g_lost = (void*)(intptr_t)eight[op->body_size % 8 + 8];
  }
  ++s->calls;
  if (broken("hangs.perform")) sleep(1000);
  if (broken("process.output")) puts("words");
  if (broken("process.children")) fork();  // and both go on
  if (broken("process.children+library")) system("true");
  if (broken("process.host_socket")) write(3, "hello", 5);
  if (broken("process.network")) close(socket(AF_INET, SOCK_STREAM, 0));
  if (broken("process.files")) {
    FILE* const line = fopen("/dev/ttyS0", "r+");
    if (line != NULL) fclose(line);
  }
  if (broken("threads.host_untouched")) ((till_host*)s->host)->abi_minor = 7;
  if (!json_is_object(body)) {
    if (!broken("operations.bad_body")) return stop(error, TILL_REFUSED, 1002, "body");
    return ask(s, "O\n", "{}", op->deadline_ms, result, error);
  }
  if (strcmp(op->verb, "drawer.open") == 0 ||
      (broken("operations.unknown_verb+prefix") && strncmp(op->verb, "drawer.open", 11) == 0))
    return drawer_open(s, body, op, result, error);
  if (strcmp(op->verb, "drawer.status") == 0)
    return ask(s, "S\n", broken("operations.result") ? "{\"open\":1}" : "{\"open\":true}",
               op->deadline_ms, result, error);
  if (strcmp(op->verb, "message.send") == 0)
    return message_send(s, body, op->deadline_ms, result, error);
  if (strcmp(op->verb, "rule.evaluate") == 0) return rule_evaluate(s, body, result, error);
  return stop(error, TILL_REFUSED, broken("operations.unknown_verb") ? 1010 : 2013, op->verb);
}

/* ---- the instance ---- */

static void* wanders(void* context) {
  sample* s = context;
  usleep(5000);
  if (broken("threads.calls")) say(s, "from another thread");
  while (broken("life.deactivate")) pause();
  for (int i = 0; i < 1000 && broken("tsan.sanitized.threads"); ++i) ++s->calls, usleep(10);
  return NULL;
}

static till_status activate(const till_plugin* p, const char* config, size_t size,
                            till_error* error) TILL_NOEXCEPT {
  sample* s = of(p);
  const text settings = {config, config + size};
  s->activated = true;
  if (broken("hangs.activate")) sleep(1000);
  if (broken("aborts.activate")) abort();
  if (broken("life.activate") && !g_slept) usleep(120000), g_slept = true;
  if (broken("life.settings")) return stop(error, TILL_REFUSED, 9001, "never content");
  if (!json_is_object(settings) || !json_is(json_member(settings, "password"), '"'))
    return stop(error, TILL_REFUSED, broken("life.bad_settings") ? 0 : 9001, "password");
  if (broken("life.secrets")) s->log->write(s->host, TILL_LOG_INFO, config, size);
  if (broken("life.quiet_start") && s->port != NULL)
    s->port->write(s->host, (const uint8_t*)"?", 1, 100);
  if (broken("life.rounds")) g_lost = malloc(4096);
  if (broken("threads.calls") || broken("life.deactivate") || broken("tsan.sanitized.threads"))
    s->has_thread = pthread_create(&s->thread, NULL, wanders, s) == 0;
  const text password = json_member(settings, "password");
  if (broken("life.secrets+vendor"))
    snprintf(s->secret, sizeof s->secret, "%.*s", (int)(password.end - password.at), password.at);
  char last[512] = "";
  const till_sink sink = {last, take};
  if (broken("life.state") && s->state != NULL &&
      s->state->get(s->host, "done", &sink, error) == TILL_DONE && last[0] == '?')
    abort();
  s->config = config;
  s->since_us = s->time->unix_us(s->host);
  s->active = true;
  return TILL_DONE;
}

static void deactivate(const till_plugin* p) TILL_NOEXCEPT {
  if (broken("process.host_socket+close")) close(3);
  if (broken("hangs.deactivate")) sleep(1000);
  if (of(p)->has_thread && !broken("life.deactivate")) pthread_join(of(p)->thread, NULL);
}

static void destroy(const till_plugin* p) TILL_NOEXCEPT {
  sample* s = of(p);
  if (broken("life.unused") && !s->activated) abort();
  if (broken("threads.after_destroy") && s->active) say(s, "good bye");
  if (broken("life.deactivate")) return; /* its thread lives on */
  free(s->heap);
  free(s);
}

/* What a clock that jumps must not matter to. */
static till_status timed(const till_plugin* p, const till_operation* op, const till_sink* result,
                         till_error* error) TILL_NOEXCEPT {
  const int64_t age = of(p)->time->unix_us(of(p)->host) - of(p)->since_us;
  if (age < 0 || age > 43200000000) return stop(error, TILL_REFUSED, 2005, "the session is old");
  return perform(p, op, result, error);
}

static const void* extension(const till_plugin* p, const char* id) TILL_NOEXCEPT {
  static const till_input kInput = {on_input, NULL, on_port};
  static const till_operations kOperations = {perform, NULL}, kTimed = {timed, NULL};
  static const till_operations kHalf = {NULL, NULL};
  (void)p;
  if (strcmp(id, TILL_INPUT_ID) == 0 || broken("life.extensions")) {
    if (strcmp(id, TILL_OPERATIONS_ID) != 0) return &kInput;
  }
  if (strcmp(id, TILL_OPERATIONS_ID) != 0 || broken("life.kind")) return NULL;
  if (broken("life.tables")) return &kHalf;
  return broken("faults.clock") ? &kTimed : &kOperations;
}

static const till_descriptor kDescriptor = {sizeof(till_descriptor), "org.tillbridge.test.sample",
                                            "The kit's sample", SAMPLE_VERSION};

static const till_plugin* create(const till_host* host, const char* id) TILL_NOEXCEPT {
  if (strcmp(id, kDescriptor.id) != 0 && !broken("load.create_exact")) return NULL;
  sample* s = calloc(1, sizeof *s);
  if (s == NULL) return NULL;
  const till_plugin c = {sizeof(till_plugin), &kDescriptor, s,        activate,
                         deactivate,          destroy,      extension};
  s->c = c;
  s->host = host;
  s->port = host->get_extension(host, TILL_PORT_ID);
  s->events = host->get_extension(host, TILL_EVENTS_ID);
  s->log = host->get_extension(host, TILL_LOG_ID);
  s->time = host->get_extension(host, TILL_TIME_ID);
  s->http = host->get_extension(host, TILL_HTTP_ID);
  s->state = host->get_extension(host, TILL_STATE_ID);
  s->progress = host->get_extension(host, TILL_PROGRESS_ID);
  if (broken("load.create_quiet")) say(s, "made");
  return &s->c;
}

/* ---- the entry ---- */

static uint32_t count(void) TILL_NOEXCEPT { return 1; }

static const till_descriptor* descriptor(uint32_t index) TILL_NOEXCEPT {
  return index == 0 || broken("load.descriptors") ? &kDescriptor : NULL;
}

static bool init(const char* directory) TILL_NOEXCEPT {
  if (broken("load.quick")) usleep(120000);
  return directory != NULL && !broken("load.init");
}

static void deinit(void) TILL_NOEXCEPT {}

static const void* get_factory(const char* id) TILL_NOEXCEPT {
  static const till_factory kFactory = {count, descriptor, create};
  return strcmp(id, TILL_FACTORY_ID) == 0 || broken("load.factory") ? &kFactory : NULL;
}

__attribute__((constructor)) static void constructed(void) {
  if (broken("load.side_effects")) open("/dev/null", O_RDONLY | O_CLOEXEC);
}

#ifdef BROKEN_NOW
int nobody_defines_this(void);
int uses_it(void);
int uses_it(void) { return nobody_defines_this(); }
#endif
#ifdef BROKEN_EXPORTS
TILL_EXPORT int another_symbol;
#endif
#ifdef BROKEN_ENTRY
#define ENTRY_SIZE 4
#else
#define ENTRY_SIZE sizeof(till_entry)
#endif
#ifdef BROKEN_NEWER
#define NEEDS 99
#else
#define NEEDS 0
#endif

const till_entry tillbridge_entry = {ENTRY_SIZE, TILL_ABI_MAJOR, NEEDS, init, deinit, get_factory};
