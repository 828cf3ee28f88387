#include "states.h"

#include <array>

namespace till::checkout {
namespace {

using enum State;
using enum Event;

constexpr Transition kTable[] = {
    {kOpen, kEdit, kOpen, "lines, customer or points change"},
    {kOpen, kQuote, kQuoted, "prices, discounts and points are worked out"},
    {kOpen, kPark, kParked, "the customer forgot something"},
    {kOpen, kCancel, kCancelled, "nothing was paid"},
    {kQuoted, kEdit, kOpen, "the quote is stale"},
    {kQuoted, kQuote, kQuoted, "worked out again"},
    {kQuoted, kPark, kParked, "the customer forgot something"},
    {kQuoted, kCancel, kCancelled, "nothing was paid"},
    {kQuoted, kPayWithHold, kHolding, "points are held before the money"},
    {kQuoted, kPay, kFiscalising, "intent is journalled, then the register works"},
    {kQuoted, kDone, kCommitted, "the register shows the document a person had said there was not"},
    {kParked, kResume, kOpen, "the customer is back"},
    {kParked, kCancel, kCancelled, "the customer did not come back"},
    {kHolding, kHeld, kFiscalising, "central holds the points"},
    {kHolding, kHoldRefused, kQuoted, "central says no; nothing was printed"},
    {kHolding, kHoldLost, kHoldUnknown, "no answer: the hold may stand"},
    {kHoldUnknown, kReleased, kQuoted, "the release is on its way for good"},
    {kFiscalising, kDone, kCommitted, "document, posting and entry in one transaction"},
    {kFiscalising, kRefused, kQuoted, "proven: no document; the next attempt may begin"},
    {kFiscalising, kDirty, kRefusedDirty, "our document is still open in the register"},
    {kFiscalising, kLost, kInDoubt, "link, driver or power went away after the submit"},
    {kRefusedDirty, kRefused, kQuoted, "cancelled in the register and verified"},
    {kRefusedDirty, kLost, kInDoubt, "lost while cancelling"},
    {kInDoubt, kDone, kCommitted, "the walk over the documents found ours"},
    {kInDoubt, kRefused, kQuoted, "an act proved that there is none"},
    {kInDoubt, kUnresolved, kNeedsPerson, "the register can not tell"},
    {kInDoubt, kSettle, kSettledByPerson, "only where the till prints: it never said what it did"},
    {kInDoubt, kSettleNone, kQuoted, "the same, and the paper is not there"},
    {kNeedsPerson, kSettle, kSettledByPerson, "a senior entered the document from the paper"},
    {kNeedsPerson, kSettleNone, kQuoted, "a senior says there is no document"},
};

constexpr std::array<std::string_view, 12> kStates = {
    "open",          "quoted",   "parked",       "holding",   "hold_unknown",      "fiscalising",
    "refused_dirty", "in_doubt", "needs_person", "committed", "settled_by_person", "cancelled"};
constexpr std::array<std::string_view, 18> kEvents = {
    "edit",    "quote", "park",         "resume",     "cancel",   "pay_with_hold",
    "pay",     "held",  "hold_refused", "hold_lost",  "released", "done",
    "refused", "dirty", "lost",         "unresolved", "settle",   "settle_none"};

}  // namespace

std::span<const Transition> transitions() { return kTable; }

std::optional<State> next(State from, Event event) {
  for (const Transition& t : kTable) {
    if (t.from == from && t.event == event) return t.to;
  }
  return std::nullopt;
}

std::string_view name(State state) { return kStates[static_cast<std::size_t>(state)]; }
std::string_view name(Event event) { return kEvents[static_cast<std::size_t>(event)]; }

std::optional<State> parse_state(std::string_view text) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == text) return static_cast<State>(i);
  }
  return std::nullopt;
}

bool is_final(State s) { return s == kCommitted || s == kSettledByPerson || s == kCancelled; }

bool is_open_doubt(State s) {
  return s == kFiscalising || s == kRefusedDirty || s == kInDoubt || s == kNeedsPerson;
}

bool is_paying(State s) { return s == kHolding || s == kHoldUnknown || is_open_doubt(s); }

std::string transitions_markdown() {
  std::string out = "| from | event | to | why |\n|---|---|---|---|\n";
  for (const Transition& t : kTable) {
    for (const auto cell : {name(t.from), name(t.event), name(t.to), t.why}) {
      out += "| ";
      out += cell;
      out += " ";
    }
    out += "|\n";
  }
  return out;
}

}  // namespace till::checkout
