#include "sim/register/fiscal_memory.h"

#include <fmt/core.h>

#include <boost/json.hpp>
#include <cstdio>

#include "sim/base/civil.h"

namespace till::sim {
namespace {

namespace json = boost::json;

std::optional<int64_t> parse_minute(const std::string& text) {
  Civil t;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d",  // NOLINT: the range is checked below
                  &t.year, &t.month, &t.day, &t.hour, &t.minute) != 5) {
    return std::nullopt;
  }
  return seconds_of(t);
}

FiscalDocument parse_line(const std::string& line) {
  const json::object o = json::parse(line).as_object();
  FiscalDocument d;
  d.fn = json::value_to<std::string>(o.at("fn"));
  d.fd = o.at("fd").to_number<uint32_t>();
  d.type = o.at("type").to_number<uint8_t>();
  d.op = o.at("op").to_number<uint8_t>();
  d.fpd = o.at("fpd").to_number<uint32_t>();
  d.shift = o.at("shift").to_number<uint16_t>();
  d.receipt = o.at("receipt").to_number<uint16_t>();
  d.total = o.at("total").to_number<int64_t>();
  const auto seconds = parse_minute(json::value_to<std::string>(o.at("datetime")));
  const auto tlv = from_hex(json::value_to<std::string>(o.at("tlv")));
  if (!seconds || !tlv) throw std::invalid_argument("bad datetime or tlv");
  d.seconds = *seconds;
  d.tlv = *tlv;
  return d;
}

std::string format_line(const FiscalDocument& d) {
  return fmt::format(R"({{"fn":"{}","fd":{},"type":{},"op":{},"datetime":"{}","fpd":{},"shift":{},)"
                     R"("receipt":{},"total":{},"tlv":"{}"}})",
                     d.fn, d.fd, d.type, d.op, format_minute(d.seconds), d.fpd, d.shift, d.receipt,
                     d.total, to_hex(d.tlv));
}

}  // namespace

std::string format_minute(int64_t seconds) {
  const Civil t = civil_of(seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}", t.year, t.month, t.day, t.hour, t.minute);
}

const FiscalDocument* FiscalMemory::find(const std::string& fn, uint32_t fd) const {
  for (auto it = documents_.rbegin(); it != documents_.rend(); ++it) {
    if (it->fd == fd && it->fn == fn) return &*it;
  }
  return nullptr;
}

std::expected<std::unique_ptr<FileFiscalMemory>, std::string> FileFiscalMemory::open(
    const std::string& path) {
  std::unique_ptr<FileFiscalMemory> memory(new FileFiscalMemory);
  auto lines = DurableLines::open(
      path, [&memory](const std::string& line) { memory->documents_.push_back(parse_line(line)); });
  if (!lines) return std::unexpected(lines.error());
  memory->lines_ = std::move(*lines);
  return memory;
}

bool FileFiscalMemory::append(const FiscalDocument& document) {
  if (!lines_->append(format_line(document))) return false;
  documents_.push_back(document);
  return true;
}

}  // namespace till::sim
