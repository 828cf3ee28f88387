// `tillbridge sale`: a till in the terminal. It knows nothing but the HTTP API; with --sim it also
// moves the virtual devices of the demo, as a person's hands would.
#pragma once

#include <string>

namespace till::app {

struct SaleOptions {
  std::string url;
  std::string token_file;
  std::string senior_token_file;  // for what a senior decides at this till, "" = nobody here
  std::string device;             // the register asked, "" = the one of the token's till
  std::string language;           // "ru" or "en"
  std::string gateway_pid;        // file with the gateway's process id, for `kill gateway` (demo)
  std::string simulator;          // control socket of tillbridge-sim, "" = real devices
};

int sale_till(const SaleOptions& options);

}  // namespace till::app
