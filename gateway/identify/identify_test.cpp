#include "gateway/identify/identify.h"

#include <gtest/gtest.h>

#include <set>

#include "gateway/base/system_clock.h"
#include "gateway/identify/cards.h"

namespace till::identify {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

struct TestClock final : Clock {
  std::int64_t now = 1'000'000'000;
  std::int64_t unix_us() override { return now; }
  std::int64_t monotonic_us() override { return now; }
};

// Gives the 32-bit numbers it was told, big end first, and then counts up.
struct TestRandom final : Random {
  std::vector<std::uint32_t> numbers;
  std::uint32_t next = 0;
  void fill(std::span<std::uint8_t> bytes) override {
    std::uint32_t number = next++;
    if (!numbers.empty()) {
      number = numbers.front();
      numbers.erase(numbers.begin());
    }
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<std::uint8_t>(number >> (8 * (3 - i % 4)));
    }
  }
};

StoreKey key(std::uint8_t seed) {
  StoreKey k{};
  k.fill(seed);
  return k;
}

Uuid sale(std::uint8_t n) {
  Uuid id;
  id.bytes[0] = n;
  return id;
}

CodeBinding binding(std::uint8_t n, const std::string& phone = "p") {
  return {phone, sale(n), Purpose::kRedeem, Points{5000}};
}

struct CodesTest : testing::Test {
  TestClock clock;
  TestRandom random;
  TillId till{"till-1"};
  Codes codes{key(1), {}};

  std::string issued(const CodeBinding& b) {
    const auto code = codes.issue(b, till, clock, random);
    EXPECT_TRUE(code) << code.error().detail;
    return code.value_or("");
  }
  Code issue_error(const CodeBinding& b, const TillId& at) {
    const auto code = codes.issue(b, at, clock, random);
    return code ? Code{} : code.error().code;
  }
  Code check(const CodeBinding& b, const std::string& code) {
    const auto r = codes.check(b, code, clock);
    return r ? Code{} : r.error().code;
  }
};

TEST(Phones, EveryRussianWay) {
  for (const char* written :
       {"+79161234512", "89161234512", "79161234512", "9161234512", "8 (916) 123-45-12",
        "+7(916)123 45 12", "8-916-123-45-12", "8.916.123.45.12", "+8 916 123 45 12",
        "+7\u00A0916\u2013123\u201345\u201312", " 8 916 123 45 12 "}) {
    const auto phone = normalise_phone(written);
    ASSERT_TRUE(phone) << written;
    EXPECT_EQ(phone->reveal(), "+79161234512") << written;
  }
  EXPECT_EQ(normalise_phone("+375 29 123-45-67")->reveal(), "+375291234567");
  for (const char* bad : {"", "+", "916123451", "891612345123", "84951234567", "8916123451a",
                          "8916+1234512", "+7916", "+1", "12345678901"}) {
    ASSERT_FALSE(normalise_phone(bad)) << bad;
    EXPECT_EQ(normalise_phone(bad).error(), (Error{Code::kBadPhone, {}, {}})) << bad;
  }
  EXPECT_FALSE(normalise_phone(std::string(65, ' ') + "9161234512"));
}

TEST(Hashes, DependOnKeyKindAndText) {
  const auto a = normalise_phone("89161234512").value();
  const auto b = normalise_phone("89161234513").value();
  const auto hash = phone_hash(a, key(1));
  EXPECT_EQ(hash.size(), 64U);
  EXPECT_EQ(hash, phone_hash(a, key(1)));
  EXPECT_NE(hash, phone_hash(a, key(2)));
  EXPECT_NE(hash, phone_hash(b, key(1)));
  EXPECT_NE(hash, card_hash(CardNumber(a.reveal()), key(1)));
  EXPECT_EQ(hash.find("9161234512"), std::string::npos);
}

TEST_F(CodesTest, DrawsSixDigitsWithoutBias) {
  random.numbers = {0};
  EXPECT_EQ(issued(binding(1)), "000000");
  random.numbers = {4'293'999'999};
  EXPECT_EQ(issued(binding(2)), "999999");
  random.numbers = {4'294'000'000, UINT32_MAX, 7};  // the first two are drawn again
  EXPECT_EQ(issued(binding(3)), "000007");
  random.numbers.assign(64, UINT32_MAX);
  EXPECT_EQ(issue_error(binding(4), till), Code::kInternal);
}

TEST_F(CodesTest, AreGoodOnce) {
  const auto code = issued(binding(1));
  EXPECT_EQ(codes.consume(sale(1), Purpose::kRedeem).error().code, Code::kCodeExpired);
  EXPECT_EQ(check(binding(1), code), Code{});
  EXPECT_EQ(check(binding(1), code), Code{});  // the hold failed; the same code again
  EXPECT_TRUE(codes.consume(sale(1), Purpose::kRedeem));
  EXPECT_EQ(codes.consume(sale(1), Purpose::kRedeem).error().code, Code::kCodeExpired);
  EXPECT_EQ(check(binding(1), code), Code::kCodeExpired);
}

TEST_F(CodesTest, BindToCustomerSalePurposeAndPoints) {
  const auto code = issued(binding(1));
  auto other = binding(1, "q");
  EXPECT_EQ(check(other, code), Code::kCodeBound);
  other = binding(1);
  other.highest = Points{5001};
  EXPECT_EQ(check(other, code), Code::kCodeBound);
  other = binding(2);
  EXPECT_EQ(check(other, code), Code::kCodeExpired);
  other = binding(1);
  other.purpose = Purpose::kIdentify;
  EXPECT_EQ(check(other, code), Code::kCodeExpired);
  other = binding(1);
  other.highest = Points{100};
  EXPECT_EQ(check(other, code), Code{});
}

TEST_F(CodesTest, RunOutOfTimeAndAttempts) {
  const auto code = issued(binding(1));
  clock.now += 300 * kSecond - 1;
  EXPECT_EQ(check(binding(1), code), Code{});
  clock.now += 1;
  EXPECT_EQ(check(binding(1), code), Code::kCodeExpired);
  const auto second = issued(binding(2));
  for (const char* left : {"4", "3", "2", "1"}) {
    const auto r = codes.check(binding(2), "x", clock);
    EXPECT_EQ(r.error(), (Error{Code::kCodeWrong, left, ""}));
  }
  EXPECT_EQ(check(binding(2), "x"), Code::kCodeAttempts);
  EXPECT_EQ(check(binding(2), second), Code::kCodeAttempts);
  EXPECT_FALSE(codes.consume(sale(2), Purpose::kRedeem));
}

TEST_F(CodesTest, ResendWaitsAndReplaces) {
  const auto first = issued(binding(1));
  clock.now += 20 * kSecond;
  EXPECT_EQ(codes.issue(binding(1), till, clock, random).error(),
            (Error{Code::kCodeTooSoon, "40 s", ""}));
  clock.now += 40 * kSecond;
  const auto second = issued(binding(1));
  EXPECT_NE(first, second);
  EXPECT_EQ(check(binding(1), first), Code::kCodeWrong);
  EXPECT_EQ(check(binding(1), second), Code{});
}

TEST_F(CodesTest, LimitEachPhoneAndEachTill) {
  for (std::uint8_t i = 0; i < 5; ++i) {
    issued(binding(i));
    clock.now += kSecond;
  }
  EXPECT_EQ(codes.issue(binding(9), till, clock, random).error(),
            (Error{Code::kCodeRateLimit, "595 s", ""}));
  clock.now += 595 * kSecond;
  EXPECT_EQ(issue_error(binding(9), till), Code{});
  for (int i = 0; i < 25; ++i) {
    issued(binding(static_cast<std::uint8_t>(50 + i), "phone" + std::to_string(i)));
  }
  EXPECT_EQ(issue_error(binding(100, "another"), till), Code::kCodeRateLimit);
  EXPECT_EQ(issue_error(binding(100, "another"), TillId{"till-2"}), Code{});
}

TEST_F(CodesTest, WhatWasNotSentDoesNotCount) {
  for (std::uint8_t i = 0; i < 20; ++i) {
    const auto code = issued(binding(i));
    codes.not_sent(binding(i, "somebody else"));  // not theirs: nothing happens
    EXPECT_EQ(check(binding(i), code), Code{});
    codes.not_sent(binding(i));
    EXPECT_EQ(check(binding(i), code), Code::kCodeExpired);
  }
  EXPECT_EQ(issue_error(binding(0), till), Code{});  // neither too soon nor too many
}

TEST_F(CodesTest, HoldABoundedNumber) {
  CodeLimits few;
  few.pending = 3;
  Codes bounded(key(1), few);
  const auto issue = [&](std::uint8_t n) {
    return bounded.issue(binding(n, "p" + std::to_string(n)), till, clock, random);
  };
  for (std::uint8_t i = 0; i < 3; ++i) EXPECT_TRUE(issue(i));
  EXPECT_EQ(issue(3).error().code, Code::kCodeRateLimit);
  clock.now += 601 * kSecond;
  EXPECT_TRUE(issue(3));
}

TEST(Codes, AreUniformWithTheRealRandom) {
  SystemRandom random;
  TestClock clock;
  CodeLimits wide;
  wide.per_phone = wide.per_till = 100000;
  wide.pending = 100000;
  Codes codes(key(1), wide);
  std::array<int, 10> first{};
  for (int i = 0; i < 2000; ++i) {
    Uuid id;
    id.bytes[0] = static_cast<std::uint8_t>(i);
    id.bytes[1] = static_cast<std::uint8_t>(i >> 8);
    const auto code = codes.issue({"p", id, Purpose::kIdentify, {}}, TillId{"t"}, clock, random);
    ASSERT_TRUE(code);
    ASSERT_EQ(code->size(), 6U);
    ++first.at(static_cast<std::size_t>((*code)[0] - '0'));
  }
  for (const int count : first) {
    EXPECT_GT(count, 100);  // 200 expected, standard deviation 13
    EXPECT_LT(count, 300);
  }
}

CardRules rules() {
  return {{{"gold", "2900", 13, CheckDigit::kEan, false},
           {"fuel", "700500", 16, CheckDigit::kLuhn, true},
           {"staff", "S", 6, CheckDigit::kNone, false},
           {"mir", "220099", 16, CheckDigit::kLuhn, true},
           {"any16", "", 16, CheckDigit::kNone, true},
           {"none", "", 0, CheckDigit::kNone, true}}};
}

TEST(Cards, FromAScan) {
  const auto card = card_from_scan(rules(), "]E02900000000002\r\n");
  EXPECT_EQ(card.error().code, Code::kCheckDigit);
  const auto good = card_from_scan(rules(), "]E02900000000001\r\n");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->reveal(), "2900000000001");
  EXPECT_EQ(card_type(rules(), *good), "gold");
  EXPECT_EQ(card_type(rules(), *card_from_scan(rules(), " S12345 ")), "staff");
  EXPECT_EQ(card_type(rules(), *card_from_scan(rules(), "1234567890123456")), "any16");
  for (const char* bad :
       {"", "4601234567893", "S1234", "S12-45", "S123456", "]E0", "290", "12345"}) {
    EXPECT_FALSE(card_from_scan(rules(), bad)) << bad;
  }
  EXPECT_FALSE(card_from_scan(rules(), std::string(5000, '1')));
  EXPECT_FALSE(card_type(rules(), CardNumber("nothing")));
}

TEST(Cards, BankCardsAreRefused) {
  // Published test numbers of the payment systems.
  for (const char* pan : {"4111111111111111", "5555555555554444", "2223003122003222",
                          "2200000000000004", "378282246310005", "6011111111111117",
                          "3530111333300000", "30569309025904", "6200000000000005"}) {
    EXPECT_TRUE(looks_like_payment_card(pan)) << pan;
    EXPECT_FALSE(card_from_scan(rules(), pan)) << pan;
  }
  EXPECT_FALSE(looks_like_payment_card("4111111111111112"));
  EXPECT_FALSE(looks_like_payment_card("2900000000001"));
  EXPECT_FALSE(looks_like_payment_card("41111111111111x1"));
}

TEST(Cards, AnAllowedPrefixWins) {
  std::string number = "220099000000000";
  for (char c = '0'; c <= '9'; ++c) {
    if (!looks_like_payment_card(number + c)) continue;
    EXPECT_EQ(card_type(rules(), *card_from_scan(rules(), number + c)), "mir");
    return;
  }
  FAIL() << "one of ten check digits must be right";
}

TEST(Cards, FromASwipe) {
  const auto swipe = [](const char* track1, const char* track2) {
    const auto card = card_from_track(rules(), track1, track2);
    return card ? card->reveal() : std::string("none");
  };
  EXPECT_EQ(swipe("", ";2900000000001?"), "2900000000001");
  EXPECT_EQ(swipe("", "2900000000001"), "2900000000001");
  EXPECT_EQ(swipe("", ";2900000000001=2512?"), "2900000000001");
  EXPECT_EQ(swipe("%S12345?", ""), "S12345");
  EXPECT_EQ(swipe("%S12345^IVANOV?", ";E?"), "S12345");
  EXPECT_EQ(swipe("%B2900000000001^X/Y^2512?", ""), "2900000000001");
  EXPECT_EQ(swipe("%S12345?", ";4111111111111111=25121010000000000000?"), "none");
  EXPECT_EQ(swipe("%B4111111111111111^X/Y^2512101?", ""), "none");
  EXPECT_EQ(swipe("", ""), "none");
  EXPECT_EQ(swipe("%", ";"), "none");
}

}  // namespace
}  // namespace till::identify
