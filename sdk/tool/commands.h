// The subcommands of tillbridge-plugin. Each sets `result`, the exit code: 0 good, 1 not passed,
// 2 asked wrongly.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace till::kit {

// Schemas and templates: ../share/tillbridge of the program.
std::string share_folder();

void add_check(CLI::App& app, const std::string& share, int& result);
void add_new(CLI::App& app, const std::string& share, int& result);
void add_run(CLI::App& app, const std::string& share, int& result);  // record, replay too
void add_tier(CLI::App& app, const std::string& share, int& result);
void add_pack(CLI::App& app, const std::string& share, int& result);

}  // namespace till::kit
