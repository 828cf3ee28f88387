// Card readers: a swipe becomes tracks, or an error without a digit of the card in it.
#pragma once

#include <string>

#include "plugin.h"

namespace till {

struct CardSwipe {
  std::string track1;  // data between the sentinels, "" = not read
  std::string track2;
  std::string track3 = {};
};

class Reader : public Plugin {
 protected:
  void emit(const CardSwipe& card) {
    Plugin::emit("card",
                 {{"track1", card.track1}, {"track2", card.track2}, {"track3", card.track3}});
  }
  void emit_error(const Error& error) {
    Plugin::emit("input_error", {{"code", static_cast<int>(error.code)}, {"detail", error.detail}});
  }
};

}  // namespace till
