// The published schemas of the fiscal verbs are what the structs say. After a change of a struct:
//   TILL_WRITE_SCHEMAS=1 build/dev/bin/sdk_schema_test
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "fiscal_described.h"

namespace till {
namespace {

namespace json = boost::json;

template <typename T>
json::object schema_of() {
  using namespace described;
  if constexpr (std::is_same_v<T, Money>) {
    return {{"type", "integer"}, {"description", "minor units of the currency"}};
  } else if constexpr (std::is_same_v<T, Quantity>) {
    return {{"type", "integer"}, {"description", "thousandths"}};
  } else if constexpr (std::is_same_v<T, Percent>) {
    return {{"type", "integer"}, {"description", "hundredths of a percent"}};
  } else if constexpr (IsOptional<T>::value) {
    return {{"anyOf", {schema_of<typename T::value_type>(), {{"type", "null"}}}}};
  } else if constexpr (IsVector<T>::value) {
    return {{"type", "array"}, {"items", schema_of<typename T::value_type>()}};
  } else if constexpr (std::is_enum_v<T>) {
    json::array names;
    for (const auto& name : Names<T>::kAll) names.push_back(json::string(name.text));
    return {{"enum", names}};
  } else if constexpr (Described<T>) {
    json::object properties;
    json::array required;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) {
          using M = std::decay_t<decltype(std::declval<T&>().*member.pointer)>;
          properties[member.name] = schema_of<M>();
          if (!IsOptional<M>::value) required.push_back(json::string(member.name));
        });
    return {{"type", "object"}, {"required", required}, {"properties", properties}};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (std::is_same_v<T, bool>) {
    return {{"type", "boolean"}};
  } else {
    static_assert(std::is_integral_v<T>);
    json::object number{{"type", "integer"}};
    if (std::is_unsigned_v<T>) number["minimum"] = 0;
    return number;
  }
}

json::object object_of(const json::object& properties) {
  json::array required;
  for (const auto& [name, schema] : properties) required.push_back(json::string(name));
  return {{"type", "object"}, {"required", required}, {"properties", properties}};
}

// One member a line, so that a change shows as the lines it changes.
void print(std::ostream& out, const json::value& v, const std::string& indent = "") {
  const auto* o = v.if_object();
  if (o == nullptr || json::serialize(v).size() + indent.size() < 96) {
    out << json::serialize(v);
    return;
  }
  out << "{";
  const char* comma = "\n";
  for (const auto& [key, item] : *o) {
    out << std::exchange(comma, ",\n") << indent << "  " << json::serialize(json::value(key))
        << ": ";
    print(out, item, indent + "  ");
  }
  out << "\n" << indent << "}";
}

struct Verb {
  const char* name;
  json::object request, result;
};

std::vector<Verb> verbs() {
  const json::object nothing = {{"type", "object"}};
  const json::object cashier = object_of({{"cashier", schema_of<Operator>()}});
  const json::object text = {{"type", "string"}}, count = schema_of<std::uint32_t>();
  const json::object base64 = {{"type", "string"}, {"contentEncoding", "base64"}};
  const json::object field = {{"table", count}, {"row", count}, {"field", count}};
  json::object written = field;
  written["value"] = text;
  return {
      {"fiscal.baseline", nothing, schema_of<Baseline>()},
      {"fiscal.receipt", object_of({{"receipt", schema_of<FiscalReceipt>()}}),
       schema_of<FiscalDocument>()},
      {"fiscal.resolve",
       object_of({{"receipt", schema_of<FiscalReceipt>()}, {"baseline", schema_of<Baseline>()}}),
       schema_of<Resolution>()},
      {"fiscal.recover", nothing, nothing},
      {"fiscal.status",
       {{"type", "object"}, {"properties", {{"detail", {{"type", "boolean"}}}}}},
       schema_of<RegisterStatus>()},
      {"fiscal.document", object_of({{"number", count}}), schema_of<FiscalDocument>()},
      {"fiscal.open_shift", cashier, nothing},
      {"fiscal.close_shift", cashier, nothing},
      {"fiscal.x_report", nothing, nothing},
      {"fiscal.settlement_report", nothing, nothing},
      {"fiscal.continue_printing", nothing, nothing},
      {"fiscal.copy", nothing, nothing},
      {"fiscal.cash",
       object_of({{"direction", {{"enum", {"in", "out"}}}}, {"amount", schema_of<Money>()}}),
       nothing},
      {"fiscal.set_clock", object_of({{"time", text}}), nothing},
      {"fiscal.read_setting", object_of(field), object_of({{"value", text}})},
      {"fiscal.write_setting", object_of(written), object_of({{"before", text}, {"value", text}})},
      {"fiscal.load_picture",
       object_of({{"first_line", count}, {"width", count}, {"bits", base64}}), nothing},
      {"fiscal.print_picture", object_of({{"first_line", count}, {"last_line", count}}), nothing},
      {"drawer.open", nothing, nothing},
  };
}

TEST(Schema, ThePublishedOnesAreWhatTheStructsSay) {
  const bool write = std::getenv("TILL_WRITE_SCHEMAS") != nullptr;
  for (const Verb& verb : verbs()) {
    const json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                              {"title", verb.name},
                              {"type", "object"},
                              {"properties", {{"request", verb.request}, {"result", verb.result}}}};
    std::ostringstream text;
    print(text, schema);
    text << "\n";
    const std::string path = std::string(TILL_SCHEMA_DIR "/") + verb.name + ".json";
    if (write) std::ofstream(path) << text.str();
    std::ifstream file(path);
    std::stringstream kept;
    kept << file.rdbuf();
    EXPECT_EQ(kept.str(), text.str()) << path;
  }
}

}  // namespace
}  // namespace till
