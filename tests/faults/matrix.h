// The fault matrix of one register: which cases there are, and what one of them is.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/faults/rig.h"

namespace till::faults {

// What else happens. Everything is done to the register or to its surroundings, never to us.
enum class Noise {
  kQuiet,
  kTwins,         // the same basket was sold by us just before
  kForeign,       // another till prints the same basket while the line is down
  kBefore,        // or just before ours, when the baseline is read
  kZ,             // an automatic Z, then that other till
  kAway,          // the line is down for long
  kLate,          // executed 700 ms, …
  kLater,         // 15 s, …
  kLatest,        // 70 s after the command
  kPowerBefore,   // the register loses power just before the document is fiscal
  kPowerAfter,    // and just after
  kPowerTwin,     // power lost just before; when it is back the other till sells the same
  kPaperAtEnd,    // out of paper while the document is printed
  kPaper,         // out of paper while the line is down
  kMemory,        // another fiscal memory while the line is down
  kHidden,        // documents' contents can't be read back
  kHiddenTwin,    // and the other till sells the same twice
  kExpired,       // 25 hours pass while the line is down
  kFull,          // the memory takes no document any more; then it is replaced
  kClockBack,     // the register's clock goes back an hour; then it is set right
  kCutter,        // the document is made, and the closing is answered with the cutter's error
  kHiddenBefore,  // contents hidden, and the other till sells the same just before ours
  kHiddenOther,   // or another total and another kind of document while the line is down
  kHiddenLater,   // or ours is lost with the power, and the same is sold much later
  kPaperLine,     // out of paper after some lines of the document
};

struct Cut {
  Where where = Where::kToDevice;
  std::size_t at = 0;
};

struct Case {
  std::string variant;
  std::string kind;  // as kind_name(), "sale_rich", or what a person asks for
  Noise noise = Noise::kQuiet;
  std::optional<Cut> first;
  std::optional<Cut> second;  // in the first resolve
};

std::string to_string(const Case& c);  // "protocol1/sale/late/device:137/answer:12"
std::optional<Case> parse_case(const std::string& text);
std::vector<Noise> all_noise();
std::vector<std::string> all_kinds();
// Varies another one's dialogue: cut at every position, but without other trouble and pairs.
bool is_side(const Case& c);
// Of all cases that can be named those the matrix is made of.
bool is_played(const Case& c);
bool is_receipt(const std::string& kind);  // else a person's command: shift_open, cash …

struct Verdict {
  std::string violation;       // "" = none
  bool applicable = true;      // false: this register can't do that
  bool first_reached = false;  // the cut happened: there may be further positions
  bool second_reached = false;
};

// Plays one case to its end. Never throws for what the driver does.
Verdict play(const Case& c);

}  // namespace till::faults
