// What the child may still do, decided before a line of the plugin is loaded.
//
//                      port, http, none                     direct
//   descriptors        its socket, and stdout/stderr to the daemon's log
//   privileges         never new ones; dies with the daemon
//   memory             the manifest's limits.memory_mb      the same
//   processor          after the daemon and the till's own programs (nice)
//   core files         none, or into one folder             the same
//   files, read        its own folder, the system's libraries  everything
//   files, written     none                                 /dev, /tmp, /run, its home
//   network            none                                 yes
//   processes          none; threads yes                    none; threads yes
//   the kernel's inner nothing (ptrace, mounts, bpf, modules, io_uring …)
//
// A forbidden socket or file is an error the plugin sees; a forbidden process or kernel call ends
// it (SIGSYS), which the daemon names.
#pragma once

#include <string>
#include <string_view>

namespace till::plugin_host {

struct SandboxRules {
  bool direct = false;
  int memory_mb = 64;
  std::string folder;  // of the plugin
  std::string cores;   // where a core file goes, "" = none is made
};

// "" or what this kernel can not enforce, for the log.
std::string enter_sandbox(const SandboxRules& rules);

}  // namespace till::plugin_host
