// The life of an instance.
#include <malloc.h>

#include <algorithm>
#include <chrono>

#include "kit.h"
#include "sdk/testkit/script.h"

namespace till::kit {
namespace {

constexpr int kRounds = 100;

void unused(Bench& b) { b.created()->destroy(); }

// By the wall clock and by the host's, whichever took longer.
void activate_in_time(Bench& b) {
  const std::int64_t most = b.manifest().activate_ms;
  for (const bool connected : {false, true}) {
    const auto host = b.created();
    host->start_connected(connected);
    const auto started = std::chrono::steady_clock::now();
    const std::int64_t virtual_start = host->now_us;
    host->activate(b.settings());
    const auto real_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::steady_clock::now() - started)
                             .count();
    const auto ms = std::max<std::int64_t>(real_ms, (host->now_us - virtual_start) / 1000);
    if (ms > most) {
      throw Failed{"activate took " + std::to_string(ms) + " ms, limits.activate_ms is " +
                   std::to_string(most)};
    }
  }
}

void settings(Bench& b) {
  const auto host = b.created();
  const auto outcome = host->activate(b.settings());
  if (outcome.status == TILL_DONE) return;
  const std::string words = code_name(outcome.error.code) + " " + outcome.error.detail;
  if (b.manifest().access == supervisor::Access::kDirect) {
    throw Skipped{"its device or vendor's library is not here (" + words +
                  "): give the path, or a stand-in's folder in LD_LIBRARY_PATH"};
  }
  throw Failed{words};
}

// Settings that break the schema in every way it can be broken; the daemon would stop them, a
// plugin must survive them.
std::vector<std::string> bad_settings(Bench& b) {
  std::vector<std::string> all = {"",     "[",    "[]",
                                  "null", "17",   "{\"nobody_knows\":1}",
                                  "{}x",  "\xff", "{\"a\":" + std::string(100'000, '9') + "}"};
  const auto good = b.settings();
  for (const auto& [name, value] : good) {
    json::object spoilt = good;
    for (const json::value& wrong : {json::value(nullptr), json::value(json::array{1}),
                                     json::value(std::string(70'000, 'x')), json::value(-1e300)}) {
      spoilt[name] = wrong;
      all.push_back(json::serialize(spoilt));
    }
  }
  return all;
}

void bad_settings_check(Bench& b) {
  for (const auto& text : bad_settings(b)) {
    const auto host = b.created();
    const auto outcome = host->activate_text(text);
    if (outcome.status == TILL_DONE) continue;
    const std::string shown = text.substr(0, 60);
    if (outcome.status != TILL_REFUSED) throw Failed{"neither done nor refused: " + shown};
    if (static_cast<int>(outcome.error.code) == 0) throw Failed{"refused without a code: " + shown};
    host->destroy();
  }
}

void secrets(Bench& b) {
  const std::string canary = "CANARY-5b1f";
  const auto* properties = b.manifest().config_schema.if_contains("properties");
  json::object settings = b.settings();
  bool any = false;
  for (const auto& [name, schema] : properties ? properties->as_object() : json::object{}) {
    const auto* secret = schema.as_object().if_contains("writeOnly");
    const auto* type = schema.as_object().if_contains("type");
    if (secret == nullptr || *secret != json::value(true) || type == nullptr ||
        *type != json::value("string")) {
      continue;
    }
    any = true;
    settings[name] = json::string(canary);
    const auto* most = schema.as_object().if_contains("maxLength");
    if (most != nullptr && most->to_number<std::size_t>() < canary.size()) {
      settings[name] = json::string(canary.substr(0, most->to_number<std::size_t>()));
    }
  }
  if (!any) throw Skipped{"no setting is marked \"writeOnly\": true"};
  const auto host = b.created();
  const auto look = [&](const FakeOutcome& outcome) {
    const std::string part = canary.substr(0, 8);
    for (const auto& line : host->log()) {
      if (line.find(part) != line.npos) throw Failed{"in the log: " + line};
    }
    for (const auto& [text, where] : {std::pair(&outcome.error.detail, "in an error: "),
                                      {&outcome.error.vendor, "in an error's vendor code: "},
                                      {&outcome.text, "in a result: "}}) {
      if (text->find(part) != text->npos) throw Failed{where + *text};
    }
    for (const auto& e : host->events()) {
      if (e.text.find(part) != e.text.npos) throw Failed{"in an event: " + e.text};
    }
    for (const auto& [key, value] : host->state.values()) {
      if (value.find(part) != value.npos) throw Failed{"in what it keeps: " + key};
    }
  };
  const auto activated = host->activate(settings);
  look(activated);
  if (activated.status != TILL_DONE) return;
  host->set_connected(true);
  for (const bool answers : {false, true}) {
    if (answers) host->set_device([&](Bytes said) { host->device_says(said); });  // an echo
    for (const auto& verb : b.manifest().verbs) {
      look(host->perform_text(verb, json::serialize(b.sample(verb, b.seed)), "key", 2000));
    }
  }
  host->feed(as_bytes("4601234567893\r\nno code\r\n"));
  host->set_connected(false);
  look({});
}

void one_life(Bench& b) {
  const auto host = b.active();
  host->feed(as_bytes("4601234567893\r\n"));
  host->set_connected(false);
  host->deactivate();
  host->destroy();
}

void rounds(Bench& b) {
  for (int i = 0; i < kRounds / 2; ++i) one_life(b);
  malloc_trim(0);
  const auto before = testkit::Holdings::now();
  for (int i = 0; i < kRounds; ++i) one_life(b);
  const auto left = testkit::left_behind(before, std::size_t{32} * 1024);
  if (!left.empty()) throw Failed{"after " + std::to_string(kRounds) + " lives: " + left};
}

// What the first instance heard is nothing the second one knows.
void fresh(Bench& b) {
  b.need_recordings();
  {
    const auto host = b.active();
    host->feed(as_bytes("half a message"), false);
    host->deactivate();
    host->destroy();
  }
  b.replay([](FakeHost&, const RecordingFile& file, std::size_t, const std::string& complaint) {
    if (!complaint.empty()) throw Failed{file.name + " after another instance: " + complaint};
  });
}

void deactivate(Bench& b) {
  const auto before = testkit::Holdings::now();
  const auto host = b.active();
  host->feed(as_bytes("half a message"), false);
  const auto started = std::chrono::steady_clock::now();
  const std::int64_t virtual_start = host->now_us;
  host->deactivate();
  const auto real_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                           std::chrono::steady_clock::now() - started)
                           .count();
  const auto ms = std::max<std::int64_t>(real_ms, (host->now_us - virtual_start) / 1000);
  if (ms > TILL_GRACE_MS) throw Failed{"deactivate took " + std::to_string(ms) + " ms"};
  if (const auto now = testkit::Holdings::now(); now.threads > before.threads) {
    throw Failed{std::to_string(now.threads - before.threads) + " threads run on after deactivate"};
  }
}

void extensions(Bench& b) {
  const auto host = b.active();
  const till_plugin* plugin = host->plugin();
  for (const char* id : {"till.input/2", "till.operations/", "", "till.nothing/1"}) {
    if (plugin->get_extension(plugin, id) != nullptr) {
      throw Failed{"get_extension(\"" + std::string(id) + "\") is no NULL"};
    }
  }
  for (const char* id : {TILL_INPUT_ID, TILL_OPERATIONS_ID}) {
    if (plugin->get_extension(plugin, id) != plugin->get_extension(plugin, id)) {
      throw Failed{std::string(id) + " moves"};
    }
  }
}

void tables(Bench& b) {
  const auto host = b.created();
  const till_plugin& p = *host->plugin();
  if (p.size < sizeof(till_plugin)) throw Failed{"till_plugin.size"};
  if (p.activate == nullptr || p.deactivate == nullptr || p.destroy == nullptr ||
      p.get_extension == nullptr) {
    throw Failed{"a member of till_plugin is NULL"};
  }
  const auto* input = host->extension<till_input>(TILL_INPUT_ID);
  if (input != nullptr && input->on_input == nullptr) throw Failed{"till_input.on_input is NULL"};
  const auto* operations = host->extension<till_operations>(TILL_OPERATIONS_ID);
  if (operations != nullptr && operations->perform == nullptr) {
    throw Failed{"till_operations.perform is NULL"};
  }
}

void kind(Bench& b) {
  const auto& m = b.manifest();
  const auto host = b.created();
  const bool input = host->extension<till_input>(TILL_INPUT_ID) != nullptr;
  const bool operations = host->extension<till_operations>(TILL_OPERATIONS_ID) != nullptr;
  if (!m.verbs.empty() && !operations) throw Failed{"it has verbs and no " TILL_OPERATIONS_ID};
  const bool hears = m.kind == "scanner" || m.kind == "reader";
  if (hears && !input) throw Failed{"a " + m.kind + " without " TILL_INPUT_ID};
}

// What a device says by itself: as recorded, or a code.
void feed_recorded(Bench& b, FakeHost& host) {
  host.feed(as_bytes("4601234567893\r\n"));
  for (const auto& file : b.package().recordings) {
    for (const auto& step : file.recording.steps) {
      if (!step.input.empty()) host.feed(step.input);
    }
  }
}

// In a store it gets what its access names and nothing else. Here it gets every way out, and is
// seen to use it.
void access(Bench& b) {
  using supervisor::Access;
  const auto& m = b.manifest();
  const auto host = b.active({}, Given::kEveryWayOut);
  const std::string itself =
      ", and its access is \"" + std::string(supervisor::name(m.access)) + "\"";
  feed_recorded(b, *host);
  if (m.access != Access::kPort && !host->events().empty()) {
    throw Failed{"its event \"" + host->events().front().type +
                 "\" came from a port (" TILL_INPUT_ID ")" + itself};
  }
  for (const auto& verb : m.verbs) {
    host->perform_text(verb, json::serialize(b.sample(verb, b.seed)), "key", 2000);
    if (m.access != Access::kPort && host->port_calls() > 0) {
      throw Failed{verb + " speaks through " TILL_PORT_ID + itself};
    }
    if (m.access != Access::kHttp && host->requests() > 0) {
      throw Failed{verb + " asks through " TILL_HTTP_ID + itself};
    }
  }
}

void optional_host(Bench& b) {
  for (const auto& withheld :
       {std::set<std::string>{TILL_PORT_ID},
        {TILL_EVENTS_ID},
        {TILL_HTTP_ID},
        {TILL_STATE_ID},
        {TILL_PROGRESS_ID},
        {TILL_PORT_ID, TILL_EVENTS_ID, TILL_HTTP_ID, TILL_STATE_ID, TILL_PROGRESS_ID}}) {
    FakeHostOptions options;
    options.withheld = withheld;
    const auto host = b.created(options);
    const auto outcome = host->activate(b.settings());
    if (outcome.status == TILL_IN_DOUBT) throw Failed{"activate in doubt"};
    if (outcome.status != TILL_DONE) continue;
    host->set_connected(true);
    host->feed(as_bytes("4601234567893\r\n"));
    for (const auto& verb : b.manifest().verbs) {
      host->perform_text(verb, json::serialize(b.sample(verb, b.seed)), "", 2000);
    }
    host->deactivate();
  }
}

void quiet_start(Bench& b) {
  for (const bool connected : {false, true}) {
    const auto host = b.created();
    host->start_connected(connected);
    if (host->activate(b.settings()).status != TILL_DONE) throw Skipped{"see life.settings"};
    if (host->written() > 0) {
      throw Failed{"activate sent " + std::to_string(host->written()) + " bytes"};
    }
    if (host->requests() > 0) throw Failed{"activate asked over HTTP"};
  }
}

// Whatever an earlier version has kept, or half a disk: it starts and works.
void kept(Bench& b) {
  KeptState own;
  const auto collect = [&](FakeHost& host) {
    for (const auto& [key, value] : host.state.values()) (void)own.set(key, value);
  };
  b.workout(collect);
  if (own.values().empty()) throw Skipped{"it keeps nothing"};
  const auto live = [&](const KeptState& state, const std::string& what, bool fails) {
    FakeHostOptions options;
    options.state = state;
    const auto host = b.created(options);
    host->state_fails = fails;
    const auto outcome = host->activate(b.settings());
    if (outcome.status != TILL_DONE) {
      throw Failed{"activate with " + what + ": " + code_name(outcome.error.code) + " " +
                   outcome.error.detail};
    }
    host->set_connected(true);
    host->feed(as_bytes("4601234567893\r\n"));
    for (const auto& verb : b.manifest().verbs) {
      host->perform_text(verb, json::serialize(b.sample(verb, b.seed)), "key", 2000);
    }
  };
  for (const auto& value : {std::string(), std::string("?"), std::string("{}"),
                            std::string(KeptState::kValueMost, '9'), std::string("\0\xff", 2)}) {
    KeptState strange;
    for (const auto& [key, ignored] : own.values()) (void)strange.set(key, value);
    live(strange, std::to_string(value.size()) + " strange bytes kept", false);
  }
  live(own, "its own state", true);
}

}  // namespace

std::vector<Check> life_checks() {
  return {
      {"life.activate", "activate returns, and in limits.activate_ms of the manifest",
       "till_plugin.activate in tillbridge/instance.h",
       "wait for nothing there, or raise limits.activate_ms in manifest.json", activate_in_time},
      {"life.unused", "an instance that was never activated can be destroyed",
       "tillbridge/instance.h, created", "destroy must not need activate", unused},
      {"life.settings", "its own default settings are accepted",
       "till_plugin.activate in tillbridge/instance.h",
       "give every setting a default, or a recording with settings", settings},
      {"life.bad_settings", "wrong settings are accepted or refused with a code",
       "till_plugin.activate in tillbridge/instance.h",
       "check the type of every setting; fill till_error.code (9001)", bad_settings_check},
      {"life.secrets", "a secret setting is in nothing it says and nothing it keeps",
       "tillbridge/log.h, secret, tillbridge/state.h, secrets", "name the setting, never its value",
       secrets},
      {"life.rounds", "150 lives leave no thread, descriptor or memory behind",
       "till_plugin.destroy in tillbridge/instance.h",
       "free in destroy what create and activate made", rounds},
      {"life.fresh", "a new instance knows nothing of the one before it", "tillbridge/instance.h",
       "no globals: keep state in plugin_data", fresh},
      {"life.deactivate", "deactivate ends in time and leaves no thread",
       "till_plugin.deactivate in tillbridge/instance.h",
       "join your threads there; no call without a deadline", deactivate},
      {"life.extensions", "get_extension: the same table each time, NULL for the unknown",
       "till_plugin.get_extension in tillbridge/instance.h",
       "compare the whole id; return static tables", extensions},
      {"life.tables", "no table has a NULL member that may not be NULL",
       "tillbridge/instance.h, tillbridge/input.h, tillbridge/operations.h", "fill every member",
       tables},
      {"life.kind", "it offers what its kind and its verbs need",
       "tillbridge/input.h, tillbridge/operations.h", "return the table from get_extension", kind},
      {"life.access", "it speaks only through what its access names",
       "till_host.get_extension in tillbridge/host.h", "correct \"access\" in manifest.json",
       access},
      {"life.optional_host", "it refuses or goes on when a host extension is not there",
       "till_host.get_extension in tillbridge/host.h", "check for NULL before you use a table",
       optional_host},
      {"life.quiet_start", "activate sends nothing to the device",
       "till_plugin.activate in tillbridge/instance.h",
       "speak in on_port(true) or in the first operation", quiet_start},
      {"life.state", "it lives with whatever it finds kept, and with a full disk",
       "tillbridge/state.h", "check what get gives as you check a device's bytes", kept},
  };
}

}  // namespace till::kit
