// The states of a sale and every way from one to another: one table, which the code asserts and
// the documentation prints.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace till::checkout {

enum class State {
  kOpen,
  kQuoted,
  kParked,
  kHolding,
  kHoldUnknown,
  kFiscalising,
  kRefusedDirty,
  kInDoubt,
  kNeedsPerson,
  kCommitted,
  kSettledByPerson,
  kCancelled,
};

enum class Event {
  kEdit,   // a line, the customer or the points changed
  kQuote,  // worked out
  kPark,
  kResume,
  kCancel,
  kPayWithHold,  // pay; points are to be held first
  kPay,          // pay; no points
  kHeld,
  kHoldRefused,
  kHoldLost,  // no answer: the hold may or may not stand
  kReleased,
  kDone,        // the register's document is proven
  kRefused,     // proven: no document
  kDirty,       // refused, but ours is still open in the device
  kLost,        // no verdict
  kUnresolved,  // the device can not tell
  kSettle,      // a senior entered what the paper says: a document
  kSettleNone,  // … or that there is none
};

struct Transition {
  State from;
  Event event;
  State to;
  std::string_view why;
};

std::span<const Transition> transitions();
std::optional<State> next(State from, Event event);
std::string_view name(State state);
std::string_view name(Event event);
std::optional<State> parse_state(std::string_view name);

// Nothing more happens by itself; the till may go on to the next customer.
bool is_final(State state);
// A receipt may exist in the register that the journal does not know of yet.
bool is_open_doubt(State state);
// It has left the cashier's hands and does not rest yet: points held, being printed, in doubt.
bool is_paying(State state);
// The table as Markdown, for docs/internals/sale-states.md.
std::string transitions_markdown();

}  // namespace till::checkout
