// Golden vectors: recorded bytes and the vendor's own unit tests, typed in from the fact sheet.
#include <gtest/gtest.h>

#include <algorithm>

#include "commands.h"
#include "errors.h"
#include "frame.h"
#include "protocols/shtrih/packet.h"
#include "tlv.h"

namespace till::shtrih {
namespace {

Bytes data_of(const Buffer& payload, std::size_t skip) { return Bytes(payload).subspan(skip); }

TEST(Correction, ItsReasonInTags) {
  // 5AC27360h is 2 April 2018 18:16; the day itself is 5AC17280h.
  const auto tags = correction_reason(true, "2018-04-02", "17");
  ASSERT_TRUE(tags);
  EXPECT_EQ(to_hex(*tags), "950401000196040e009a0404008072c15a9b0402003137");
  for (const char* day : {"2018-02-29", "2018-13-01", "1969-12-31", "2018-4", "soon"}) {
    EXPECT_FALSE(correction_reason(false, day, "")) << day;
  }
  EXPECT_TRUE(correction_reason(false, "2024-02-29", ""));
}

TEST(Packet, ChecksumsOfTheSpecification) {
  EXPECT_EQ(crc16(as_bytes("123456789")), 0x29b1);
  EXPECT_EQ(crc16(from_hex("0000")), 0x1d0f);
  EXPECT_EQ(crc16(from_hex("03000600fc")), 0x63ed);
}

TEST(Packet, GoesOutStuffedAndComesBack) {
  EXPECT_EQ(to_hex(encode_packet({})), "8f00000f1d");
  EXPECT_EQ(to_hex(encode_packet({6, {0xfc}})), "8f03000600fced63");
  const Packet hard{0x8f9f, {0x8f, 0x9f, 0x81, 0x83, 0x10}};
  const Buffer line = encode_packet(hard);
  EXPECT_EQ(std::ranges::count(line, kPacketStx), 1);
  PacketReader reader;
  std::optional<Packet> got;
  for (const auto noise : {0x00, 0x8f, 0x05, 0x00, 0x9f, 0x10}) {
    EXPECT_FALSE(reader.feed(static_cast<std::uint8_t>(noise)));
  }
  for (const auto b : line) got = reader.feed(b);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->number, hard.number);
  EXPECT_EQ(got->payload, hard.payload);
  // Any single flipped bit voids the packet.
  for (std::size_t i = 0; i < line.size() * 8; ++i) {
    Buffer broken = line;
    broken[i / 8] ^= static_cast<std::uint8_t>(1 << (i % 8));
    reader.reset();
    for (const auto b : broken) EXPECT_FALSE(reader.feed(b)) << i;
  }
}

TEST(ShtrihFrame, RecordedBytes) {
  EXPECT_EQ(encode_frame(plain(Command::kShortStatus, 30)), from_hex("02 05 10 1E 00 00 00 0B"));
  EXPECT_EQ(encode_frame(plain(Command::kCancelReceipt, 30)), from_hex("02 05 88 1E 00 00 00 93"));
  EXPECT_EQ(encode_frame(plain(Command::kFnStatus, 30)), from_hex("02 06 FF 01 1E 00 00 00 E6"));
  EXPECT_EQ(find_document(30, 163), from_hex("FF 0A 1E 00 00 00 A3 00 00 00"));
  EXPECT_EQ(decode_frame(from_hex("02 03 88 00 1E 95")), from_hex("88 00 1E"));
}

TEST(ShtrihFrame, EveryFlippedBitIsSeen) {
  const Buffer good = from_hex("02 03 88 00 1E 95");
  for (std::size_t i = 0; i < good.size() * 8; ++i) {
    Buffer bad = good;
    bad[i / 8] ^= static_cast<std::uint8_t>(1 << (i % 8));
    EXPECT_FALSE(decode_frame(bad)) << i;
  }
}

TEST(ShtrihReply, ShortStatusOfARealDevice) {
  const auto payload =
      decode_frame(from_hex("02 10 10 00 1E 92 02 08 00 01 9F E5 18 01 00 8B 02 00 6D"));
  ASSERT_TRUE(payload);
  const auto reply = parse_reply(*payload);
  ASSERT_TRUE(reply);
  const auto status = parse_short_status(reply->data);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->flags, 0x0292);
  EXPECT_TRUE(status->document_open());
  EXPECT_TRUE(status->paper());
  EXPECT_FALSE(status->cover_open());
}

TEST(ShtrihReply, FnStatusOfARealDevice) {
  const auto payload = decode_frame(from_hex(
      "02 21 FF 01 00 03 00 00 01 00 15 07 1D 0B 1D 39 32 38 37 34 34 30 33 30 31 31 32 30 "
      "39 39 31 A9 01 00 00 68"));
  ASSERT_TRUE(payload);
  const auto s = parse_fn_status(parse_reply(*payload)->data);
  ASSERT_TRUE(s);
  EXPECT_EQ(s->number, "9287440301120991");
  EXPECT_EQ(s->last_document, 425U);
  EXPECT_EQ(s->time, "2021-07-29T11:29");
  EXPECT_TRUE(s->shift_open);
}

TEST(ShtrihReply, FoundDocuments) {
  const Buffer receipt =
      from_hex("FF 0A 00 03 00 11 03 18 14 35 A3 00 00 00 EB EA 4B 2E 01 20 4E 00 00 00");
  const auto d = parse_find_document(data_of(receipt, 3));
  ASSERT_TRUE(d);
  EXPECT_EQ(d->type, 3);
  EXPECT_EQ(d->number, 163U);
  EXPECT_EQ(d->sign, 0x2E4BEAEBU);
  EXPECT_EQ(d->operation, 1);
  EXPECT_EQ(d->total.minor, 20000);
  EXPECT_EQ(d->time, "2017-03-24T20:53");
  const auto shift = parse_find_document(
      data_of(from_hex("FF 0A 00 02 00 11 07 06 02 35 03 00 00 00 5B E1 AE D0 01 00"), 3));
  ASSERT_TRUE(shift);
  EXPECT_EQ(shift->type, 2);
}

TEST(ShtrihCommand, CloseReceiptHasTheDocumentedSize) {
  std::array<Money, 16> payments{};
  payments[0] = {1};
  const auto bytes = close_receipt(30, payments, 0x20);
  ASSERT_TRUE(bytes);
  // 182 is the most the specification allows, with 64 characters of text that we do not send.
  EXPECT_EQ(bytes->size(), 2U + 4 + 16 * 5 + 1 + 6 * 5 + 1);
  EXPECT_EQ(to_hex(Bytes(*bytes).first(11)), "ff451e0000000100000000");
  EXPECT_EQ(bytes->back(), 0x20);
  payments[0] = {-1};
  EXPECT_EQ(close_receipt(30, payments, 1).error().code, Code::kOutOfRange);
}

TEST(ShtrihCommand, Operation) {
  const auto bytes =
      operation(30, {.quantity = {1500}, .price = {9990}, .sum = {14985}, .tax = 1, .name = "Сыр"});
  ASSERT_TRUE(bytes);
  EXPECT_EQ(to_hex(*bytes),
            "ff461e000000"  // password
            "01"            // sale
            "60e316000000"  // 1.5 in millionths
            "0627000000"    // 99.90
            "893a000000"    // 149.85
            "ffffffffff"    // tax sum not given
            "01"
            "01"
            "04"
            "01"
            "d1fbf0");
  EXPECT_FALSE(operation(30, {.quantity = {0}, .price = {1}, .sum = {1}, .name = {}}));
  EXPECT_FALSE(
      operation(30, {.quantity = {1}, .price = {std::int64_t{1} << 40}, .sum = {1}, .name = {}}));
}

TEST(ShtrihCommand, TaxCodes) {
  EXPECT_EQ(tax_code(6, TaxCoding::kMask, false), 0x08);
  EXPECT_EQ(tax_code(6, TaxCoding::kOrdinal, false), 4);
  EXPECT_EQ(tax_code(11, TaxCoding::kMask, false), 0x01);
  EXPECT_EQ(tax_code(11, TaxCoding::kMask, true), 11);
  EXPECT_FALSE(tax_code(13, TaxCoding::kMask, true));
}

TEST(ShtrihTlv, WitnessComesBack) {
  Buffer document;
  put_string(document, 1021, "Мама");
  EXPECT_EQ(to_hex(document), "fd0304008ca0aca0");
  EXPECT_FALSE(find_witness(document));
  append(document, extra_requisite("Tillbridge", "0190e5b6/1"));
  EXPECT_EQ(find_witness(document), "0190e5b6/1");
  Buffer wrapped;
  put_tlv(wrapped, 3, document);
  EXPECT_EQ(find_witness(wrapped), "0190e5b6/1");
  constexpr std::uint8_t kShift[] = {7, 1, 0, 0};
  put_tlv(document, kTagShift, kShift);
  EXPECT_EQ(find_number(document, kTagShift), 263U);
  EXPECT_FALSE(find_number(document, kTagReceipt));
  document.pop_back();
  EXPECT_FALSE(parse_tlv(document));
}

TEST(ShtrihErrors, SortedUniqueAndInTwoLanguages) {
  int last = -1;
  for (const auto& e : all_device_errors()) {
    EXPECT_GT(e.code, last);
    last = e.code;
    EXPECT_FALSE(e.en.empty() || e.ru.empty()) << int{e.code};
  }
  EXPECT_EQ(to_error(0x6b).code, Code::kPaperOut);
  EXPECT_EQ(to_error(0x6b).vendor, "6Bh");
  for (const int ended : {0x05, 0x06, 0x12, 0x14}) {
    EXPECT_EQ(to_error(static_cast<std::uint8_t>(ended)).code, Code::kMemoryEnded);
  }
  EXPECT_EQ(device_error(0x31), nullptr);
  EXPECT_EQ(to_error(0x31).code, Code::kRegisterRefused);
}

TEST(ShtrihReply, ShortRepliesAreErrorsNotReads) {
  for (std::size_t n = 0; n < 13; ++n) {
    const Buffer data(n, 0);
    EXPECT_FALSE(parse_short_status(data));
    EXPECT_FALSE(parse_fn_status(data));
    EXPECT_FALSE(parse_close_receipt(data));
    EXPECT_FALSE(parse_find_document(data));
  }
}

}  // namespace
}  // namespace till::shtrih
