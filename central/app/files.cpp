#include "central/app/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "gateway/base/json.h"

namespace till::central {
namespace {

std::unexpected<Error> file_error(const std::string& path) {
  return fail(Code::kBadFile, path + ": " + std::generic_category().message(errno));
}

Result<KeyPair> parse_keys(const std::string& text) {
  const auto root = TILL_TRY(parse_json(text));
  auto in = TILL_TRY(JsonObject::from(root, ""));
  KeyPair keys{TILL_TRY(in.get<std::string>("public_key")),
               TILL_TRY(in.get<std::string>("secret_key"))};
  TILL_CHECK(in.finish());
  return keys;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}
File::File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Result<std::string> read_file(const std::string& path, std::size_t most) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  if (failed) return fail(Code::kBadFile, path + ": " + failed.message());
  if (size > most) return fail(Code::kTooLarge, path);
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return file_error(path);
  return text.str();
}

Result<void> write_private(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const File file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file || !write_all(file.fd(), text) || ::fsync(file.fd()) != 0) return file_error(fresh);
  if (::rename(fresh.c_str(), path.c_str()) != 0) return file_error(path);
  const auto folder = std::filesystem::path(path).parent_path();
  const File parent(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC));
  if (!parent || ::fsync(parent.fd()) != 0) return file_error(path);
  return {};
}

Result<File> lock_folder(const std::string& folder) {
  std::error_code failed;
  if (std::filesystem::create_directories(folder, failed)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  }
  if (failed) return fail(Code::kBadFile, folder + ": " + failed.message());
  const std::string path = folder + "/central.lock";
  File file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return file_error(path);
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) return fail(Code::kStoreLocked, folder);
  return file;
}

KeyPair make_keys() {
  std::array<char, 41> public_key{};
  std::array<char, 41> secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    throw std::runtime_error("libzmq was built without CURVE");
  }
  return {public_key.data(), secret_key.data()};
}

Result<KeyPair> server_keys(const std::string& folder) {
  const std::string path = folder + "/central.key";
  if (std::filesystem::exists(path)) {
    auto keys = parse_keys(TILL_TRY(read_file(path)));
    if (!keys) return fail(Code::kBadFile, path + ": " + keys.error().detail);
    return keys;
  }
  KeyPair keys = make_keys();
  TILL_CHECK(
      write_private(path, boost::json::serialize(boost::json::object{
                              {"public_key", keys.public_key}, {"secret_key", keys.secret_key}}) +
                              "\n"));
  return keys;
}

Result<void> write_endpoints(const std::string& folder, const Endpoints& at,
                             const std::string& server_key) {
  return write_private(folder + "/central.json",
                       boost::json::serialize(boost::json::object{
                           {"tell", at.tell}, {"ask", at.ask}, {"server_key", server_key}}) +
                           "\n");
}

Endpoints read_endpoints(const std::string& folder) {
  const auto text = read_file(folder + "/central.json");
  const auto root = text ? parse_json(*text) : Result<boost::json::value>(fail(Code::kBadFile));
  Endpoints at;
  if (!root) return at;
  auto in = JsonObject::from(*root, "");
  if (!in) return at;
  at.tell = in->get_or("tell", at.tell).value_or(at.tell);
  at.ask = in->get_or("ask", at.ask).value_or(at.ask);
  return at;
}

}  // namespace till::central
