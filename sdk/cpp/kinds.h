// The smaller kinds of plugins: derive, override the typed calls, end with TILLBRIDGE_PLUGIN. A
// body that is not by the schema is refused before your code sees it; what you return is concluded
// by the rule of Plugin::conclude.
#pragma once

#include "plugin.h"
#include "verbs.h"

namespace till {

// What a verb without an answer gives.
struct Nothing {};
BOOST_DESCRIBE_STRUCT(Nothing, (), ())

// The typed call behind one verb.
class TypedPlugin : public Plugin {
 protected:
  template <typename Request, typename Call>
  OperationResult typed(const Operation& operation, Call call) {
    const auto run = [&]() -> Result<json::value> {
      const auto request = TILL_TRY(described::parsed<Request>(operation.body, "body"));
      return described::to_value(TILL_TRY(call(request)));
    };
    return conclude(run());
  }
  template <typename Event>
  void tell(const char* type, const Event& event) {
    emit(type, described::to_value(event));
  }
  static Result<Nothing> nothing(Result<void> result) {
    if (!result) return std::unexpected(std::move(result).error());
    return Nothing{};
  }
};

class Drawer : public TypedPlugin {
 public:
  virtual Result<void> open(std::uint32_t drawer) = 0;
  virtual Result<DrawerStatus> status() { return fail(Code::kVerbUnsupported, "drawer.status"); }

  OperationResult perform(const Operation& op) final {
    if (op.verb == "drawer.open") {
      return typed<DrawerOpen>(
          op, [&](const DrawerOpen& o) { return nothing(open(o.drawer.value_or(0))); });
    }
    if (op.verb == "drawer.status") return typed<Nothing>(op, [&](auto&) { return status(); });
    return unsupported(op.verb);
  }
};

class Display : public TypedPlugin {
 public:
  virtual Result<void> show(const std::vector<std::string>& lines) = 0;

  OperationResult perform(const Operation& op) final {
    if (op.verb == "display.show") {
      return typed<DisplayShow>(op, [&](const DisplayShow& d) { return nothing(show(d.lines)); });
    }
    if (op.verb == "display.clear") {
      return typed<Nothing>(op, [&](auto&) { return nothing(show({})); });
    }
    return unsupported(op.verb);
  }
};

class Scale : public TypedPlugin {
 public:
  virtual Result<Weighing> weigh() = 0;
  virtual Result<void> zero() { return fail(Code::kVerbUnsupported, "scale.zero"); }
  virtual Result<void> tare(std::optional<Quantity>) {
    return fail(Code::kVerbUnsupported, "scale.tare");
  }

  OperationResult perform(const Operation& op) final {
    if (op.verb == "scale.weigh") return typed<Nothing>(op, [&](auto&) { return weigh(); });
    if (op.verb == "scale.zero") return typed<Nothing>(op, [&](auto&) { return nothing(zero()); });
    if (op.verb == "scale.tare") {
      return typed<ScaleTare>(op, [&](const ScaleTare& t) { return nothing(tare(t.tare)); });
    }
    return unsupported(op.verb);
  }
};

// Asks whether a marked piece may be sold.
class Marking : public TypedPlugin {
 public:
  virtual Result<MarkingAnswer> check(const MarkingQuestion& question) = 0;

  OperationResult perform(const Operation& op) final {
    if (op.verb != "marking.check") return unsupported(op.verb);
    return typed<MarkingQuestion>(op, [&](const MarkingQuestion& q) { return check(q); });
  }
};

// Carries records to another program. The same batch may come again: `first` tells.
class Exporter : public TypedPlugin {
 public:
  virtual Result<ExportReceipt> write(const ExportBatch& batch) = 0;

  OperationResult perform(const Operation& op) final {
    if (op.verb != "export.write") return unsupported(op.verb);
    return typed<ExportBatch>(op, [&](const ExportBatch& b) { return write(b); });
  }
};

// A discount rule of one's own: the same question gives the same answer, always and everywhere.
class Rule : public TypedPlugin {
 public:
  virtual Result<RuleAnswer> evaluate(const RuleQuestion& question) = 0;

  OperationResult perform(const Operation& op) final {
    if (op.verb != "rule.evaluate") return unsupported(op.verb);
    return typed<RuleQuestion>(op, [&](const RuleQuestion& q) { return evaluate(q); });
  }
};

}  // namespace till
