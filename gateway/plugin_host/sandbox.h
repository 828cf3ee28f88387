// What the child may still do, decided before a line of the plugin is loaded.
//
//                      port, http, none                     direct
//   descriptors        its socket, and stdout/stderr to the daemon's log
//   privileges         no capability, never new ones; dies with the daemon
//   memory             the manifest's limits.memory_mb      the same
//   processor          after the daemon and the till's own programs (nice)
//   core files         none, or into one folder             the same
//   files, read        its own folder, the system's libraries  all but the store's own
//   files, written     none                                 /dev, /tmp, /run, its home
//   modes and owners   of no file                           of no file
//   network            none                                 yes
//   processes          none; threads yes                    none; threads yes
//   other processes    no signal, no limit, no priority     the same
//   system calls       what is on the list                  all but the ones that reach beyond it
//   memory shared      none (SysV, mappings)                no SysV
//
// What is not allowed is an error the plugin sees (EACCES, EPERM); what nobody does by mistake, a
// process, a signal to another one, a call into the kernel's inner, ends it (SIGSYS), which the
// daemon names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace till::plugin_host {

struct SandboxRules {
  bool direct = false;
  int memory_mb = 64;
  std::string folder;                  // of the plugin
  std::string cores;                   // where a core file goes, "" = none is made
  std::vector<std::string> kept_away;  // files and folders that also `direct` may not see
};

// "" or what this kernel can not enforce, for the log.
std::string enter_sandbox(const SandboxRules& rules);

// Its parts. False: this kernel has none of it.
bool restrict_files(const SandboxRules& rules);
bool restrict_calls(bool direct);
void drop_capabilities();

}  // namespace till::plugin_host
