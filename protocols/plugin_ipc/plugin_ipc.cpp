#include "plugin_ipc.h"

#include <array>
#include <charconv>

namespace till::ipc {
namespace {

template <typename T>
void put(Buffer& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
  }
}

template <typename T>
T get(Bytes in, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value |= std::uint64_t{in[at + i]} << (8 * i);
  return static_cast<T>(value);
}

}  // namespace

std::size_t max_body(Type type) {
  switch (type) {
    case Type::kConfig:
    case Type::kSubmit:
    case Type::kComplete:
    case Type::kHttpRequest:
    case Type::kHttpAnswer:
      return kMaxBody;
    case Type::kEvent:
    case Type::kLog:
    case Type::kPortIn:
    case Type::kPortOut:
    case Type::kFailed:
      return kInlineBody;
    case Type::kState:
    case Type::kStateAnswer:
      return kInlineBody / 8;
    default:
      return kInlineBody / 64;
  }
}

Buffer encode(const Frame& frame) {
  const bool memfd = frame.body.size() > kInlineBody;
  Buffer out;
  out.reserve(kHeader + (memfd ? 0 : frame.body.size()));
  put(out, kMagic);
  put(out, static_cast<std::uint16_t>(frame.type));
  put(out, static_cast<std::uint16_t>(memfd ? kFlagMemfd : 0));
  put(out, static_cast<std::uint32_t>(frame.body.size()));
  put(out, frame.seq);
  put(out, frame.op);
  if (!memfd) append(out, as_bytes(frame.body));
  return out;
}

Result<Frame> decode(Bytes message) {
  if (message.size() < kHeader) return fail(Code::kBadFrame, "shorter than a header");
  if (get<std::uint32_t>(message, 0) != kMagic) return fail(Code::kBadFrame, "wrong magic");
  const auto type = get<std::uint16_t>(message, 4);
  if (type < 1 || type > static_cast<std::uint16_t>(Type::kLast)) {
    return fail(Code::kBadFrame, "unknown type " + std::to_string(type));
  }
  Frame frame;
  frame.type = static_cast<Type>(type);
  frame.flags = get<std::uint16_t>(message, 6);
  frame.length = get<std::uint32_t>(message, 8);
  frame.seq = get<std::uint32_t>(message, 12);
  frame.op = get<std::uint64_t>(message, 16);
  if ((frame.flags & ~kFlagMemfd) != 0) return fail(Code::kBadFrame, "unknown flag");
  if (frame.length > max_body(frame.type)) {
    return fail(Code::kBadFrame, "type " + std::to_string(type) + " with " +
                                     std::to_string(frame.length) + " bytes, at most " +
                                     std::to_string(max_body(frame.type)));
  }
  const std::size_t inline_size = message.size() - kHeader;
  if (frame.flags == kFlagMemfd) {
    if (inline_size != 0 || frame.length <= kInlineBody || frame.length > kMaxBody) {
      return fail(Code::kBadFrame, "bad memfd length");
    }
    return frame;
  }
  if (frame.length != inline_size || inline_size > kInlineBody) {
    return fail(Code::kBadFrame, "length does not fit");
  }
  frame.body = as_text(message.subspan(kHeader));
  return frame;
}

std::string encode_outcome(const Outcome& o) {
  // One head line: verdict dirty code vendor-length detail-length; then vendor, detail, body.
  std::string text;
  for (const std::size_t n :
       {static_cast<std::size_t>(o.verdict), static_cast<std::size_t>(o.dirty),
        static_cast<std::size_t>(o.error.code), o.error.vendor.size(), o.error.detail.size()}) {
    text += std::to_string(n) + " ";
  }
  text.back() = '\n';
  return text + o.error.vendor + o.error.detail + o.body;
}

Result<Outcome> decode_outcome(std::string_view text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return fail(Code::kBadFrame, "outcome without head");
  std::array<std::size_t, 5> head{};
  const char* at = text.data();
  const char* const stop = text.data() + end;
  for (auto& number : head) {
    if (at != text.data() && at < stop && *at == ' ') ++at;
    const auto [next, error] = std::from_chars(at, stop, number);
    if (error != std::errc{}) return fail(Code::kBadFrame, "outcome head");
    at = next;
  }
  const std::string_view rest = text.substr(end + 1);
  const auto [verdict, dirty, code, vendor, detail] = head;
  if (at != stop || verdict > 2 || dirty > 1 || code > 9999 || vendor > rest.size() ||
      detail > rest.size() - vendor) {
    return fail(Code::kBadFrame, "outcome head");
  }
  return Outcome{static_cast<Verdict>(verdict),
                 Error{static_cast<Code>(code), std::string(rest.substr(vendor, detail)),
                       std::string(rest.substr(0, vendor))},
                 std::string(rest.substr(vendor + detail)), dirty == 1};
}

std::pair<std::string_view, std::string_view> split_head(std::string_view body) {
  const auto end = body.find('\n');
  if (end == std::string_view::npos) return {body, {}};
  return {body.substr(0, end), body.substr(end + 1)};
}

}  // namespace till::ipc
