// After a start: what the process that ended left open.
#include <utility>

#include "desk.h"

namespace till::checkout {

void Desk::recover_all() {
  for (const Uuid& id : journal_.unconfirmed()) {
    const auto sale = journal_.load(id);
    for (const Settlement& settled : sale ? sale->settlements : std::vector<Settlement>{}) {
      if (!settled.rechecked) to_recheck_.push_back({id, settled.attempt.number});
    }
  }
  unprinted_ = journal_.unprinted();
  for (Sale& sale : journal_.unfinished()) {
    auto live = std::make_unique<Live>();
    live->sale = std::move(sale);
    Live& kept = *live;
    live_[kept.sale.id] = std::move(live);
    restart(kept);
  }
  recheck_settled();
}

void Desk::restart(Live& live) {
  Sale& sale = live.sale;
  const Uuid id = sale.id;
  switch (sale.state) {
    case State::kHolding:
      step(live, Event::kHoldLost);
      [[fallthrough]];
    case State::kHoldUnknown: {
      step(live, Event::kReleased);
      sale.set_trouble({Code::kHoldUnknown, {}, {}});
      auto facts = release_facts(sale);
      sale.attempt.drop_hold();
      journal_.hard(sale, "released_at_start", std::move(facts), [] {});
      break;
    }
    case State::kFiscalising:
      if (sale.attempt.receipt.witness.empty()) {  // no intent: nothing was sent
        step(live, Event::kRefused);
        auto facts = release_facts(sale);
        sale.attempt.drop_hold();
        journal_.hard(sale, "nothing_sent_at_start", std::move(facts), [] {});
        break;
      }
      // The intent may have reached the register, and nobody saw the outcome.
      step(live, Event::kLost);
      sale.set_trouble({Code::kRegisterInDoubt, {}, {}});
      journal_.soft(sale, "in_doubt_at_start");
      break;
    case State::kRefusedDirty:
      step(live, Event::kLost);
      journal_.soft(sale, "in_doubt_at_start");
      break;
    default:
      break;
  }
  if (sale.state != State::kInDoubt) return;
  RegisterPort& port = register_of(sale, sale.attempt);
  port.lock([this, id, &port] {
    live_.at(id)->port = &port;
    resolve(id);
  });
}

}  // namespace till::checkout
