// Every bound of the gateway by name. Input is never trusted to be small: whoever reads from a
// port, a socket or a file takes its limit from here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sdk/cpp/base/values.h"

namespace till::limits {

// Ports and devices
inline constexpr std::size_t kMaxScanBytes = 4096;    // the largest QR code holds 2953 bytes
inline constexpr std::size_t kMaxTrackBytes = 256;    // ISO 7811 allows 79 + 40 + 107 characters
inline constexpr std::size_t kMaxFrameBytes = 65536;  // the longest register frame is about 64 KiB
inline constexpr std::size_t kMaxPortQueue = 256;     // reads waiting for a slow driver
inline constexpr std::size_t kMaxEventQueue = 1024;   // device events waiting for the core
inline constexpr int kMaxDeviceRetries = 3;           // a fourth try of a frame never helped anyone

// Plugins
inline constexpr std::size_t kMaxManifestBytes = 65536;  // real ones take less than 4 KiB
inline constexpr std::size_t kMaxPlugins = 64;           // processes on a small counter PC
inline constexpr std::size_t kMaxListedPlugins = 256;    // folders, installed and not all used
inline constexpr std::size_t kMaxPluginFiles = 1024;     // of one folder, when it is looked at
inline constexpr int kMaxPluginRestarts = 5;             // in a window, then it is set aside
inline constexpr int kMaxPluginEventsPerSecond = 200;    // nobody scans faster
inline constexpr int kMaxStateWritesPerSecond = 10;      // of one plugin; each waits for the disk
inline constexpr int kMaxBrokenRulesPerSecond = 50;      // of one plugin, then it is ended
inline constexpr std::size_t kMaxPluginRequests = 4;     // HTTP requests one child waits for
// Entries the journal keeps for an exporter beyond what it keeps anyway: half a gigabyte, or eight
// months of 2000 sales a day.
inline constexpr std::uint64_t kMaxExportBehind = 500'000;

// The sale
inline constexpr std::size_t kMaxCodes = 20;            // coupons and codes of a sale
inline constexpr std::size_t kMaxCodeBytes = 64;        // of one of them
inline constexpr std::size_t kMaxSaleLines = 500;       // a register's own limit is near 1000
inline constexpr Quantity kMaxQuantity{1'000'000'000};  // a million pieces or kilograms a line
inline constexpr std::size_t kMaxOpenSales = 200;       // per till: parked receipts of one day
inline constexpr std::size_t kMaxPayments = 16;         // tenders of one receipt
inline constexpr std::size_t kMaxCardEvents = 64;       // swiped and not yet used, all tills
inline constexpr std::size_t kMaxNameCharacters = 128;  // FFD tag 1030
inline constexpr std::size_t kMaxGoodsCodeBytes = 191;  // a marking code; GS1-128 carries 48

// Files
inline constexpr std::size_t kMaxJsonBytes = 1 << 20;      // configuration, programs, bodies
inline constexpr std::size_t kMaxJsonDepth = 16;           // our deepest file has six levels
inline constexpr std::size_t kMaxGoodsBytes = 256U << 20;  // a million items of 256 bytes
inline constexpr std::size_t kMaxGoodsItems = 1'000'000;   // a hypermarket lists 100 000
inline constexpr std::size_t kMaxTaxRates = 64;            // per item: changes by law
inline constexpr std::size_t kMaxCardTypes = 256;          // per program

// Loyalty
inline constexpr std::size_t kMaxProgramBytes = 32U << 20;  // 20 000 rules of a kilobyte
inline constexpr std::size_t kMaxRules = 20'000;            // a chain's active offers: some 10 000
inline constexpr std::size_t kMaxBasketLines = 10'000;      // of an evaluation outside a sale
inline constexpr std::size_t kMaxReasons = 2'000;           // kept of one evaluation
inline constexpr std::int64_t kMaxPluginPoints = 100'000'000;  // hundredths, for one line
inline constexpr std::size_t kMaxPluginReason = 128;           // characters, on a slip
inline constexpr std::size_t kMaxExplanations = 100;           // of them, in words on a quote

// HTTP and sessions
inline constexpr std::size_t kMaxHttpBody = 256U << 10;  // 500 lines take about 100 KiB
inline constexpr std::size_t kMaxIdempotencyKey = 128;   // what common clients send is a UUID
inline constexpr std::size_t kMaxApiText = 64;           // numbers and names a till gives
inline constexpr std::size_t kMaxHttpHeaders = 8192;     // what common servers allow
inline constexpr std::size_t kMaxSessions = 256;         // tills and consoles of one store
inline constexpr std::size_t kMaxSessionQueue = 1024;    // events a slow listener may lag behind
inline constexpr std::int64_t kSessionIdleUs = 3'600'000'000;  // an hour without a word

// The link to central
inline constexpr std::size_t kMaxMessageBytes = 1 << 20;     // one ledger entry is below 64 KiB
inline constexpr std::size_t kMaxInFlight = 64;              // unacknowledged entries at once
inline constexpr std::int64_t kMaxReconnectUs = 32'000'000;  // back-off grows to this, jittered

// Logs
inline constexpr int kMaxLogsPerSecond = 20;       // of one kind; the rest is counted
inline constexpr std::size_t kMaxLogDetail = 512;  // bytes of foreign text in one line

}  // namespace till::limits
