#include "central/app/cli.h"

#include <fmt/format.h>

#include "gateway/base/user_language.h"

namespace till::central {

using boost::json::object;
using boost::json::value;

Language language_of(const Options& o) { return user_language(o.lang); }

std::string_view say(const Options& o, std::string_view en, std::string_view ru) {
  return language_of(o) == Language::kRu ? ru : en;
}

std::string text_of(const value& row, std::string_view field) {
  const auto* found = row.as_object().if_contains(field);
  if (found == nullptr) return "";
  return found->is_string() ? std::string(found->get_string()) : boost::json::serialize(*found);
}

Result<int> list(const Options& o, object request, const std::vector<Column>& columns,
                 std::string_view key,
                 const std::function<std::vector<std::string>(const value&)>& values) {
  Session session(o.data);
  fmt::print("{}", o.csv ? csv_header(columns) : table_header(columns, language_of(o)));
  while (true) {
    const auto page = TILL_TRY(session(request));
    for (const auto& row : page.as_array()) {
      fmt::print("{}", o.csv ? csv_line(values(row)) : table_line(columns, values(row)));
    }
    if (key.empty() || page.as_array().empty()) return 0;
    request["after"] = page.as_array().back().at(key);
  }
}

CLI::App* leaf(CLI::App& parent, const std::string& name, const std::string& about, Options& o,
               Command& chosen, Command command) {
  auto* app = parent.add_subcommand(name, about);
  app->add_option("--data", o.data, "the data folder")->required();
  app->add_option("--lang", o.lang, "en or ru; else LANG decides");
  app->callback([&chosen, command] { chosen = command; });
  return app;
}

}  // namespace till::central
