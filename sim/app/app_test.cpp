// The program itself: started, talked to over its ptys, ports and the control socket, ended.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "sim/app/phone.h"
#include "sim/app/system.h"

namespace till::sim {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kPatienceMs = 10000;

// At least `size` bytes, or what came before the patience or the line ended.
Bytes read_bytes(const Fd& fd, size_t size, int patience = kPatienceMs) {
  Bytes all;
  while (all.size() < size) {
    pollfd p{fd.get(), POLLIN, 0};
    if (::poll(&p, 1, patience) <= 0) break;
    const auto part = read_some(fd, size - all.size());
    if (!part) break;
    append(all, *part);
  }
  return all;
}

Fd connect_tcp(int64_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < kPatienceMs / 10; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

struct AppTest : testing::Test {
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);  // a line that ended is an error here, no death
    dir = testing::TempDir() + "till_sim_" + std::to_string(::getpid());
    fs::remove_all(dir);
    start();
  }
  void TearDown() override {
    stop();
    fs::remove_all(dir);
  }

  void start(const std::vector<const char*>& more = {}) {
    std::vector<const char*> words = {"tillbridge-sim", "--dir", dir.c_str(), "--seed", "7"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(nullptr);
    int out[2];
    ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
    child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // left behind by no crash
      ::dup2(out[1], 1);
      ::execv(TILL_SIM_PROGRAM, const_cast<char**>(words.data()));
      ::_exit(127);
    }
    ::close(out[1]);
    const Fd pipe(out[0]);
    const Bytes line = read_bytes(pipe, 6);
    ASSERT_EQ(std::string(line.begin(), line.end()), "ready\n");
    control = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = dir + "/control.sock";
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::connect(control.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  void stop() {
    if (child <= 0) return;
    ::kill(child, SIGTERM);
    int status = -1;
    ::waitpid(std::exchange(child, -1), &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_FALSE(fs::exists(fs::symlink_status(dir + "/dev/register")));
  }

  json::object say(const std::string& line) {
    EXPECT_TRUE(write_some(control, view_of(line + "\n")));
    std::string answer;
    while (!answer.ends_with('\n')) {
      const Bytes one = read_bytes(control, 1);
      if (one.empty()) return {};
      answer += static_cast<char>(one[0]);
    }
    return json::parse(answer).as_object();
  }
  bool does(const std::string& line) { return say(line).at("ok").as_bool(); }

  Fd device(const std::string& name) {
    return Fd(::open((dir + "/dev/" + name).c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  }
  int64_t port(const std::string& name) {
    return json::parse(slurp(dir + "/ports.json")).as_object().at(name).as_int64();
  }
  static void put(const Fd& fd, const std::string& hex) {
    const Bytes bytes = from_hex(hex).value();
    EXPECT_EQ(write_some(fd, bytes), bytes.size());
  }
  // One command of the register; the answer's payload.
  static std::string ask(const Fd& fd, const std::string& frame) {
    put(fd, "05");
    EXPECT_EQ(to_hex(read_bytes(fd, 1)), "15");
    put(fd, frame);
    EXPECT_EQ(to_hex(read_bytes(fd, 1)), "06");
    const Bytes head = read_bytes(fd, 2);
    if (head.size() < 2) return "none";
    const Bytes rest = read_bytes(fd, head[1] + 1U);
    put(fd, "06");
    return to_hex(View(rest).first(head[1]));
  }

  std::string dir;
  pid_t child = -1;
  Fd control;
};

const char* const kOpenShift = "02 05 E0 1E 00 00 00 FB";
const char* const kOpenSale = "02 06 8D 1E 00 00 00 00 95";
const char* const kCoffee =
    "02 24 FF 46 1E 00 00 00 01 80 84 1E 00 00 00 10 27 00 00 00 20 4E 00 00 00 FF FF FF FF FF 01 "
    "01 04 01 CA EE F4 E5 0E";
std::string pay_250_cash() {
  std::string hex = "02 76 FF 45 1E 00 00 00 A8 61 00 00 00";
  for (int i = 0; i < 106; ++i) hex += "00";
  return hex + "01 1A";
}

TEST_F(AppTest, ScannerAndReaderSpeak) {
  const Fd scanner = device("scanner");
  ASSERT_TRUE(scanner);
  std::this_thread::sleep_for(100ms);  // the pty's host is seen
  EXPECT_TRUE(does(R"({"do":"scan","data":"4601234567893"})"));
  EXPECT_EQ(to_hex(read_bytes(scanner, 17)),
            "5D453034363031323334353637383933"
            "0D");
  const Fd reader = connect_tcp(port("reader"));
  ASSERT_TRUE(reader);
  std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(does(R"({"do":"swipe","track2":"70001=99"})"));
  const Bytes swipe = read_bytes(reader, 11);
  EXPECT_EQ(std::string(swipe.begin(), swipe.end()), ";70001=99?\r");
  EXPECT_FALSE(does(R"({"do":"scan"})"));
  EXPECT_FALSE(does(R"({"do":"dance"})"));
  EXPECT_FALSE(does("nonsense"));
}

TEST_F(AppTest, SellsLeavesPaperAndRemembers) {
  const Fd fr = device("register");
  ASSERT_TRUE(fr);
  EXPECT_EQ(ask(fr, kOpenShift), "E0001E");
  EXPECT_TRUE(eventually([&] { return ask(fr, kOpenSale) == "8D001E"; }));  // printed
  EXPECT_EQ(ask(fr, kCoffee), "FF4600");
  EXPECT_EQ(ask(fr, pay_250_cash()).substr(0, 24), "FF4500881300000003000000");
  const auto documents = say(R"({"do":"register.documents"})").at("documents").as_array();
  ASSERT_EQ(documents.size(), 3U);
  EXPECT_EQ(documents[2].at("total").as_int64(), 20000);
  const std::string sheet = dir + "/register/paper/fd-000003";
  EXPECT_TRUE(eventually([&] { return fs::exists(sheet + ".png"); }));
  EXPECT_NE(slurp(sheet + ".txt").find("ИТОГ"), std::string::npos);
  stop();
  start();
  const auto state = say(R"({"do":"register.state"})");
  EXPECT_EQ(state.at("last_fd").as_int64(), 3);
  EXPECT_TRUE(state.at("shift_open").as_bool());
}

TEST_F(AppTest, ACutLineLeavesAPendingAnswer) {
  Fd fr = connect_tcp(port("register"));
  ASSERT_TRUE(fr);
  ask(fr, kOpenShift);
  EXPECT_TRUE(eventually([&] { return ask(fr, kOpenSale) == "8D001E"; }));
  ask(fr, kCoffee);
  EXPECT_TRUE(does(R"({"do":"register.fault","when":"fiscal","what":"cut","ms":100})"));
  put(fr, "05");
  EXPECT_EQ(to_hex(read_bytes(fr, 1)), "15");
  put(fr, pay_250_cash());
  EXPECT_EQ(to_hex(read_bytes(fr, 100)), "06");  // and the end of the line
  EXPECT_TRUE(eventually([&] {
    fr = connect_tcp(port("register"));
    return static_cast<bool>(fr);
  }));
  put(fr, "05");
  const Bytes again = read_bytes(fr, 20);
  EXPECT_EQ(to_hex(again).substr(0, 14), "060210FF450088");
  put(fr, "06");
  EXPECT_EQ(say(R"({"do":"register.state"})").at("last_fd").as_int64(), 3);
}

TEST_F(AppTest, CablesComeAndGo) {
  Fd fr = device("register");
  ASSERT_TRUE(fr);
  const Fd tcp = connect_tcp(port("register"));
  EXPECT_TRUE(does(R"({"do":"register.pull"})"));
  EXPECT_FALSE(fs::exists(fs::symlink_status(dir + "/dev/register")));
  EXPECT_FALSE(connect_tcp(port("register")));
  EXPECT_TRUE(read_bytes(fr, 1).empty());
  EXPECT_TRUE(read_bytes(tcp, 1).empty());
  EXPECT_TRUE(does(R"({"do":"register.plug"})"));
  fr = device("register");
  put(fr, "05");
  EXPECT_EQ(to_hex(read_bytes(fr, 1)), "15");
}

TEST_F(AppTest, ForeignSalesAndZ) {
  EXPECT_TRUE(does(R"({"do":"register.foreign","total":12345})"));
  EXPECT_FALSE(does(R"({"do":"register.foreign","total":-1})"));
  EXPECT_TRUE(does(R"({"do":"register.z"})"));
  const auto refused = say(R"({"do":"register.z"})");
  EXPECT_FALSE(refused.at("ok").as_bool());
  EXPECT_EQ(say(R"({"do":"register.state"})").at("last_fd").as_int64(), 4);
}

TEST_F(AppTest, PaperWithoutPictures) {
  EXPECT_FALSE(does(R"({"do":"pictures"})"));
  EXPECT_TRUE(does(R"({"do":"pictures","on":false})"));
  EXPECT_TRUE(does(R"({"do":"datecs.foreign","total":410})"));
  const std::string paper = dir + "/datecs/paper/fd-00000";
  EXPECT_TRUE(eventually([&] { return fs::exists(paper + "2.txt"); }));
  EXPECT_TRUE(does(R"({"do":"datecs.foreign","total":420})"));
  EXPECT_TRUE(eventually([&] { return fs::exists(paper + "3.txt"); }));
  EXPECT_TRUE(does(R"({"do":"pictures","on":true})"));
  EXPECT_TRUE(does(R"({"do":"datecs.foreign","total":430})"));
  EXPECT_TRUE(eventually([&] { return fs::exists(paper + "4.png"); }));
  EXPECT_FALSE(fs::exists(paper + "2.png"));
}

// The same verbs for the Datecs printer, over its pty and its port.
TEST_F(AppTest, PaperEndsAtALineOfADocument) {
  EXPECT_TRUE(does(R"({"do":"register.config","print_ms":0})"));
  EXPECT_TRUE(does(R"({"do":"register.paper","state":"out","during":"print","line":4})"));
  EXPECT_TRUE(does(R"({"do":"register.open_shift"})"));
  EXPECT_TRUE(eventually([&] {
    const auto state = say(R"({"do":"register.state"})");
    return state.at("paper") == "out" && state.at("printed_lines") == 4;
  }));
  EXPECT_TRUE(does(R"({"do":"datecs.paper","state":"out","during":"print","line":4})"));
  EXPECT_TRUE(does(R"({"do":"datecs.foreign","total":410})"));
  EXPECT_TRUE(eventually([&] { return say(R"({"do":"datecs.state"})").at("paper") == "out"; }));
  EXPECT_FALSE(does(R"({"do":"datecs.paper","state":"out","line":4})"));
}

// A misspelt member would leave a test without the fault it asked for.
TEST_F(AppTest, NamesTheMemberNobodyReads) {
  for (const auto& [line, member] : std::map<std::string, std::string>{
           {R"({"do":"datecs.config","memory_hold":5})", "memory_hold"},
           {R"({"do":"register.paper","state":"out","during":"print","row":3})", "row"},
           {R"({"do":"register.fault","what":"cut","when":"fiscal","delay":3})", "delay"},
           {R"({"do":"register.foreign","items":[{"price":5,"count":2}]})", "count"},
           {R"({"do":"register.z","at":1})", "at"},
           {R"({"do":"atol.hold","seconds":1})", "seconds"},
           {R"({"do":"atol.pull","ms":1})", "ms"},
           {R"({"do":"scan","data":"1","suffix":"","prefix":""})", "prefix"}}) {
    const auto answer = say(line);
    EXPECT_FALSE(answer.at("ok").as_bool()) << line;
    if (const auto* error = answer.if_contains("error")) {
      EXPECT_EQ(error->as_string(), "no such member: " + member) << line;
    }
  }
  EXPECT_EQ(say(R"({"do":"register.state"})").at("faults").as_int64(), 0);
}

TEST_F(AppTest, TheRegisterSpeaksTheProtocolItIsGiven) {
  stop();
  const std::string sync = "8F 00 00 0F 1D";
  start({"--register-protocol", "both"});
  const Fd both = device("register");
  put(both, "05");
  EXPECT_EQ(to_hex(read_bytes(both, 1)), "15");
  stop();
  start({"--register-protocol", "numbered"});
  const Fd numbered = device("register");
  put(numbered, "05");
  put(numbered, sync);
  EXPECT_EQ(to_hex(read_bytes(numbered, 1)), "8F");
}

TEST_F(AppTest, DatecsSpeaksAndIsScripted) {
  const Fd pty = device("datecs");
  ASSERT_TRUE(pty);
  put(pty, "01 24 21 71 05 30 30 3B 3B 03");  // the last document's number
  EXPECT_EQ(to_hex(read_bytes(pty, 24)).substr(0, 24), "013221713030303030303104");
  EXPECT_TRUE(does(R"({"do":"datecs.foreign","total":410})"));
  EXPECT_FALSE(does(R"({"do":"datecs.foreign","total":0})"));
  EXPECT_TRUE(does(R"({"do":"datecs.foreign","op":"return","items":[{"price":5}]})"));
  EXPECT_TRUE(does(R"({"do":"datecs.z"})"));
  EXPECT_TRUE(does(R"({"do":"datecs.paper","state":"out"})"));
  EXPECT_FALSE(does(R"({"do":"datecs.z"})"));
  EXPECT_TRUE(does(R"({"do":"datecs.paper","state":"ok"})"));
  EXPECT_TRUE(does(R"({"do":"datecs.clock","offset_s":3600})"));
  EXPECT_TRUE(does(R"({"do":"datecs.config","line_ms":1,"journal_shows_paper":false})"));
  const auto all = say(R"({"do":"datecs.documents"})").at("documents").as_array();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[1].at("total").as_int64(), 410);
  EXPECT_EQ(all[3].at("kind").as_string(), "z");
  EXPECT_TRUE(eventually([&] { return fs::exists(dir + "/datecs/paper/fd-000004.png"); }));
  EXPECT_NE(say(R"({"do":"datecs.text"})").at("text").as_string().find("Z ОТЧЕТ"),
            std::string::npos);
  EXPECT_TRUE(does(R"({"do":"datecs.replace"})"));
  EXPECT_EQ(say(R"({"do":"datecs.state"})").at("fm").as_string(), "02000601");
  // A fault that waits for a command: the reply to 71h is cut after three bytes.
  EXPECT_TRUE(does(R"({"do":"datecs.fault","when":"tx","at":4,"what":"cut","command":"71"})"));
  Fd tcp = connect_tcp(port("datecs"));
  put(tcp, "01 24 22 3E 05 30 30 38 39 03");
  EXPECT_EQ(read_bytes(tcp, 34).size(), 34U);
  put(tcp, "01 24 23 71 05 30 30 3B 3D 03");
  EXPECT_EQ(to_hex(read_bytes(tcp, 100)), "013223");
  EXPECT_TRUE(does(R"({"do":"datecs.power","state":"off"})"));
  EXPECT_FALSE(say(R"({"do":"datecs.state"})").at("plugged").as_bool());
  EXPECT_TRUE(does(R"({"do":"datecs.power","state":"on"})"));
  EXPECT_TRUE(does(R"({"do":"datecs.pull"})"));
  EXPECT_FALSE(fs::exists(fs::symlink_status(dir + "/dev/datecs")));
  EXPECT_TRUE(does(R"({"do":"datecs.plug"})"));
  stop();
  start();
  EXPECT_EQ(say(R"({"do":"datecs.state"})").at("last_document").as_int64(), 1);
}

TEST_F(AppTest, PrinterLeavesReceipts) {
  const Fd printer = device("printer");
  put(printer, "1B 40 1B 74 11 8F E0 A8 A2 A5 E2 0A 10 04 01 1D 56 00");
  EXPECT_EQ(to_hex(read_bytes(printer, 1)), "12");
  EXPECT_TRUE(eventually([&] { return fs::exists(dir + "/printer/receipt-0001.png"); }));
  EXPECT_EQ(say(R"({"do":"printer.text"})").at("text").as_string(), "Привет\n");
  EXPECT_TRUE(does(R"({"do":"printer.paper","state":"out"})"));
  put(printer, "10 04 04");
  EXPECT_EQ(to_hex(read_bytes(printer, 1)), "7E");
}

TEST_F(AppTest, PhoneTakesMessages) {
  const auto post = [&] {
    const Fd fd = connect_tcp(port("phone"));
    const std::string request =
        "POST /sms HTTP/1.1\r\nHost: x\r\nContent-Length: 28\r\nConnection: close\r\n\r\n"
        R"({"to":"+7999","text":"1234"})";
    write_some(fd, view_of(request));
    const Bytes answer = read_bytes(fd, 4096);
    return std::string(answer.begin(), answer.end());
  };
  EXPECT_TRUE(post().starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(does(R"({"do":"phone.fail","status":503,"times":1})"));
  EXPECT_TRUE(post().starts_with("HTTP/1.1 503 "));
  const auto messages = say(R"({"do":"phone.messages"})").at("messages").as_array();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].at("text").as_string(), "1234");
}

TEST_F(AppTest, AtolWorksOffItsQueueWhoeverListens) {
  const auto http = [&](const std::string& method, const std::string& path,
                        const std::string& body) {
    const Fd fd = connect_tcp(port("atol"));
    if (!fd) return std::string();
    write_some(fd, view_of(method + " " + path + " HTTP/1.1\r\nContent-Length: " +
                           std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body));
    const Bytes answer = read_bytes(fd, 65536);
    return std::string(answer.begin(), answer.end());
  };
  EXPECT_TRUE(does(R"({"do":"atol.config","start_ms":200})"));
  EXPECT_TRUE(http("POST", "/api/v2/requests", R"({"uuid":"u1","request":[{"type":"openShift"}]})")
                  .starts_with("HTTP/1.1 201 "));
  EXPECT_TRUE(does(R"({"do":"atol.pull"})"));
  EXPECT_EQ(http("GET", "/api/v2/requests/u1", ""), "");
  EXPECT_TRUE(eventually([&] { return say(R"({"do":"atol.state"})").at("shift_open").as_bool(); }));
  EXPECT_TRUE(does(R"({"do":"atol.plug"})"));
  EXPECT_NE(http("GET", "/api/v2/requests/u1", "").find("\"ready\""), std::string::npos);
  EXPECT_TRUE(eventually([&] { return fs::exists(dir + "/atol/paper/fd-000002.png"); }));
  EXPECT_TRUE(does(R"({"do":"atol.foreign","total":12345})"));
  EXPECT_FALSE(does(R"({"do":"atol.dance"})"));
  const auto documents = say(R"({"do":"atol.documents"})").at("documents").as_array();
  ASSERT_EQ(documents.size(), 3U);
  EXPECT_EQ(documents[2].at("total").as_int64(), 12345);
  EXPECT_FALSE(say(R"({"do":"atol.text"})").at("text").as_string().empty());
}

TEST(HttpReader, IsStrictAndPatient) {
  HttpReader reader;
  reader.feed(view_of("POST /a HTTP/1.1\r\ncontent-LENGTH: 2\r\n\r\nh"));
  EXPECT_FALSE(reader.next());
  reader.feed(view_of("iGET /b HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(reader.next()->body, "hi");
  EXPECT_EQ(reader.next()->path, "/b");
  EXPECT_FALSE(reader.broken());
  reader.feed(view_of("POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"));
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.broken());
  HttpReader endless;
  endless.feed(Bytes(HttpReader::kMaxHead + 1, 'x'));
  EXPECT_FALSE(endless.next());
  EXPECT_TRUE(endless.broken());
}

}  // namespace
}  // namespace till::sim
