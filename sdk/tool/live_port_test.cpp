#include "live_port.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <tillbridge/port.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace till::kit {
namespace {

using boost::asio::ip::tcp;
using Clock = std::chrono::steady_clock;

bool readable(int fd, int ms) {
  pollfd one{fd, POLLIN, 0};
  return poll(&one, 1, ms) == 1;
}

class LivePortTest : public testing::Test {
 protected:
  LivePortTest() { acceptor_.listen(); }
  std::string place() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  tcp::socket accept() {
    tcp::socket peer(io_);
    acceptor_.accept(peer);
    return peer;
  }
  // What has come when `size` bytes are there, or nothing has for a second.
  std::string read(std::size_t size) {
    std::string got;
    Buffer part(1000);
    while (got.size() < size) {
      const int n = port_.read(part.data(), part.size(), 1000);
      if (n <= 0) break;
      got += as_text(Bytes(part).first(static_cast<std::size_t>(n)));
    }
    return got;
  }
  // The operation's time is over in the middle of `call`; how long it took then.
  template <typename F>
  std::chrono::milliseconds cancelled(F call) {
    std::thread clock([this] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      loop_.set_cancelled(true);
    });
    const auto start = Clock::now();
    call();
    clock.join();
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  }

  boost::asio::io_context io_;
  tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  LiveLoop loop_;
  LivePort port_{loop_};
};

constexpr std::chrono::milliseconds kSoon{5000};

TEST_F(LivePortTest, Tcp) {
  ASSERT_TRUE(port_.open("tcp:" + place()));
  auto peer = accept();
  EXPECT_TRUE(port_.connected());
  Buffer one(1);
  EXPECT_EQ(port_.read(one.data(), 1, 20), 0);
  EXPECT_FALSE(readable(port_.fd(), 0));

  const std::string much(500'000, 'x');  // in both directions more than there is room for
  std::thread reader([&] {
    std::string got(much.size(), '\0');
    boost::asio::read(peer, boost::asio::buffer(got));
    EXPECT_EQ(got, much);
  });
  EXPECT_TRUE(port_.write(as_bytes(much), 5000));
  reader.join();
  std::thread writer([&] { boost::asio::write(peer, boost::asio::buffer(much)); });
  EXPECT_TRUE(readable(port_.fd(), 5000));
  EXPECT_EQ(read(much.size()), much);
  writer.join();

  boost::asio::write(peer, boost::asio::buffer("old", 3));
  EXPECT_TRUE(readable(port_.fd(), 5000));
  port_.discard_input();
  EXPECT_FALSE(readable(port_.fd(), 50));
  boost::asio::write(peer, boost::asio::buffer("last", 4));
  peer.close();
  EXPECT_EQ(read(4), "last");
  EXPECT_TRUE(readable(port_.fd(), 5000));
  EXPECT_TRUE(port_.is_open());
  EXPECT_EQ(port_.read(one.data(), 1, 5000), -1);
  EXPECT_FALSE(port_.is_open());
  EXPECT_EQ(port_.fd(), -1);
  EXPECT_FALSE(port_.write(as_bytes("x"), 5000));
  ASSERT_TRUE(port_.open("tcp:" + place())) << "once more";
}

TEST_F(LivePortTest, PseudoTerminal) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  grantpt(terminal);
  unlockpt(terminal);
  ASSERT_TRUE(port_.open(std::string("pty:") + ptsname(terminal)));
  std::array<char, 8> got{};
  EXPECT_TRUE(port_.write(as_bytes("\x1b@\n\x03"), 5000));
  EXPECT_EQ(::read(terminal, got.data(), got.size()), 4);
  EXPECT_EQ(std::string(got.data(), 4), "\x1b@\n\x03");
  EXPECT_EQ(::write(terminal, "\r\x11z", 3), 3);
  EXPECT_EQ(read(3), "\r\x11z");
  ::close(terminal);
  std::uint8_t one = 0;
  EXPECT_EQ(port_.read(&one, 1, 5000), -1);
}

TEST_F(LivePortTest, SaysWhyItDoesNotOpen) {
  for (const auto& [spec, code, vendor] :
       {std::tuple("pty:/nonexistent/pty", Code::kPortOpenFailed, "No such file or directory"),
        {"serial:/dev/null@9600,8N1", Code::kPortOpenFailed, "no such serial line"},
        {"none", Code::kConfigInvalid, ""},
        {"/dev/ttyUSB0", Code::kConfigInvalid, ""}}) {
    const auto opened = port_.open(spec);
    ASSERT_FALSE(opened) << spec;
    EXPECT_EQ(opened.error().code, code) << spec;
    EXPECT_EQ(opened.error().vendor, vendor) << spec;
    EXPECT_FALSE(port_.is_open()) << spec;
  }
}

TEST_F(LivePortTest, ACancelledOperationWaitsForNothing) {
  ASSERT_TRUE(port_.open("tcp:" + place()));
  auto peer = accept();
  const std::string much(std::size_t{16} << 20, 'x');  // nobody reads it
  EXPECT_LT(cancelled([&] { EXPECT_FALSE(port_.write(as_bytes(much), 60'000)); }), kSoon);
  loop_.set_cancelled(false);
  EXPECT_TRUE(port_.is_open());
  std::uint8_t one = 0;
  EXPECT_LT(cancelled([&] { EXPECT_EQ(port_.read(&one, 1, 60'000), -1); }), kSoon);
  EXPECT_TRUE(port_.is_open());
  boost::asio::write(peer, boost::asio::buffer("A", 1));
  ASSERT_TRUE(readable(port_.fd(), 5000));
  EXPECT_EQ(port_.read(&one, 1, 0), 1) << "what has come is told";
}

TEST_F(LivePortTest, HttpIsTheGateways) {
  std::string asked(200, '\0');
  std::thread server([&] {
    auto peer = accept();
    asked.resize(peer.read_some(boost::asio::buffer(asked)));
    const std::string answer =
        "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    boost::asio::write(peer, boost::asio::buffer(answer));
  });
  const std::string request = R"({"method":"POST","url":"http://)" + place() +
                              R"(/sms","headers":{"X-Key":"${secret:key}"},"body":"hi"})";
  const auto outcome = loop_.http({{"key", "s3"}}, request, 5000);
  server.join();
  EXPECT_EQ(outcome, ipc::Outcome::done(R"({"status":202,"body":"ok"})"));
  EXPECT_NE(asked.find("POST /sms HTTP/1.1\r\n"), asked.npos) << asked;
  EXPECT_NE(asked.find("X-Key: s3\r\n"), asked.npos) << asked;
}

TEST_F(LivePortTest, ACancelledRequestIsInDoubt) {
  const std::string request = R"({"url":"http://)" + place() + R"("})";  // nobody answers
  ipc::Outcome outcome;
  EXPECT_LT(cancelled([&] { outcome = loop_.http({}, request, 60'000); }), kSoon);
  EXPECT_EQ(outcome, ipc::Outcome::in_doubt({Code::kTimeout, {}, {}}));
  EXPECT_EQ(loop_.http({}, request, 60'000), outcome) << "and the next is not sent";
}

}  // namespace
}  // namespace till::kit
