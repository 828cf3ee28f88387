#include "manifest.h"

#include <tillbridge/plugin.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "gateway/base/json.h"

namespace till::supervisor {
namespace {

namespace json = boost::json;

std::unexpected<Error> invalid(const Error& e) {
  return fail(Code::kManifestInvalid, code_name(e.code) + " " + e.detail);
}

Result<Manifest> read(JsonObject& in) {
  Manifest m;
  if (TILL_TRY(in.get<int>("schema")) != 1) return fail(Code::kBadValue, "schema");
  m.id = TILL_TRY(in.get<std::string>("id"));
  m.kind = TILL_TRY(in.get<std::string>("kind"));
  m.name = TILL_TRY(in.get<std::string>("name"));
  m.version = TILL_TRY(in.get<std::string>("version"));
  m.library = TILL_TRY(in.get<std::string>("library"));
  auto abi = TILL_TRY(in.object("abi"));
  const int major = TILL_TRY(abi.get<int>("major"));
  const int minor = TILL_TRY(abi.get<int>("minor_required"));
  TILL_CHECK(abi.finish());
  if (major != TILL_ABI_MAJOR || minor > static_cast<int>(TILL_ABI_MINOR)) {
    return fail(Code::kPluginAbi,
                m.id + " needs " + std::to_string(major) + "." + std::to_string(minor));
  }
  for (const auto& [path, value] : TILL_TRY(in.array("verbs", 64))) {
    m.verbs.push_back(TILL_TRY(json_as<std::string>(*value, path)));
  }
  return m;
}

bool has_type(const json::value& v, std::string_view type) {
  if (type == "integer") return v.is_int64();
  if (type == "string") return v.is_string();
  if (type == "boolean") return v.is_bool();
  if (type == "object") return v.is_object();
  return false;
}

Result<void> check_value(const json::object& schema, const json::value& v,
                         const std::string& name) {
  const auto bad = [&](const char* why) { return fail(Code::kConfigInvalid, name + ": " + why); };
  if (const auto* type = schema.if_contains("type")) {
    if (!type->is_string() || !has_type(v, type->get_string())) return bad("wrong type");
  }
  if (const auto* options = schema.if_contains("enum")) {
    if (std::ranges::find(options->as_array(), v) == options->as_array().end()) {
      return bad("not one of the allowed values");
    }
  }
  const auto* low = schema.if_contains("minimum");
  const auto* high = schema.if_contains("maximum");
  if (v.is_int64() && ((low != nullptr && v.get_int64() < low->to_number<std::int64_t>()) ||
                       (high != nullptr && v.get_int64() > high->to_number<std::int64_t>()))) {
    return bad("out of range");
  }
  const auto* shortest = schema.if_contains("minLength");
  const auto* longest = schema.if_contains("maxLength");
  if (v.is_string() &&
      ((shortest != nullptr && v.get_string().size() < shortest->to_number<std::size_t>()) ||
       (longest != nullptr && v.get_string().size() > longest->to_number<std::size_t>()))) {
    return bad("wrong length");
  }
  return {};
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text) {
  const auto root = parse_json(text);
  if (!root) return invalid(root.error());
  auto in = JsonObject::from(*root, "");
  if (!in) return invalid(in.error());
  auto manifest = read(*in);
  if (!manifest) {
    if (manifest.error().code == Code::kPluginAbi) return manifest;
    return invalid(manifest.error());
  }
  if (manifest->library.find('/') != std::string::npos) {
    return fail(Code::kManifestInvalid, "library must stand beside the manifest");
  }
  static constexpr std::array kKnown = {
      "schema",  "id",      "kind",  "name",       "version", "vendor",  "license",
      "library", "abi",     "verbs", "events",     "access",  "devices", "config_schema",
      "limits",  "quality", "owner", "support_url"};
  for (const auto& member : root->get_object()) {
    if (std::ranges::find(kKnown, std::string_view(member.key())) == kKnown.end()) {
      return fail(Code::kManifestInvalid, "unknown field " + std::string(member.key()));
    }
  }
  if (const auto* schema = root->get_object().if_contains("config_schema")) {
    if (!schema->is_object()) return fail(Code::kManifestInvalid, "config_schema");
    manifest->config_schema = schema->get_object();
  }
  if (const auto* limits = root->get_object().if_contains("limits");
      limits != nullptr && limits->is_object()) {
    if (const auto* ms = limits->get_object().if_contains("activate_ms");
        ms != nullptr && ms->is_int64()) {
      manifest->activate_ms =
          static_cast<int>(std::clamp<std::int64_t>(ms->get_int64(), 100, 60000));
    }
  }
  return manifest;
}

Result<Manifest> load_manifest(const std::string& folder) {
  std::ifstream file(folder + "/manifest.json");
  if (!file) return fail(Code::kPluginNotFound, folder + "/manifest.json");
  std::stringstream text;
  text << file.rdbuf();
  return parse_manifest(text.str());
}

Result<json::object> check_settings(const Manifest& manifest, const json::object& settings) {
  json::object out = settings;
  const auto* properties = manifest.config_schema.if_contains("properties");
  const json::object none;
  const json::object& known =
      properties != nullptr && properties->is_object() ? properties->get_object() : none;
  for (const auto& [key, value] : settings) {
    const auto* schema = known.if_contains(key);
    if (schema == nullptr || !schema->is_object()) {
      return fail(Code::kConfigInvalid,
                  std::string(key) + ": " + manifest.id + " has no such setting");
    }
    TILL_CHECK(check_value(schema->get_object(), value, std::string(key)));
  }
  for (const auto& [key, schema] : known) {
    const auto* otherwise = schema.as_object().if_contains("default");
    if (!out.contains(key) && otherwise != nullptr) out[key] = *otherwise;
  }
  if (const auto* required = manifest.config_schema.if_contains("required")) {
    for (const auto& key : required->as_array()) {
      if (!out.contains(key.as_string())) {
        return fail(Code::kConfigInvalid, std::string(key.as_string()) + ": missing");
      }
    }
  }
  return out;
}

}  // namespace till::supervisor
