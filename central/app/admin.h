// The daemon's socket for management commands, FOLDER/admin.sock: JSON lines both ways, the owner's
// only.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "central/app/files.h"
#include "sdk/cpp/base/result.h"

namespace till::central {

class AdminServer {
 public:
  // Replaces a socket that a dead daemon left; hold the folder's lock.
  static Result<AdminServer> listen(const std::string& folder);

  [[nodiscard]] std::vector<int> descriptors() const;
  // Never blocks on reading; a client that does not read its answer for a second is dropped.
  void serve(const std::function<std::string(std::string_view)>& execute);

 private:
  struct Client {
    File file;
    std::string text;
  };
  explicit AdminServer(File listener) : listener_(std::move(listener)) {}
  void accept();
  static bool talk(Client& client, const std::function<std::string(std::string_view)>& execute);

  File listener_;
  std::list<Client> clients_;
};

// One command to a running daemon; its answer line. Nothing when no daemon runs.
Result<std::optional<std::string>> ask_daemon(const std::string& folder, const std::string& line);

}  // namespace till::central
