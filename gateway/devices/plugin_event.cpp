#include "plugin_event.h"

#include "gateway/base/json.h"
#include "gateway/base/limits.h"
#include "gateway/base/utf8.h"
#include "sdk/cpp/described_json.h"
#include "sdk/cpp/verbs.h"

namespace till::devices {
namespace {

namespace json = boost::json;

Result<void> bounded(std::string_view text, std::size_t most, const char* name) {
  if (text.size() > most) return fail(Code::kOutOfRange, std::string(name) + " is too long");
  return {};
}

Result<void> check(const Scan& scan) {
  TILL_CHECK(bounded(scan.raw, limits::kMaxScanBytes, "raw"));
  return bounded(scan.aim, 8, "aim");
}
Result<void> check(const CardSwipe& card) {
  for (const auto* track : {&card.track1, &card.track2, &card.track3}) {
    TILL_CHECK(bounded(*track, limits::kMaxTrackBytes, "track"));
  }
  return {};
}
Result<void> check(const InputError& error) {
  if (error.code < 1000 || error.code > 9999) return fail(Code::kOutOfRange, "code");
  if (!printable(error.detail)) return fail(Code::kBadValue, "detail");
  return bounded(error.detail, limits::kMaxLogDetail, "detail");
}
Result<void> check(const Weighing&) { return {}; }

template <typename Event>
Result<json::value> typed(const json::value& value) {
  const auto event = TILL_TRY(described::parsed<Event>(value, "event"));
  TILL_CHECK(check(event));
  return described::to_value(event);
}

}  // namespace

Result<json::value> check_event(std::string_view type, std::string_view text) {
  auto value = TILL_TRY(parse_json(text));
  if (type == "scan") return typed<Scan>(value);
  if (type == "card") return typed<CardSwipe>(value);
  if (type == "input_error") return typed<InputError>(value);
  if (type == "weight") return typed<Weighing>(value);
  if (!value.is_object()) return fail(Code::kWrongType, "event");
  return value;
}

}  // namespace till::devices
