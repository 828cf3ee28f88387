#include "manifest.h"

#include <tillbridge/plugin.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/base/json.h"
#include "gateway/base/limits.h"

namespace till::supervisor {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::unexpected<Error> invalid(const Error& e) {
  return fail(Code::kManifestInvalid, code_name(e.code) + " " + e.detail);
}

Result<void> read_limits(JsonObject in, Manifest& m) {
  m.activate_ms = TILL_TRY(in.get_or("activate_ms", m.activate_ms));
  m.memory_mb = TILL_TRY(in.get_or("memory_mb", m.memory_mb));
  if (m.activate_ms < 100 || m.activate_ms > 60000) {
    return fail(Code::kOutOfRange, "limits.activate_ms: 100 to 60000");
  }
  if (m.memory_mb < 8 || m.memory_mb > 1024) {
    return fail(Code::kOutOfRange, "limits.memory_mb: 8 to 1024");
  }
  return in.finish();
}

Result<void> read_abi(JsonObject in, const std::string& id) {
  const int major = TILL_TRY(in.get<int>("major"));
  const int minor = TILL_TRY(in.get<int>("minor_required"));
  TILL_CHECK(in.finish());
  if (major != TILL_ABI_MAJOR || minor > static_cast<int>(TILL_ABI_MINOR)) {
    return fail(Code::kPluginAbi, id + " needs " + std::to_string(major) + "." +
                                      std::to_string(minor) + ", this is " +
                                      std::to_string(TILL_ABI_MAJOR) + "." +
                                      std::to_string(TILL_ABI_MINOR));
  }
  return {};
}

constexpr std::array<std::string_view, 4> kAccess = {"port", "http", "none", "direct"};

Result<Access> access_of(const std::string& word) {
  const auto* const at = std::ranges::find(kAccess, word);
  if (at == kAccess.end()) return fail(Code::kBadValue, "access: port, http, none or direct");
  return static_cast<Access>(at - kAccess.begin());
}

bool plain(const std::string& text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  return !text.empty() && text.size() <= 256 && std::ranges::none_of(text, control);
}

Result<std::vector<std::string>> words(JsonObject& in, const char* name) {
  std::vector<std::string> out;
  for (const auto& [path, value] : TILL_TRY(in.array(name, 64))) {
    out.push_back(TILL_TRY(json_as<std::string>(*value, path)));
  }
  return out;
}

// What only people and other tools read; it may stand there, and is not looked into here.
constexpr std::array kOther = {"vendor", "license", "support_url", "devices", "quality"};

Result<void> check_setting(const std::string& path, const json::value& v) {
  if (!v.is_object()) return fail(Code::kWrongType, path);
  const auto wrong = [&](std::string_view name) {
    return fail(Code::kWrongType, path + "." + std::string(name));
  };
  const auto& o = v.get_object();
  if (const auto* type = o.if_contains("type"); type != nullptr && !type->is_string()) {
    return wrong("type");
  }
  if (const auto* options = o.if_contains("enum"); options != nullptr && !options->is_array()) {
    return wrong("enum");
  }
  for (const std::string_view name : {"minimum", "maximum", "minLength", "maxLength"}) {
    const auto* bound = o.if_contains(name);
    const bool length = name.ends_with("Length");
    if (bound == nullptr) continue;
    if (!bound->is_int64() || (length && bound->get_int64() < 0)) return wrong(name);
  }
  return {};
}

// As much of JSON Schema as check_settings() goes by.
Result<void> check_config_schema(const json::object& schema) {
  const std::string path = "config_schema";
  if (const auto* properties = schema.if_contains("properties")) {
    if (!properties->is_object()) return fail(Code::kWrongType, path + ".properties");
    for (const auto& [name, v] : properties->get_object()) {
      TILL_CHECK(check_setting(path + ".properties." + std::string(name), v));
    }
  }
  if (const auto* required = schema.if_contains("required")) {
    const auto text = [](const json::value& v) { return v.is_string(); };
    const auto* list = required->if_array();
    if (list == nullptr || !std::ranges::all_of(*list, text)) {
      return fail(Code::kWrongType, path + ".required");
    }
  }
  return {};
}

Result<Manifest> read(JsonObject& in) {
  Manifest m;
  if (TILL_TRY(in.get<int>("schema")) != 1) return fail(Code::kBadValue, "schema");
  m.id = TILL_TRY(in.get<std::string>("id"));
  m.kind = TILL_TRY(in.get<std::string>("kind"));
  if (std::ranges::find(kKinds, m.kind) == kKinds.end()) {
    return fail(Code::kBadValue, "kind: " + m.kind + " is none");
  }
  m.name = TILL_TRY(in.get<std::string>("name"));
  m.version = TILL_TRY(in.get<std::string>("version"));
  m.library = TILL_TRY(in.get<std::string>("library"));
  for (const auto& [text, field] :
       {std::pair(&m.id, "id"), std::pair(&m.name, "name"), std::pair(&m.version, "version"),
        std::pair(&m.library, "library")}) {
    if (!plain(*text)) {
      return fail(Code::kBadValue, std::string(field) + ": 1 to 256 bytes, no control characters");
    }
  }
  if (m.library.find('/') != std::string::npos) {
    return fail(Code::kBadValue, "library must stand beside the manifest");
  }
  TILL_CHECK(read_abi(TILL_TRY(in.object("abi")), m.id));
  m.verbs = TILL_TRY(words(in, "verbs"));
  m.events = TILL_TRY(words(in, "events"));
  if (in.has("idempotent")) m.idempotent = TILL_TRY(words(in, "idempotent"));
  for (const auto& verb : m.idempotent) {
    if (std::ranges::find(m.verbs, verb) == m.verbs.end()) {
      return fail(Code::kBadValue, "idempotent: " + verb + " is none of the verbs");
    }
  }
  m.owner = TILL_TRY(in.get_or("owner", std::string()));
  m.access = TILL_TRY(access_of(TILL_TRY(in.get_or("access", std::string("port")))));
  if (const auto* schema = in.raw("config_schema"); schema != nullptr) {
    if (!schema->is_object()) return fail(Code::kWrongType, "config_schema");
    TILL_CHECK(check_config_schema(schema->get_object()));
    m.config_schema = schema->get_object();
  }
  if (in.has("limits")) TILL_CHECK(read_limits(TILL_TRY(in.object("limits")), m));
  for (const char* other : kOther) in.raw(other);
  TILL_CHECK(in.finish());
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

std::string_view name(Access access) { return kAccess.at(static_cast<std::size_t>(access)); }

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
  return manifest;
}

Result<Manifest> load_manifest(const std::string& folder) {
  const std::string path = folder + "/manifest.json";
  std::error_code bad;
  // Not a pipe, on which the whole daemon would wait.
  if (!fs::is_regular_file(path, bad)) return fail(Code::kPluginNotFound, path);
  if (fs::file_size(path, bad) > limits::kMaxManifestBytes) {
    return fail(Code::kManifestInvalid,
                path + ": above " + std::to_string(limits::kMaxManifestBytes) + " bytes");
  }
  std::ifstream file(path);
  if (!file) return fail(Code::kPluginNotFound, path);
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
