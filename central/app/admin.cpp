#include "central/app/admin.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "central/app/commands.h"
#include "central/ledger/limits.h"
#include "gateway/base/limits.h"

namespace till::central {
namespace {

Result<sockaddr_un> address(const std::string& folder) {
  const std::string path = folder + "/admin.sock";
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.size() >= sizeof at.sun_path) return fail(Code::kTooLarge, "the path of " + path);
  std::ranges::copy(path, at.sun_path);
  return at;
}

std::unexpected<Error> socket_error(const sockaddr_un& at) {
  return fail(Code::kBadFile,
              std::string(at.sun_path) + ": " + std::generic_category().message(errno));
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void set_send_timeout(int fd) {
  const timeval second{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
}

}  // namespace

Result<AdminServer> AdminServer::listen(const std::string& folder) {
  const auto at = TILL_TRY(address(folder));
  File listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ::unlink(at.sun_path);
  const mode_t before = ::umask(0177);
  const bool bound =
      listener && ::bind(listener.fd(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
  ::umask(before);
  if (!bound || ::listen(listener.fd(), static_cast<int>(limits::kMaxAdmins)) != 0) {
    return socket_error(at);
  }
  return AdminServer(std::move(listener));
}

std::vector<int> AdminServer::descriptors() const {
  std::vector<int> all;
  // Whoever is beyond the limit waits in the kernel's queue.
  if (clients_.size() < limits::kMaxAdmins) all.push_back(listener_.fd());
  for (const auto& client : clients_) all.push_back(client.file.fd());
  return all;
}

void AdminServer::serve(const std::function<std::string(std::string_view)>& execute) {
  accept();
  std::erase_if(clients_, [&](Client& client) { return !talk(client, execute); });
}

void AdminServer::accept() {
  while (clients_.size() < limits::kMaxAdmins) {
    File file(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!file) return;
    set_send_timeout(file.fd());
    clients_.push_back({std::move(file), ""});
  }
}

bool AdminServer::talk(Client& client,
                       const std::function<std::string(std::string_view)>& execute) {
  char piece[65536];
  while (true) {
    const auto before = client.text.size();
    const ssize_t n = ::recv(client.file.fd(), piece, sizeof piece, MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    client.text.append(piece, static_cast<std::size_t>(n));
    for (auto end = client.text.find('\n', before); end != std::string::npos;
         end = client.text.find('\n')) {
      if (!send_all(client.file.fd(), execute(std::string_view(client.text).substr(0, end)))) {
        return false;
      }
      client.text.erase(0, end + 1);
    }
    if (client.text.size() > kMaxLine) return false;
  }
}

Result<std::optional<std::string>> ask_daemon(const std::string& folder, const std::string& line) {
  const auto at = TILL_TRY(address(folder));
  const File file(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!file) return socket_error(at);
  if (::connect(file.fd(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<std::string>();
    return socket_error(at);
  }
  if (!send_all(file.fd(), line + "\n")) return socket_error(at);
  std::string answer;
  char piece[65536];
  while (answer.empty() || answer.back() != '\n') {
    const ssize_t n = ::recv(file.fd(), piece, sizeof piece, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(Code::kNotRunning, at.sun_path);
    answer.append(piece, static_cast<std::size_t>(n));
  }
  return std::optional(std::move(answer));
}

}  // namespace till::central
