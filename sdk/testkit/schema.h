// The part of JSON Schema 2020-12 that Tillbridge's schemas use: type, properties, required,
// additionalProperties (false), items, enum, const, anyOf, minimum, maximum, minLength, maxLength,
// minItems, maxItems.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>

#include <tillbridge/sdk/base/result.h>

namespace till::testkit {

namespace json = boost::json;

// kUnknownField, kMissingField, kWrongType, kOutOfRange, kBadValue; `detail` is the path.
Result<void> check_schema(const json::object& schema, const json::value& value,
                          const std::string& path = "");

// SplitMix64: the same numbers from the same seed everywhere.
class Seed {
 public:
  explicit Seed(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t n) { return next() % n; }

 private:
  std::uint64_t state_;
};

// A value the schema allows: small numbers, short texts, now and then the edges.
json::value sample_of(const json::object& schema, Seed& seed);
// The same with one thing wrong in it, if the schema forbids anything at all.
json::value spoilt_sample_of(const json::object& schema, Seed& seed);

}  // namespace till::testkit
