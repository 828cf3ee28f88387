#include "gateway/loyalty/expect.h"

namespace till::loyalty {
namespace {

namespace js = boost::json;

void compare(const js::value& expected, const js::value& actual, const std::string& path,
             std::vector<std::string>& out) {
  const auto differs = [&](const std::string& what) { out.push_back(path + ": " + what); };
  if (const auto* object = expected.if_object()) {
    if (!actual.is_object()) return differs("is no object");
    for (const auto& [name, value] : *object) {
      const auto* found = actual.get_object().if_contains(name);
      const auto below = path + (path.empty() ? "" : ".") + std::string(name);
      if (found == nullptr) {
        out.push_back(below + ": missing");
      } else {
        compare(value, *found, below, out);
      }
    }
  } else if (const auto* list = expected.if_array()) {
    if (!actual.is_array()) return differs("is no list");
    const auto& has = actual.get_array();
    if (has.size() != list->size()) {
      return differs(std::to_string(has.size()) + " elements, expected " +
                     std::to_string(list->size()));
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      compare((*list)[i], has[i], path + "[" + std::to_string(i) + "]", out);
    }
  } else if (expected != actual) {
    differs(js::serialize(actual) + ", expected " + js::serialize(expected));
  }
}

}  // namespace

std::vector<std::string> differences(const js::value& expected, const js::value& actual,
                                     const std::string& path) {
  std::vector<std::string> out;
  compare(expected, actual, path, out);
  return out;
}

}  // namespace till::loyalty
