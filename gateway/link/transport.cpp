#include "gateway/link/transport.h"

#include <csignal>

#include <array>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "gateway/base/limits.h"

namespace till::link {
namespace {

constexpr int kHandshakeMs = 10'000;  // a peer that connects and says nothing
constexpr int kHeartbeatMs = 5'000;   // finds a half-open connection
constexpr int kHeartbeatTimeoutMs = 15'000;
constexpr int kReconnectMs = 500;
constexpr int kPipeMessages = 1024;  // a window of entries and every open question, and more
constexpr const char* kPipe = "inproc://pipe";
constexpr std::chrono::milliseconds kRedial{5'000};
constexpr int kFailures = ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                          ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
constexpr int kWatched = kFailures | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED;

void configure(zmq::socket_t& socket, const LinkConfig& config) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::immediate, true);  // nothing waits for a connection to come
  socket.set(zmq::sockopt::handshake_ivl, kHandshakeMs);
  socket.set(zmq::sockopt::heartbeat_ivl, kHeartbeatMs);
  socket.set(zmq::sockopt::heartbeat_timeout, kHeartbeatTimeoutMs);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::kMaxMessageBytes));
  socket.set(zmq::sockopt::reconnect_ivl, kReconnectMs);
  socket.set(zmq::sockopt::reconnect_ivl_max, static_cast<int>(limits::kMaxReconnectUs / 1000));
  socket.set(zmq::sockopt::curve_serverkey, config.server_key);
  socket.set(zmq::sockopt::curve_publickey, config.public_key);
  socket.set(zmq::sockopt::curve_secretkey, config.secret_key);
}

}  // namespace

Transport::Transport(const LinkConfig& config, Events events) : events_(std::move(events)) {
  for (const auto* key : {&config.server_key, &config.public_key, &config.secret_key}) {
    // libzmq reads a string of another size as raw bytes
    if (key->size() != 40) throw std::invalid_argument("a CURVE key has 40 characters (Z85)");
  }
  try {
    inlet_ = zmq::socket_t(context_, zmq::socket_type::pair);
    outlet_ = zmq::socket_t(context_, zmq::socket_type::pair);
    inlet_.set(zmq::sockopt::sndhwm, kPipeMessages);
    inlet_.set(zmq::sockopt::linger, 0);
    outlet_.set(zmq::sockopt::rcvhwm, kPipeMessages);
    outlet_.bind(kPipe);
    inlet_.connect(kPipe);
    tell_ = dial(config, config.tell_endpoint, "inproc://tell");
    ask_ = dial(config, config.ask_endpoint, "inproc://ask");
  } catch (const zmq::error_t& error) {
    throw std::invalid_argument(std::string("the link to central: ") + error.what());
  }
}

Transport::~Transport() { stop(); }

Transport::Line Transport::dial(const LinkConfig& config, const std::string& endpoint,
                                const char* monitor) {
  Line line{zmq::socket_t(context_, zmq::socket_type::dealer),
            zmq::socket_t(context_, zmq::socket_type::pair), endpoint};
  if (zmq_socket_monitor(line.socket.handle(), monitor, kWatched) != 0) throw zmq::error_t();
  line.monitor.connect(monitor);
  configure(line.socket, config);
  line.socket.connect(endpoint);
  return line;
}

void Transport::start() {
  thread_ = std::thread([this] { run(); });
}

void Transport::stop() {
  if (!thread_.joinable()) return;
  inlet_.send(zmq::str_buffer("s"), zmq::send_flags::none);
  thread_.join();
}

void Transport::send(char kind, Bytes message) {
  zmq::message_t framed(message.size() + 1);
  auto* bytes = framed.data<char>();
  bytes[0] = kind;
  if (!message.empty()) std::memcpy(bytes + 1, message.data(), message.size());
  (void)inlet_.send(framed, zmq::send_flags::dontwait);
}

void Transport::run() {
  sigset_t all;  // the daemon's signals are not for this thread
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::array<zmq::pollitem_t, 5> items{{{outlet_.handle(), 0, ZMQ_POLLIN, 0},
                                        {tell_.socket.handle(), 0, ZMQ_POLLIN, 0},
                                        {ask_.socket.handle(), 0, ZMQ_POLLIN, 0},
                                        {tell_.monitor.handle(), 0, ZMQ_POLLIN, 0},
                                        {ask_.monitor.handle(), 0, ZMQ_POLLIN, 0}}};
  auto dialled = std::chrono::steady_clock::now();
  for (bool running = true; running;) {
    zmq::poll(items.data(), items.size(), kRedial);
    if (items[3].revents != 0) watch(tell_.monitor, true);
    if (items[4].revents != 0) watch(ask_.monitor, false);
    if (items[1].revents != 0) receive(tell_.socket, true);
    if (items[2].revents != 0) receive(ask_.socket, false);
    if (items[0].revents != 0) running = forward();
    const auto now = std::chrono::steady_clock::now();
    if (now - dialled < kRedial) continue;
    redial();
    dialled = now;
  }
}

bool Transport::forward() {
  zmq::message_t framed;
  while (outlet_.recv(framed, zmq::recv_flags::dontwait)) {
    const auto text = framed.to_string_view();
    if (text.empty() || text[0] == 's') return false;
    auto& socket = text[0] == 't' ? tell_.socket : ask_.socket;
    (void)socket.send(zmq::buffer(text.substr(1)), zmq::send_flags::dontwait);
  }
  return true;
}

void Transport::receive(zmq::socket_t& socket, bool tell) {
  zmq::message_t message;
  while (socket.recv(message, zmq::recv_flags::dontwait)) {
    if (!message.more()) events_.message(tell, message.to_string());
  }
}

void Transport::watch(zmq::socket_t& monitor, bool tell) {
  zmq::message_t event;
  while (monitor.recv(event, zmq::recv_flags::dontwait)) {
    std::uint16_t kind = 0;
    if (event.size() >= sizeof kind) std::memcpy(&kind, event.data(), sizeof kind);
    zmq::message_t address;
    if (event.more()) (void)monitor.recv(address);
    auto& line = tell ? tell_ : ask_;
    if ((kind & kFailures) != 0) line.given_up = true;
    if (kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) line.given_up = false;
    if (kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) events_.connected(tell, true);
    if (kind == ZMQ_EVENT_DISCONNECTED) events_.connected(tell, false);
    if (tell && kind == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) events_.refused();
  }
}

void Transport::redial() {
  for (Line* line : {&tell_, &ask_}) {
    if (!std::exchange(line->given_up, false)) continue;
    // Fails when libzmq has forgotten the endpoint already, which is as good.
    (void)zmq_disconnect(line->socket.handle(), line->endpoint.c_str());
    line->socket.connect(line->endpoint);
  }
}

}  // namespace till::link
