#include "exports.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "gateway/base/errors.h"
#include "gateway/base/limits.h"
#include "gateway/base/log.h"
#include "protocols/central/wire.h"

namespace till::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostRecords = 50;
constexpr std::size_t kMostBytes = std::size_t{256} * 1024;  // of entries in a batch
constexpr std::int64_t kFirstRestUs = 1'000'000, kLongestRestUs = 60'000'000;

std::string text_or_empty(const Uuid& id) { return id.is_nil() ? std::string() : to_string(id); }

json::object mark(const wire::FiscalMark& fiscal) {
  return {{"fiscal_memory", json::string(fiscal.fiscal_memory)},
          {"number", fiscal.number},
          {"sign", fiscal.sign}};
}

json::object record(const wire::SaleFact& sale) {
  json::array lines;
  for (const auto& line : sale.lines) {
    lines.push_back({{"goods", json::string(line.goods)},
                     {"quantity", line.quantity.units},
                     {"gross", line.gross},
                     {"discount", line.discount},
                     {"by_points", line.by_points},
                     {"total", line.total}});
  }
  return {{"kind", sale.is_return ? "return" : "sale"},
          {"sale", text_or_empty(sale.key.sale)},
          {"attempt", sale.key.attempt},
          {"returned_sale", text_or_empty(sale.returned_sale)},
          {"till", json::string(sale.till.value)},
          {"till_number", json::string(sale.till_number)},
          {"at_us", sale.at},
          {"customer", json::string(sale.customer.value)},
          {"total", sale.total},
          {"redeemed", sale.redeemed.units},
          {"accrued", sale.accrued.units},
          {"document", mark(sale.fiscal)},
          {"document_kind", json::string(sale.document_kind)},
          {"lines", lines}};
}

json::object record(const wire::HoldReleased& released) {
  return {{"kind", "hold_released"}, {"hold", text_or_empty(released.hold)}};
}

json::object record(const wire::Settled& settled) {
  return {{"kind", "settled"},
          {"sale", text_or_empty(settled.key.sale)},
          {"attempt", settled.key.attempt},
          {"document", settled.document}};
}

json::object record(const wire::RegisterNotice& notice) {
  return {{"kind", "notice"},
          {"code", json::string(code_name(notice.code))},
          {"sale", text_or_empty(notice.key.sale)},
          {"attempt", notice.key.attempt},
          {"document", mark(notice.document)}};
}

// How far the plugin says it has come; it can not take what it was not given, nor nothing.
Result<std::uint64_t> next_of(const std::string& body, std::uint64_t first, std::size_t count) {
  boost::system::error_code bad;
  const json::value answer = json::parse(body, bad);
  const auto* next = !bad && answer.is_object() ? answer.get_object().if_contains("next") : nullptr;
  if (next == nullptr || !next->is_number()) return fail(Code::kMissingField, "next");
  const auto at = next->to_number<std::uint64_t>(bad);
  if (bad || at <= first || at > first + count) return fail(Code::kOutOfRange, "next");
  return at;
}

}  // namespace

json::object export_record(const journal::Entry& entry) {
  json::object out{{"sequence", entry.sequence}, {"id", to_string(entry.id)}};
  const auto fact = wire::decode_fact(entry.payload);
  // What a later version wrote keeps its place; a gap would stop everything behind it.
  const json::object what = fact ? std::visit([](const auto& f) { return record(f); }, *fact)
                                 : json::object{{"kind", "unknown"}};
  out.insert(what.begin(), what.end());
  return out;
}

void Exports::add(const std::string& id, Exporter exporter) {
  State& state = states_[id];
  state.exporter = std::move(exporter);
  state.next = stream_.position(id);
  if (state.next == 0) {
    // From now on entries are kept for it, whether it comes or not.
    state.next = stream_.first();
    stream_.keep(id, state.next);
  }
  state.rest_us = kFirstRestUs;
}

void Exports::look() {
  for (auto& [id, state] : states_) go_on(id, state);
}

std::uint64_t Exports::wanted() const {
  std::uint64_t first = std::numeric_limits<std::int64_t>::max();
  for (const auto& [id, state] : states_) first = std::min(first, state.next);
  const auto end = stream_.last() + 1;
  return std::max(first, end - std::min(end, limits::kMaxExportBehind));
}

std::optional<Error> Exports::lost(const std::string& exporter) const {
  const auto at = states_.find(exporter);
  return at == states_.end() ? std::nullopt : at->second.lost;
}

// Its place in the journal is left as it is: after a restart it is still known what it missed.
void Exports::miss(const std::string& id, State& state) {
  const auto first = stream_.first();
  const auto from = std::max(state.next, state.counted);
  if (first <= from) return;
  metrics_.add(fmt::format("tillbridge_export_lost_total{{device=\"{}\"}}", id),
               static_cast<std::int64_t>(first - from));
  state.counted = first;
  const bool known = state.lost.has_value();
  state.lost = Error{Code::kExportLost, fmt::format("{} to {}", state.next, first - 1), {}};
  if (!known) log_error("exporter {}: {}", id, describe(*state.lost, Language::kEn));
}

void Exports::go_on(const std::string& id, State& state) {
  const auto behind =
      stream_.last() + 1 - std::clamp<std::uint64_t>(state.next, 1, stream_.last() + 1);
  metrics_.set(fmt::format("tillbridge_export_behind{{device=\"{}\"}}", id),
               static_cast<std::int64_t>(behind));
  if (state.busy) return;
  miss(id, state);
  if (behind == 0 || !state.exporter.online()) return;
  const auto entries = stream_.read(std::max<std::uint64_t>(state.next, 1), kMostRecords);
  if (entries.empty()) return;
  const auto first = entries.front().sequence;
  json::array records;
  std::size_t bytes = 0;
  for (const auto& entry : entries) {
    bytes += entry.payload.size();
    if (!records.empty() && bytes > kMostBytes) break;
    records.push_back(export_record(entry));
  }
  const auto count = records.size();
  state.busy = true;
  state.exporter.write(
      "export/" + std::to_string(first),
      json::object{{"stream", "facts"}, {"first", first}, {"records", std::move(records)}},
      [this, id, &state, first, count](const ipc::Outcome& outcome) {
        answered(id, state, first, count, outcome);
      });
}

// In doubt is no failure of the order: the batch comes again, and the plugin knows what it has.
void Exports::answered(const std::string& id, State& state, std::uint64_t first, std::size_t count,
                       const ipc::Outcome& outcome) {
  if (outcome.verdict != ipc::Verdict::kDone) return failed(id, state, outcome.error);
  const auto next = next_of(outcome.body, first, count);
  if (!next) return failed(id, state, next.error());
  metrics_.add(fmt::format("tillbridge_export_records_total{{device=\"{}\"}}", id),
               static_cast<std::int64_t>(*next - first));
  state.next = *next;
  stream_.keep(id, state.next);
  if (state.lost) {
    log_warning("exporter {}: it goes on without the entries {}", id, state.lost->detail);
    state.lost.reset();
  }
  if (!state.failing.empty()) log_info("exporter {}: it takes records again", id);
  state.failing.clear();
  state.rest_us = kFirstRestUs;
  state.busy = false;
  go_on(id, state);
}

void Exports::failed(const std::string& id, State& state, const Error& error) {
  metrics_.add(fmt::format("tillbridge_export_failures_total{{device=\"{}\"}}", id));
  const auto words = describe(error, Language::kEn);
  if (words != state.failing) log_warning("exporter {}: {}; it is tried again", id, words);
  state.failing = words;
  after_(state.rest_us, [this, id, &state] {
    state.busy = false;
    go_on(id, state);
  });
  state.rest_us = std::min(state.rest_us * 2, kLongestRestUs);
}

}  // namespace till::app
