// Refusals in Russian: whole sentences, with the form that goes with the number.
#include "gateway/loyalty/refusal_words.h"

#include <gtest/gtest.h>

#include "gateway/loyalty/loyalty.h"
#include "gateway/loyalty/reach.h"

namespace till::loyalty {
namespace {

std::string refused(const std::string& rest) {
  const auto p = Program::from_json(R"({"id":"p","version":1,)" + rest + "}");
  if (!p) return refusal_in_russian(p.error().detail);
  const auto done = check_reach(p->plan());
  return done ? "" : refusal_in_russian(done.error().detail);
}
std::string when(const std::string& parts) {
  return refused(R"("rules":[{"id":"a","when":{)" + parts + R"(},"give":{"percent":"5"}}])");
}

TEST(RefusalWords, AreRussianThroughout) {
  EXPECT_EQ(when(R"("time":{"from":"2026-02-31"})"),
            "rules[0].when.time.from: такого дня нет: \"2026-02-31\"");
  EXPECT_EQ(when(R"("all":[{"basket":{"lines":{"min":5}}},{"basket":{"lines":{"max":4}}}])"),
            "rules.a.when: не выполнится никогда: два условия на basket, исключающие друг друга");
  EXPECT_EQ(when(R"("counter":{"name":"spent","every":0})"),
            "rules[0].when.counter.every: должно быть больше 0");
  EXPECT_EQ(refused(R"("rules":[{"id":"a","give":{"percent":"100"}},
                      {"id":"b","give":{"percent":"5"}}])"),
            "rules.b: не сработает никогда: a не оставляет, с чего давать скидку");
}

TEST(RefusalWords, AgreeWithTheNumber) {
  std::string days = "1";
  for (int i = 2; i <= 32; ++i) days += "," + std::to_string(i);
  EXPECT_EQ(when(R"("time":{"days_of_month":[)" + days + "]}"),
            "rules[0].when.time.days_of_month: не больше 31 элемента");
  EXPECT_EQ(when(R"("time":{"hours":["1","2","3"]})"),
            "rules[0].when.time.hours: не больше 2 элементов");
  EXPECT_EQ(refusal_in_russian("lines: number of elements 3, expected 2"),
            "lines: элементов 3, ожидалось 2");
}

TEST(RefusalWords, OfCardsAndLinesOfAReceipt) {
  EXPECT_EQ(refusal_in_russian("customer.card: expired"), "customer.card: срок карты истёк");
  EXPECT_EQ(refusal_in_russian("customer.card: blocked"), "customer.card: карта заблокирована");
  EXPECT_EQ(refusal_in_russian("customer.card: replaced"), "customer.card: карта заменена");
  EXPECT_EQ(refusal_in_russian("returns[0]: line zz is not on the receipt"),
            "returns[0]: строки zz нет в чеке");
  EXPECT_EQ(refusal_in_russian("returns[0]: line 2 is not on the receipt"),
            "returns[0]: строки 2 нет в чеке");
}

}  // namespace
}  // namespace till::loyalty
