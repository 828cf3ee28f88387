#include "durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace till {

Result<void> write_durably(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return fail(Code::kBadFile, fresh);
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fdatasync(fd) == 0;
  close(fd);
  if (!written || std::rename(fresh.c_str(), path.c_str()) != 0) return fail(Code::kBadFile, path);
  // The new name is on the disk only with its folder.
  const auto slash = path.find_last_of('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int above = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool named = above >= 0 && fsync(above) == 0;
  if (above >= 0) close(above);
  if (!named) return fail(Code::kBadFile, path);
  return {};
}

}  // namespace till
