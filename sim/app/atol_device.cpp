#include "sim/app/atol_device.h"

#include <fmt/core.h>

#include <filesystem>
#include <stdexcept>

namespace till::sim {
namespace {

std::string folder(const std::string& path) {
  std::filesystem::create_directories(path);
  return path;
}

std::unique_ptr<FiscalMemory> open_memory(const std::string& path) {
  auto memory = FileFiscalMemory::open(path);
  if (!memory) throw std::runtime_error(memory.error());
  return std::move(*memory);
}

}  // namespace

AtolDevice::AtolDevice(const std::string& dir, uint16_t port, Scribe& scribe, Ms now)
    : paper_dir_(folder(dir + "/atol/paper")),
      port_(port),
      scribe_(scribe),
      memory_(open_memory(dir + "/atol/fiscal_memory.jsonl")),
      printer_(*memory_, now, [this](const Slip& slip) { print(slip); }),
      web_(printer_) {
  for (const auto& entry : std::filesystem::directory_iterator(paper_dir_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("slip-") && name.ends_with(".txt")) ++slips_;
  }
}

void AtolDevice::print(const Slip& slip) {
  const std::string name =
      slip.fd > 0 ? fmt::format("fd-{:06}", slip.fd) : fmt::format("slip-{:06}", ++slips_);
  std::string text;
  for (const std::string& line : slip.lines) text += line + "\n";
  if (!slip.qr.empty()) text += "QR: " + slip.qr + "\n";
  last_text_ = text;
  scribe_.write({paper_dir_ + "/" + name, std::move(text), blocks_of(slip), 576});
}

void AtolDevice::pull() {
  listener_.reset();
  connections_.clear();
}

void AtolDevice::plug() {
  if (!listener_) listener_ = listen_tcp(port_);
}

boost::json::object AtolDevice::obey(Ms now, const boost::json::object& in) {
  web_.tick(now);
  return atol::obey(printer_, &web_, now, in);
}

bool AtolDevice::serve(Ms now, Connection& c) {
  const auto bytes = read_some(c.fd, 65536);
  if (!bytes) return false;
  c.reader.feed(*bytes);
  while (const auto request = c.reader.next()) {
    const auto answer = web_.http(now, request->method, request->path, request->body);
    c.closing = !request->keep_alive;
    c.out += fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}",
        answer.status, answer.status < 300 ? "OK" : "Refused", answer.body.size(),
        c.closing ? "Connection: close\r\n" : "", answer.body);
  }
  if (c.reader.broken() && !c.closing) {
    c.closing = true;
    c.out += "HTTP/1.1 400 Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  }
  const auto written = write_some(c.fd, view_of(c.out));
  if (!written) return false;
  c.out.erase(0, *written);
  return !(c.closing && c.out.empty());
}

void AtolDevice::pump(Ms now) {
  web_.tick(now);
  if (listener_ && connections_.size() < kMaxConnections) {
    if (Fd fd = accept_one(listener_)) connections_.push_back({.fd = std::move(fd)});
  }
  connections_.remove_if([this, now](Connection& c) { return !serve(now, c); });
}

void AtolDevice::wants(std::vector<pollfd>& out) const {
  if (listener_) out.push_back({listener_.get(), POLLIN, 0});
  for (const Connection& c : connections_) {
    out.push_back({c.fd.get(), static_cast<short>(c.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
  }
}

}  // namespace till::sim
