// Card readers: a swipe becomes tracks, or an error without a digit of the card in it.
#pragma once

#include <string>

#include "plugin.h"
#include "verbs.h"

namespace till {

class Reader : public Plugin {
 protected:
  void emit(const CardSwipe& card) { Plugin::emit("card", described::to_value(card)); }
  void emit_error(const Error& error) {
    Plugin::emit("input_error",
                 described::to_value(InputError{static_cast<int>(error.code), error.detail}));
  }
};

}  // namespace till
