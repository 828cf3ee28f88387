// Channels carry a message to a customer. Override send(); the base class speaks message.send.
//
//   message.send {"to":"+7…","text":"…"} -> {"id":"…"}
#pragma once

#include "plugin.h"

namespace till {

struct Message {
  std::string to;  // E.164; never log it
  std::string text;
};

class Channel : public Plugin {
 public:
  // Done with {"id"}; refused when the provider said no; in doubt when no answer came.
  virtual OperationResult send(const Message& message) = 0;

  OperationResult perform(const Operation& op) final {
    if (op.verb != "message.send") return unsupported(op.verb);
    const auto* to = op.body.if_contains("to");
    const auto* text = op.body.if_contains("text");
    if (to == nullptr || text == nullptr || !to->is_string() || !text->is_string()) {
      return {TILL_REFUSED, {}, {Code::kMissingField, "to, text", {}}, false};
    }
    return send({json::value_to<std::string>(*to), json::value_to<std::string>(*text)});
  }
};

}  // namespace till
