#include "plugin_state.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/base/durable_file.h"
#include "gateway/base/json.h"
#include "gateway/base/log.h"

namespace till::supervisor {
namespace {

namespace json = boost::json;

// A device may be called anything; its file may not.
std::string file_name(std::string_view device) {
  std::string out;
  for (const char c : device) {
    const auto byte = static_cast<std::uint8_t>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-';
    out += plain ? std::string(1, c) : "%" + to_hex(Bytes(&byte, 1));
  }
  return out + ".json";
}

}  // namespace

PluginState::PluginState(std::string folder, std::string_view device, std::string plugin)
    : folder_(std::move(folder)),
      file_(folder_ + "/" + file_name(device)),
      plugin_(std::move(plugin)) {}

Result<void> PluginState::load() {
  state_.emplace();
  std::ifstream file(file_);
  if (!file) return {};  // nothing was ever kept
  std::stringstream text;
  text << file.rdbuf();
  const auto root = TILL_TRY(parse_json(text.str()));
  auto in = TILL_TRY(JsonObject::from(root, ""));
  if (TILL_TRY(in.get<std::string>("plugin")) != plugin_) return {};
  const auto* values = in.raw("values");
  if (values == nullptr || !values->is_object()) return fail(Code::kMissingField, "values");
  KeptState read;
  for (const auto& [key, value] : values->get_object()) {
    const auto hex = TILL_TRY(json_as<std::string>(value, key));
    TILL_CHECK(read.set(key, as_text(from_hex(hex))));
  }
  state_ = std::move(read);
  return {};
}

namespace {

Result<void> save(const std::string& folder, const std::string& file, const std::string& plugin,
                  const KeptState& state) {
  json::object values;
  for (const auto& [key, value] : state.values()) values[key] = to_hex(as_bytes(value));
  std::error_code ignored;  // write_durably says what is wrong with the folder
  std::filesystem::create_directories(folder, ignored);
  const json::object root{{"plugin", json::string(plugin)}, {"values", std::move(values)}};
  return write_durably(file, json::serialize(root) + "\n");
}

}  // namespace

PluginState::Change PluginState::handle(std::string_view request) {
  if (!state_) {
    // A file that can not be read must not stop the device: a plugin lives with its first start.
    if (const auto loaded = load(); !loaded) {
      log_error("{}: {} {}", file_, code_name(loaded.error().code), loaded.error().detail);
      std::error_code ignored;
      std::filesystem::rename(file_, file_ + ".bad", ignored);
    }
  }
  const auto [head, value] = ipc::split_head(request);
  const auto tab = std::string_view(head).find('\t');
  const auto what = std::string_view(head).substr(0, tab);
  const auto key = tab == std::string_view::npos ? "" : std::string_view(head).substr(tab + 1);
  if (what == "get") {
    auto found = state_->get(key);
    return {found ? ipc::Outcome::done(std::move(*found)) : ipc::Outcome::refused(found.error())};
  }
  if (what != "set" && what != "remove") return {ipc::Outcome::refused({Code::kBadFrame, {}, {}})};
  KeptState next = *state_;
  const auto changed = what == "set" ? next.set(key, value) : next.remove(key);
  if (!changed) return {ipc::Outcome::refused(changed.error())};
  return {{},
          [folder = folder_, file = file_, plugin = plugin_, next] {
            return save(folder, file, plugin, next);
          },
          next};
}

}  // namespace till::supervisor
