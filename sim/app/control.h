// The control socket: one JSON object a line in, one a line out.
#pragma once

#include <functional>
#include <list>
#include <string>

#include "sim/app/system.h"

namespace till::sim {

class Control final : public Component {
 public:
  static constexpr size_t kMaxLine = 1 << 20, kMaxConnections = 32;
  using Handler = std::function<std::string(Ms, const std::string& line)>;

  Control(const std::string& path, Handler handler)
      : listener_(listen_unix(path)), path_(path), handler_(std::move(handler)) {}
  ~Control() override { ::unlink(path_.c_str()); }
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  void wants(std::vector<pollfd>& out) const override;
  void pump(Ms now) override;

 private:
  struct Connection {
    Fd fd;
    std::string in, out;
  };
  bool serve(Ms now, Connection& c);

  Fd listener_;
  std::string path_;
  Handler handler_;
  std::list<Connection> connections_;
};

}  // namespace till::sim
