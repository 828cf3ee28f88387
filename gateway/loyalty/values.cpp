// Numbers of a rule that grow with a counter, the receipt or the level, or that a plugin says.
#include <algorithm>
#include <numeric>

#include "gateway/loyalty/evaluate.h"

namespace till::loyalty {

// What a ladder goes by.
std::int64_t Evaluator::measure_of(const Value& v) const {
  std::int64_t measure = 0;
  switch (v.by) {
    case Value::By::kNothing:
      break;
    case Value::By::kTier:
      measure = out_.tier;
      break;
    case Value::By::kAmount:
      for (std::size_t i = 0; i < count_; ++i) {
        if (!lines_[i].excluded) measure = checked_add(measure, amount_[i]);
      }
      break;
    case Value::By::kQuantity:
      for (std::size_t i = 0; i < count_; ++i) {
        if (!lines_[i].excluded) measure = checked_add(measure, lines_[i].quantity);
      }
      break;
    case Value::By::kSelectedAmount:
      for (const auto w : weight_) measure = checked_add(measure, w);
      break;
    case Value::By::kSelectedQuantity:
      for (const auto w : worked_) measure = checked_add(measure, w);
      break;
    case Value::By::kCounter:
      measure = counter(v.counter);
      if (v.this_too) {
        const bool money = plan_.names.text(v.counter).starts_with("spent");
        measure = checked_add(measure, money ? counted_list_ : 1);
      }
      break;
  }
  return measure;
}

std::int64_t Evaluator::value_of(const Value& v) const {
  if (v.by == Value::By::kNothing) return v.fixed;
  const auto measure = measure_of(v);
  std::int64_t value = 0;
  for (const auto& step : v.steps) {
    if (measure >= step.from) value = step.value;
  }
  return value;
}

// A ladder of prices says nothing of what lies below its first step.
bool Evaluator::below_prices(const Effect& give) const {
  const auto& v = give.value;
  return give.kind == Effect::Kind::kPrice && v.by != Value::By::kNothing && !v.marginal &&
         measure_of(v) < v.steps.front().from;
}

// Below the first step that gives something: what is missing to it.
std::optional<Evaluator::Blame> Evaluator::below_ladder(const Value& v) const {
  if (v.by == Value::By::kNothing || value_of(v) > 0) return {};
  const auto measure = measure_of(v);
  const auto next = std::ranges::find_if(
      v.steps, [&](const Value::Step& s) { return s.value > 0 && s.from > measure; });
  if (next == v.steps.end()) return {};
  const auto missing = next->from - measure;
  switch (v.by) {
    case Value::By::kTier:
      return Blame{customer_ ? Why::kTier : Why::kNoCustomer, 0, 0};
    case Value::By::kCounter:
      return Blame{customer_ ? Why::kCounter : Why::kNoCustomer, missing, v.counter};
    case Value::By::kQuantity:
    case Value::By::kSelectedQuantity:
      return Blame{Why::kNeedsQuantity, missing, 0};
    default:
      return Blame{Why::kNeedsAmount, missing, 0};
  }
}

std::optional<Evaluator::Blame> Evaluator::next_step(const Effect& give) const {
  const auto& v = give.value;
  if (v.by == Value::By::kNothing || v.by == Value::By::kTier) return {};
  const auto measure = measure_of(v);
  const auto now = value_of(v);
  const bool price = give.kind == Effect::Kind::kPrice;
  const auto better = [&](const Value::Step& s) {
    return s.from > measure && (price ? s.value < now : s.value > now);
  };
  const auto next = std::ranges::find_if(v.steps, better);
  if (next == v.steps.end()) return {};
  return Blame{Why::kNextStep, next->from - measure, next->value};
}

std::int64_t Evaluator::sum_of_steps(const Value& v, std::int64_t from, std::int64_t to,
                                     std::int64_t* covered) const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < v.steps.size(); ++i) {
    const auto end = i + 1 < v.steps.size() ? v.steps[i + 1].from : kHighest;
    const auto inside = std::min(to, end) - std::max(from, v.steps[i].from);
    if (inside <= 0) continue;
    sum = checked_add(sum, checked_mul(inside, v.steps[i].value));
    if (covered != nullptr) *covered += inside;
  }
  return sum;
}

// The candidates with the dearest unit first, whatever their order on the receipt.
void Evaluator::order_by_price() {
  order_.resize(cand_.size());
  std::iota(order_.begin(), order_.end(), 0U);
  std::ranges::sort(order_, [&](std::uint32_t a, std::uint32_t b) {
    const auto &la = lines_[cand_[a]], &lb = lines_[cand_[b]];
    return la.price != lb.price ? la.price > lb.price : before(cand_[a], cand_[b]);
  });
}

// As Evaluator::wish, where the steps are marginal. Units count from the dearest on.
std::int64_t Evaluator::wish_by_steps(const Rule& r) {
  const auto& v = r.give.value;
  const auto rounding = plan_.settings.money;
  std::int64_t before = 0;
  order_by_price();
  for (const auto k : order_) {
    const auto after =
        checked_add(before, v.by == Value::By::kSelectedAmount ? weight_[k] : worked_[k]);
    if (v.by == Value::By::kSelectedQuantity && r.give.kind == Effect::Kind::kPercent) {
      const auto& l = lines_[cand_[k]];
      const auto of = plan_.settings.percent_of_list
                          ? mul_div(l.list, worked_[k], l.quantity, Rounding::kDown)
                          : weight_[k];
      const auto step = plan_.settings.money_step;
      const auto whole = checked_mul(worked_[k], checked_mul(kPercentScale, step));
      wish_[k] = mul_div(of, sum_of_steps(v, before, after), whole, rounding) * step;
    } else if (v.by == Value::By::kSelectedQuantity) {
      std::int64_t covered = 0;
      const auto sum =
          mul_div(sum_of_steps(v, before, after, &covered), 1, kQuantityScale, rounding);
      const auto cost = mul_div(weight_[k], covered, worked_[k], Rounding::kDown);
      wish_[k] = r.give.kind == Effect::Kind::kAmount ? sum : std::max<std::int64_t>(0, cost - sum);
    }
    before = after;
  }
  if (v.by == Value::By::kSelectedQuantity) return -1;
  return mul_div(sum_of_steps(v, 0, before), 1, kPercentScale * plan_.settings.money_step,
                 rounding) *
         plan_.settings.money_step;
}

// What a rule plugin gives, line by line.
void Evaluator::wish_plugin(NameId plugin) {
  const auto* answer = answer_of(plugin);
  if (answer == nullptr) return;
  for (const auto& discount : answer->discounts) wish_on(discount.line, discount.amount.minor);
}

std::int64_t Evaluator::wish_plugin_points(NameId plugin) {
  std::int64_t on_receipt = 0;
  const auto* answer = answer_of(plugin);
  if (answer == nullptr || !answer->points) return 0;
  for (const auto& given : *answer->points) {
    if (given.line.empty()) {
      on_receipt = checked_add(on_receipt, std::max<std::int64_t>(0, given.points.units));
    } else {
      wish_on(given.line, given.points.units);
    }
  }
  return on_receipt;
}

void Evaluator::wish_on(std::string_view line, std::int64_t amount) {
  for (std::size_t k = 0; k < cand_.size(); ++k) {
    if (cand_[k] < basket_->lines.size() && basket_->lines[cand_[k]].id == line) {
      wish_[k] = std::max<std::int64_t>(0, amount);
    }
  }
}

// What the customer's card waits for; of no known type, its issue.
std::int64_t Evaluator::activation() const {
  return card_type_at_ < 0 ? 0
                           : plan_.card_types[static_cast<std::size_t>(card_type_at_)].activation;
}

std::int64_t Evaluator::balance(NameId purse) const {
  const auto at = std::ranges::find(purses_, purse, [](const auto& p) { return p.first; });
  std::int64_t has = at == purses_.end() ? 0 : at->second;
  for (const auto& s : out_.spent) {
    if (s.purse == purse) has -= s.amount;
  }
  if (plan_.purse(purse)->same_receipt) {
    for (const auto& e : out_.earned) {
      if (e.purse == purse && e.to == kNoName) has = checked_add(has, e.amount);
    }
  }
  return has;
}

}  // namespace till::loyalty
