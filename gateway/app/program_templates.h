// The documented example programs, by kind: what `tillbridge program new` begins with.
#pragma once

#include <span>
#include <string_view>

namespace till::app {

struct ProgramTemplate {
  std::string_view kind;  // "points", "stamps" …
  std::string_view text;  // the example: {"title", "program", "tests"}
};

std::span<const ProgramTemplate> program_templates();

}  // namespace till::app
