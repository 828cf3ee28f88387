// What one 20-line receipt costs a register's line and the driver's processor: the driver against
// the virtual register in one process, so nothing but their own work is timed.
//   fiscal_bench                   prints that as JSON
//   fiscal_bench replay tcp PORT   says the same bytes to a register on a line, with nothing behind
//   fiscal_bench replay pty PATH   them; prints the microseconds a receipt takes so (the median)
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <iostream>

#include "sdk/cpp/fiscal.h"
#include "sdk/testkit/fake_host.h"
#include "sim/register/register.h"

namespace till {
namespace {

namespace json = boost::json;
using Steady = std::chrono::steady_clock;

struct World : sim::RegisterWorld {
  void command_received(std::uint16_t) override { ++commands; }
  sim::FiscalVerdict fiscal_moment(bool) override { return {}; }
  void print(const sim::Slip&) override {}
  std::size_t commands = 0;
};

FiscalReceipt receipt_of(std::size_t lines) {
  FiscalReceipt r;
  r.witness = "0190b3c2-0000-7000-8000-000000000001/1";
  for (std::size_t i = 0; i < lines; ++i) {
    r.lines.push_back({.name = "Кофе молотый 250 г, позиция " + std::to_string(i),
                       .price = {39990},
                       .quantity = {1000},
                       .sum = {39990},
                       .tax = {TaxKind::kRate, {2200}}});
    r.total += r.lines.back().sum;
  }
  r.payments = {{Tender::kElectronic, r.total}};
  r.cashier.name = "Иванова А. А.";
  return r;
}

// What was written in one piece, and how much the register answered before the next piece.
struct Said {
  Buffer bytes;
  std::size_t answer = 0;
};

// One receipt of so many lines on a fresh register; the driver's own time in microseconds.
json::object sell(std::size_t lines, bool numbered, std::vector<Said>* dialogue = nullptr) {
  sim::RamFiscalMemory memory;
  World world;
  testkit::FakeHost host;
  sim::RegisterOptions options;
  options.print_ms = 0;
  options.exec_ms = options.fiscal_exec_ms = 0;
  if (numbered) options.protocols = sim::Protocols::kNumbered;
  sim::Register device(options, memory, world, host.now_us / 1000);
  device.open_shift(host.now_us / 1000);
  Steady::duration in_device{};
  const auto timed = [&](const auto& work) {
    const auto from = Steady::now();
    work();
    in_device += Steady::now() - from;
  };
  const auto answer = [&] {
    const Buffer out = device.take_output();
    if (dialogue != nullptr && !dialogue->empty()) dialogue->back().answer += out.size();
    if (!out.empty()) host.device_says(out);
  };
  host.set_device([&](Bytes bytes) {
    if (dialogue != nullptr) dialogue->push_back({{bytes.begin(), bytes.end()}});
    timed([&] { device.receive(host.now_us / 1000, bytes); });
    answer();
  });
  host.set_clock([&](std::int64_t) {
    timed([&] { device.tick(host.now_us / 1000); });
    answer();
    const auto due = device.next_due();
    return due ? std::optional(*due * 1000) : std::nullopt;
  });
  host.activate({{"protocol", numbered ? "2" : "1"}});
  host.perform("fiscal.status");  // finds the protocol
  // What precedes every receipt: may it be made, and what stands in the memory before it.
  const auto idle = host.written() + host.bytes_read();
  world.commands = 0;
  if (dialogue != nullptr) dialogue->clear();
  host.perform("fiscal.status");
  host.perform("fiscal.baseline");
  const auto prepare_commands = world.commands;
  const auto prepare_bytes = host.written() + host.bytes_read() - idle;
  const json::object body{{"receipt", to_json(receipt_of(lines))}};
  const auto written = host.written(), read = host.bytes_read();
  world.commands = 0;
  in_device = {};
  const auto from = Steady::now();
  const auto out = host.perform("fiscal.receipt", body);
  const auto all = Steady::now() - from;
  if (out.status != TILL_DONE) throw std::runtime_error(out.error.detail);
  return {{"commands", world.commands},
          {"bytes", host.written() - written + host.bytes_read() - read},
          {"prepare_commands", prepare_commands},
          {"prepare_bytes", prepare_bytes},
          {"driver_us", std::chrono::duration<double, std::micro>(all - in_device).count()}};
}

double median(std::size_t lines, bool numbered) {
  std::vector<double> times;
  times.reserve(101);
  for (int i = 0; i < 101; ++i) times.push_back(sell(lines, numbered).at("driver_us").as_double());
  std::ranges::nth_element(times, times.begin() + 50);
  return times[50];
}

int open_line(std::string_view kind, const std::string& where) {
  if (kind == "pty") {
    const int fd = open(where.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    termios t{};
    if (fd < 0 || tcgetattr(fd, &t) != 0) return -1;
    cfmakeraw(&t);
    return tcsetattr(fd, TCSANOW, &t) == 0 ? fd : -1;
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(where)));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ? fd : -1;
}

void say(int fd, const Said& said) {
  if (write(fd, said.bytes.data(), said.bytes.size()) != std::ssize(said.bytes)) {
    throw std::runtime_error("the line takes nothing");
  }
  std::array<char, 4096> answer;
  for (std::size_t got = 0; got < said.answer;) {
    pollfd ready{fd, POLLIN, 0};
    if (poll(&ready, 1, 5000) != 1) throw std::runtime_error("the register does not answer");
    const auto n = read(fd, answer.data(), answer.size());
    if (n <= 0) throw std::runtime_error("the line is gone");
    got += static_cast<std::size_t>(n);
  }
}

double replay(std::string_view kind, const std::string& where) {
  std::vector<Said> dialogue;
  sell(20, false, &dialogue);
  const int fd = open_line(kind, where);
  if (fd < 0) throw std::runtime_error("no line at " + where);
  std::vector<double> times;
  times.reserve(61);
  for (int i = 0; i < 61; ++i) {
    const auto from = Steady::now();
    for (const auto& said : dialogue) say(fd, said);
    times.push_back(std::chrono::duration<double, std::micro>(Steady::now() - from).count());
  }
  close(fd);
  std::ranges::nth_element(times, times.begin() + 30);
  return times[30];
}

}  // namespace
}  // namespace till

int main(int argc, char** argv) try {
  if (argc == 4 && std::string_view(argv[1]) == "replay") {
    std::cout << till::replay(argv[2], argv[3]) << "\n";
    return 0;
  }
  boost::json::object out;
  for (const bool numbered : {false, true}) {
    auto twenty = till::sell(20, numbered), ten = till::sell(10, numbered);
    const auto commands = [](const auto& r) {
      return r.at("commands").template to_number<double>();
    };
    twenty["per_line"] = (commands(twenty) - commands(ten)) / 10;
    twenty["driver_us"] = till::median(20, numbered);
    out[numbered ? "protocol2" : "protocol1"] = twenty;
  }
  std::cout << boost::json::serialize(out) << "\n";
} catch (const std::exception& e) {
  std::cerr << e.what() << "\n";
  return 1;
}
