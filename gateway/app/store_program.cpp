// The store's loyalty program: read, replaced while the store sells, and asked for a quote.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/app/store_files.h"
#include "gateway/base/log.h"
#include "gateway/base/program_signature.h"
#include "gateway/checkout/rule_plugins.h"
#include "gateway/loyalty/gifts.h"
#include "gateway/loyalty/reach.h"
#include "store.h"

namespace till::app {
namespace {

namespace fs = std::filesystem;

Result<void> check_plugins(const Config& config, const std::vector<loyalty::PluginUse>& plugins) {
  for (const auto& plugin : plugins) {
    const auto device = std::ranges::find(config.devices, plugin.id,
                                          [](const DeviceSettings& d) { return d.device.id; });
    const auto manifest = device == config.devices.end()
                              ? Result<supervisor::Manifest>(fail(Code::kNoSuchDevice))
                              : supervisor::load_manifest(device->device.plugin);
    if (!manifest || std::ranges::find(manifest->verbs, "rule.evaluate") == manifest->verbs.end()) {
      return fail(Code::kProgramInvalid, config.program_file + ": plugins." + plugin.id +
                                             ": no device of this store answers rules by this id");
    }
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code none;
  if (!file && !fs::exists(path, none)) {
    return fail(Code::kConfigInvalid, path + ": there is no such file");
  }
  if (!file) return fail(Code::kBadFile, path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Result<loyalty::Program> read_program(const Config& config) {
  const auto& path = config.program_file;
  if (!config.program_keys.empty()) TILL_TRY(verify_program(path, config.program_keys));
  auto program = loyalty::Program::from_json(TILL_TRY(read_file(path)));
  if (!program) return in_file(path, program.error());
  TILL_CHECK(check_plugins(config, program->plan().plugins));
  return program;
}

Result<void> check_program(const loyalty::Program& program, const goods::Catalogue& goods) {
  TILL_CHECK(loyalty::check_reach(program.plan()));
  return loyalty::check_gifts(program, goods);
}

std::string Store::program_stamp() const {
  std::error_code bad;
  std::string stamp;
  for (const auto& file : {config_.program_file, config_.program_file + ".sig"}) {
    const auto time = fs::last_write_time(file, bad);
    stamp += std::to_string(bad ? 0 : time.time_since_epoch().count()) + "/";
    const auto size = fs::file_size(file, bad);
    stamp += std::to_string(bad ? 0 : size) + " ";
  }
  return stamp;
}

// The file was replaced: a newer version of the program takes its place at once. A quote that was
// shown stays as it is; anything else that is wrong is said once, and the old one goes on.
void Store::look_at_program() {
  auto stamp = program_stamp();
  if (stamp == program_seen_) return;
  program_seen_ = std::move(stamp);
  auto fresh = read_program(config_);
  if (fresh && fresh->id == program_.id && fresh->version <= program_.version) {
    if (fresh->to_json() == program_.to_json()) return;
    fresh = fail(Code::kProgramInvalid, config_.program_file + ": version " +
                                            std::to_string(fresh->version) +
                                            " is not newer than the one in force");
  }
  if (fresh) {
    if (auto sound = check_program(*fresh, goods_); !sound) {
      fresh = in_file(config_.program_file, sound.error());
    }
  }
  if (!fresh) {
    log_error("the loyalty program stays version {}: {}", program_.version,
              describe(fresh.error(), Language::kEn));
    metrics_.add("tillbridge_program_refused_total");
    return;
  }
  program_ = std::move(*fresh);
  journal_->keep_program(program_.id, program_.version, program_.to_json());
  log_info("the loyalty program is {} version {}", program_.id, program_.version);
  publish("", {{"type", "program"}, {"program", program_.id}, {"version", program_.version}});
}

void Store::quote(const Uuid& id, const std::optional<std::vector<loyalty::Payment>>& payments,
                  const std::function<void(Result<void>)>& reply, int tries) {
  const auto unchecked = [this](const std::optional<checkout::Sale>& sale) {
    return marking_ && sale && checkout::Desk::quotable(*sale) && !marking_->passed(*sale);
  };
  const auto check = [this, id, payments, reply, tries](const checkout::Sale& sale) {
    if (tries < 1) return reply(fail(Code::kMarkUnchecked));  // the basket changes all the time
    marking_->check(sale, [this, id, payments, reply, tries](const Result<void>& passed) {
      if (!passed) return reply(passed);
      quote(id, payments, reply, tries - 1);
    });
  };
  if (const auto sale = desk_->find(id); unchecked(sale)) return check(*sale);
  const auto done = [this, id, payments, reply, unchecked, check](RulePlugins::Answers answers) {
    if (const auto now = desk_->find(id); unchecked(now)) return check(*now);
    const auto quoted = desk_->quote(id, payments, std::move(answers));
    reply(quoted ? Result<void>() : std::unexpected(quoted.error()));
  };
  const auto& plan = program_.plan();
  const auto sale = desk_->find(id);
  const bool asks = sale && checkout::Desk::quotable(*sale) && !sale->lines.empty() &&
                    !plan.plugins.empty() && !plan.paused;
  if (!asks) return done({});
  const auto offset = utc_offset_min(clock_.unix_us()).value_or(plan.settings.utc_offset_min);
  const auto question = checkout::question_of(*sale, offset);
  rule_plugins_->ask(
      plan.plugins, *sale, offset,
      [this, id, payments, reply, tries, question, offset, done](RulePlugins::Answers answers) {
        // Answers are about the basket that was asked about.
        const auto now = desk_->find(id);
        if (!now || checkout::question_of(*now, offset) == question)
          return done(std::move(answers));
        if (tries > 1) return quote(id, payments, reply, tries - 1);
        for (auto& answer : answers) answer = {answer.plugin, false, {}, "late"};
        done(std::move(answers));
      });
}

}  // namespace till::app
