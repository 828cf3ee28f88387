// Golden bytes from the vendors' manuals and from other people's encoders.
#include <gtest/gtest.h>

#include "encode.h"
#include "protocols/text/codepage.h"
#include "status.h"

namespace till::escpos {
namespace {

template <typename F>
std::string bytes_of(F write) {
  Buffer out;
  write(out);
  return to_hex(out);
}

std::string hex(std::string_view spaced) { return to_hex(from_hex(spaced)); }

TEST(EscposEncode, Beginning) {
  EXPECT_EQ(bytes_of([](Buffer& b) { begin(b, 17); }), hex("1B 40 1C 2E 1B 74 11"));
  EXPECT_EQ(bytes_of([](Buffer& b) { begin(b, 73); }), hex("1B 40 1C 2E 1B 74 49"));
}

TEST(EscposEncode, StyleAndPlace) {
  EXPECT_EQ(bytes_of([](Buffer& b) { style(b, true, 1, 1); }), hex("1B 45 01 1D 21 00"));
  EXPECT_EQ(bytes_of([](Buffer& b) { style(b, false, 2, 3); }), hex("1B 45 00 1D 21 12"));
  EXPECT_EQ(bytes_of([](Buffer& b) { style(b, false, 8, 8); }), hex("1B 45 00 1D 21 77"));
  EXPECT_EQ(bytes_of([](Buffer& b) { justify(b, Justify::kRight); }), hex("1B 61 02"));
}

TEST(EscposEncode, CyrillicText) {
  using text::CodePage;
  EXPECT_EQ(bytes_of([](Buffer& b) { line(b, text::encode("Привет", CodePage::kCp866)); }),
            hex("8F E0 A8 A2 A5 E2 0A"));
  EXPECT_EQ(bytes_of([](Buffer& b) { line(b, text::encode("Привет", CodePage::kCp1251)); }),
            hex("CF F0 E8 E2 E5 F2 0A"));
  EXPECT_EQ(bytes_of([](Buffer& b) { line(b, text::encode("Ёж№", CodePage::kCp866)); }),
            hex("F0 A6 FC 0A"));
}

TEST(EscposEncode, Ean13) {
  const auto golden = hex("1D 48 02 1D 68 50 1D 77 03 1D 6B 43 0D") + hex("34 36 30 31 32 33 34") +
                      hex("35 36 37 38 39 33");
  EXPECT_EQ(bytes_of([](Buffer& b) { EXPECT_TRUE(ean13(b, "4601234567893")); }), golden);
  EXPECT_EQ(bytes_of([](Buffer& b) { EXPECT_TRUE(ean13(b, "460123456789")); }), golden);
  Buffer none;
  EXPECT_EQ(ean13(none, "4601234567894").error().code, Code::kCheckDigit);
  EXPECT_EQ(ean13(none, "46012345678").error().code, Code::kBadValue);
  EXPECT_EQ(ean13(none, "46012345678a3").error().code, Code::kBadValue);
  EXPECT_TRUE(none.empty());
}

TEST(EscposEncode, QrAsOtherEncodersWriteIt) {
  EXPECT_EQ(bytes_of([](Buffer& b) { EXPECT_TRUE(qr(b, "TEST")); }),
            hex("1D 28 6B 04 00 31 41 32 00  1D 28 6B 03 00 31 43 06  1D 28 6B 03 00 31 45 31  "
                "1D 28 6B 07 00 31 50 30 54 45 53 54  1D 28 6B 03 00 31 51 30"));
  Buffer b;
  ASSERT_TRUE(qr(b, std::string(400, 'x')));
  EXPECT_NE(to_hex(b).find(hex("1D 28 6B 93 01 31 50 30")), std::string::npos);  // 403 = 0193h
  EXPECT_EQ(qr(b, std::string(998, 'x')).error().code, Code::kTooLarge);
  EXPECT_EQ(qr(b, "").error().code, Code::kBadValue);
  EXPECT_EQ(qr(b, "a\x10\x14\x01").error().code, Code::kBadValue);
}

TEST(EscposEncode, MotorsAndTheRest) {
  EXPECT_EQ(bytes_of([](Buffer& b) { feed(b, 3); }), hex("1B 64 03"));
  EXPECT_EQ(bytes_of([](Buffer& b) { cut(b, true); }), hex("1D 56 42 00"));
  EXPECT_EQ(bytes_of([](Buffer& b) { cut(b, false); }), hex("1D 56 41 00"));
  EXPECT_EQ(bytes_of([](Buffer& b) { drawer(b, 0, 50); }), hex("1B 70 00 19 FA"));
  EXPECT_EQ(bytes_of([](Buffer& b) { drawer(b, 1, 100); }), hex("1B 70 01 32 FA"));
  EXPECT_EQ(bytes_of([](Buffer& b) { barrier(b); }), hex("1D 72 31"));
}

TEST(EscposEncode, Wrap) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrap("", 10), Lines{""});
  EXPECT_EQ(wrap("one two three", 7), (Lines{"one two", "three"}));
  EXPECT_EQ(wrap("one two three", 8), (Lines{"one two", "three"}));
  EXPECT_EQ(wrap("abcdefghij", 4), (Lines{"abcd", "efgh", "ij"}));
  EXPECT_EQ(wrap("a\n\nb\n", 4), (Lines{"a", "", "b", ""}));
  EXPECT_EQ(wrap("a\x1b@\tb\r", 9), Lines{"a @ b "});
  EXPECT_EQ(wrap("  price 5", 9), Lines{"  price 5"});
  EXPECT_EQ(wrap("abc   ", 3), Lines{"abc"});
}

TEST(EscposEncode, ProfilesHaveTheMakersNumbers) {
  EXPECT_EQ(find_profile("epson")->cp866, 17);
  EXPECT_EQ(find_profile("epson")->cp1251, 46);
  EXPECT_EQ(find_profile("xprinter")->cp1251, 23);
  EXPECT_EQ(find_profile("pos5890")->cp1251, 73);
  EXPECT_EQ(find_profile("citizen")->cp866, 7);
  EXPECT_EQ(find_profile("citizen")->cp1251, -1);
  EXPECT_EQ(find_profile("teapot"), nullptr);
}

std::string answers(std::string_view spaced) {
  AnswerReader reader;
  std::string out;
  for (const auto b : from_hex(spaced)) {
    if (const auto a = reader.push(b)) {
      out += a->kind == Answer::Kind::kRealTime  ? 'R'
             : a->kind == Answer::Kind::kOrdered ? 'O'
                                                 : 'A';
    }
  }
  return out;
}

TEST(EscposStatus, AnswersAreToldApart) {
  EXPECT_EQ(answers("12"), "R");
  EXPECT_EQ(answers("7E 1A 16"), "RRR");
  EXPECT_EQ(answers("00"), "O");
  EXPECT_EQ(answers("0C"), "O");
  EXPECT_EQ(answers("10 00 00 0F"), "A");
  EXPECT_EQ(answers("14 00 12 00 0F 00"), "RAO");  // a real-time answer may come in between
  EXPECT_EQ(answers("11 13 FF 80"), "");           // flow control, noise
  EXPECT_EQ(answers("10 00 FF 00"), "O");          // a broken automatic answer is given up
  EXPECT_EQ(answers("10 00 10 00 00 00"), "A");
}

TEST(EscposStatus, EveryBitOfTheFourAnswers) {
  const State idle;
  EXPECT_EQ(state_of({0x12, 0x12, 0x12, 0x12}), idle);
  const auto with = [](bool State::* flag) {
    State s;
    s.*flag = true;
    return s;
  };
  EXPECT_EQ(state_of({0x16, 0x12, 0x12, 0x12}), with(&State::drawer_pin_high));
  EXPECT_EQ(state_of({0x1a, 0x12, 0x12, 0x12}), with(&State::offline));
  EXPECT_EQ(state_of({0x12, 0x16, 0x12, 0x12}), with(&State::cover_open));
  EXPECT_EQ(state_of({0x12, 0x32, 0x12, 0x12}), with(&State::paper_end));
  EXPECT_EQ(state_of({0x12, 0x52, 0x12, 0x12}), with(&State::other_error));
  EXPECT_EQ(state_of({0x12, 0x52, 0x1a, 0x12}), with(&State::cutter_error));
  EXPECT_EQ(state_of({0x12, 0x12, 0x32, 0x12}), with(&State::unrecoverable));
  EXPECT_EQ(state_of({0x12, 0x12, 0x52, 0x12}), with(&State::recoverable));
  EXPECT_EQ(state_of({0x12, 0x12, 0x12, 0x1e}), with(&State::paper_near_end));
  EXPECT_EQ(state_of({0x12, 0x12, 0x12, 0x72}), with(&State::paper_end));
}

}  // namespace
}  // namespace till::escpos
