#include "central/app/server.h"

#include <array>
#include <filesystem>

#include "central/ledger/limits.h"
#include "gateway/base/limits.h"
#include "gateway/base/log.h"

namespace till::central {
namespace {

constexpr int kHandshakeMs = 10'000;  // a peer that connects and says nothing
constexpr int kHeartbeatMs = 5'000;
constexpr int kHeartbeatTimeoutMs = 15'000;
constexpr int kIdleMs = 200;
constexpr std::uint32_t kFirstPort = 20'000;  // below the range that outgoing connections take
constexpr std::uint32_t kLastPort = 32'767;
constexpr int kPortTries = 200;
constexpr std::int64_t kSayAgainUs = 60'000'000;
constexpr std::size_t kZapFrames = 7;  // RFC 27 with CURVE's one credential

void configure(zmq::socket_t& socket, const KeyPair& keys) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::handshake_ivl, kHandshakeMs);
  socket.set(zmq::sockopt::heartbeat_ivl, kHeartbeatMs);
  socket.set(zmq::sockopt::heartbeat_timeout, kHeartbeatTimeoutMs);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(till::limits::kMaxMessageBytes));
  socket.set(zmq::sockopt::zap_domain, "tillbridge");
  socket.set(zmq::sockopt::curve_server, true);
  socket.set(zmq::sockopt::curve_secretkey, keys.secret_key);
}

// All frames of one message; what goes beyond `most` is dropped.
std::vector<zmq::message_t> frames_of(zmq::socket_t& socket, std::size_t most) {
  std::vector<zmq::message_t> frames;
  for (bool more = true; more;) {
    zmq::message_t frame;
    if (!socket.recv(frame, zmq::recv_flags::dontwait)) break;
    more = frame.more();
    if (frames.size() <= most) frames.push_back(std::move(frame));
  }
  return frames;
}

}  // namespace

Server::Server(File lock, KeyPair keys, const ServerConfig& config, Clock& clock, Random& random)
    : lock_(std::move(lock)),
      keys_(std::move(keys)),
      clock_(clock),
      random_(random),
      central_(config.data + "/central.db", clock, random, config.allowance),
      zap_(context_, zmq::socket_type::rep),
      tell_(context_, zmq::socket_type::router),
      ask_(context_, zmq::socket_type::router) {}

Result<std::unique_ptr<Server>> Server::open(const ServerConfig& config, Clock& clock,
                                             Random& random) {
  auto lock = TILL_TRY(lock_folder(config.data));
  auto keys = TILL_TRY(server_keys(config.data));
  try {
    std::unique_ptr<Server> server(
        new Server(std::move(lock), std::move(keys), config, clock, random));
    TILL_CHECK(server->listen(config));
    return server;
  } catch (const DatabaseFailure& failure) {
    return fail(Code::kJournalFailed, failure.what());
  } catch (const zmq::error_t& error) {
    return fail(Code::kBadFile, config.data + "/central.key: " + error.what());
  }
}

Result<void> Server::listen(const ServerConfig& config) {
  zap_.set(zmq::sockopt::linger, 0);
  zap_.bind("inproc://zeromq.zap.01");  // before the others: without it every key gets in
  configure(tell_, keys_);
  configure(ask_, keys_);
  endpoints_.tell = TILL_TRY(bind(tell_, config.listen.tell));
  endpoints_.ask = TILL_TRY(bind(ask_, config.listen.ask));
  TILL_CHECK(write_endpoints(config.data, endpoints_, keys_.public_key));
  admin_ = std::make_unique<AdminServer>(TILL_TRY(AdminServer::listen(config.data)));
  commands_ = std::make_unique<Commands>(central_, keys_.public_key, endpoints_);
  return {};
}

Result<std::string> Server::bind(zmq::socket_t& socket, const std::string& endpoint) {
  const bool any = endpoint.ends_with(":*");
  for (int i = 0; i < (any ? kPortTries : 1); ++i) {
    std::string at = endpoint;
    if (any) {
      std::array<std::uint8_t, 2> chance{};
      random_.fill(chance);
      const std::uint32_t range = kLastPort - kFirstPort + 1;
      at.pop_back();
      at += std::to_string(kFirstPort + (chance[0] * 256U + chance[1]) % range);
    }
    if (zmq_bind(socket.handle(), at.c_str()) == 0) return at;
    if (zmq_errno() != EADDRINUSE) {
      return fail(Code::kBadValue, at + ": " + zmq_strerror(zmq_errno()));
    }
  }
  return fail(Code::kAddressInUse, endpoint);
}

Result<void> Server::run(int stop_fd) {
  try {
    loop(stop_fd);
    central_.db.checkpoint();
    return {};
  } catch (const DatabaseFailure& failure) {
    return fail(Code::kJournalFailed, failure.what());
  } catch (const zmq::error_t& error) {
    return fail(Code::kInternal, std::string("ZeroMQ: ") + error.what());
  }
}

void Server::loop(int stop_fd) {
  while (true) {
    std::vector<zmq::pollitem_t> items{{zap_.handle(), 0, ZMQ_POLLIN, 0},
                                       {tell_.handle(), 0, ZMQ_POLLIN, 0},
                                       {ask_.handle(), 0, ZMQ_POLLIN, 0},
                                       {nullptr, stop_fd, ZMQ_POLLIN, 0}};
    for (const int fd : admin_->descriptors()) items.push_back({nullptr, fd, ZMQ_POLLIN, 0});
    const int ready = zmq_poll(items.data(), static_cast<int>(items.size()), kIdleMs);
    if (ready < 0 && zmq_errno() != EINTR) throw zmq::error_t();
    if (ready == 0) idle();
    if (ready <= 0) continue;
    if (items[3].revents != 0) return;
    if (items[0].revents != 0) check_keys();
    if (items[1].revents != 0 || items[2].revents != 0) batch();
    admin_->serve([this](std::string_view line) { return commands_->execute_line(line); });
  }
}

// ZAP (RFC 27): only keys in the table `stores` get in; the name they stand for comes with every
// message of that connection.
void Server::check_keys() {
  const auto request = frames_of(zap_, kZapFrames);
  std::array<char, 41> key{};
  std::string store;
  if (request.size() == kZapFrames && request[5].to_string_view() == "CURVE" &&
      request[6].size() == 32 &&
      zmq_z85_encode(key.data(), request[6].data<std::uint8_t>(), 32) != nullptr) {
    auto row = central_.db.query("SELECT store FROM stores WHERE public_key=?", key.data());
    if (row.next()) store = row.text(0);
  }
  if (store.empty()) {
    ++refused_;
    const std::int64_t now = clock_.monotonic_us();
    if (refused_ == 1 || now - refused_said_us_ > kSayAgainUs) {
      log_warning("{} a connection with an unknown key was refused, {} so far",
                  code_name(Code::kStoreUnknown), refused_);
      refused_said_us_ = now;
    }
  }
  if (request.size() < 2) return;
  const std::array<std::string_view, 6> reply{"1.0",
                                              request[1].to_string_view(),
                                              store.empty() ? "400" : "200",
                                              store.empty() ? "unknown key" : "OK",
                                              store,
                                              ""};
  for (std::size_t i = 0; i < reply.size(); ++i) {
    zap_.send(zmq::buffer(reply[i]),
              i + 1 < reply.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
}

std::vector<Server::Message> Server::receive(zmq::socket_t& socket) {
  std::vector<Message> messages;
  while (messages.size() < limits::kMaxBatch) {
    auto frames = frames_of(socket, 2);
    if (frames.empty()) break;
    if (frames.size() != 2) continue;
    const char* store = zmq_msg_gets(frames[1].handle(), "User-Id");
    if (store == nullptr) continue;  // can not be: CURVE with ZAP always names one
    messages.push_back({frames[0].to_string(), {store}, std::move(frames[1])});
  }
  return messages;
}

void Server::send(zmq::socket_t& socket, const std::string& peer, Bytes message) {
  if (!socket.send(zmq::buffer(peer), zmq::send_flags::sndmore | zmq::send_flags::dontwait)) return;
  (void)socket.send(zmq::buffer(message.data(), message.size()), zmq::send_flags::dontwait);
}

// Questions first: somebody stands at a till.
void Server::batch() {
  const auto questions = receive(ask_);
  const auto tellings = receive(tell_);
  std::vector<Intake::Outgoing> answers;
  Transaction transaction(central_.db);
  for (const auto& m : questions) {
    const Bytes bytes(m.body.data<std::uint8_t>(), m.body.size());
    if (const auto answer = central_.answers.answer(m.store, bytes)) {
      answers.push_back({m.peer, wire::encode(*answer)});
    }
  }
  for (const auto& m : tellings) {
    central_.intake.take(m.peer, m.store, {m.body.data<std::uint8_t>(), m.body.size()});
  }
  central_.intake.finish();
  transaction.commit();
  for (const auto& a : answers) send(ask_, a.peer, a.message);
  for (const auto& a : central_.intake.replies()) send(tell_, a.peer, a.message);
  if (central_.db.log_pages() > limits::kMaxLogPages) central_.db.checkpoint();
}

void Server::idle() {
  if (central_.db.log_pages() > 0) central_.db.checkpoint();
}

}  // namespace till::central
