#include "seqpacket.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fcntl.h>

#include <array>
#include <cstring>
#include <filesystem>

namespace till::ipc {
namespace {

struct Pair {
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds.data()), 0); }
  ~Pair() {
    close(fds[0]);
    close(fds[1]);
  }
  std::array<int, 2> fds{};
};

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// Sends the bytes as they are, with these descriptors.
void send_raw(int socket, Bytes bytes, const std::vector<int>& fds) {
  iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
  cmsghdr* c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  std::memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
  ASSERT_EQ(sendmsg(socket, &message, 0), static_cast<ssize_t>(bytes.size()));
}

int memory_file(std::size_t size, int seals) {
  const int fd = memfd_create("test", MFD_ALLOW_SEALING);
  EXPECT_EQ(ftruncate(fd, static_cast<off_t>(size)), 0);
  EXPECT_EQ(fcntl(fd, F_ADD_SEALS, seals), 0);
  return fd;
}

constexpr int kSealed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

TEST(Seqpacket, BodiesOfEverySizeArriveWhole) {
  Pair pair;
  const auto before = open_descriptors();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kInlineBody, kInlineBody + 1,
                                 std::size_t{1} << 20, kMaxBody}) {
    Frame frame{.type = Type::kSubmit, .seq = 3, .op = 9, .body = std::string(size, 'x')};
    if (size > 2) frame.body[size / 2] = 'y';
    ASSERT_TRUE(send_frame(pair.fds[0], frame)) << size;
    const auto got = receive_frame(pair.fds[1]);
    ASSERT_EQ(got.state, ReceiveState::kFrame) << size;
    EXPECT_EQ(got.frame.body, frame.body) << size;
    EXPECT_EQ(got.frame.op, 9U);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Seqpacket, ABodyThatCanStillChangeIsRefused) {
  Pair pair;
  const auto before = open_descriptors();
  const Buffer head = encode({.type = Type::kSubmit, .body = std::string(kInlineBody + 1, 'x')});
  for (const int seals : {0, F_SEAL_SHRINK, F_SEAL_WRITE, F_SEAL_GROW}) {
    const int fd = memory_file(kInlineBody + 1, seals);
    send_raw(pair.fds[0], head, {fd});
    close(fd);
    EXPECT_EQ(receive_frame(pair.fds[1]).state, ReceiveState::kBroken) << seals;
  }
  // Sealed, but shorter than the head says; and no memory file at all.
  const int fd = memory_file(kInlineBody, kSealed);
  send_raw(pair.fds[0], head, {fd});
  close(fd);
  EXPECT_EQ(receive_frame(pair.fds[1]).state, ReceiveState::kBroken);
  send_raw(pair.fds[0], head, {STDERR_FILENO});
  EXPECT_EQ(receive_frame(pair.fds[1]).state, ReceiveState::kBroken);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Seqpacket, DescriptorsNobodyAskedForDoNotPileUp) {
  Pair pair;
  const auto before = open_descriptors();
  const Buffer plain = encode({.type = Type::kPing, .body = {}});
  const Buffer big = encode({.type = Type::kSubmit, .body = std::string(kInlineBody + 1, 'x')});
  for (std::size_t count = 1; count <= 4; ++count) {
    send_raw(pair.fds[0], plain, std::vector<int>(count, STDERR_FILENO));
    receive_frame(pair.fds[1]);
    send_raw(pair.fds[0], big, std::vector<int>(count, STDERR_FILENO));
    EXPECT_EQ(receive_frame(pair.fds[1]).state, ReceiveState::kBroken) << count;
    EXPECT_EQ(open_descriptors(), before) << count;
  }
}

TEST(Seqpacket, WhatIsTooLongOrNoFrameIsNamed) {
  Pair pair;
  const Buffer noise(100, 0x55);
  ASSERT_EQ(send(pair.fds[0], noise.data(), noise.size(), 0), 100);
  EXPECT_EQ(receive_frame(pair.fds[1]).error.detail, "wrong magic");
  const Buffer huge(kHeader + kInlineBody + 1, 0x55);
  ASSERT_GT(send(pair.fds[0], huge.data(), huge.size(), 0), 0);
  EXPECT_EQ(receive_frame(pair.fds[1]).state, ReceiveState::kBroken);
  EXPECT_EQ(receive_frame(pair.fds[1]).state, ReceiveState::kWouldBlock);
  ASSERT_EQ(send(pair.fds[0], "", 0, 0), 0);
  EXPECT_EQ(receive_frame(pair.fds[1]).error.detail, "an empty one") << "not the end";
  shutdown(pair.fds[0], SHUT_WR);
  EXPECT_EQ(receive_frame(pair.fds[1]).state, ReceiveState::kClosed);
}

}  // namespace
}  // namespace till::ipc
