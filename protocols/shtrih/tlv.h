// FFD tag-length-value: tag u16 LE, length u16 LE, value; strings in CP866.
// Source: order ЕД-7-20/662@ (fiscal data formats), tag dictionary in the vendor's driver.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"

namespace till::shtrih {

inline constexpr std::uint16_t kTagContact = 1008, kTagCashier = 1021, kTagExtra = 1084,
                               kTagExtraName = 1085, kTagExtraValue = 1086, kTagShift = 1038,
                               kTagReceipt = 1042, kTagCorrectionType = 1173,
                               kTagCorrectionReason = 1174, kTagReasonDate = 1178,
                               kTagReasonNumber = 1179, kTagCashierInn = 1203, kTagMeasure = 2108;

void put_tlv(Buffer& out, std::uint16_t tag, Bytes value);
void put_string(Buffer& out, std::uint16_t tag, std::string_view utf8);
// 1084{1085 name, 1086 value}: the additional requisite of the user, our witness.
Buffer extra_requisite(std::string_view name, std::string_view value);
// 1173 and 1174{1178 date, 1179 number}: what a correction corrects. `date` is "2026-11-22".
Result<Buffer> correction_reason(bool by_order, std::string_view date, std::string_view number);

struct Tlv {
  std::uint16_t tag = 0;
  Buffer value;
};
// One level; kBadFrame when a length runs over the end.
Result<std::vector<Tlv>> parse_tlv(Bytes bytes);
// An integer of a document's TLV (u8 to u32), wherever it stands but inside a structure.
std::optional<std::uint32_t> find_number(Bytes document, std::uint16_t tag);
// The value of 1084/1086 in a document's TLV, wherever it stands; nothing when it is not there.
std::optional<std::string> find_witness(Bytes document);

}  // namespace till::shtrih
