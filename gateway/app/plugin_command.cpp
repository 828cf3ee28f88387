#include "plugin_command.h"

#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <iostream>

#include "gateway/app/config.h"
#include "gateway/supervisor/install.h"

namespace till::app {
namespace {

int complain(const Error& error, Language language) {
  std::cerr << describe(error, language) << "\n";
  return 1;
}

std::string_view why(supervisor::Origin origin, bool ru) {
  switch (origin) {
    case supervisor::Origin::kOwn:
      return ru ? "из поставки шлюза" : "came with the gateway";
    case supervisor::Origin::kSigned:
      return ru ? "подписан известным ключом" : "signed by a known key";
    case supervisor::Origin::kNamed:
      return ru ? "назван в unsigned_plugins" : "named in unsigned_plugins";
  }
  return "";
}

int list(const Config& config, Language language) {
  supervisor::Catalogue catalogue({config.plugins, config.trust.own}, config.trust);
  for (const auto& p : catalogue.scan()) {
    std::cout << p.name;
    if (p.manifest) {
      std::cout << "  " << p.manifest->id << "  " << p.manifest->version << "  "
                << p.manifest->kind;
    }
    std::cout << "\n";
    if (!p.manifest) std::cout << "  " << describe(p.manifest.error(), language) << "\n";
    std::cout << "  "
              << (p.trust ? std::string(why(*p.trust, language == Language::kRu))
                          : describe(p.trust.error(), language))
              << "\n";
  }
  return 0;
}

int install(const Config& config, const PluginArguments& a, Language language) {
  const bool ru = language == Language::kRu;
  std::error_code bad;
  umask(022);  // the gateway may run under another account
  std::filesystem::create_directories(config.plugins, bad);
  const auto done = supervisor::install_plugin(a.install, config.plugins, config.trust, a.replace);
  if (!done) return complain(done.error(), language);
  std::cout << done->folder << ": " << done->id << " " << done->version;
  if (!done->before.empty()) {
    std::cout << (ru ? ", вместо версии " : ", in place of version ") << done->before;
  }
  std::cout << ", " << why(done->origin, ru) << "\n"
            << (ru ? "Работающий шлюз увидит его после перезапуска.\n"
                   : "A running gateway takes it after a restart.\n");
  return 0;
}

}  // namespace

int plugin_command(const PluginArguments& a, Language language) {
  const auto config = load_config(a.config);
  if (!config) return complain(config.error(), language);
  return a.install.empty() ? list(*config, language) : install(*config, a, language);
}

}  // namespace till::app
