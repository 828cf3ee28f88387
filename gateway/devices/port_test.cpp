#include "port.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "port_watch.h"

namespace till::devices {
namespace {

// The other end of a pseudo-terminal.
class Terminal {
 public:
  Terminal() : fd_(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {
    grantpt(fd_);
    unlockpt(fd_);
  }
  ~Terminal() { hang_up(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  std::string path() const { return ptsname(fd_); }
  void write(std::string_view bytes) {
    ASSERT_EQ(::write(fd_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  const std::string& read() {
    std::array<char, 4096> buffer{};
    const ssize_t n = ::read(fd_, buffer.data(), buffer.size());
    if (n > 0) got_.append(buffer.data(), static_cast<std::size_t>(n));
    return got_;
  }
  void hang_up() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
  std::string got_;
};

// A name that outlives the terminals it points to, as udev's links do.
class Link {
 public:
  Link() : path_(testing::TempDir() + "port_test." + std::to_string(getpid())) {}
  ~Link() { unlink(path_.c_str()); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  void point(const Terminal& terminal) {
    unlink(path_.c_str());
    ASSERT_EQ(symlink(terminal.path().c_str(), path_.c_str()), 0);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Port, PseudoTerminal) {
  Link link;
  std::optional<Terminal> terminal(std::in_place);
  link.point(*terminal);
  PortWatch watch;
  const auto port = make_port(watch.io, PtyPort{link.path()}, watch.handlers());
  port->open();
  ASSERT_TRUE(watch.until([&] { return watch.opened == 1; }));

  const std::string every = [] {
    std::string out;
    for (int i = 0; i < 256; ++i) out += static_cast<char>(i);  // ^C, ^S and CR among them
    return out;
  }();
  port->write(every);
  port->write("next");
  ASSERT_TRUE(watch.until([&] { return terminal->read() == every + "next"; }));
  EXPECT_EQ(watch.written, 260u);
  terminal->write(every);
  ASSERT_TRUE(watch.until([&] { return watch.input == every; }));

  port->pause(true);
  terminal->write("A");  // the read that is already under way
  watch.settle();
  terminal->write("B");
  watch.settle();
  EXPECT_EQ(watch.input, every + "A");
  port->pause(false);
  ASSERT_TRUE(watch.until([&] { return watch.input == every + "AB"; }));

  terminal->hang_up();
  ASSERT_TRUE(watch.until([&] { return !watch.closed.empty(); }));
  EXPECT_EQ(watch.closed[0].code, Code::kPortLost);
  port->write("stale");
  watch.settle();
  EXPECT_EQ(watch.closed.size(), 1u);

  terminal.emplace();
  link.point(*terminal);
  port->open();
  ASSERT_TRUE(watch.until([&] { return watch.opened == 2; }));
  port->write("fresh");
  ASSERT_TRUE(watch.until([&] { return terminal->read() == "fresh"; }));
  port->close();
  watch.settle();
  EXPECT_EQ(watch.closed.size(), 1u);
}

TEST(Port, WhatIsNotThereDoesNotOpen) {
  for (const char* text : {"pty:/nonexistent/pty", "serial:/nonexistent/tty@9600,8N1",
                           "serial:/dev/null@9600,8N1", "usb:ffff:ffff"}) {
    PortWatch watch;
    const auto port = make_port(watch.io, *parse_port(text), watch.handlers());
    port->open();
    ASSERT_TRUE(watch.until([&] { return !watch.closed.empty(); })) << text;
    EXPECT_EQ(watch.closed[0].code, Code::kPortOpenFailed) << text;
    EXPECT_NE(watch.closed[0].vendor, "") << text;
    EXPECT_EQ(watch.opened, 0) << text;
  }
  PortWatch watch;
  EXPECT_EQ(make_port(watch.io, NoPort{}, watch.handlers()), nullptr);
}

using boost::asio::ip::tcp;

// A listener on a free loopback port below the ephemeral ones.
tcp::acceptor listen(boost::asio::io_context& io) {
  tcp::acceptor acceptor(io, tcp::v4());
  acceptor.set_option(tcp::acceptor::reuse_address(true));
  boost::system::error_code ec = boost::asio::error::address_in_use;
  for (std::uint16_t port = 21000 + getpid() % 5000; ec && port < 32768; ++port) {
    acceptor.bind({boost::asio::ip::address_v4::loopback(), port}, ec);
  }
  acceptor.listen();
  return acceptor;
}

TEST(Port, Tcp) {
  PortWatch watch;
  auto acceptor = listen(watch.io);
  const TcpPort spec{"127.0.0.1", std::to_string(acceptor.local_endpoint().port())};
  const auto port = make_port(watch.io, spec, watch.handlers());
  port->open();
  tcp::socket peer(watch.io);
  bool accepted = false;
  const auto accept = [&] {
    accepted = false;
    peer = tcp::socket(watch.io);
    acceptor.async_accept(peer, [&](boost::system::error_code ec) { accepted = !ec; });
  };
  accept();
  ASSERT_TRUE(watch.until([&] { return accepted && watch.opened == 1; }));

  const std::string much(300000, 'x');  // more than a socket's buffer takes at once
  port->write(much);
  std::string got(much.size(), '\0');
  bool read = false;
  boost::asio::async_read(peer, boost::asio::buffer(got),
                          [&](boost::system::error_code ec, std::size_t) { read = !ec; });
  ASSERT_TRUE(watch.until([&] { return read && watch.written == much.size(); }));
  EXPECT_EQ(got, much);

  boost::asio::write(peer, boost::asio::buffer("hello", 5));
  ASSERT_TRUE(watch.until([&] { return watch.input == "hello"; }));
  port->pause(true);
  boost::asio::write(peer, boost::asio::buffer("A", 1));  // the read that is already under way
  watch.settle();
  boost::asio::write(peer, boost::asio::buffer("B", 1));
  watch.settle();
  EXPECT_EQ(watch.input, "helloA");
  port->pause(false);
  ASSERT_TRUE(watch.until([&] { return watch.input == "helloAB"; }));

  peer.close();
  ASSERT_TRUE(watch.until([&] { return !watch.closed.empty(); }));
  EXPECT_EQ(watch.closed[0].code, Code::kPortLost);
  accept();
  port->open();
  ASSERT_TRUE(watch.until([&] { return accepted && watch.opened == 2; }));

  peer.close();
  acceptor.close();
  ASSERT_TRUE(watch.until([&] { return watch.closed.size() == 2; }));
  port->open();
  ASSERT_TRUE(watch.until([&] { return watch.closed.size() == 3; }));
  EXPECT_EQ(watch.closed[2].code, Code::kPortOpenFailed);
  EXPECT_EQ(watch.opened, 2);
}

}  // namespace
}  // namespace till::devices
