#include "gateway/loyalty/accounts.h"

#include <algorithm>
#include <utility>

namespace till::loyalty {
namespace {

constexpr std::int64_t kDayUs = kDaySeconds * kMicrosecond;

std::string ended(HoldState state) {
  return state == HoldState::kPosted    ? ": already posted"
         : state == HoldState::kExpired ? ": expired"
                                        : ": released";
}

std::string beyond(std::int64_t asked, std::int64_t left) {
  return ": " + detail::decimal(asked, 2) + ", left " + detail::decimal(left, 2);
}

auto order_of(const Lot& l) { return std::tie(l.expires, l.active_from, l.key); }

// Midnight, local, that ends the month or the year of a local day.
std::int64_t end_of(std::string_view period, std::int64_t day) {
  const auto t = local_time(day * kDayUs, 0);
  if (period == "year") return days_from_civil(t.year + 1, 1, 1);
  return t.month == 12 ? days_from_civil(t.year + 1, 1, 1)
                       : days_from_civil(t.year, t.month + 1, 1);
}

}  // namespace

Lot new_lot(const Life& life, std::string key, std::int64_t amount, std::int64_t at,
            std::int64_t utc_offset_min) {
  Lot lot;
  lot.key = std::move(key);
  lot.remaining = amount;
  lot.active_from = at + life.activation_days * kDayUs;
  if (life.expires_days == 0 && life.expires_end.empty()) return lot;
  // Whole local days: points earned at any hour of a day go at the same midnight.
  auto day = local_time(at, utc_offset_min).day + life.expires_days;
  if (!life.expires_end.empty()) day = end_of(life.expires_end, day);
  lot.expires = (day * kDaySeconds - utc_offset_min * 60) * kMicrosecond;
  return lot;
}

bool Account::seen(const std::string& key, std::int64_t amount, Result<void>* answer) {
  const auto at = done_.find(key);
  if (at == done_.end()) return false;
  if (at->second != amount) *answer = fail(Code::kKeyConflict, key);
  return true;
}

Lot* Account::lot(const std::string& key) {
  const auto at = std::ranges::find(lots_, key, &Lot::key);
  return at == lots_.end() ? nullptr : &*at;
}

std::int64_t Account::pay_debts(std::int64_t amount) {
  for (auto at = debts_.begin(); at != debts_.end() && amount > 0;) {
    const auto paid = std::min(amount, at->second);
    amount -= paid;
    at->second -= paid;
    at = at->second == 0 ? debts_.erase(at) : std::next(at);
  }
  return amount;
}

Result<void> Account::credit(Lot lot) {
  if (lot.remaining < 0) return fail(Code::kOutOfRange, "amount: below 0");
  const auto amount = lot.remaining;
  const auto [at, fresh] = credits_.try_emplace(lot.key, Credit{amount, 0});
  if (!fresh) {
    if (at->second.amount != amount) return fail(Code::kKeyConflict, lot.key);
    return {};
  }
  credited_ = checked_add(credited_, amount);
  lot.remaining = pay_debts(amount);
  const auto place =
      std::ranges::lower_bound(lots_, order_of(lot), {}, [](const Lot& l) { return order_of(l); });
  lots_.insert(place, std::move(lot));
  return {};
}

std::vector<Account::Taken> Account::take(std::int64_t amount, std::int64_t now,
                                          std::int64_t* short_of) {
  std::vector<Taken> taken;
  for (auto& l : lots_) {
    if (amount == 0) break;
    if (l.remaining == 0 || l.active_from > now || l.expires <= now) continue;
    const auto part = std::min(amount, l.remaining);
    l.remaining -= part;
    amount -= part;
    taken.push_back({l.key, part});
  }
  *short_of = amount;
  return taken;
}

void Account::put(const Taken& taken, std::int64_t now, std::int64_t grace) {
  auto* l = lot(taken.lot);
  l->remaining += taken.amount;
  if (l->expires > now || grace == 0) return;
  l->expires = checked_add(now, grace);
  std::ranges::sort(lots_, {}, [](const Lot& x) { return order_of(x); });
}

Result<void> Account::hold(const std::string& id, std::int64_t amount, std::int64_t now,
                           std::int64_t ttl) {
  if (amount <= 0) return fail(Code::kOutOfRange, "amount: above 0");
  if (ttl <= 0) return fail(Code::kOutOfRange, "timeout_s: above 0");
  expire(now);
  if (dead_.contains(id)) return fail(Code::kHoldDead, id + ": released");
  if (const auto at = holds_.find(id); at != holds_.end()) {
    const auto& h = at->second;
    if (h.amount != amount) return fail(Code::kHoldConflict, id + ": another sum is held");
    if (h.state != HoldState::kOpen) return fail(Code::kHoldDead, id + ended(h.state));
    return {};
  }
  const auto has = standing(now);
  if (const auto free = has.available - has.owed; free < amount) {
    return fail(Code::kPointsNotEnough, id + ": " + detail::decimal(amount, 2) + ", available " +
                                            detail::decimal(std::max<std::int64_t>(0, free), 2));
  }
  Hold h{amount, checked_add(now, ttl), HoldState::kOpen, {}, 0};
  std::int64_t short_of = 0;
  h.taken = take(amount, now, &short_of);
  holds_.emplace(id, std::move(h));
  return {};
}

void Account::end(Hold& hold, HoldState state) {
  hold.state = state;
  for (const auto& t : hold.taken) lot(t.lot)->remaining += t.amount;
  hold.taken.clear();
}

Result<void> Account::post(const std::string& id, std::int64_t amount, std::int64_t now) {
  expire(now);
  const auto at = holds_.find(id);
  if (at == holds_.end()) return fail(Code::kHoldDead, id + ": not known");
  auto& h = at->second;
  if (h.state == HoldState::kPosted) {
    if (h.posted != amount) {
      return fail(Code::kHoldConflict, id + ended(h.state) + " with another sum");
    }
    return {};
  }
  if (h.state != HoldState::kOpen) return fail(Code::kHoldDead, id + ended(h.state));
  if (amount < 0) return fail(Code::kOutOfRange, id + ": below 0");
  if (amount > h.amount) return fail(Code::kOutOfRange, id + ": more than is held");
  return fact(id, id, amount, now);
}

Result<void> Account::release(const std::string& id, std::int64_t now) {
  expire(now);
  const auto at = holds_.find(id);
  if (at == holds_.end()) {
    dead_.insert(id);
    return {};
  }
  if (at->second.state == HoldState::kPosted) {
    return fail(Code::kHoldConflict, id + ended(HoldState::kPosted));
  }
  if (at->second.state == HoldState::kOpen) end(at->second, HoldState::kReleased);
  return {};
}

Result<void> Account::fact(const std::string& key, const std::string& hold, std::int64_t amount,
                           std::int64_t now) {
  if (amount < 0) return fail(Code::kOutOfRange, "amount: below 0");
  if (const auto at = postings_.find(key); at != postings_.end()) {
    if (at->second.amount != amount) return fail(Code::kKeyConflict, key);
    return {};
  }
  expire(now);
  Posting p{amount, 0, {}, 0};
  auto left = amount;
  if (const auto at = holds_.find(hold); at != holds_.end()) {
    auto& h = at->second;
    const bool open = h.state == HoldState::kOpen;
    // A return may have made a lot live longer since.
    std::ranges::stable_sort(h.taken, {}, [&](const Taken& t) { return order_of(*lot(t.lot)); });
    for (auto& t : h.taken) {
      const auto part = open ? std::min(left, t.amount) : 0;
      if (part == 0) continue;
      t.amount -= part;
      left -= part;
      p.taken.push_back({t.lot, part});
    }
    h.posted = amount;
    end(h, HoldState::kPosted);
  }
  for (auto& t : take(left, now, &p.owed)) p.taken.push_back(std::move(t));
  if (p.owed > 0) debts_[key] = p.owed;
  posted_ = checked_add(posted_, amount);
  postings_.emplace(key, std::move(p));
  return {};
}

void Account::expire(std::int64_t now) {
  for (auto& [id, h] : holds_) {
    if (h.state == HoldState::kOpen && h.until <= now) end(h, HoldState::kExpired);
  }
  for (auto& l : lots_) {
    if (l.expires > now) continue;
    expired_ = checked_add(expired_, l.remaining);
    l.remaining = 0;
  }
}

Result<void> Account::give_back(const std::string& key, const std::string& posting,
                                std::int64_t amount, std::int64_t now, std::int64_t grace) {
  Result<void> answer;
  if (seen(key, amount, &answer)) return answer;
  const auto at = postings_.find(posting);
  if (amount < 0) return fail(Code::kOutOfRange, "amount: below 0");
  if (at == postings_.end()) return fail(Code::kReturnTooMuch, posting + ": not known");
  if (const auto left = at->second.amount - at->second.returned; amount > left) {
    return fail(Code::kReturnTooMuch, posting + beyond(amount, left));
  }
  expire(now);  // before a grace is given to what comes back
  auto& p = at->second;
  p.returned += amount;
  returned_ = checked_add(returned_, amount);
  done_[key] = amount;
  // What was owed is forgiven first, as far as nobody has paid it; then the lots, last taken first.
  if (const auto debt = debts_.find(posting); debt != debts_.end()) {
    const auto part = std::min(amount, debt->second);
    debt->second -= part;
    p.owed -= part;
    amount -= part;
    if (debt->second == 0) debts_.erase(debt);
  }
  while (amount > 0 && !p.taken.empty()) {
    auto& last = p.taken.back();
    const auto part = std::min(amount, last.amount);
    put({last.lot, part}, now, grace);
    last.amount -= part;
    amount -= part;
    if (last.amount == 0) p.taken.pop_back();
  }
  if (amount > 0) {  // a debt that later points paid: they come back as points of this return
    Lot lot;
    lot.key = key;
    lot.remaining = pay_debts(amount);
    lot.active_from = now;
    lots_.push_back(std::move(lot));
    std::ranges::sort(lots_, {}, [](const Lot& x) { return order_of(x); });
  }
  expire(now);
  return {};
}

Result<std::int64_t> Account::take_back(const std::string& key, const std::string& credit,
                                        std::int64_t amount, std::int64_t now, IfSpent policy) {
  Result<void> answer;
  if (seen(key, amount, &answer)) {
    if (!answer) return std::unexpected(answer.error());
    return 0;
  }
  const auto at = credits_.find(credit);
  if (amount < 0) return fail(Code::kOutOfRange, "amount: below 0");
  if (at == credits_.end()) return fail(Code::kReturnTooMuch, credit + ": not known");
  if (const auto left = at->second.amount - at->second.reversed; amount > left) {
    return fail(Code::kReturnTooMuch, credit + beyond(amount, left));
  }
  expire(now);
  at->second.reversed += amount;
  done_[key] = amount;
  auto left = amount;
  if (auto* own = lot(credit)) {
    const auto part = std::min(left, own->remaining);
    own->remaining -= part;
    left -= part;
  }
  if (policy != IfSpent::kForgive && left > 0) take(left, now, &left);
  const auto missing = left;
  if (policy == IfSpent::kOwe && left > 0) {
    debts_[key] = left;
    left = 0;
  }
  reversed_ = checked_add(reversed_, amount - left);
  return missing;
}

Result<void> Account::merge(const std::string& key, Account& other) {
  if (done_.contains(key)) return {};
  for (const auto& [id, h] : other.holds_) {
    if (h.state == HoldState::kOpen) return fail(Code::kHoldConflict, id + ": is still held");
  }
  for (const auto& [name, c] : other.credits_) {
    if (credits_.contains(name)) return fail(Code::kKeyConflict, name);
  }
  done_[key] = 0;
  for (auto& l : other.lots_) {
    if (l.merged_by.empty()) l.merged_by = key;
    lots_.push_back(std::move(l));
  }
  std::ranges::sort(lots_, {}, [](const Lot& x) { return order_of(x); });
  credits_.merge(other.credits_);
  postings_.merge(other.postings_);
  holds_.merge(other.holds_);
  dead_.merge(other.dead_);
  for (const auto& [name, owed] : other.debts_) debts_[name] += owed;
  credited_ = checked_add(credited_, other.credited_);
  returned_ = checked_add(returned_, other.returned_);
  posted_ = checked_add(posted_, other.posted_);
  expired_ = checked_add(expired_, other.expired_);
  reversed_ = checked_add(reversed_, other.reversed_);
  other = Account();
  return {};
}

// The lots go back as they stand now; what was spent of them meanwhile stays spent.
Account Account::split(const std::string& key) {
  Account back;
  if (done_.erase(key) == 0) return back;
  for (const auto& l : lots_) {
    if (l.merged_by != key) continue;
    Lot own = l;
    own.merged_by.clear();
    const auto credit = credits_.extract(l.key);
    back.credits_.emplace(l.key, credit.empty() ? Credit{} : credit.mapped());
    back.credited_ = checked_add(back.credited_, l.remaining);
    credited_ -= l.remaining;
    back.lots_.push_back(std::move(own));
  }
  // The emptied lots stay behind: postings made of them can still be returned.
  for (auto& l : lots_) {
    if (l.merged_by == key) l.remaining = 0;
  }
  return back;
}

Standing Account::standing(std::int64_t now) const {
  Standing s;
  for (const auto& l : lots_) {
    if (l.remaining == 0 || l.expires <= now) continue;
    (l.active_from > now ? s.pending : s.available) += l.remaining;
    if (l.active_from > now || l.expires == INT64_MAX) continue;
    if (l.expires < s.expires) {
      s.expires = l.expires;
      s.expiring = 0;
    }
    if (l.expires == s.expires) s.expiring += l.remaining;
  }
  for (const auto& [id, h] : holds_) {
    if (h.state != HoldState::kOpen) continue;
    for (const auto& t : h.taken) s.held += t.amount;
  }
  for (const auto& [name, owed] : debts_) s.owed += owed;
  return s;
}

bool Account::proof() const {
  std::int64_t have = 0;
  for (const auto& l : lots_) have += l.remaining;
  for (const auto& [id, h] : holds_) {
    for (const auto& t : h.taken) have += t.amount;
  }
  for (const auto& [name, owed] : debts_) have -= owed;
  return credited_ + returned_ - posted_ - expired_ - reversed_ == have;
}

Result<CardState> next_card_state(CardState state, CardEvent event, std::string_view activation) {
  using enum CardState;
  if (event == CardEvent::kReplace && state != kReplaced) return kReplaced;
  if (state == kReplaced) return fail(Code::kCardBlocked, "replaced");
  if (event == CardEvent::kBlock) return kBlocked;
  if (event == CardEvent::kUnblock) return state == kBlocked ? kActive : state;
  if (state == kBlocked) return fail(Code::kCardBlocked, "blocked");
  const bool activates = activation.empty() || activation == "issue" ||
                         (event == CardEvent::kSold && activation == "sale") ||
                         (event == CardEvent::kFirstPurchase && activation == "first_purchase") ||
                         (event == CardEvent::kRegistered && activation == "registration") ||
                         event == CardEvent::kByPerson;
  return activates ? kActive : state;
}

}  // namespace till::loyalty
