// The link's sockets: one thread, two DEALER sockets with CURVE, and an inner pipe that carries
// what the core thread wants sent. It knows nothing of the messages.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <zmq.hpp>

#include "gateway/link/link.h"

namespace till::link {

class Transport {
 public:
  // Called on the transport's thread.
  struct Events {
    std::function<void(bool tell, std::string bytes)> message;
    // One socket's handshake is done, or its connection is lost.
    std::function<void(bool tell, bool yes)> connected;
    std::function<void()> refused;  // central does not let this key in
  };

  // Throws std::invalid_argument for a bad key or endpoint.
  Transport(const LinkConfig& config, Events events);
  ~Transport();

  void start();
  void stop();  // joins the thread

  // Never block: what does not fit or has no connection is dropped, as the network might.
  void send_tell(Bytes message) { send('t', message); }
  void send_ask(Bytes message) { send('a', message); }

 private:
  void send(char kind, Bytes message);
  void run();
  bool forward();  // from the pipe to the sockets; false = stop
  void receive(zmq::socket_t& socket, bool tell);
  void watch(zmq::socket_t& monitor, bool tell);
  void redial();

  // One of the two sockets with its connection's events. libzmq gives a connection up for good
  // when the handshake is refused (a key not registered yet): then it is dialled again.
  struct Line {
    zmq::socket_t socket, monitor;
    std::string endpoint;
    bool given_up = false;
  };
  Line dial(const LinkConfig& config, const std::string& endpoint, const char* monitor);

  Events events_;
  zmq::context_t context_;
  Line tell_, ask_;
  zmq::socket_t inlet_, outlet_;
  std::thread thread_;
};

}  // namespace till::link
