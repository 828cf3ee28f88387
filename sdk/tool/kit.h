// The conformance kit: checks of one plugin package, each in a process of its own.
#pragma once

#include <tillbridge/plugin.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/supervisor/manifest.h"
#include "sdk/testkit/fake_host.h"
#include "sdk/testkit/recording.h"
#include "sdk/testkit/schema.h"

namespace till::kit {

namespace json = boost::json;
using testkit::FakeHost;
using testkit::FakeHostOptions;
using testkit::FakeOutcome;
using testkit::Recording;
using testkit::Seed;

enum class Status { kPass, kWarn, kSkip, kFail, kCrash, kTimeout };
const char* name(Status status);

// What ends a check early.
struct Failed {
  std::string words;
  // Where the rule stands and what to do, where these are not what the check says of most cases.
  std::string place = {}, fix = {};
};
struct Warned {
  std::string words;
};
struct Skipped {
  std::string words;
};

struct RecordingFile {
  std::string name;
  Recording recording;
};

// What lies in the plugin's folder, as far as it can be read; errors are kept for the check whose
// business they are.
struct Package {
  std::string folder;
  std::string schemas;  // folder with the verbs' schemas
  json::value manifest_json;
  Error manifest_error;
  std::string manifest_member;  // what is wrong, "limits.memory_mb: 8 to 1024"; "" = it is no JSON
  std::optional<supervisor::Manifest> manifest;
  std::vector<RecordingFile> recordings;
  std::vector<std::string> broken_recordings;  // "name: why"
  std::string address_folder, thread_folder;   // the same plugin built with a sanitizer, "" = none

  [[nodiscard]] std::string library() const { return folder + "/" + manifest->library; }
};
Package read_package(const std::string& folder, const std::string& schemas);
// Fails where no library lies beside the manifest, or something that is none.
void need_library(const Package& package);
std::string read_file(const std::string& path);
// A place for Failed: the part of a schema in the tool's share folder that `pointer` (RFC 6901)
// names, and in it the member at the head of `path` ("limits.memory_mb: 8 to 1024"), as deep as it
// goes.
std::string schema_place(const Package& package, const std::string& name, std::string pointer,
                         std::string_view path = "");
// The host extensions the gateway does not offer to a plugin with such a manifest.
std::set<std::string> not_given(const supervisor::Manifest& manifest);

// Which of the ways out a plugin gets: those of its manifest, as in a store, or port and HTTP both.
enum class Given { kByAccess, kEveryWayOut };

// What a check works with.
class Bench {
 public:
  Bench(const Package& package, std::uint64_t first) : package_(package), seed(first) {}

  const supervisor::Manifest& manifest() const;  // Skipped without one
  [[nodiscard]] const Package& package() const { return package_; }
  // The loaded library; Skipped when that is what does not work.
  const till_entry& entry();
  const till_factory& factory();
  // A valid configuration: the first recording's, or defaults and samples of what is required.
  json::object settings();
  // An active instance with its port open, Skipped when it does not come so far.
  std::unique_ptr<FakeHost> active(FakeHostOptions options = {}, Given given = Given::kByAccess);
  std::unique_ptr<FakeHost> created(FakeHostOptions options = {}, Given given = Given::kByAccess);
  // The same with a recording's settings, at its time.
  std::unique_ptr<FakeHost> recorded(const RecordingFile& file, FakeHostOptions options = {});
  // {"request","result"} or {"body"} of a verb or event; nothing for names of a vendor's own.
  std::optional<json::object> schema(const std::string& name);
  json::value sample(const std::string& verb, Seed& random);
  // Everything the plugin can do, on a device that is silent, noisy, gone and back; then the
  // recordings, each on an instance of its own. `look` sees every host after its part.
  void workout(const std::function<void(FakeHost&)>& look, const FakeHostOptions& options = {});
  // All recordings, each on an instance of its own.
  void replay(const std::function<void(FakeHost&, const RecordingFile&, std::size_t step,
                                       const std::string& complaint)>& look,
              const FakeHostOptions& options = {});
  void need_recordings() const;
  void need_verbs() const;
  // Fails when one of these rules was broken.
  void expect_no(FakeHost& host, const std::string& rule) const;

 private:
  const Package& package_;
  const till_entry* entry_ = nullptr;

 public:
  Seed seed;
};

struct Check {
  const char* id;
  const char* sentence;
  const char* place;  // where the rule stands
  const char* fix;
  void (*run)(Bench&);
};

// In the order they are run; parts in checks_*.cpp.
const std::vector<Check>& all_checks();
std::vector<Check> package_checks();
std::vector<Check> load_checks();
std::vector<Check> life_checks();
std::vector<Check> rule_checks();  // threads, memory
std::vector<Check> process_checks();
std::vector<Check> operation_checks();
std::vector<Check> fault_checks();
std::vector<Check> kind_checks();
std::vector<Check> sanitized_checks();

// A rule as it is told: the check's own, or that of the call the plugin did not return from.
struct Rule {
  std::string sentence, place, fix;
};

struct Verdict {
  const Check* check = nullptr;
  Status status = Status::kFail;
  std::string words;
  std::int64_t ms = 0;
  std::string call = {};             // it hung or died in: "activate", "perform of drawer.open"
  std::string place = {}, fix = {};  // instead of the check's, unless empty
  [[nodiscard]] Rule rule() const;
};
struct RunOptions {
  std::uint64_t seed = 1;
  int timeout_ms = 20'000;
  bool in_process = false;  // for a debugger
};
// Of the process a check runs in: how often it has forked (what it starts ends at once), and
// whether the fork is the kit's own.
extern int forks;
extern bool own_fork;
// A child of the gateway has its socket there. In a check's process it is one end of a pair, with a
// byte in it; `decoy` is the other end, -1 in the kit's own process.
inline constexpr int kHostSocket = 3;
extern int decoy;
// A sanitizer's own memory is many times the plugin's, and it opens files.
bool sanitized();

Verdict run_check(const Check& check, const Package& package, const RunOptions& options);
// For programs; what did not pass has its rule, place and fix.
json::object verdict_json(const Verdict& verdict);
// In a check's process: the call into the plugin that begins, "" behind it.
void in_call(const std::string& call);

// All checks of one package, one after another. What would only hang or die in the same call again
// is skipped with that reason, so that it ends in time.
class Course {
 public:
  Course(const Package& package, RunOptions options) : package_(package), options_(options) {}
  Verdict next(const Check& check);

 private:
  const Package& package_;
  RunOptions options_;
  std::string rest_;                 // why the others are skipped
  std::map<std::string, int> hung_;  // how often in "activate", "perform", …
};
bool passed(Status status);

}  // namespace till::kit
