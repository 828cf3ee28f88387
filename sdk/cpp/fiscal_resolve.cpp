#include "fiscal_resolve.h"

#include "base/civil.h"

namespace till {
namespace {

constexpr std::uint32_t kMaxWalk = 1000;  // documents looked at for one sale
// From a baseline to its document at most: a long receipt, printed after a wait for paper.
constexpr std::int64_t kLongestMinutes = 10;

struct Found {
  std::optional<FiscalDocument> ours;
  std::vector<FiscalDocument> unreadable;  // of our kind and total, but who knows whose
};

Result<void> walk(FiscalMemory& device, const FiscalReceipt& receipt, std::uint32_t after,
                  const MemoryState& now, Found& found) {
  const std::string wanted = kind_name(receipt);
  for (std::uint32_t n = after + 1; n <= now.last_document && !found.ours; ++n) {
    auto d = TILL_TRY(device.document(n));
    d.fiscal_memory = now.fiscal_memory;
    if (d.kind != wanted) continue;
    if (!d.witness_readable) {
      if (d.total == receipt.total) found.unreadable.push_back(std::move(d));
    } else if (d.witness == receipt.witness) {
      found.ours = std::move(d);
    }
  }
  return {};
}

// Documents tell no seconds, some baselines do.
std::optional<std::int64_t> minutes_of(const std::string& text) {
  const auto seconds = civil_seconds(text);
  return seconds ? std::optional(*seconds / 60) : std::nullopt;
}

// Made soon enough after the baseline to be ours; where a time is unknown, nothing speaks against.
bool is_timely(const FiscalDocument& d, const Baseline& before) {
  const auto made = minutes_of(d.time), read = minutes_of(before.device_time);
  return !made || !read || (*made >= *read && *made - *read <= kLongestMinutes);
}

Resolution person(std::string reason, std::vector<FiscalDocument> candidates = {}) {
  return {ResolutionVerdict::kNeedsPerson, {}, std::move(reason), std::move(candidates)};
}

}  // namespace

Result<Resolution> resolve_by_walk(FiscalMemory& device, const FiscalReceipt& receipt,
                                   const Baseline& before) {
  bool printed = TILL_TRY(device.settle());
  auto now = TILL_TRY(device.memory());
  if (now.fiscal_memory != before.fiscal_memory || now.last_document < before.last_document) {
    return person("fiscal memory was replaced");
  }
  if (now.last_document - before.last_document > kMaxWalk) {
    return person("too many documents since");
  }
  Found found;
  TILL_CHECK(walk(device, receipt, before.last_document, now, found));
  // A document of ours that is still open was not closed: what fits already is another's.
  const bool others = now.document_open && !found.unreadable.empty();
  if (!found.ours) {
    // "No" needs an act: cancelling proves that the device is past whatever it was told before.
    TILL_CHECK(device.cancel());
    printed = TILL_TRY(device.settle());  // some close what is paid, and the paper may end there
    const auto seen = now.last_document;
    now = TILL_TRY(device.memory());
    TILL_CHECK(walk(device, receipt, seen, now, found));
  }
  if (!found.ours && found.unreadable.size() == 1 && !others &&
      is_timely(found.unreadable[0], before)) {
    found.ours = found.unreadable[0];
  }
  if (found.ours) {
    found.ours->printed = printed;
    return Resolution{ResolutionVerdict::kDone, *found.ours, {}, {}};
  }
  if (found.unreadable.empty()) {
    return Resolution{ResolutionVerdict::kRefused, {}, "no document of this sale", {}};
  }
  return person("the witness cannot be read and several documents may fit", found.unreadable);
}

}  // namespace till
