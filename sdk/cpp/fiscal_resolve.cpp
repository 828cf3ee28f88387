#include "fiscal_resolve.h"

namespace till {
namespace {

constexpr std::uint32_t kMaxWalk = 1000;  // documents looked at for one sale

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

Resolution person(std::string reason, std::vector<FiscalDocument> candidates = {}) {
  return {ResolutionVerdict::kNeedsPerson, {}, std::move(reason), std::move(candidates)};
}

}  // namespace

Result<Resolution> resolve_by_walk(FiscalMemory& device, const FiscalReceipt& receipt,
                                   const Baseline& before) {
  const bool printed = TILL_TRY(device.settle());
  auto now = TILL_TRY(device.memory());
  if (now.fiscal_memory != before.fiscal_memory || now.last_document < before.last_document) {
    return person("fiscal memory was replaced");
  }
  if (now.last_document - before.last_document > kMaxWalk) {
    return person("too many documents since");
  }
  Found found;
  TILL_CHECK(walk(device, receipt, before.last_document, now, found));
  if (!found.ours && found.unreadable.empty()) {
    // "No" needs an act: cancelling proves that the device is past whatever it was told before.
    TILL_CHECK(device.cancel());
    const auto seen = now.last_document;
    now = TILL_TRY(device.memory());
    TILL_CHECK(walk(device, receipt, seen, now, found));
  }
  // A document of ours that is still open was not closed: then the one that fits is another's.
  if (!found.ours && found.unreadable.size() == 1 && !now.document_open) {
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
