#include "seqpacket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace till::ipc {
namespace {

// A big body in a memory file that nobody can change or shrink any more.
int sealed_memfd(std::string_view body) {
  const int fd = memfd_create("till-body", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -1;
  for (std::size_t done = 0; done < body.size();) {
    const ssize_t n = write(fd, body.data() + done, body.size() - done);
    if (n <= 0) {
      close(fd);
      return -1;
    }
    done += static_cast<std::size_t>(n);
  }
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0) {
    close(fd);
    return -1;
  }
  return fd;
}

// The seals are checked before reading: a body that can still change is refused.
bool read_memfd(int fd, std::uint32_t length, std::string& body) {
  const int seals = fcntl(fd, F_GET_SEALS);
  constexpr int kNeeded = F_SEAL_SHRINK | F_SEAL_WRITE;
  if (seals < 0 || (seals & kNeeded) != kNeeded) return false;
  body.resize(length);
  for (std::size_t done = 0; done < length;) {
    const ssize_t n = pread(fd, body.data() + done, length - done, static_cast<off_t>(done));
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

union Control {
  cmsghdr align;
  std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

// The one descriptor of a message, -1 when there is none or there are several. Alignment leaves
// room for a second one that nobody asked for: it is closed, so that it can not pile up here.
int passed_fd(msghdr& message) {
  const cmsghdr* c = CMSG_FIRSTHDR(&message);
  if (c == nullptr || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) return -1;
  std::array<int, (CMSG_SPACE(sizeof(int)) - CMSG_LEN(0)) / sizeof(int)> fds{};
  const std::size_t count = std::min(fds.size(), (c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  std::memcpy(fds.data(), CMSG_DATA(c), count * sizeof(int));
  if (count == 1) return fds[0];
  for (std::size_t i = 0; i < count; ++i) close(fds.at(i));
  return -1;
}

// An empty message looks like the end of a socket whose other side is still there.
bool hung_up(int fd) {
  pollfd seen{fd, POLLRDHUP, 0};
  return poll(&seen, 1, 0) == 1 && (seen.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace

Received receive_frame(int fd) {
  thread_local std::array<std::uint8_t, kHeader + kInlineBody> buffer;
  Control control{};
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t n = 0;
  do {
    n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return {ReceiveState::kWouldBlock, {}, {}};
  if (n == 0 && !hung_up(fd)) {
    return {ReceiveState::kBroken, {}, {Code::kBadFrame, "an empty one", {}}};
  }
  if (n <= 0) return {};
  const int body_fd = passed_fd(message);
  auto frame = decode(Bytes(buffer).first(static_cast<std::size_t>(n)));
  Received received{ReceiveState::kFrame, {}, {}};
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) frame = fail(Code::kBadFrame, "cut off");
  if (!frame) {
    received.state = ReceiveState::kBroken;
    received.error = frame.error();
  } else {
    received.frame = std::move(*frame);
    if (received.frame.flags == kFlagMemfd &&
        (body_fd < 0 || !read_memfd(body_fd, received.frame.length, received.frame.body))) {
      received.state = ReceiveState::kBroken;
      received.error = {Code::kBadFrame, "memfd missing or not sealed", {}};
    }
  }
  if (body_fd >= 0) close(body_fd);
  return received;
}

bool send_frame(int fd, const Frame& frame) {
  const Buffer bytes = encode(frame);
  iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Control control{};
  int body_fd = -1;
  if (frame.body.size() > kInlineBody) {
    body_fd = sealed_memfd(frame.body);
    if (body_fd < 0) return false;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof body_fd);
    std::memcpy(CMSG_DATA(c), &body_fd, sizeof body_fd);
  }
  ssize_t n = 0;
  do {
    n = sendmsg(fd, &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  const int saved = errno;
  if (body_fd >= 0) close(body_fd);
  errno = saved;
  return n == static_cast<ssize_t>(bytes.size());
}

}  // namespace till::ipc
