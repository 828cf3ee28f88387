// For tests: central over an empty database, with one customer.
#pragma once

#include <gtest/gtest.h>

#include "central/intake/test_world.h"

namespace till::central {

struct World : testing::Test {
  TestClock clock;
  TestRandom random;
  Central central{":memory:", clock, random};
  Database& db = central.db;
  Ledger& ledger = central.ledger;
  Holds& holds = central.holds;
  const CustomerId anna{"anna"};
  const StoreId shop{"shop"};
  const StoreId other{"other"};
  std::uint32_t next_sale = 1000;

  void SetUp() override { db.run("INSERT INTO customers VALUES ('anna','gold','card',1,0,'',0)"); }
  Cause cause(std::uint32_t n) const { return {shop, {test_id(n, 1), 1}, clock.now + n}; }
  std::int64_t count(const char* sql) {
    auto row = db.query(sql);
    return row.next() ? row.integer(0) : -1;
  }
  Code grant(std::uint32_t id, std::int64_t points, const StoreId& by, std::int64_t ttl = 1000) {
    const auto done =
        holds.grant(by, {test_id(id, 3), anna, Points{points}, {test_id(id, 1), 1}, ttl});
    return done ? Code{} : done.error().code;
  }
  Code release(std::uint32_t id, const StoreId& by) {
    const auto done = holds.release(by, test_id(id, 3));
    return done ? Code{} : done.error().code;
  }
  Code tell(const wire::SaleFact& fact, const StoreId& by) {
    const auto done = central.facts.apply(wire::encode(wire::Fact(fact)), {by, "chain"}, {1, 1});
    return done ? Code{} : done.error().code;
  }
};

}  // namespace till::central
