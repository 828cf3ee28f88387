// tillbridge-plugin-host FD ACCESS MEMORY_MB FOLDER CORES [KEPT_AWAY …]: started by the daemon with
// its end of a socketpair, never by hand.
#include <sys/prctl.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "host.h"
#include "sandbox.h"

namespace {

bool number(const char* text, int& out) {
  return std::from_chars(text, text + std::strlen(text), out).ec == std::errc{};
}

}  // namespace

int main(int argc, char** argv) {
  int fd = -1;
  till::plugin_host::SandboxRules rules;
  if (argc < 6 || !number(argv[1], fd) || fd < 3 || !number(argv[3], rules.memory_mb)) {
    std::fputs("tillbridge-plugin-host is started by tillbridge itself\n", stderr);
    return 64;
  }
  rules.direct = std::strcmp(argv[2], "direct") == 0;
  rules.folder = argv[4];
  rules.cores = argv[5];
  rules.kept_away.assign(argv + 6, argv + argc);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // the child dies with the daemon
  const std::string missing = till::plugin_host::enter_sandbox(rules);
  if (!missing.empty()) std::fprintf(stderr, "%s\n", missing.c_str());
  static till::plugin_host::Host host(fd, argv[2]);
  return host.run();
}
