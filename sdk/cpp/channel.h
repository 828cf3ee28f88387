// Channels carry a message to a customer. Override send(); the base class speaks message.send.
//
//   message.send {"to":"+7…","text":"…"} -> {"id":"…"}
#pragma once

#include "plugin.h"
#include "verbs.h"

namespace till {

class Channel : public Plugin {
 public:
  // Done with {"id"}; refused when the provider said no; in doubt when no answer came.
  virtual OperationResult send(const Message& message) = 0;

  OperationResult perform(const Operation& op) final {
    if (op.verb != "message.send") return unsupported(op.verb);
    const auto message = described::parsed<Message>(op.body, "body");
    if (!message) return {TILL_REFUSED, {}, message.error(), false};
    return send(*message);
  }
};

}  // namespace till
