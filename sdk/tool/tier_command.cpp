// The tier is computed from evidence, never typed.
//
//   bronze  every check that applies passes; README and owner are among them
//   silver  and it has recordings of its device with one operation done or one event, one failure,
//           and the line cut at every byte, lost and back, told once; a register has resolved a
//           receipt in doubt
#include <algorithm>
#include <cstdio>
#include <map>

#include "commands.h"
#include "kit.h"

namespace till::kit {
namespace {

struct Evidence {
  std::vector<Verdict> failed;
  std::vector<std::string> missing;
};

bool failure_path(const Recording& r) {
  return std::ranges::any_of(r.steps, [](const testkit::RecordedStep& s) {
    const bool refused = s.kind == testkit::RecordedStep::Kind::kPerform && s.status != TILL_DONE;
    const bool error = std::ranges::any_of(
        s.events, [](const testkit::FakeEvent& e) { return e.type == "input_error"; });
    return refused || error;
  });
}

bool success(const Recording& r) {
  return std::ranges::any_of(r.steps, [](const testkit::RecordedStep& s) {
    const bool done = s.kind == testkit::RecordedStep::Kind::kPerform && s.status == TILL_DONE;
    const bool event = std::ranges::any_of(
        s.events, [](const testkit::FakeEvent& e) { return e.type != "input_error"; });
    return done || event;
  });
}

Evidence look(const Package& package) {
  Evidence e;
  std::map<std::string, Verdict> verdicts;
  Course course(package, {});
  for (const Check& check : all_checks()) {
    const auto at = verdicts.emplace(check.id, course.next(check)).first;
    if (!passed(at->second.status)) e.failed.push_back(at->second);
  }
  // A check that was skipped proves nothing; why it was is what its author has to change.
  const auto need = [&](const char* id) {
    const Verdict& v = verdicts.at(id);
    if (v.status == Status::kSkip) e.missing.push_back(std::string(id) + ", skipped: " + v.words);
  };
  const auto record = [&](auto what, const std::string& how) {
    const bool any =
        std::ranges::any_of(package.recordings, [&](const auto& f) { return what(f.recording); });
    if (!any)
      e.missing.push_back("a recording of something that " + how + ": tillbridge-plugin record");
  };
  record(success, "works");
  record(failure_path, "fails");
  // What only listens, or goes by HTTP or a vendor's library, has no operation's bytes to cut.
  const auto& m = package.manifest;
  if (m && m->access == supervisor::Access::kPort && !m->verbs.empty()) need("faults.cut");
  if (m && m->kind == "register") need("kind.resolve");
  // A vendor's library that is not here leaves nothing to try.
  if (m && m->access == supervisor::Access::kDirect) need("life.settings");
  for (const char* id : {"faults.replay", "faults.reconnect", "kind.log_once"}) need(id);
  return e;
}

int tier(const std::string& folder, bool as_json, const std::string& schemas) {
  const Package package = read_package(folder, schemas);
  const Evidence e = look(package);
  const char* name = !e.failed.empty() ? "none" : !e.missing.empty() ? "bronze" : "silver";
  if (as_json) {
    json::array failed, why, missing;
    for (const auto& f : e.failed) {
      failed.push_back(f.check->id);
      why.push_back(verdict_json(f));
    }
    for (const auto& m : e.missing) missing.push_back(json::string(m));
    std::printf("%s\n", json::serialize(json::object{{"plugin", json::string(folder)},
                                                     {"tier", name},
                                                     {"failed", failed},
                                                     {"why", why},
                                                     {"missing", missing}})
                            .c_str());
  } else {
    std::printf("%s: %s\n", folder.c_str(), name);
    for (const auto& f : e.failed) {
      const Rule rule = f.rule();
      std::printf("  bronze needs: check %s, %s\n       %s\n       rule: %s\n       fix: %s\n",
                  f.check->id, rule.sentence.c_str(), f.words.c_str(), rule.place.c_str(),
                  rule.fix.c_str());
    }
    for (const auto& m : e.missing) std::printf("  silver needs: %s\n", m.c_str());
  }
  return e.failed.empty() ? 0 : 1;
}

}  // namespace

void add_tier(CLI::App& app, const std::string& share, int& result) {
  auto folder = std::make_shared<std::string>();
  auto as_json = std::make_shared<bool>(false);
  auto* c = app.add_subcommand("tier", "bronze or silver: computed from checks and recordings");
  c->add_option("folder", *folder, "folder with manifest.json and the library")->required();
  c->add_flag("--json", *as_json, "for programs");
  c->callback([=, &result] { result = tier(*folder, *as_json, share + "/schema"); });
}

}  // namespace till::kit
