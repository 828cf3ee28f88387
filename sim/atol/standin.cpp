// A stand-in for the vendor's libfptr10.so: the functions a host calls, with the virtual register
// behind them. The register's memory is the file named by FPTR_STANDIN_STATE, else
// one beside the library that ends in .state, or nothing outlives the process. fptr_standin() is
// the tests' hand: the verbs of sim/atol/control.h and
//   {"do":"reset","keep_time":true}    a new register with its shift closed, real time again
//   {"do":"time","ms":1800000000000}   local civil time stands there
//   {"do":"cut","at":3,"executed":true}   from now, the call after `at` others fails: it does not
//                                         arrive, or is executed and its answer is lost
//   {"do":"mend"}                      the line is back; {"was_cut"}
// A recording has no such hand: a task whose operator is called "LINE LOST" does not arrive.
#include <dlfcn.h>
#include <time.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>

#include "sim/atol/control.h"
#include "sim/base/codepage.h"

#define FPTR_EXPORT extern "C" __attribute__((visibility("default")))

namespace till::sim::atol {
namespace {

constexpr int kParamReceiptType = 65545, kParamDataType = 65587, kParamDocumentClosed = 65644,
              kParamJsonData = 65645, kParamDocumentPrinted = 65709;
constexpr int kDataReceiptState = 15;

std::string to_utf8_of(const wchar_t* wide) {
  std::u32string points;
  for (; wide != nullptr && *wide != 0; ++wide) points += static_cast<char32_t>(*wide);
  return to_utf8(points);
}

int copy_out(const std::string& utf8, wchar_t* out, int size) {
  const std::u32string points = code_points(utf8);
  const int wanted = static_cast<int>(points.size()) + 1;
  if (out != nullptr && size >= wanted) {
    for (size_t i = 0; i < points.size(); ++i) out[i] = static_cast<wchar_t>(points[i]);
    out[points.size()] = 0;
  }
  return wanted;
}

std::string memory_file() {
  if (const char* path = std::getenv("FPTR_STANDIN_STATE"); path != nullptr) return path;
  Dl_info self{};
  std::error_code none;
  if (::dladdr(reinterpret_cast<void*>(&memory_file), &self) == 0) return {};
  const std::string beside = std::string(self.dli_fname) + ".state";
  return std::filesystem::exists(beside, none) ? beside : std::string();
}

// The one register of the process and the line to it.
struct Standin {
  Standin() { reset(); }
  void reset() {
    printer.reset();
    memory.reset();
    if (const std::string path = memory_file(); !path.empty()) {
      auto file = FileFiscalMemory::open(path);
      if (!file) throw std::runtime_error(file.error());
      memory = std::move(*file);
    } else {
      memory = std::make_unique<RamFiscalMemory>();
    }
    printer = std::make_unique<FiscalPrinter>(*memory, now());
    calls = 0;
    cut_at.reset();
    was_cut = false;
  }
  Ms now() const {
    if (fixed) return *fixed;
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    const Ms utc = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    const time_t seconds = utc / 1000;
    tm local{};
    return ::localtime_r(&seconds, &local) == nullptr ? utc : utc + local.tm_gmtoff * 1000;
  }
  // One call that goes over the line: what the host is told of it.
  template <typename F>
  int over_the_line(F call) {
    const bool dead = was_cut || (cut_at && calls == *cut_at);
    ++calls;
    if (!dead) return call();
    const bool runs = !was_cut && executed;
    was_cut = true;
    if (runs) call();
    return runs ? kConnectionLost : kNoConnection;
  }

  std::unique_ptr<FiscalMemory> memory;
  std::unique_ptr<FiscalPrinter> printer;
  std::optional<Ms> fixed;
  int64_t calls = 0;
  std::optional<int64_t> cut_at;
  bool executed = false, was_cut = false;
};

Standin& standin() {
  static Standin one;
  return one;
}

struct Handle {
  bool open = false;
  int error = 0;
  std::map<int, std::string> strings;
  std::map<int, int64_t> numbers;

  int end(int code) {
    error = code;
    return code == kOk ? 0 : -1;
  }
  template <typename F>
  int device(F call) {
    if (!open) return end(1);
    return end(standin().over_the_line(call));
  }
};

bool loses_line(const json::object& task) {
  const auto* who = task.if_contains("operator");
  const auto* name =
      who != nullptr && who->is_object() ? who->get_object().if_contains("name") : nullptr;
  return name != nullptr && *name == "LINE LOST";
}

Handle& of(void* handle) { return *static_cast<Handle*>(handle); }

std::string control(const std::string& line) {
  Standin& s = standin();
  try {
    const json::object in = json::parse(line).as_object();
    const std::string verb = json::value_to<std::string>(in.at("do"));
    json::object out;
    if (verb == "reset") {
      if (!in.contains("keep_time")) s.fixed.reset();
      s.reset();
    } else if (verb == "time") {
      s.fixed = in.at("ms").to_number<int64_t>();
      s.printer->tick(*s.fixed);
    } else if (verb == "cut") {
      s.calls = 0;
      s.was_cut = false;
      s.cut_at = in.at("at").to_number<int64_t>();
      s.executed = in.at("executed").as_bool();
    } else if (verb == "mend") {
      out["was_cut"] = s.was_cut;
      s.cut_at.reset();
      s.was_cut = false;
    } else {
      out = obey(*s.printer, nullptr, s.now(), in);
    }
    out["was_cut"] =
        s.was_cut || (verb == "mend" && out.contains("was_cut") && out.at("was_cut").as_bool());
    out["ok"] = true;
    return json::serialize(out);
  } catch (const std::exception& e) {
    return json::serialize(json::object{{"ok", false}, {"error", e.what()}});
  }
}

}  // namespace
}  // namespace till::sim::atol

using namespace till::sim::atol;

FPTR_EXPORT const char* fptr_standin(const char* line) {
  static std::string answer;
  answer = control(line);
  return answer.c_str();
}

FPTR_EXPORT const char* libfptr_get_version_string() { return "10.9.0.0 stand-in"; }

FPTR_EXPORT int libfptr_create(void** handle) {
  *handle = new Handle;
  return 0;
}

FPTR_EXPORT void libfptr_destroy(void** handle) {
  delete static_cast<Handle*>(*handle);
  *handle = nullptr;
}

FPTR_EXPORT int libfptr_set_settings(void* handle, const wchar_t* settings) {
  boost::system::error_code bad;
  const json::value value = json::parse(to_utf8_of(settings), bad);
  return of(handle).end(bad || !value.is_object() ? 9 : kOk);
}

FPTR_EXPORT int libfptr_open(void* handle) {
  Handle& h = of(handle);
  const int error =
      standin().over_the_line([] { return standin().printer->powered() ? kOk : kNoConnection; });
  h.open = error == kOk;
  return h.end(error);
}

FPTR_EXPORT int libfptr_close(void* handle) {
  of(handle).open = false;
  return of(handle).end(kOk);
}

FPTR_EXPORT int libfptr_is_opened(void* handle) { return of(handle).open ? 1 : 0; }

FPTR_EXPORT int libfptr_error_code(void* handle) { return of(handle).error; }

FPTR_EXPORT int libfptr_error_description(void* handle, wchar_t* value, int size) {
  return copy_out(error_text(of(handle).error), value, size);
}

FPTR_EXPORT void libfptr_set_param_str(void* handle, int id, const wchar_t* value) {
  of(handle).strings[id] = to_utf8_of(value);
}

FPTR_EXPORT void libfptr_set_param_int(void* handle, int id, unsigned value) {
  of(handle).numbers[id] = value;
}

FPTR_EXPORT int libfptr_get_param_str(void* handle, int id, wchar_t* value, int size) {
  return copy_out(of(handle).strings[id], value, size);
}

FPTR_EXPORT unsigned libfptr_get_param_int(void* handle, int id) {
  return static_cast<unsigned>(of(handle).numbers[id]);
}

FPTR_EXPORT int libfptr_get_param_bool(void* handle, int id) {
  return of(handle).numbers[id] != 0 ? 1 : 0;
}

FPTR_EXPORT int libfptr_process_json(void* handle) {
  Handle& h = of(handle);
  boost::system::error_code bad;
  const json::value task = json::parse(h.strings[kParamJsonData], bad);
  if (bad || !task.is_object()) return h.end(kParseError);
  if (loses_line(task.get_object())) return h.end(kNoConnection);
  Outcome out;
  const int done = h.device([&] {
    out = standin().printer->run(standin().now(), task.get_object());
    return out.error;
  });
  h.strings[kParamJsonData] = done == 0 ? json::serialize(out.result) : "";
  return done;
}

FPTR_EXPORT int libfptr_check_document_closed(void* handle) {
  Handle& h = of(handle);
  bool closed = false, printed = false;
  const int done = h.device(
      [&] { return standin().printer->check_document_closed(standin().now(), closed, printed); });
  h.numbers[kParamDocumentClosed] = closed ? 1 : 0;
  h.numbers[kParamDocumentPrinted] = printed ? 1 : 0;
  return done;
}

FPTR_EXPORT int libfptr_continue_print(void* handle) {
  return of(handle).device([] { return standin().printer->continue_print(standin().now()); });
}

FPTR_EXPORT int libfptr_cancel_receipt(void* handle) {
  return of(handle).device([] { return standin().printer->cancel_receipt(standin().now()); });
}

FPTR_EXPORT int libfptr_query_data(void* handle) {
  Handle& h = of(handle);
  if (h.numbers[kParamDataType] != kDataReceiptState) return h.end(kNotSupported);
  int type = 0;
  const int done = h.device([&] { return standin().printer->receipt_type(standin().now(), type); });
  h.numbers[kParamReceiptType] = type;
  return done;
}
