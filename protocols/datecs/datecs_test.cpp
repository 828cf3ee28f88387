#include <gtest/gtest.h>

#include "commands.h"
#include "errors.h"
#include "replies.h"

namespace till::datecs {
namespace {

std::string hex(std::string_view spaced) { return to_hex(from_hex(spaced)); }
std::string ascii(const Request& r) { return std::string(as_text(r.data)); }
Bytes of(std::string_view text) { return as_bytes(text); }

TEST(DatecsFrame, RequestsAsTheVendorCountsThem) {
  EXPECT_EQ(to_hex(*encode_request(0x20, 0x4a, of("X"))), hex("01 25 20 4A 58 05 30 30 3E 3C 03"));
  EXPECT_EQ(to_hex(*encode_request(0x21, 0x45, of("0"))), hex("01 25 21 45 30 05 30 30 3C 30 03"));
  EXPECT_EQ(to_hex(*encode_request(0x20, 0x38, {})), hex("01 24 20 38 05 30 30 38 31 03"));
}

TEST(DatecsFrame, ControlCharactersAreEscaped) {
  const Buffer data{0x1d, '\t', '\n', 0x10};
  const auto frame = encode_request(0x20, 0x64, data);
  ASSERT_TRUE(frame);
  EXPECT_EQ(to_hex(Bytes(*frame).subspan(0, 11)), hex("01 2A 20 64 10 5D 09 0A 10 50 05"));
  EXPECT_TRUE(encode_request(0x20, 0x31, Buffer(218, 'a')));
  EXPECT_EQ(encode_request(0x20, 0x31, Buffer(219, 'a')).error().code, Code::kTooLarge);
  EXPECT_EQ(encode_request(0x20, 0x31, Buffer(110, 1)).error().code, Code::kTooLarge);
}

const char* const kClockReply =
    "01 3C 20 3E 30 31 2D 30 32 2D 32 35 20 31 30 3A 31 31 3A 31 32 04 80 80 80 80 86 9A 05 30 37 "
    "30 31 03";

TEST(DatecsFrame, AReplyIsTakenApart) {
  const Buffer frame = from_hex(kClockReply);
  EXPECT_EQ(frame_size(frame[1]), frame.size());
  const auto reply = decode_reply(frame);
  ASSERT_TRUE(reply) << reply.error().detail;
  EXPECT_EQ(reply->seq, 0x20);
  EXPECT_EQ(reply->command, 0x3e);
  EXPECT_EQ(as_text(reply->data), "01-02-25 10:11:12");
  EXPECT_TRUE(reply->status.fiscal_mode());
  EXPECT_FALSE(reply->status.refused());
  EXPECT_FALSE(reply->status.document_open());
  EXPECT_EQ(*parse_clock(reply->data), "2025-02-01T10:11:12");
}

TEST(DatecsFrame, AnyFlippedOrMissingByteIsSeen) {
  const Buffer good = from_hex(kClockReply);
  for (std::size_t i = 0; i < good.size(); ++i) {
    Buffer flipped = good;
    flipped[i] ^= 0x41;
    EXPECT_FALSE(decode_reply(flipped)) << i;
    EXPECT_FALSE(decode_reply(Bytes(good).first(i))) << i;
  }
  EXPECT_EQ(frame_size(0x2a), 0U);
  EXPECT_EQ(frame_size(0x2b), 17U);
}

TEST(DatecsFrame, SequenceNumbersGoRound) {
  EXPECT_EQ(next_seq(0x20), 0x21);
  EXPECT_EQ(next_seq(0x7e), 0x7f);
  EXPECT_EQ(next_seq(0x7f), 0x20);
  EXPECT_EQ(next_seq(0x00), 0x20);
}

TEST(DatecsStatus, BitsByName) {
  Status s;
  s.bytes = {0xc0, 0x90, 0x89, 0x80, 0x90, 0x88};
  EXPECT_TRUE(s.cover_open());
  EXPECT_TRUE(s.fiscal_open());
  EXPECT_TRUE(s.paper_out());
  EXPECT_TRUE(s.memory_full());
  EXPECT_TRUE(s.fiscal_mode());
  EXPECT_FALSE(s.service_open());
  EXPECT_FALSE(s.refused());
  for (const auto& [byte, bit] : {std::pair{0, 0}, {0, 1}, {1, 0}, {1, 1}}) {
    Status refused;
    refused.bytes[static_cast<std::size_t>(byte)] |= static_cast<std::uint8_t>(1 << bit);
    EXPECT_TRUE(refused.refused());
    EXPECT_EQ(to_error(refused).code, Code::kRegisterRefused);
  }
}

TEST(DatecsReplies, TheRatesOfTheGroups) {
  const auto rates =
      parse_rates(as_bytes("1,2,BGN,11010000,0.00,20.00,20.00,9,0.00,0.00,0.00,0.00"));
  ASSERT_TRUE(rates);
  const std::map<char, Percent> wanted = {{'A', {0}}, {'B', {2000}}, {'D', {900}}};
  EXPECT_EQ(*rates, wanted);
  for (const char* wrong : {"", "1,2,BGN,11010000,0.00", "1,2,BGN,1101000x,0,0,0,0,0,0,0,0",
                            "1,2,BGN,11010000,0.00,20.00,20.00,nine,0,0,0,0"}) {
    EXPECT_FALSE(parse_rates(as_bytes(wrong))) << wrong;
  }
}

TEST(DatecsCommands, OpenAReceipt) {
  const std::string unp = unique_sale_number("DT000600", "OP01", 1000);
  EXPECT_EQ(unp, "DT000600-OP01-0001000");
  EXPECT_EQ(ascii(open_sale({1, "0000", 1}, unp)), "1,0000,1,DT000600-OP01-0001000");
  const auto back = open_return({16, "12345678", 99999}, unp,
                                {77, "DT000600-OP01-0000999", "2026-11-22T12:05:30", "02000600"});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->command, Command::kOpenStorno);
  EXPECT_EQ(ascii(*back),
            "16,12345678,99999,DT000600-OP01-0001000,R77,DT000600-OP01-0000999,221126120530,"
            "02000600");
  EXPECT_FALSE(open_return({}, unp, {77, "", "2026-11-22", "02000600"}));
}

TEST(DatecsCommands, SalesHoldNoControlCharacters) {
  const auto coffee = sale({'B', {205}, {2000}, "Кафе"});
  ASSERT_TRUE(coffee);
  EXPECT_EQ(to_hex(coffee->data), hex("CA E0 F4 E5 09 42") + to_hex(of("2.05*2.000")));
  EXPECT_EQ(ascii(*sale({'A', {5}, {500}, "a\tb\nc"})), "a b c\tA0.05*0.500");
  const auto two = sale({'A', {100}, {1000}, std::string(50, 'x')});
  EXPECT_EQ(ascii(*two), std::string(42, 'x') + "\n" + std::string(8, 'x') + "\tA1.00*1.000");
  EXPECT_EQ(sale({'A', {100}, {1000}, std::string(85, 'x')}).error().code, Code::kTooLarge);
  EXPECT_EQ(sale({'I', {100}, {1000}, "x"}).error().detail, "tax");
  EXPECT_EQ(sale({'A', {100000000}, {1000}, "x"}).error().detail, "price");
  EXPECT_EQ(sale({'A', {1}, {0}, "x"}).error().detail, "quantity");
  EXPECT_EQ(sale({'A', {1}, {100000000}, "x"}).error().detail, "quantity");
}

TEST(DatecsCommands, TheOthers) {
  EXPECT_EQ(ascii(payment('P', {1205})), "\tP12.05");
  EXPECT_EQ(ascii(cash(true, {500})), "5.00");
  EXPECT_EQ(ascii(cash(false, {5})), "-0.05");
  EXPECT_EQ(to_hex(text("ключ\x01").data), hex("EA EB FE F7 20"));
  EXPECT_EQ(ascii(*set_clock("2026-11-22T12:05:30")), "22-11-26 12:05:30");
  for (const char* wrong : {"", "2026-11-22 12:05:30", "2026-13-22T12:05:30", "1999-11-22T12:05:30",
                            "2026-11-22T24:05:30", "2026-11-22T12:05"}) {
    EXPECT_EQ(set_clock(wrong).error().code, Code::kBadValue) << wrong;
  }
  EXPECT_EQ(ascii(journal_records(7)), "W,7");
  EXPECT_EQ(ascii(journal_lines(1234567)), "R,1234567");
}

TEST(DatecsReplies, Amounts) {
  EXPECT_EQ(parse_subtotal(of("12.05,0.00"))->minor, 1205);
  EXPECT_EQ(parse_subtotal(of("1205,0,0"))->minor, 1205);
  EXPECT_EQ(parse_subtotal(of("+00001205"))->minor, 1205);
  for (const char* wrong : {"", ",", "1.2", "1.234", "x", "--1", ".05", "99999999999999999999"}) {
    EXPECT_FALSE(parse_subtotal(of(wrong))) << wrong;
  }
  EXPECT_EQ(parse_payment(of("D1205"))->amount.minor, 1205);
  EXPECT_EQ(parse_payment(of("R0.00"))->code, 'R');
  EXPECT_EQ(parse_payment(of("F"))->code, 'F');
  EXPECT_FALSE(parse_payment(of("")));
  EXPECT_FALSE(parse_payment(of("X1")));
  EXPECT_FALSE(parse_payment(of("D")));
}

TEST(DatecsReplies, ReceiptsAndMemory) {
  EXPECT_EQ(parse_last_sale_number(of("0001000")), 1000U);
  EXPECT_EQ(parse_last_sale_number({}), 0U);
  const auto last = parse_last_fiscal(of("398554,DT000601-0001-0398101,DT000601-0001-0203305"));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->document, 398554U);
  EXPECT_EQ(last->unp, "DT000601-0001-0398101");
  EXPECT_EQ(parse_closed(of("0012,0010"))->fiscal_receipts, 10U);
  EXPECT_FALSE(parse_closed(of("0012")));
  const auto state = parse_receipt_state(of("1,0002,+00001205,+00000500"));
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->open);
  EXPECT_EQ(state->tendered.minor, 500);
  EXPECT_FALSE(parse_receipt_state(of("1,0002,1205")));
  const auto d =
      parse_diagnostics(of("FP-800,1.00BG 01Feb19 1200,FFFF,00000000,DT000600,02000600"));
  ASSERT_TRUE(d);
  EXPECT_EQ(d->serial, "DT000600");
  EXPECT_EQ(d->fiscal_memory, "02000600");
  EXPECT_FALSE(parse_diagnostics(of("FP-800,1.00BG,FFFF,00000000,,")));
  EXPECT_EQ(*parse_number(of("0000017")), 17U);
  EXPECT_FALSE(parse_number(of("17x")));
  EXPECT_EQ(*parse_last_record(of("P,0003,0,0,0,0,0,0,0,0,221126")), 3U);
  EXPECT_EQ(*parse_last_record(of("F")), 0U);
  EXPECT_EQ(parse_cash(of("P,12.05,10.00,0.00"))->in_drawer.minor, 1205);
  EXPECT_FALSE(parse_cash(of("F,0,0,0"))->done);
  EXPECT_FALSE(parse_clock(of("22-11-26")));
}

TEST(DatecsReplies, TheJournal) {
  EXPECT_EQ(parse_journal_line(from_hex("50 2C 23 CA 23"))->text, "#К#");
  EXPECT_EQ(parse_journal_line(of("*,"))->part, JournalPart::kEndOfDocument);
  EXPECT_EQ(parse_journal_line(of("F"))->part, JournalPart::kNoData);
  EXPECT_FALSE(parse_journal_line(of("Q")));
  JournalDocument d;
  for (const char* record :
       {"U,DT000600-OP01-0001000,1,1,0,17", "V,1,2,0.00,20.00,20.00,9.00,0,0,0,0",
        "R,2,20.00,2.05,2.000,0.00,4.10,Coffee", "T,0,0.00,0,0.00,0,0.00,1,4.10,0.00,4.10",
        "P,4.10,0.00", "D,22-11-2026 12:05:30,22-11-2026 12:05:31"}) {
    EXPECT_EQ(add_record(d, of(record)), JournalPart::kLine) << record;
  }
  EXPECT_EQ(add_record(d, of("*,")), JournalPart::kEndOfDocument);
  EXPECT_EQ(d.kind, JournalDocument::Kind::kSale);
  EXPECT_EQ(d.number, 17U);
  EXPECT_EQ(d.total.minor, 410);
  EXPECT_EQ(d.time, "2026-11-22T12:05:30");
  JournalDocument z;
  EXPECT_EQ(add_record(z, of("Z,3,18,17,22-11-2026 23:00:00,4.10,0.00,4.10")), JournalPart::kLine);
  EXPECT_EQ(z.kind, JournalDocument::Kind::kDailyReport);
  EXPECT_EQ(z.number, 18U);
  for (const char* wrong : {"U,1", "T,1", "D,x", "Z,1,2", "", "nonsense"}) {
    EXPECT_FALSE(add_record(d, of(wrong))) << wrong;
  }
}

TEST(DatecsErrors, AreSortedAndMapped) {
  const auto all = all_device_errors();
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_GT(all[i - 1].code, all[i].code);
  EXPECT_EQ(to_error(-150101).code, Code::kPaperOut);
  EXPECT_EQ(to_error(-150104).code, Code::kRegisterPassword);
  EXPECT_EQ(to_error(-150200).code, Code::kDocumentOpen);
  EXPECT_EQ(to_error(-150204).code, Code::kShiftTooLong);
  EXPECT_EQ(to_error(-150204).vendor, "-150204");
  EXPECT_EQ(to_error(-150217).code, Code::kNoSuchDocument);
  EXPECT_EQ(to_error(-1).detail, "undocumented");
  EXPECT_EQ(*parse_last_error(of("48,-150104,22-11-26 12:05:30,Invalid password")), -150104);
  EXPECT_FALSE(parse_last_error(of("48")));
}

}  // namespace
}  // namespace till::datecs
