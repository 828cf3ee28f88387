#include "protocols/central/wire.h"

#include <gtest/gtest.h>

#include "gateway/base/limits.h"
#include "protocols/central/chain.h"

namespace till::wire {
namespace {

Uuid id(std::uint8_t last) {
  Uuid uuid;
  uuid.bytes[15] = last;
  return uuid;
}

SaleFact sale() {
  SaleFact fact;
  fact.key = {id(1), 2};
  fact.till = {"till-1"};
  fact.till_number = "17";
  fact.at = 1'767'225'600'000'000;
  fact.customer = {"c-1"};
  fact.card_hash = "ab12";
  fact.total = 120000;
  fact.redeemed = {5000};
  fact.accrued = {600};
  fact.hold = id(3);
  fact.fiscal = {"9999078900001234", 345, 4000000000U};
  fact.program_version = 7;
  fact.evaluation_revision = 1;
  fact.coupons = {{"7700000008", "ten", 1, 20'000, "c-1"}};
  fact.issued = {{"990000000017", "next", 0, INT64_MAX, ""}};
  fact.purses = {{"stamps", "", -200, "free"}, {"points", "cashier", 300, "seller"}};
  fact.rules = {{"ten", 1, 5000, "supplier"}};
  fact.utc_offset_min = -180;
  fact.cashier = "cafe";
  fact.whole = true;
  fact.lots = {{"welcome", {300}, 1, 14, ""}, {"promise", {200}, 0, 0, "month"}};
  fact.lines = {{"4601234567893", Quantity{1500}, 130000, 5000, 5000, 120000, {600}, {5000}, true}};
  return fact;
}

TEST(Chain, IsBlake2b256AsPythonHasIt) {
  // hashlib.blake2b(bytes(32) + b"one", digest_size=32).hexdigest(), then the same on top of it.
  const Buffer first = chain_hash(chain_genesis(), as_bytes("one"));
  EXPECT_EQ(to_hex(first), "7e808f4af99527092367c2781197298e4e86984985c7d158f12c093a1e04e371");
  EXPECT_EQ(to_hex(chain_hash(first, as_bytes("two"))),
            "4495a46c136384a1e9dcf1abb71093bf4dcde061c5f5f1c8f3b8aae64a448aee");
}

TEST(Wire, FactsComeBackTheSame) {
  SaleFact back = sale();
  back.is_return = true;
  back.returned_sale = id(9);
  back.lines.clear();
  for (const Fact& fact : {Fact(sale()), Fact(back), Fact(SaleFact{}), Fact(HoldReleased{id(4)}),
                           Fact(Settled{{id(5), 1}, "senior", true})}) {
    EXPECT_EQ(decode_fact(encode(fact)), fact);
  }
}

TEST(Wire, TellingComesBackTheSame) {
  for (const Tell& tell : {Tell(Hello{{"store-1"}, 5, 11}), Tell(Position{Buffer(16, 7), 10, 5}),
                           Tell(Entry{11, id(1), chain_genesis(), Buffer(32, 1), Buffer{1, 2, 3}}),
                           Tell(Trouble{11, Code::kFork, "two histories"})}) {
    EXPECT_EQ(decode_tell(encode(tell)), tell);
  }
}

TEST(Wire, AskingComesBackTheSame) {
  const AttemptKey key{id(1), 2};
  for (const Ask& ask : {Ask{1, Lookup{"a", "", true}}, Ask{2, Enrol{"p", "c", "gold", "1234"}},
                         Ask{3, HoldRequest{id(2), {"c"}, Points{500}, key, 60'000'000}},
                         Ask{4, Release{id(2)}}, Ask{5, Balance{{"c"}}}}) {
    EXPECT_EQ(decode_ask(encode(ask)), ask);
  }
  for (const Answer& answer :
       {Answer{1, 0, "", {{"c"}, "gold", Points{900}, true, id(6), Points{300}, 77}},
        Answer{3, 0, "", {{"c"}, "", {}, false, {}, {}, 0, {}, {}, true}},
        Answer{2, static_cast<int>(Code::kHoldDead), "released", {}}}) {
    EXPECT_EQ(decode_answer(encode(answer)), answer);
  }
}

TEST(Wire, BadBytesAreNamed) {
  const auto code = [](const auto& result) { return result ? Code{} : result.error().code; };
  EXPECT_EQ(code(decode_fact(Buffer{0xff, 0xff})), Code::kBadFrame);
  EXPECT_EQ(code(decode_fact({})), Code::kBadFrame);
  EXPECT_EQ(code(decode_tell({})), Code::kBadFrame);
  EXPECT_EQ(code(decode_ask({})), Code::kBadFrame);
  EXPECT_EQ(code(decode_tell(Buffer(limits::kMaxMessageBytes + 1))), Code::kTooLarge);
  // hold_released { hold: 3 bytes } and a text that is no UTF-8 in hello.store
  EXPECT_EQ(decode_fact(from_hex("12050a03010203")).error(), (Error{Code::kBadValue, "hold", ""}));
  EXPECT_EQ(code(decode_tell(from_hex("0a040a02ff00"))), Code::kBadFrame);
  SaleFact many = sale();
  many.lines.resize(limits::kMaxSaleLines + 1);
  EXPECT_EQ(code(decode_fact(encode(many))), Code::kTooLarge);
}

TEST(Wire, EveryCutIsRefusedOrReadButNeverCrashes) {
  const Buffer whole = encode(Fact(sale()));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto fact = decode_fact(Bytes(whole).first(size));
    EXPECT_FALSE(fact && *fact == Fact(sale())) << size;
  }
}

}  // namespace
}  // namespace till::wire
