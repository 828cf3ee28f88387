// What the tasks answer. Every reader takes the task's `result` object and fails with kBadFrame,
// naming the member, when it is not there: an answer that cannot be read proves nothing.
// Source: pbardov/node-atol-rpc (result schemas); tags: order ЕД-7-20/662@.
#pragma once

#include <boost/json.hpp>

#include "sdk/cpp/fiscal.h"

namespace till::atol {

namespace json = boost::json;

// The text of an answer; kBadFrame when it is no JSON object or over the limit.
Result<json::object> parse_object(std::string_view text);

struct ShiftStatus {
  std::string state;  // "open", "closed", "expired"
  std::uint32_t number = 0;
  std::string expires;  // local "2026-11-22T12:05", 24 hours after it was opened; "" = not told
};
struct DeviceStatus {
  std::string time;  // local "2026-11-22T12:05"
  std::string shift;
  bool blocked = false, cover_open = false, paper = true, fiscal = true, memory_present = true;
};
struct MemoryInfo {
  std::string serial;
  std::string phase;    // as RegisterStatus::memory_phase; "" = unknown
  std::string expires;  // "2028-03-01", "" = not told
  std::string warning;  // "" = none
};
struct OfdStatus {
  std::uint32_t unsent = 0;
  std::string oldest;  // local time of the first, "" = none
};
struct DeviceInfo {
  std::string model, serial;
};

Result<ShiftStatus> read_shift_status(const json::object& result);
Result<DeviceStatus> read_device_status(const json::object& result);
Result<MemoryInfo> read_fn_info(const json::object& result);
// The number of the last fiscal document.
Result<std::uint32_t> read_fn_status(const json::object& result);
Result<OfdStatus> read_ofd_status(const json::object& result);
Result<DeviceInfo> read_device_info(const json::object& result);
// What is in the drawer by the register's own count.
Result<Money> read_cash(const json::object& result);

// Of a receipt just made: everything but witness and kind. `printed` is false when the document
// became fiscal but its paper is not out (warnings.notPrinted).
Result<FiscalDocument> read_fiscal(const json::object& result);
// Of getFnDocument. The bytes of the document decide where they came along, the driver's own
// rendering else. witness_readable is false unless the one or the other shows tag 1084 or proves
// that there is none.
Result<FiscalDocument> read_document(const json::object& result, std::uint32_t number);

}  // namespace till::atol
