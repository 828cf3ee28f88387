#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>
#include <type_traits>

#include "gateway/base/foreign_text.h"
#include "gateway/base/instant.h"
#include "gateway/base/json.h"
#include "gateway/base/masked.h"
#include "gateway/base/system_clock.h"
#include "gateway/base/utf8.h"

namespace till {
namespace {

template <typename T>
std::string streamed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

TEST(Masked, PrintsNothingPersonal) {
  const auto phone = Phone::from_e164("+79161234512");
  ASSERT_TRUE(phone);
  EXPECT_EQ(fmt::format("{}", *phone), "+7•••••••12");
  EXPECT_EQ(streamed(*phone), "+7•••••••12");
  EXPECT_EQ(phone->reveal(), "+79161234512");
  const CardNumber card("2900000001234");
  EXPECT_EQ(fmt::format("{}", card), "••••••1234");
  EXPECT_EQ(streamed(card), "••••••1234");
  EXPECT_EQ(fmt::format("{}", CardNumber("1234567")), "••••••");
  EXPECT_EQ(fmt::format("{}", CardNumber("")), "••••••");
  EXPECT_EQ(fmt::format("{}{}", Secret("k"), Secret()), "••••••");
  EXPECT_EQ(streamed(Secret("key")), "•••");
  static_assert(!std::is_convertible_v<Phone, std::string>);
  static_assert(!std::is_convertible_v<CardNumber, std::string_view>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
  static_assert(!std::is_copy_constructible_v<Secret>);
}

TEST(Masked, PhoneTakesOnlyE164) {
  for (const char* bad : {"", "+", "79161234512", "+0916123451", "+7916123", "+7916123451200000",
                          "+7916123451a", "+7 9161234512"}) {
    EXPECT_FALSE(Phone::from_e164(bad)) << bad;
  }
}

TEST(Masked, SecretMovesAndCompares) {
  Secret first("hello");
  Secret second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_TRUE(second.equals("hello"));
  EXPECT_FALSE(second.equals("hellp"));
  EXPECT_FALSE(second.equals("hell"));
  second = Secret("other");
  EXPECT_EQ(second.reveal(), "other");
}

TEST(SystemClock, GoesForward) {
  SystemClock clock;
  EXPECT_GT(clock.unix_us(), 1'700'000'000'000'000);
  const auto before = clock.monotonic_us();
  EXPECT_GE(clock.monotonic_us(), before);
}

TEST(SystemRandom, FillsEveryByte) {
  SystemRandom random;
  std::array<std::uint8_t, 32> seen{};
  for (int i = 0; i < 64; ++i) {
    std::array<std::uint8_t, 32> bytes{};
    random.fill(bytes);
    for (std::size_t k = 0; k < bytes.size(); ++k) seen.at(k) |= bytes.at(k);
  }
  for (const auto byte : seen) EXPECT_EQ(byte, 0xff);  // wrong once in 2^56
}

TEST(Decimal, IsExactOrRefused) {
  const auto read = [](std::string_view text) { return parse_decimal(text, 2, "x"); };
  EXPECT_EQ(read("123.45"), 12345);
  EXPECT_EQ(read("7"), 700);
  EXPECT_EQ(read("-0.5"), -50);
  EXPECT_EQ(read("92233720368547758.07"), INT64_MAX);
  EXPECT_EQ(read("-92233720368547758.08"), INT64_MIN);
  for (const char* text :
       {"92233720368547758.08", "-92233720368547758.09", "99999999999999999999"}) {
    ASSERT_FALSE(read(text)) << text;
    EXPECT_EQ(read(text).error().code, Code::kOverflow) << text;
  }
  for (const char* text :
       {"", "-", ".5", "5.", "1,5", "1.234", "1e3", " 1", "+1", "1.5%", "--1", "1.-5"}) {
    ASSERT_FALSE(read(text)) << text;
    EXPECT_EQ(read(text).error().code, Code::kBadValue) << text;
  }
}

TEST(Json, LimitsSizeAndDepth) {
  EXPECT_EQ(parse_json("[1,2]", {.bytes = 4}).error().code, Code::kTooLarge);
  EXPECT_TRUE(parse_json("[[1]]", {.depth = 2}));
  EXPECT_EQ(parse_json("[[[1]]]", {.depth = 2}).error().code, Code::kBadJson);
  const std::string deep(100'000, '[');
  EXPECT_EQ(parse_json(deep).error().code, Code::kBadJson);
  for (const char* bad : {"", "{", "{\"a\":1} x", "{'a':1}", "[1,]", "\"\xff\"", "nul"}) {
    ASSERT_FALSE(parse_json(bad)) << bad;
    EXPECT_EQ(parse_json(bad).error().code, Code::kBadJson) << bad;
  }
  EXPECT_EQ(parse_json("{\n \"a\": ?}").error().detail.substr(0, 16), "line 2, column 7");
}

// Reads {"p": …} as T and gives the error's code.
template <typename T>
Code refused(const std::string& value) {
  const auto root = parse_json("{\"p\":" + value + "}");
  if (!root) return root.error().code;
  auto in = JsonObject::from(*root, "a");
  const auto got = in->get<T>("p");
  EXPECT_TRUE(got || got.error().detail.find("a.p") != std::string::npos) << got.error().detail;
  return got ? Code{} : got.error().code;
}

TEST(Json, RefusesWrongTypesByPath) {
  EXPECT_EQ(refused<std::string>("1"), Code::kWrongType);
  EXPECT_EQ(refused<bool>("\"true\""), Code::kWrongType);
  EXPECT_EQ(refused<int>("1.0"), Code::kWrongType);
  EXPECT_EQ(refused<int>("3000000000"), Code::kOutOfRange);
  EXPECT_EQ(refused<std::int64_t>("18446744073709551615"), Code::kOverflow);
  EXPECT_EQ(refused<Money>("12.5"), Code::kWrongType);
  EXPECT_EQ(refused<Money>("1e3"), Code::kWrongType);
  EXPECT_EQ(refused<Money>("null"), Code::kWrongType);
  EXPECT_EQ(refused<Money>("92233720368547759"), Code::kOverflow);
  EXPECT_EQ(refused<Money>("18446744073709551615"), Code::kOverflow);
  EXPECT_EQ(refused<Quantity>("\"0.0001\""), Code::kBadValue);
  EXPECT_EQ(refused<Percent>("\"-0.01\""), Code::kNegativePercent);
  EXPECT_EQ(refused<Percent>("-1"), Code::kNegativePercent);
  const auto root = parse_json("{\"p\":12.5}");
  auto in = JsonObject::from(*root, "");
  EXPECT_NE(in->get<Percent>("p").error().detail.find("\"12.5\", not 12.5"), std::string::npos);
}

TEST(Json, ReadsAmountsExactly) {
  const auto root = parse_json(R"({"money":"123.45","points":"0.01","percent":"7.5",
      "quantity":"1.5","whole":5,"negative":"-3"})");
  auto in = JsonObject::from(*root, "");
  EXPECT_EQ(in->get<Money>("money")->minor, 12345);
  EXPECT_EQ(in->get<Points>("points")->units, 1);
  EXPECT_EQ(in->get<Percent>("percent")->units, 750);
  EXPECT_EQ(in->get<Quantity>("quantity")->units, 1500);
  EXPECT_EQ(in->get<Percent>("whole")->units, 500);
  EXPECT_EQ(in->get<Money>("negative")->minor, -300);
  EXPECT_EQ(in->get_or("absent", Money{7})->minor, 7);
  EXPECT_EQ(*in->find<Money>("absent"), std::nullopt);
  EXPECT_TRUE(in->finish());
}

TEST(Json, NamesUnknownAndMissingFields) {
  const auto root = parse_json(R"({"a":{"known":1,"strange":2},"list":[{"x":1}]})");
  auto in = JsonObject::from(*root, "");
  auto inner = in->object("a");
  ASSERT_TRUE(inner);
  EXPECT_TRUE(inner->get<int>("known"));
  EXPECT_EQ(inner->finish().error(), (Error{Code::kUnknownField, "a.strange", ""}));
  EXPECT_EQ(inner->get<int>("gone").error(), (Error{Code::kMissingField, "a.gone", ""}));
  const auto twice = [](std::string_view text) { return parse_json(text).error(); };
  EXPECT_EQ(twice(R"({"a": 1, "b": {"c": 2,)"
                  "\n"
                  R"("c": 3}})"),
            (Error{Code::kDuplicate, "line 2, column 2: c", ""}));
  EXPECT_EQ(twice(R"([{"a\"": "{", "x":1, "a\"" : 2}])").code, Code::kDuplicate);
  EXPECT_TRUE(parse_json(R"({"a": "a", "b": ["b", {"a": "x\\"}], "c": {"a": {"a": "{\"a\":"}}})"));
  const auto slips =
      parse_json(R"({"nmae": 1, "prices": 2, "tx": 3, "colour": 4, "ip": 5, "side": 6})");
  auto slipped = JsonObject::from(*slips, "");
  const auto told = [&](const char* name) { return slipped->get<int>(name).error(); };
  EXPECT_EQ(told("name"), (Error{Code::kUnknownField, "nmae (name?)", ""}));
  EXPECT_EQ(told("price"), (Error{Code::kUnknownField, "prices (price?)", ""}));
  EXPECT_EQ(told("tax"), (Error{Code::kUnknownField, "tx (tax?)", ""}));
  EXPECT_EQ(told("color"), (Error{Code::kUnknownField, "colour (color?)", ""}));
  EXPECT_EQ(told("quantity"), (Error{Code::kMissingField, "quantity", ""}));
  EXPECT_EQ(told("id"), (Error{Code::kMissingField, "id", ""})) << "too short to tell";
  EXPECT_TRUE(slipped->get<int>("side"));
  EXPECT_EQ(told("size"), (Error{Code::kMissingField, "size", ""})) << "side is known";
  EXPECT_EQ(in->finish().error().detail, "list");
  const auto list = in->array("list", 1);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->at(0).first, "list[0]");
  EXPECT_EQ(in->array("list", 0).error().code, Code::kTooLarge);
  EXPECT_EQ(in->array("a", 9).error().code, Code::kWrongType);
  EXPECT_TRUE(in->finish());
  const auto list_root = parse_json("[]");
  EXPECT_EQ(JsonObject::from(*list_root, "").error().code, Code::kWrongType);
}

TEST(Json, CatchesOverflowAtTheEdge) {
  const auto sum =
      catch_overflow("total", []() -> Result<Money> { return Money{INT64_MAX} + Money{1}; });
  EXPECT_EQ(sum.error(), (Error{Code::kOverflow, "total", ""}));
}

TEST(Instant, ReadsAndWritesIso8601) {
  const auto read = [](std::string_view text) { return parse_instant(text, "from"); };
  EXPECT_EQ(read("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(read("2026-01-01"), 1767214800000000);  // 2025-12-31T21:00:00Z
  EXPECT_EQ(read("2026-01-01T00:00:00+03:00"), 1767214800000000);
  EXPECT_EQ(read("2025-12-31T16:30:00-04:30"), 1767214800000000);
  EXPECT_EQ(format_instant(1767214800999999), "2025-12-31T21:00:00Z");
  EXPECT_EQ(format_instant(-1), "1969-12-31T23:59:59Z");
  for (const char* bad :
       {"", "2026", "2026-02-29", "2026-13-01", "2026-1-1-1-1", "2026-01-01T", "0000-01-01",
        "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00+3:00", "01.01.2026",
        "2026-01-01T00:00:00+15:00", "2026-01-01 00:00:00Z", "2026-01-01T0-:00:00Z"}) {
    ASSERT_FALSE(read(bad)) << bad;
    EXPECT_EQ(read(bad).error().code, Code::kBadValue) << bad;
  }
}

TEST(Utf8, CountsOrRefuses) {
  EXPECT_EQ(utf8_length(""), 0U);
  EXPECT_EQ(utf8_length("Хлеб €\xF0\x9F\x8D\x9E"), 7U);
  for (const char* bad : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xC3", "\xE2\x82", "\xFF", "\xF0\x80\x80\x80", "\xE2(\xA1"}) {
    EXPECT_FALSE(utf8_length(bad)) << bad;
  }
  EXPECT_TRUE(printable("Хлеб"));
  EXPECT_FALSE(printable("a\tb"));
}

TEST(ForeignText, CanNotLookLikeALineOfItsOwn) {
  EXPECT_EQ(escaped("hello\n2026-01-01 error FORGED\x1b[2J \xff\xfe", 100),
            "hello\\x0a2026-01-01 error FORGED\\x1b[2J \\xff\\xfe");
  EXPECT_EQ(escaped("Хлеб €🍞", 100), "Хлеб €🍞");
  EXPECT_EQ(escaped("a\\x0a", 100), "a\\\\x0a");
  EXPECT_EQ(escaped("\u202Eabc\u0085\u2028", 100), "\\xe2\\x80\\xaeabc\\xc2\\x85\\xe2\\x80\\xa8");
  EXPECT_EQ(escaped(std::string("a\0b", 3), 100), "a\\x00b");
  EXPECT_EQ(escaped("Хлеб", 5), "Хл…");
  EXPECT_EQ(escaped("\xC3", 100), "\\xc3");
  EXPECT_EQ(label("SIG\"} 1\nx{a=\"b"), "SIG__ 1_x_a__b");
  EXPECT_EQ(label(std::string(100, 'a')).size(), 32U);
}

}  // namespace
}  // namespace till
