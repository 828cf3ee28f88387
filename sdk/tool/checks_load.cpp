// From dlopen to create.
#include <dlfcn.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <clocale>
#include <cstring>
#include <functional>
#include <regex>

#include "kit.h"
#include "sdk/testkit/script.h"

extern char** environ;

namespace till::kit {
namespace {

constexpr int kQuickMs = 100;

void now(Bench& b) {
  b.manifest();
  need_library(b.package());
  void* library = dlopen(b.package().library().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw Failed{dlerror()};
  if (dlsym(library, "tillbridge_entry") == nullptr) {
    throw Failed{"it has no symbol tillbridge_entry", "tillbridge/entry.h",
                 "define it: TILLBRIDGE_PLUGIN(Class) in C++, TILL_EXPORT const till_entry "
                 "tillbridge_entry in C"};
  }
}

void quick(Bench& b) {
  const auto started = std::chrono::steady_clock::now();
  b.factory();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                      std::chrono::steady_clock::now() - started)
                      .count();
  const std::string words = std::to_string(ms) + " ms to load and init";
  if (ms > TILL_INIT_MS) throw Failed{words};
  if (ms > kQuickMs) throw Warned{words};
}

struct World {
  testkit::Holdings holdings = testkit::Holdings::now();
  std::string handlers, environment, locale = setlocale(LC_ALL, nullptr), folder;
  mode_t mask = umask(0);

  World() {
    umask(mask);
    for (int number = 1; number < 65; ++number) {
      struct sigaction action{};
      if (sigaction(number, nullptr, &action) == 0) {
        handlers += std::to_string(reinterpret_cast<std::uintptr_t>(action.sa_sigaction)) + " ";
      }
    }
    for (char** e = environ; *e != nullptr; ++e) environment += std::string(*e) + "\n";
    char path[4096];
    folder = getcwd(path, sizeof path) != nullptr ? path : "";
  }
};

void side_effects(Bench& b) {
  const World before;
  b.factory();
  const World after;
  const std::string left = testkit::left_behind(before.holdings, std::size_t{1} << 20);
  if (!left.empty()) throw Failed{left};
  if (before.handlers != after.handlers) throw Failed{"a signal handler was changed"};
  if (before.environment != after.environment) throw Failed{"the environment was changed"};
  if (before.locale != after.locale) throw Failed{"the locale was changed to " + after.locale};
  if (before.folder != after.folder) throw Failed{"the working folder was changed"};
  if (before.mask != after.mask) throw Failed{"the umask was changed"};
}

void entry(Bench& b) {
  b.manifest();
  void* library = dlopen(b.package().library().c_str(), RTLD_NOW | RTLD_LOCAL);
  const auto* e = library == nullptr
                      ? nullptr
                      : static_cast<const till_entry*>(dlsym(library, "tillbridge_entry"));
  if (e == nullptr) throw Skipped{"see load.now"};
  if (e->size < sizeof(till_entry)) throw Failed{"till_entry.size is " + std::to_string(e->size)};
  if (e->abi_major != TILL_ABI_MAJOR || e->abi_minor_required > TILL_ABI_MINOR) {
    throw Failed{"it is of version " + std::to_string(e->abi_major) + "." +
                 std::to_string(e->abi_minor_required)};
  }
  if (e->init == nullptr || e->deinit == nullptr || e->get_factory == nullptr) {
    throw Failed{"a member of till_entry is NULL"};
  }
}

void init(Bench& b) {
  if (!b.entry().init(b.package().folder.c_str())) throw Failed{"init gave false"};
  b.entry().deinit();
}

void factory(Bench& b) {
  const till_entry& e = b.entry();
  if (!e.init(b.package().folder.c_str())) throw Skipped{"see load.init"};
  const auto* f = static_cast<const till_factory*>(e.get_factory(TILL_FACTORY_ID));
  if (f == nullptr) throw Failed{"get_factory(\"" TILL_FACTORY_ID "\") gave NULL"};
  if (f->count == nullptr || f->descriptor == nullptr || f->create == nullptr) {
    throw Failed{"a member of till_factory is NULL"};
  }
  for (const char* id : {"till.factory/2", "till.factory/1 ", "", "till"}) {
    if (e.get_factory(id) != nullptr) {
      throw Failed{"get_factory(\"" + std::string(id) + "\") is no NULL"};
    }
  }
  if (e.get_factory(TILL_FACTORY_ID) != f) throw Failed{"the factory moves"};
}

void descriptors(Bench& b) {
  const till_factory& f = b.factory();
  const std::uint32_t count = f.count();
  if (count != 1) throw Failed{"count gave " + std::to_string(count)};
  if (f.descriptor(0) == nullptr) throw Failed{"descriptor(0) is NULL"};
  if (f.descriptor(0) != f.descriptor(0)) throw Failed{"descriptor(0) moves"};
  for (const std::uint32_t beyond : {count, count + 1, UINT32_MAX}) {
    if (f.descriptor(beyond) != nullptr) {
      throw Failed{"descriptor(" + std::to_string(beyond) + ") is no NULL"};
    }
  }
}

void create_exact(Bench& b) {
  const std::string id = b.manifest().id;
  b.factory();
  FakeHostOptions options{.id = id};
  options.create = options.init = false;
  FakeHost host(b.entry(), options);
  for (const auto& wrong : {id + "x", id + " ", id.substr(0, id.size() - 1), std::string()}) {
    if (host.factory()->create(host.c_host(), wrong.c_str()) != nullptr) {
      throw Failed{"create(\"" + wrong + "\") made an instance"};
    }
  }
  if (!host.create()) throw Failed{"create(\"" + id + "\") gave NULL"};
}

void descriptor(Bench& b) {
  const auto& m = b.manifest();
  const auto host = b.created();
  const till_descriptor* d = host->plugin()->descriptor;
  if (d == nullptr || d != b.factory().descriptor(0)) {
    throw Failed{"the instance's descriptor is not the factory's"};
  }
  if (d->size < sizeof(till_descriptor)) throw Failed{"descriptor.size"};
  for (const auto& [says, wanted, member] :
       {std::tuple(d->id, m.id, "id"), std::tuple(d->name, m.name, "name"),
        std::tuple(d->version, m.version, "version")}) {
    if (says == nullptr || wanted != says) {
      throw Failed{std::string("descriptor.") + member + " is \"" + (says ? says : "NULL") +
                   "\", the manifest says \"" + wanted + "\""};
    }
  }
}

void text(Bench& b) {
  static const std::regex kId("[a-z0-9_]+(\\.[a-z0-9_]+)+");
  static const std::regex kVersion("(0|[1-9]\\d*)(\\.(0|[1-9]\\d*)){2}(-[0-9A-Za-z.-]+)?");
  const auto& m = b.manifest();
  if (!std::regex_match(m.id, kId)) throw Failed{"id \"" + m.id + "\" is no reverse DNS name"};
  if (!std::regex_match(m.version, kVersion)) {
    throw Failed{"version \"" + m.version + "\" is not like 1.2.3"};
  }
  if (m.library.find_first_of(" \\") != m.library.npos || !m.library.ends_with(".so")) {
    throw Failed{"library \"" + m.library + "\" is no NAME.so"};
  }
}

void create_quiet(Bench& b) {
  const auto host = b.created();
  b.expect_no(*host, "state");
}

}  // namespace

std::vector<Check> load_checks() {
  return {
      {"load.now", "the library loads with every symbol bound, and has its entry",
       "tillbridge/instance.h, loaded",
       "link what is missing (-Wl,--no-undefined tells); nothing may wait in a constructor", now},
      {"load.quick", "loading and init take under 100 ms", "TILL_INIT_MS in tillbridge/abi.h",
       "do the work in activate", quick},
      {"load.side_effects", "loading starts no thread, opens no file, changes no process state",
       "tillbridge/instance.h, loaded", "no global with a constructor; start it in activate",
       side_effects},
      {"load.entry", "till_entry has its size, its version and all members", "tillbridge/entry.h",
       "fill till_entry as the header says, or use TILLBRIDGE_PLUGIN", entry},
      {"load.init", "init gives true, deinit returns", "till_entry.init in tillbridge/entry.h",
       "refuse in activate, where there is an error to fill", init},
      {"load.factory", "get_factory knows its id and no other", "tillbridge/entry.h",
       "compare the whole id; return NULL for the rest", factory},
      {"load.descriptors", "one descriptor, NULL beyond", "till_factory in tillbridge/entry.h",
       "compare index with count", descriptors},
      {"load.create_exact", "create makes its own id and no other",
       "till_factory.create in tillbridge/entry.h", "compare the whole id with strcmp",
       create_exact},
      {"load.descriptor", "the descriptor is what the manifest says",
       "till_descriptor in tillbridge/instance.h", "take both from one source, as the SDK does",
       descriptor},
      {"load.text", "id, version and library are written as they must be",
       "till_descriptor in tillbridge/instance.h", "org.example.name, 1.2.3, name.so", text},
      {"load.create_quiet", "create calls nothing of the host but get_extension",
       "till_factory.create in tillbridge/entry.h", "call it in activate", create_quiet},
  };
}

}  // namespace till::kit
