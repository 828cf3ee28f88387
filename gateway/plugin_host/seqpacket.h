// Frames over a SOCK_SEQPACKET socket, big bodies as sealed memfds. The one piece of I/O that both
// ends of the plugin boundary share; kept apart from the pure codec.
#pragma once

#include <optional>

#include "protocols/plugin_ipc/plugin_ipc.h"

namespace till::ipc {

enum class ReceiveState { kFrame, kWouldBlock, kClosed, kBroken };

struct Received {
  ReceiveState state = ReceiveState::kClosed;
  Frame frame;
  Error error;  // when broken
};

// One frame; blocks or not as the socket does.
Received receive_frame(int fd);

// False with errno set when the socket would block or is gone.
bool send_frame(int fd, const Frame& frame);

}  // namespace till::ipc
