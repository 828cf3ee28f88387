// `tillbridge sale`: a till in the terminal. It knows nothing but the HTTP API; with --sim it also
// moves the virtual devices of the demo, as a person's hands would.
#pragma once

#include <string>

namespace till::app {

struct SaleOptions {
  std::string url;
  std::string token_file;
  std::string senior_token_file;  // for what a senior decides at this till, "" = nobody here
  std::string language = "ru";
  std::string gateway_pid;  // file with the gateway's process id, for `kill gateway` (demo)
  std::string simulator;    // control socket of tillbridge-sim, "" = real devices
};

// The token in a file's first word. Throws std::runtime_error when there is none.
std::string read_token(const std::string& file);
int sale_till(const SaleOptions& options);
int list_devices(const SaleOptions& options);
// Lets a driver in quarantine try again; a senior's token.
int release_device(const SaleOptions& options, const std::string& device);

}  // namespace till::app
