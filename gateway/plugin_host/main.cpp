// tillbridge-plugin-host FD: started by the daemon with its end of a socketpair, never by hand.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "host.h"

int main(int argc, char** argv) {
  int fd = -1;
  if (argc != 2 || std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), fd).ec != std::errc{} ||
      fd < 3) {
    std::fputs("tillbridge-plugin-host is started by tillbridge itself\n", stderr);
    return 64;
  }
  // The child dies with the daemon, gains no rights and leaves no core with a card's digits in it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  static till::plugin_host::Host host(fd);
  return host.run();
}
