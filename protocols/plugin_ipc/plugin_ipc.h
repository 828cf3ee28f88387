// The frames between the daemon and a plugin's child process, as a pure codec.
//
// One frame is one SOCK_SEQPACKET message: a 24-byte little-endian header and a body. A body over
// kInlineBody travels as a sealed memfd: the flag is set, `length` is its true size and the message
// itself carries no body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"

namespace till::ipc {

inline constexpr std::uint32_t kMagic = 0x314c4254;  // "TBL1"
inline constexpr std::size_t kHeader = 24;
inline constexpr std::size_t kInlineBody = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxBody = std::size_t{16} * 1024 * 1024;
// Bytes that may be under way to the child before it gives credit back.
inline constexpr std::uint32_t kPortCredit = 32 * 1024;
// Credit is given back in steps: whoever waits for it has far more than one under way, so nothing
// stays behind that could hold it up, and a short exchange costs no frame of its own.
inline constexpr std::uint32_t kCreditStep = kPortCredit / 4;

enum class Type : std::uint16_t {
  kHello = 1,    // child: "abi_major abi_minor"
  kConfig,       // daemon: library '\n' id '\n' version '\n' name '\n' needs '\n' settings, JSON
  kReady,        // child: id '\n' version
  kFailed,       // child: an Outcome; it ends after this
  kSubmit,       // daemon: op, verb '\t' key '\t' deadline_ms '\n' body
  kComplete,     // child: op, an Outcome
  kCancel,       // daemon: op
  kEvent,        // child: type '\n' JSON
  kLog,          // child: level '\n' text
  kPing,         // daemon
  kPong,         // child's IPC thread: "op busy_ms"
  kPortIn,       // daemon: bytes from the device
  kPortOut,      // child: bytes to the device
  kCredit,       // both: bytes consumed, decimal
  kPortState,    // daemon: "1" open, "0" lost
  kNoReturn,     // child: op, the hint point_of_no_return
  kHttpRequest,  // child: op = request number, timeout_ms '\n' JSON
  kHttpAnswer,   // daemon: op = request number, an Outcome
  kStop,         // daemon
  kBye,          // child
  kState,        // child: op = request number, "get" "set" or "remove" '\t' key '\n' value
  kStateAnswer,  // daemon: op = request number, an Outcome; of a get the value
  kProgress,     // child: op, thousandths done, decimal
  kLoaded,       // child: the library is there and has made its instance; it is activated next
  kRule,         // child: the rule its plugin broke '\n' how
  kLast = kRule,
};

inline constexpr std::uint16_t kFlagMemfd = 1;
// In a PONG's "op busy_ms": the op of a child that handles input.
inline constexpr std::uint64_t kInputOp = ~std::uint64_t{0};
inline constexpr std::string_view kInputOpText = "18446744073709551615";

// In a CONFIG's needs, separated by blanks: what the manifest promises of the plugin.
inline constexpr std::string_view kNeedsInput = "input", kNeedsOperations = "operations",
                                  kNeedsEvents = "events";

// The longest body of such a frame.
std::size_t max_body(Type type);

struct Frame {
  Type type = Type::kPing;
  std::uint16_t flags = 0;
  std::uint32_t seq = 0;
  std::uint64_t op = 0;
  std::uint32_t length = 0;  // of the body, also when it travels as a memfd
  std::string body;

  bool operator==(const Frame&) const = default;
};

// How an operation ended: three outcomes, and in words.
enum class Verdict : std::uint8_t { kDone = 0, kRefused = 1, kInDoubt = 2 };

struct Outcome {
  Verdict verdict = Verdict::kInDoubt;
  Error error;         // unless done
  std::string body;    // JSON result when done
  bool dirty = false;  // refused, but something of ours is still open in the device

  static Outcome done(std::string result) { return {Verdict::kDone, {}, std::move(result), false}; }
  static Outcome refused(Error e) { return {Verdict::kRefused, std::move(e), {}, false}; }
  static Outcome in_doubt(Error e) { return {Verdict::kInDoubt, std::move(e), {}, false}; }
  bool operator==(const Outcome&) const = default;
};

// The header and, unless it must travel as a memfd, the body.
Buffer encode(const Frame& frame);
// kBadFrame on a wrong magic, an unknown type or flag, or a length that does not fit the message or
// is over the type's longest; a memory file is not looked into then.
Result<Frame> decode(Bytes message);

std::string encode_outcome(const Outcome& outcome);
Result<Outcome> decode_outcome(std::string_view text);

// "head\nrest": the two parts of a body that has a small head before its payload.
std::pair<std::string_view, std::string_view> split_head(std::string_view body);

}  // namespace till::ipc
