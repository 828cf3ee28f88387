// The measuring half of `./run bench spine`: prints one JSON line of figures. bench.py starts the
// shop around it and compares with the aims.
//
//   spine_bench scan URL_PORT TOKEN LISTEN_PORT N   scan byte in -> event at the till's WebSocket
//   spine_bench quote N                             a quote of 20 lines
//   spine_bench journal FOLDER SALES GROUP          durable sales against raw SQLite
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/system_clock.h"
#include "gateway/checkout/desk.h"
#include "gateway/journal/journal.h"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

double micros(Clock::duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

double percentile(std::vector<double>& v, double p) {
  std::ranges::sort(v);
  return v[std::min(v.size() - 1, static_cast<std::size_t>(p * static_cast<double>(v.size())))];
}

// Below kMaxPluginEventsPerSecond, above which a driver's events are dropped.
constexpr auto kScanPause = std::chrono::milliseconds(6);

int scan(int argc, char** argv) {
  if (argc < 6) return 2;
  const std::string port = argv[2], token = argv[3];
  const int rounds = std::atoi(argv[5]);
  asio::io_context io;
  // We are the scanner: the gateway's port connects to us.
  tcp::acceptor acceptor(
      io, {asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::atoi(argv[4]))});
  tcp::socket line = acceptor.accept();
  line.set_option(tcp::no_delay(true));
  tcp::resolver resolver(io);
  beast::websocket::stream<tcp::socket> events(io);
  asio::connect(events.next_layer(), resolver.resolve("127.0.0.1", port));
  events.next_layer().set_option(tcp::no_delay(true));
  events.set_option(beast::websocket::stream_base::decorator(
      [&](beast::websocket::request_type& r) { r.set("Authorization", "Bearer " + token); }));
  events.handshake("127.0.0.1:" + port, "/v1/events");
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // the driver is ready by then
  std::vector<double> us;
  beast::flat_buffer buffer;
  const std::string code = "4601234567893\r";
  for (int i = 0; i < rounds + 200; ++i) {
    const auto start = Clock::now();
    asio::write(line, asio::buffer(code));
    for (;;) {
      buffer.clear();
      events.read(buffer);
      if (beast::buffers_to_string(buffer.data()).find("\"scan\"") != std::string::npos) break;
    }
    if (i >= 200) us.push_back(micros(Clock::now() - start));
    std::this_thread::sleep_until(start + kScanPause);
  }
  std::printf("{\"p50\":%.1f,\"p99\":%.1f,\"n\":%d}\n", percentile(us, 0.5), percentile(us, 0.99),
              rounds);
  return 0;
}

till::loyalty::Program program() {
  return *till::loyalty::Program::from_json(
      R"({"id":"p","version":1,"redeem":{"max_share":"50"},
          "rules":[{"id":"gold","stage":"card","when":{"card_types":["gold"]},
          "give":{"percent":"3"}},{"id":"points","give":{"earn":{"percent":"5"}}}]})");
}

int quote(int argc, char** argv) {
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 20000;
  const auto p = program();
  till::loyalty::Basket basket;
  for (int i = 0; i < 20; ++i) {
    basket.lines.push_back({std::to_string(i),
                            till::Money{9990 + i * 37},
                            till::Quantity{1000 + i % 4 * 1000},
                            {},
                            till::goods::LegalClass::kNone,
                            false});
  }
  basket.customer = till::loyalty::Customer{{"c"}, "gold", till::Points{100'000}, true};
  basket.redeem = till::Points{10'000};
  std::vector<double> us;
  std::int64_t sum = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto start = Clock::now();
    sum += till::loyalty::quote(p, basket).total.minor;
    us.push_back(micros(Clock::now() - start));
  }
  std::printf("{\"p50\":%.2f,\"p99\":%.2f,\"n\":%d,\"check\":%ld}\n", percentile(us, 0.5),
              percentile(us, 0.99), rounds, static_cast<long>(sum / rounds));
  return 0;
}

// A register that is as fast as a call: what remains is the desk and the disk.
struct InstantRegister final : till::checkout::RegisterPort {
  explicit InstantRegister(std::deque<std::function<void()>>& q) : queue(q) {}
  std::deque<std::function<void()>>& queue;
  std::uint32_t documents = 0;
  void lock(std::function<void()> then) override { queue.push_back(std::move(then)); }
  void unlock() override {}
  [[nodiscard]] bool online() const override { return true; }
  void prepare(const till::FiscalReceipt&,
               till::checkout::Then<till::Result<till::Baseline>> then) override {
    then(till::Baseline{"9999078900000001", documents, "2026-11-22T12:00"});
  }
  void receipt(const till::AttemptKey&, const till::FiscalReceipt& r,
               till::checkout::Then<till::checkout::RegisterOutcome> then) override {
    then({till::checkout::Verdict::kDone,
          {"9999078900000001", ++documents, documents * 7919, 1, documents, "2026-11-22T12:00",
           r.total, r.witness},
          {},
          false});
  }
  void resolve(const till::FiscalReceipt&, const till::Baseline&,
               till::checkout::Then<till::Result<till::Resolution>>) override {}
  void recover(till::checkout::Then<till::Result<void>>) override {}
};
struct NoPoints final : till::checkout::PointsPort {
  void hold(const till::checkout::HoldAsk&,
            till::checkout::Then<till::Result<void>> then) override {
    then({});
  }
};

struct Figures {
  double sales_per_s = 0;
  double bytes_per_sale = 0;
};

// `group` tills pay at once; every sale is opened, filled, quoted, paid and committed on disk.
Figures durable_sales(const std::string& folder, int sales, int group, till::Clock& clock,
                      till::Random& random) {
  std::deque<std::function<void()>> queue;
  till::journal::Hooks hooks;
  hooks.post = [&](std::function<void()> f) { queue.push_back(std::move(f)); };
  hooks.encode = [](const till::checkout::Sale&, const till::checkout::Fact&) {
    return till::Buffer(200, 7);  // a sale's entry of three lines
  };
  hooks.fatal = [](const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::abort();
  };
  hooks.entries = [] {};
  till::journal::Journal journal(folder + "/sales.db", till::StoreId{"bench"}, std::move(hooks),
                                 clock, random);
  InstantRegister fiscal(queue);
  NoPoints points;
  const auto goods = *till::goods::Catalogue::from_json(
      R"({"schema":1,"items":[{"code":"1","name":"Кофе молотый 250 г","price":"399.90","tax":11},
          {"code":"2","name":"Хлеб ржаной","price":"54.50","tax":2},{"code":"3","name":"Молоко 1 л","price":"89.90","tax":2}]})");
  const auto p = program();
  till::checkout::Desk desk(
      [&](const till::TillId&, const std::string&) -> till::checkout::RegisterPort& {
        return fiscal;
      },
      points, journal,
      {[](const till::checkout::Sale&) {},
       [](const till::checkout::Sale&, const till::checkout::Settlement&) {},
       [](std::int64_t, const std::function<void()>&) {}},
      clock, random, goods, p);
  int done = 0;
  const auto start = Clock::now();
  for (int first = 0; first < sales; first += group) {
    for (int i = 0; i < group; ++i) {
      const auto id = *desk.open(till::TillId{"1"}, std::to_string(first + i), "Иванова");
      for (const char* code : {"1", "2", "3"}) (void)desk.add(id, code, till::Quantity{1000});
      const auto* quoted = *desk.quote(id);
      (void)desk.pay(id, quoted->quote_id, {{till::Tender::kElectronic, quoted->quote->total}},
                     [&](const till::checkout::Sale&) { ++done; });
    }
    while (!queue.empty()) {
      auto f = std::move(queue.front());
      queue.pop_front();
      f();
    }
  }
  const double seconds = micros(Clock::now() - start) / 1e6;
  if (done != sales) std::fprintf(stderr, "only %d of %d sales\n", done, sales);
  return {done / seconds, static_cast<double>(journal.database().bytes_bound()) / sales};
}

// The same bytes in the same group commits: the basket (soft), the intent and the commit (synced),
// one insert each, the log moved into the file as often. What SQLite itself can do.
double raw_sqlite(const std::string& folder, int sales, int group, int bytes_per_sale) {
  till::sqlite::Database db(folder + "/raw.db",
                            "CREATE TABLE r (id BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID", 2000);
  const till::Buffer body(static_cast<std::size_t>(bytes_per_sale / 3), 42);
  std::int64_t n = 0;
  const auto start = Clock::now();
  for (int first = 0; first < sales; first += group) {
    for (int step = 0; step < 3; ++step) {
      if (step < 2) db.exec(step == 0 ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL");
      till::sqlite::Transaction transaction(db);
      for (int i = 0; i < group; ++i) {
        till::Buffer id(16, 0);
        ++n;
        for (int k = 0; k < 8; ++k) {
          id[static_cast<std::size_t>(k)] = static_cast<std::uint8_t>(n >> (8 * (7 - k)));
        }
        db.run("INSERT INTO r VALUES (?, ?)", id, body);
      }
      transaction.commit();
      if (db.log_pages() > 4000) db.checkpoint();
    }
  }
  return sales / (micros(Clock::now() - start) / 1e6);
}

int journal(int argc, char** argv) {
  if (argc < 5) return 2;
  const std::string folder = argv[2];
  const int group = std::atoi(argv[4]);
  const int sales = std::atoi(argv[3]) / group * group;
  till::SystemClock clock;
  till::SystemRandom random;
  std::filesystem::create_directories(folder);
  const auto ours = durable_sales(folder, sales, group, clock, random);
  const double raw = raw_sqlite(folder, sales, group, static_cast<int>(ours.bytes_per_sale));
  std::printf("{\"sales_per_s\":%.0f,\"raw_per_s\":%.0f,\"bytes_per_sale\":%.0f,\"group\":%d}\n",
              ours.sales_per_s, raw, ours.bytes_per_sale, group);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  mallopt(M_TRIM_THRESHOLD, 4 << 20);  // as the daemon does
  if (what == "scan") return scan(argc, argv);
  if (what == "quote") return quote(argc, argv);
  if (what == "journal") return journal(argc, argv);
  std::fputs("spine_bench scan | quote | journal\n", stderr);
  return 2;
}
