// Central running: one thread, one loop over the stores' sockets, the key check (ZAP) and the
// management socket. Everything that waits is taken together, in one transaction, and answered
// once that is on disk.
#pragma once

#include <memory>
#include <vector>
#include <zmq.hpp>

#include "central/app/admin.h"
#include "central/app/commands.h"
#include "central/app/files.h"
#include "central/intake/central.h"

namespace till::central {

struct ServerConfig {
  std::string data;  // the folder
  Endpoints listen;  // "tcp://127.0.0.1:*" takes a free port below 32768
  AllowanceRules allowance;
};

class Server {
 public:
  // Locks the folder, listens, writes central.json. kStoreLocked, kBadFile, kAddressInUse,
  // kBadValue (an endpoint).
  static Result<std::unique_ptr<Server>> open(const ServerConfig& config, Clock& clock,
                                              Random& random);

  // Until `stop_fd` is readable. kJournalFailed when the disk fails: nothing that was not stored
  // has been acknowledged.
  Result<void> run(int stop_fd);

  [[nodiscard]] const Endpoints& endpoints() const { return endpoints_; }
  [[nodiscard]] const std::string& server_key() const { return keys_.public_key; }
  // How many connections were turned away at the handshake.
  [[nodiscard]] std::int64_t refused() const { return refused_; }

 private:
  struct Message {
    std::string peer;
    StoreId store;
    zmq::message_t body;
  };

  Server(File lock, KeyPair keys, const ServerConfig& config, Clock& clock, Random& random);
  Result<void> listen(const ServerConfig& config);
  Result<std::string> bind(zmq::socket_t& socket, const std::string& endpoint);
  void loop(int stop_fd);
  void check_keys();
  void batch();
  void idle();
  static std::vector<Message> receive(zmq::socket_t& socket);
  static void send(zmq::socket_t& socket, const std::string& peer, Bytes message);

  File lock_;
  KeyPair keys_;
  Clock& clock_;
  Random& random_;
  Central central_;
  zmq::context_t context_;
  zmq::socket_t zap_, tell_, ask_;
  Endpoints endpoints_;
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<Commands> commands_;
  std::int64_t refused_ = 0;
  std::int64_t refused_said_us_ = 0;
};

}  // namespace till::central
