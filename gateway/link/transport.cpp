#include "gateway/link/transport.h"

#include <array>
#include <cstring>
#include <stdexcept>

#include "gateway/base/limits.h"

namespace till::link {
namespace {

constexpr int kHandshakeMs = 10'000;  // a peer that connects and says nothing
constexpr int kHeartbeatMs = 5'000;   // finds a half-open connection
constexpr int kHeartbeatTimeoutMs = 15'000;
constexpr int kReconnectMs = 500;
constexpr int kPipeMessages = 1024;  // a window of entries and every open question, and more
constexpr const char* kPipe = "inproc://pipe";
constexpr const char* kMonitor = "inproc://monitor";

void configure(zmq::socket_t& socket, const LinkConfig& config, const std::string& endpoint) {
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
  socket.connect(endpoint);
}

}  // namespace

Transport::Transport(const LinkConfig& config, Events events)
    : events_(std::move(events)),
      tell_(context_, zmq::socket_type::dealer),
      ask_(context_, zmq::socket_type::dealer),
      inlet_(context_, zmq::socket_type::pair),
      outlet_(context_, zmq::socket_type::pair),
      monitor_(context_, zmq::socket_type::pair) {
  for (const auto* key : {&config.server_key, &config.public_key, &config.secret_key}) {
    // libzmq reads a string of another size as raw bytes
    if (key->size() != 40) throw std::invalid_argument("a CURVE key has 40 characters (Z85)");
  }
  try {
    inlet_.set(zmq::sockopt::sndhwm, kPipeMessages);
    outlet_.set(zmq::sockopt::rcvhwm, kPipeMessages);
    outlet_.bind(kPipe);
    inlet_.connect(kPipe);
    if (zmq_socket_monitor(tell_.handle(), kMonitor,
                           ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) != 0) {
      throw zmq::error_t();
    }
    monitor_.connect(kMonitor);
    configure(tell_, config, config.tell_endpoint);
    configure(ask_, config, config.ask_endpoint);
  } catch (const zmq::error_t& error) {
    throw std::invalid_argument(std::string("the link to central: ") + error.what());
  }
}

Transport::~Transport() { stop(); }

void Transport::start() {
  thread_ = std::thread([this] { run(); });
}

void Transport::stop() {
  if (!thread_.joinable()) return;
  inlet_.set(zmq::sockopt::linger, 0);
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
  std::array<zmq::pollitem_t, 4> items{{{outlet_.handle(), 0, ZMQ_POLLIN, 0},
                                        {tell_.handle(), 0, ZMQ_POLLIN, 0},
                                        {ask_.handle(), 0, ZMQ_POLLIN, 0},
                                        {monitor_.handle(), 0, ZMQ_POLLIN, 0}}};
  for (bool running = true; running;) {
    zmq::poll(items.data(), items.size(), std::chrono::milliseconds(-1));
    if ((items[3].revents & ZMQ_POLLIN) != 0) watch();
    if ((items[1].revents & ZMQ_POLLIN) != 0) receive(tell_, true);
    if ((items[2].revents & ZMQ_POLLIN) != 0) receive(ask_, false);
    if ((items[0].revents & ZMQ_POLLIN) != 0) running = forward();
  }
}

bool Transport::forward() {
  zmq::message_t framed;
  while (outlet_.recv(framed, zmq::recv_flags::dontwait)) {
    const auto text = framed.to_string_view();
    if (text.empty() || text[0] == 's') return false;
    auto& socket = text[0] == 't' ? tell_ : ask_;
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

void Transport::watch() {
  zmq::message_t event;
  while (monitor_.recv(event, zmq::recv_flags::dontwait)) {
    std::uint16_t kind = 0;
    if (event.size() >= sizeof kind) std::memcpy(&kind, event.data(), sizeof kind);
    zmq::message_t address;
    if (event.more()) (void)monitor_.recv(address);
    if (kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) events_.connected(true);
    if (kind == ZMQ_EVENT_DISCONNECTED) events_.connected(false);
    if (kind == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) events_.refused();
  }
}

}  // namespace till::link
