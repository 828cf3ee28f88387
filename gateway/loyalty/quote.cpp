#include <algorithm>

#include "gateway/base/limits.h"
#include "gateway/loyalty/effects.h"
#include "gateway/loyalty/evaluate.h"
#include "gateway/loyalty/explain.h"
#include "gateway/loyalty/load.h"
#include "gateway/loyalty/loyalty.h"
#include "gateway/loyalty/units.h"

namespace till::loyalty {
namespace {

const std::shared_ptr<const Plan>& empty_plan() {
  static const auto plan = [] {
    auto made = std::make_shared<Plan>();
    made->purses.emplace_back();
    made->purses[0].id = "points";
    made->purses[0].key = made->names.add("points");
    made->prepare();
    return std::shared_ptr<const Plan>(std::move(made));
  }();
  return plan;
}

// What others get of it is the cashier's to know, not the customer's.
int level_of(const Plan& plan, const Reason& reason) {
  const bool given = reason.why == Why::kEarned || reason.why == Why::kCutPoints;
  const bool to_other = given && reason.rule >= 0 &&
                        plan.rules[static_cast<std::size_t>(reason.rule)].give.to != kNoName;
  return to_other ? 1 : rank(reason.why);
}

// What happened first, then what is missing for more, then the rest; a bounded number.
std::vector<Explanation> explanations(const Plan& plan, const Basket& basket, const Outcome& out) {
  std::vector<Explanation> why;
  const auto put = [&](const Reason& reason) {
    auto words = in_words(plan, basket, reason);
    const auto line =
        reason.line < 0 ? std::string() : basket.lines[static_cast<std::size_t>(reason.line)].id;
    why.push_back({line, std::move(words.en), std::move(words.ru), {}});
    if (const auto level = level_of(plan, reason); level > 0) why.back().level = level;
  };
  for (int level = 0; level <= 2; ++level) {
    for (const auto& reason : out.reasons) {
      if (why.size() >= limits::kMaxExplanations) return why;
      if (level_of(plan, reason) == level) put(reason);
    }
  }
  return why;
}

}  // namespace

Program::Program() : plan_(empty_plan()) {}

Result<Program> Program::from_json(std::string_view text) {
  auto plan = std::make_shared<const Plan>(TILL_TRY(load_plan(text)));
  Program program;
  program.id = plan->id;
  program.version = plan->version;
  program.plan_ = std::move(plan);
  return program;
}

std::string Program::to_json() const { return plan_->source; }

Quote quote(const Program& program, const Basket& basket) {
  const auto& plan = program.plan();
  Evaluator evaluator(plan);
  evaluator.start(basket);
  const auto& out = evaluator.run();
  Quote q;
  q.program_version = program.version;
  q.points_are_payment = plan.redeem && plan.redeem->as_payment;
  q.lines.reserve(basket.lines.size());
  for (std::size_t i = 0; i < basket.lines.size(); ++i) {
    const auto& l = out.lines[i];
    LineQuote line{basket.lines[i].id, {l.gross},    {l.discount}, {l.by_points},
                   {l.total},          {l.redeemed}, {l.accrued},  {}};
    if (!evaluator.counts(i)) line.uncounted = true;
    line.units = split_units(basket.lines[i], line, plan.settings.earn_on_points_paid);
    q.lines.push_back(std::move(line));
  }
  q.gross = {out.sum.gross};
  q.discount = {out.sum.discount};
  q.by_points = {out.sum.by_points};
  q.total = {out.sum.total};
  q.redeemed = {out.sum.redeemed};
  q.redeemable = {out.redeemable};
  q.accrued = {out.sum.accrued};
  q.why = explanations(plan, basket, out);
  q.effects = effects_of(plan, basket, evaluator, out);
  return q;
}

}  // namespace till::loyalty
