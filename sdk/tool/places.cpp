// Where a rule on a manifest, a body or an event stands, to the member.
#include "kit.h"

namespace till::kit {
namespace {

// "limits.memory_mb: 8 to 1024", "devices[0].bus": its members, "[]" for an item.
std::vector<std::string> members_of(std::string_view path) {
  std::vector<std::string> out{""};
  for (const char c : path.substr(0, path.find_first_of(": "))) {
    if (c == '.') {
      out.emplace_back();
    } else if (c == '[') {
      out.emplace_back("[]");
    } else if (out.back() != "[]") {
      out.back() += c;
    }
  }
  if (out.front().empty()) out.erase(out.begin());
  return out;
}

}  // namespace

std::string schema_place(const Package& package, const std::string& name, std::string pointer,
                         std::string_view path) {
  boost::system::error_code bad;
  const json::value whole = json::parse(read_file(package.schemas + "/" + name + ".json"), bad);
  const json::value* at = bad ? nullptr : whole.find_pointer(pointer, bad);
  for (const auto& member : members_of(path)) {
    if (at == nullptr || !at->is_object()) break;
    const auto& node = at->get_object();
    const bool item = member == "[]";
    const auto* inner = node.if_contains(item ? "items" : "properties");
    if (inner != nullptr && !item) inner = inner->as_object().if_contains(member);
    // What no schema names is forbidden where it says that there is nothing more.
    if (inner == nullptr && node.contains("additionalProperties")) {
      pointer += "/additionalProperties";
    } else if (inner != nullptr) {
      pointer += item ? "/items" : "/properties/" + member;
    }
    at = inner;
  }
  return "share/tillbridge/schema/" + name + ".json#" + pointer;
}

}  // namespace till::kit
