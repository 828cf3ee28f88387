// The bounds of central by name, beside those of gateway/base/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace till::central::limits {

inline constexpr std::int64_t kMaxPoints = 1'000'000'000'000'000;  // of one fact: 10^13 points
inline constexpr std::int64_t kMaxMoney = 1'000'000'000'000'000;   // of one fact: 10^13 roubles
inline constexpr std::int64_t kMaxLifeDays = 36'600;               // of points: a hundred years
inline constexpr std::size_t kMaxTextBytes = 256;  // one id, hash or name in a message
inline constexpr std::size_t kMaxLabel = 4;        // what a report shows of a card's number
inline constexpr std::int64_t kMaxHoldTtlUs = 7LL * 86'400'000'000;  // a week in doubt is enough

inline constexpr std::size_t kMaxPeers = 4096;  // connections remembered
inline constexpr std::size_t kMaxBatch = 256;   // messages of one socket in a transaction
inline constexpr int kMaxLogPages = 16384;      // 64 MiB, then the log is moved at once
inline constexpr std::size_t kMaxAdmins = 16;   // commands at once
inline constexpr std::size_t kMaxRows = 1000;   // of one page of a report

}  // namespace till::central::limits
