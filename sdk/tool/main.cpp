// tillbridge-plugin: makes, checks, runs, records and packs plugins.
#include <sodium.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "commands.h"

namespace {

// CLI11 would not repeat the word. False: it is said.
bool known(const CLI::App& app, const std::string& word) {
  std::string names;
  for (const auto* c : app.get_subcommands({})) {
    if (c->get_name() == word) return true;
    names += (names.empty() ? "" : ", ") + c->get_name();
  }
  if (word.starts_with("-")) return true;
  std::fprintf(stderr, "tillbridge-plugin: %s is none of: %s\n", word.c_str(), names.c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 70;
  CLI::App app{"Makes, checks, runs, records and packs Tillbridge plugins."};
  app.require_subcommand(1);
  app.fallthrough(false);
  const auto share = till::kit::share_folder();
  int result = 0;
  till::kit::add_new(app, share, result);
  till::kit::add_run(app, share, result);
  till::kit::add_check(app, share, result);
  till::kit::add_tier(app, share, result);
  till::kit::add_pack(app, share, result);
  if (argc > 1 && !known(app, argv[1])) return 2;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? 0 : 2;
  }
  return result;
}
