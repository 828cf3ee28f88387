// What did the register do? The answer is found the same way with every device, so it stands here
// once; a driver only shows what the device remembers.
#pragma once

#include "fiscal.h"

namespace till {

struct MemoryState {
  std::string fiscal_memory;
  std::uint32_t last_document = 0;
  bool document_open = false;
};

// The memory of a fiscal device. Every call may end in a loss (is_loss): the doubt stays then.
class FiscalMemory {
 public:
  virtual ~FiscalMemory() = default;
  // Takes what the device still has to say and returns once it executes nothing. True: all is on
  // paper; false: it cannot print on, out of paper for one.
  virtual Result<bool> settle() = 0;
  virtual Result<MemoryState> memory() = 0;
  // One document with its witness, `witness_readable` false where the device cannot show it. Its
  // fiscal_memory may stay empty: it is that of memory().
  // kNoSuchDocument: the number is not used.
  virtual Result<FiscalDocument> document(std::uint32_t number) = 0;
  // Cancels whatever document is open and verifies that none is. Harmless when none is.
  virtual Result<void> cancel() = 0;
};

// Walks every document after the baseline, never only the last one: another till's receipt or an
// automatic Z may stand in between. Ours is the one with the witness; where it can't be read, the
// only one of our kind and total. "Refused" is proven by an act: cancel, then walk again.
// Calling it again gives the same verdict. Errors: a loss, or what the device refused to show.
Result<Resolution> resolve_by_walk(FiscalMemory& device, const FiscalReceipt& receipt,
                                   const Baseline& before);

}  // namespace till
