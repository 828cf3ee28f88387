// A driver that does on command what no driver may: the lines it scans are its orders, anything
// else is a scan. Nobody ships it.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <tillbridge/sdk/scanner.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

constexpr int kHostSocket = 3;

void spin() {
  for (volatile bool forever = true; forever;) {
  }
}

// A frame written past the host: `type` and a body, with a sequence number of its own.
void raw_frame(std::uint16_t type, std::size_t size, std::uint32_t magic = 0x314c4254,
               std::uint32_t outside = 0, std::uint32_t seq = 1'000'000) {
  std::vector<std::uint8_t> bytes(24 + size, 'x');
  const auto put = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  };
  put(0, magic);
  put(4, type);                  // and no flags
  put(6, outside != 0 ? 1 : 0);  // the body is elsewhere
  put(8, outside != 0 ? outside : static_cast<std::uint32_t>(size));
  put(12, seq);
  send(kHostSocket, bytes.data(), bytes.size(), 0);
}

void eat() {
  for (std::vector<std::vector<char>> all;;) all.emplace_back(std::size_t{1} << 20, 'x');
}

void eat_like_c() {
  constexpr std::size_t kPart = std::size_t{1} << 20;
  for (;;) {
    auto* volatile part = static_cast<char*>(std::malloc(kPart));  // nobody looks at it
    for (std::size_t i = 0; i < kPart; i += 4096) part[i] = 'x';
  }
}

// In memory files: no limit of the process counts them.
void memory_files() {
  const std::vector<char> part(std::size_t{1} << 20, 'x');
  for (int i = 0; i < 20; ++i) {
    const int fd = memfd_create("held", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    for (int k = 0; fd >= 0 && k < 16; ++k) (void)!write(fd, part.data(), part.size());
  }
}

// In memory files that are closed, each kept by a page that is mapped and never touched.
void pinned_memory() {
  const std::vector<char> part(std::size_t{1} << 20, 'x');
  for (int i = 0; i < 20; ++i) {
    const int fd = memfd_create("pinned", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    for (int k = 0; fd >= 0 && k < 16; ++k) (void)!write(fd, part.data(), part.size());
    (void)mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
  }
}

// On a thread of its own, so that input is handled meanwhile.
template <typename F>
void for_ever(F work) {
  std::thread([work] {
    for (;;) work();
  }).detach();
}

bool can_open(const char* path, int how) {
  const int fd = open(path, how | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

bool can_share(std::size_t bytes) {
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at != MAP_FAILED) munmap(at, bytes);
  return at != MAP_FAILED;
}

// A step of its start that never ends: the one its file is called after, "slow_create.so".
void maybe_slow(const std::string& step) {
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&maybe_slow), &self) == 0) return;
  if (std::string(self.dli_fname).ends_with("/slow_" + step + ".so")) {
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

till::json::array environment() {
  till::json::array names;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string_view entry = *e;
    names.emplace_back(till::json::string(entry.substr(0, entry.find('='))));
  }
  return names;
}

// What is within reach of a plugin's code.
till::json::object reach() {
  int fds = 0;
  for (int fd = 0; fd < 64; ++fd) fds += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  const int line = socket(AF_INET, SOCK_STREAM, 0);
  return {{"descriptors", fds},
          {"socket", line >= 0},
          {"passwd", can_open("/etc/passwd", O_RDONLY)},
          {"tmp", can_open("/tmp/tillbridge-bad-scanner", O_WRONLY | O_CREAT)},
          {"libraries", can_open("/usr/lib", O_RDONLY | O_DIRECTORY)},
          {"secret", std::getenv("TILL_TEST_SECRET") != nullptr},
          {"nice", getpriority(PRIO_PROCESS, 0)},
          {"shared", can_share(std::size_t{4} << 30)}};
}

class BadScanner final : public till::Scanner {
 public:
  BadScanner() { maybe_slow("create"); }
  till::Result<void> activate(const till::json::object&) override {
    maybe_slow("activate");
    return {};
  }
  till::OperationResult perform(const till::Operation& operation) override {
    if (operation.verb == "test.size") {
      return {TILL_DONE, {{"size", till::json::serialize(operation.body).size()}}, {}, false};
    }
    if (operation.verb == "test.thread") return {TILL_DONE, {{"same", on_device()}}, {}, false};
    if (operation.verb == "test.write") {
      const till::Buffer all(static_cast<std::size_t>(operation.body.at("bytes").as_int64()), 'w');
      const auto result = port().write(all, operation.deadline_ms);
      return {result ? TILL_DONE : TILL_IN_DOUBT, till::json::object{}, {}, false};
    }
    if (operation.verb == "test.sleep") {  // for long, unless it is cancelled
      if (sleep(4000)) return done({});
      return {TILL_REFUSED, {}, {till::Code::kCancelled, {}, {}}, false};
    }
    if (operation.verb == "test.spin") spin();
    if (operation.verb == "test.crash") std::raise(SIGSEGV);
    if (operation.verb == "test.reach") return {TILL_DONE, reach(), {}, false};
    if (operation.verb == "test.environment") return done({{"names", environment()}});
    if (operation.verb == "test.kept") {
      const auto value = state().get("it");
      return done({{"code", code(value)}, {"value", value.value_or("")}});
    }
    if (operation.verb == "test.keep") {
      return done({{"code", code(state().set("it", operation.body.at("value").as_string()))}});
    }
    if (operation.verb == "drawer.status") return done({{"open", "yes"}});
    if (operation.verb == "test.progress") return report(operation.body);
    return till::unsupported(operation.verb);
  }

 private:
  till::LineSplitter lines_{'\r', till::kMaxScanBytes};
  bool foreign_ = false;
  std::thread::id device_ = std::this_thread::get_id();  // the one that created it

  static till::OperationResult done(till::json::object result) {
    return {TILL_DONE, std::move(result), {}, false};
  }
  template <typename T>
  static int code(const till::Result<T>& result) {
    return result ? 0 : static_cast<int>(result.error().code);
  }
  // The C table itself: the SDK leaves out what would go back.
  till::OperationResult report(const till::json::object& body) {
    const auto* table =
        static_cast<const till_progress*>(host()->get_extension(host(), TILL_PROGRESS_ID));
    for (const auto& step : body.at("steps").as_array()) {
      table->report(host(), static_cast<std::uint32_t>(step.as_int64()));
    }
    if (const auto* ms = body.if_contains("wait_ms"))
      sleep(static_cast<std::uint32_t>(ms->as_int64()));
    return done({});
  }
  bool on_device() const { return device_ == std::this_thread::get_id(); }
  void on_port(bool) override {
    if (!on_device()) std::abort();
  }
  void on_input(till::Bytes chunk) override {
    for (const auto& line : lines_.feed(chunk)) order(line);
  }
  using Orders = std::map<std::string, std::function<void()>>;

  // What a plugin can say to its host.
  Orders orders_said() {
    return {
        {"huge event", [] { raw_frame(8, 0, 0x314c4254, 15U << 20); }},
        {"long event", [this] { emit(till::Scan{.raw = std::string(100'000, '1')}); }},
        {"no event",
         [this] {
           const auto* table =
               static_cast<const till_events*>(host()->get_extension(host(), TILL_EVENTS_ID));
           table->emit(host(), nullptr, "{}", 2);
         }},
        {"rules",
         [this] {
           for (int i = 0; i < 100'000; ++i) Plugin::emit("undeclared", till::json::object{});
         }},
        {"progress",
         [this] {
           const auto* table =
               static_cast<const till_progress*>(host()->get_extension(host(), TILL_PROGRESS_ID));
           for (int i = 0; i < 100'000; ++i) table->report(host(), 7);
         }},
        {"forge", [this] { log(TILL_LOG_ERROR, "hello\n2026-01-01 error FORGED\x1b[2J\xff"); }},
    };
  }

  // What its code can do beside it.
  Orders orders_done() {
    return {
        {"memory files", memory_files},
        {"pinned memory", pinned_memory},
        {"frames", [this] { for_ever([this] { port().point_of_no_return(); }); }},
        {"debug", [this] { for_ever([this] { log(TILL_LOG_DEBUG, "x"); }); }},
        {"words",
         [] {
           for_ever([] {
             static const std::string kWords(4000, 'x');
             (void)!write(STDOUT_FILENO, kWords.data(), kWords.size());
           });
         }},
        {"last words",
         [] {
           std::fputs("last words without a newline", stderr);
           std::abort();
         }},
        {"empty frame", [] { send(kHostSocket, "", 0, 0); }},
        {"close", [] { close(kHostSocket); }},
        {"steal",
         [] {
           std::thread([] {
             char part[4096];
             (void)!recv(kHostSocket, part, sizeof part, 0);
           }).detach();
         }},
        {"foreign",
         [this] {
           foreign_ = host()->get_extension(host(), TILL_HTTP_ID) != nullptr;
           emit(till::Scan{.raw = foreign_ ? "http" : "no http"});
         }},
        {"spin", spin},
        {"busy",
         [] {  // so many that they have their core whatever else runs here
           for (int i = 0; i < 40; ++i) std::thread(spin).detach();
         }},
        {"sleep", [] { std::this_thread::sleep_for(std::chrono::hours(1)); }},
        {"crash", [] { std::raise(SIGSEGV); }},
        {"exit", [] { std::exit(0); }},
        {"throw", [] { throw std::runtime_error("thrown by a driver"); }},
        {"throw past", [] { std::thread([] { throw std::runtime_error("nobody"); }).join(); }},
        {"stdout", [] { std::puts("words on stdout"), std::fflush(stdout); }},
        {"fork",
         [] {
           if (fork() == 0) _exit(0);
         }},
        {"bad frame", [] { raw_frame(2, 10, 0xdeadbeef); }},
        {"huge frame", [] { raw_frame(2, 70000); }},
        {"complete twice", [] { raw_frame(6, 10); }},
        {"eat", eat},
        {"eat like C", eat_like_c},
        {"bad event", [this] { Plugin::emit("nobody_declared_it", till::json::object{}); }},
        {"flood",
         [this] {
           for (int i = 0; i < 5000; ++i) emit(till::Scan{.raw = "flood"});
         }},
        {"log flood",
         [this] {
           for (int i = 0; i < 5000; ++i) log(TILL_LOG_INFO, "flood");
         }},
    };
  }

  void order(const std::string& line) {
    Orders all = orders_said();
    all.merge(orders_done());
    // "forge 17 4": a frame of that type as the host's next one, the fourth, would be.
    std::uint16_t type = 0;
    std::uint32_t seq = 0;
    if (std::sscanf(line.c_str(), "forge %hu %u", &type, &seq) == 2) {
      return raw_frame(type, 10, 0x314c4254, 0, seq);
    }
    // "unpaid 4": more bytes for the port than it has credit for, from the fourth frame on.
    if (std::sscanf(line.c_str(), "unpaid %u", &seq) == 1) {
      constexpr std::uint16_t kPortOut = 13;
      for (std::uint32_t i = 0; i < 20; ++i) raw_frame(kPortOut, 60'000, 0x314c4254, 0, seq + i);
      return;
    }
    const auto at = all.find(line);
    if (at == all.end()) return emit(till::Scan{.raw = line});
    at->second();
  }
};

namespace as_it_should_be {
TILLBRIDGE_PLUGIN(BadScanner)
}

[[maybe_unused]] const bool g_loaded = (maybe_slow("load"), true);

}  // namespace

const till_entry tillbridge_entry = {
    sizeof(till_entry),
    TILL_ABI_MAJOR,
    0,
    [](const char* folder) noexcept {
      maybe_slow("init");
      return as_it_should_be::tillbridge_entry.init(folder);
    },
    []() noexcept {},
    [](const char* id) noexcept { return till::detail::get_factory(id); }};
