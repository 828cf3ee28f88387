// The desk's quiet half: opening, editing and quoting a sale. Nothing here touches a device.
#include <algorithm>
#include <utility>

#include "desk.h"
#include "gateway/loyalty/gifts.h"
#include "gateway/loyalty/plan.h"
#include "protocols/gs1/check_digit.h"

namespace till::checkout {
namespace {

constexpr std::int64_t kUntouchedUs = 600'000'000;  // whoever had the basket is elsewhere

// Is this return the last of the receipt?
bool all_back(const loyalty::Quote& sold, const std::map<std::string, Quantity>& before,
              const std::map<std::string, Quantity>& now) {
  const auto in = [](const std::map<std::string, Quantity>& map, const std::string& id) {
    const auto at = map.find(id);
    return at == map.end() ? Quantity{} : at->second;
  };
  return std::ranges::all_of(sold.lines, [&](const loyalty::LineQuote& line) {
    Quantity bought;
    for (const auto& unit : line.units) bought += unit.quantity;
    return in(before, line.id) + in(now, line.id) >= bought;
  });
}

// Where the electronic receipt can go: a phone or an e-mail address.
bool is_address(const std::string& to) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool phone = to.size() >= 8 && to.size() <= 16 && to[0] == '+' &&
                     std::ranges::all_of(to.begin() + 1, to.end(), digit);
  const auto at = to.find('@');
  return phone || (at != std::string::npos && at > 0 && at + 1 < to.size() && to.size() <= 64 &&
                   std::ranges::all_of(to, [](char c) { return c > ' ' && c < 0x7f; }));
}

}  // namespace

Desk::Desk(RegisterOf registers, PointsPort& points, JournalPort& journal, DeskHooks hooks,
           Clock& clock, Random& random, const goods::Catalogue& goods,
           const loyalty::Program& program, DeskConfig config)
    : registers_(std::move(registers)),
      points_(points),
      journal_(journal),
      hooks_(std::move(hooks)),
      clock_(clock),
      random_(random),
      goods_(goods),
      program_(program),
      config_(std::move(config)) {}

Result<Desk::Live*> Desk::live_sale(const Uuid& id) {
  if (const auto at = live_.find(id); at != live_.end()) {
    // Its outcome is on the way to the disk; until then nobody moves it.
    if (at->second->shown) return fail(Code::kSaleState, std::string(name(*at->second->shown)));
    return at->second.get();
  }
  const auto stored = journal_.load(id);
  if (!stored) return fail(Code::kNoSuchSale, to_string(id));
  return fail(Code::kSaleState, std::string(name(stored->state)));
}

Result<Desk::Live*> Desk::editable(const Uuid& id) {
  Live* live = TILL_TRY(live_sale(id));
  const State state = live->sale.state;
  if (state != State::kOpen && state != State::kQuoted) {
    return fail(Code::kSaleState, std::string(name(state)));
  }
  return live;
}

// Every change of state goes through the table; a pair it does not have is a bug, not an input.
void Desk::step(Live& live, Event event) {
  const auto to = next(live.sale.state, event);
  if (!to) {
    throw std::logic_error(std::string("no way from ") + std::string(name(live.sale.state)) +
                           " by " + std::string(name(event)));
  }
  live.sale.state = *to;
}

void Desk::edited(Live& live, std::string_view what) {
  step(live, Event::kEdit);
  live.sale.quote.reset();
  live.sale.quote_id.clear();
  live.sale.clear_trouble();
  journal_.soft(live.sale, what);
  hooks_.changed(live.sale);
}

std::unique_ptr<Desk::Live> Desk::fresh(const TillId& till, const std::string& number,
                                        const std::string& cashier) {
  auto live = std::make_unique<Live>();
  Sale& sale = live->sale;
  sale.id = new_uuid(clock_, random_);
  sale.till = till;
  sale.till_number = number;
  sale.cashier = cashier;
  sale.opened_us = clock_.unix_us();
  sale.circumstances.emplace().store = config_.store.value;
  return live;
}

Uuid Desk::enter(std::unique_ptr<Live> live, std::string_view step) {
  const Uuid id = live->sale.id;
  journal_.soft(live->sale, step);
  hooks_.changed(live->sale);
  live_[id] = std::move(live);
  return id;
}

// What was worked out when it was opened is quoted from the start.
Uuid Desk::enter_quoted(std::unique_ptr<Live> live, std::string_view step) {
  Sale& sale = live->sale;
  sale.quoted_us = sale.opened_us;
  sale.quote_id = to_string(new_uuid(clock_, random_));
  sale.state = State::kQuoted;
  return enter(std::move(live), step);
}

Result<Uuid> Desk::open(const TillId& till, const std::string& number, const std::string& cashier) {
  if (const auto known = journal_.find(till, number)) return *known;
  const auto open =
      std::ranges::count_if(live_, [&](const auto& l) { return l.second->sale.till == till; });
  if (static_cast<std::size_t>(open) >= limits::kMaxOpenSales) {
    return fail(Code::kTooManyRequests, "open sales of till " + till.value);
  }
  auto live = fresh(till, number, cashier);
  return enter(std::move(live), "open");
}

Result<Uuid> Desk::open_return(const TillId& till, const std::string& number,
                               const std::string& cashier, const Uuid& sold_id,
                               const std::map<std::string, Quantity>& lines) {
  if (const auto known = journal_.find(till, number)) {
    const auto kept = find(*known);
    const bool same = kept && kept->is_return && kept->returned_sale == sold_id;
    if (!same || kept->returned != lines) return fail(Code::kKeyConflict, number);
    return *known;
  }
  const auto sold = find(sold_id);
  if (!sold) return fail(Code::kNoSuchSale, to_string(sold_id));
  const bool was_sold =
      (sold->state == State::kCommitted || sold->state == State::kSettledByPerson) &&
      !sold->is_return && sold->quote;
  if (!was_sold) return fail(Code::kSaleState, std::string(name(sold->state)));
  std::map<std::string, Quantity> before;
  for (const Sale& earlier : journal_.returns_of(sold_id)) {
    if (earlier.state == State::kCancelled) continue;
    for (const auto& [line, quantity] : earlier.returned) before[line] += quantity;
  }
  auto back = TILL_TRY(loyalty::quote_return(*sold->quote, before, lines));
  auto live = fresh(till, number, cashier);
  Sale& sale = live->sale;
  sale.is_return = true;
  sale.returned_sale = sold_id;
  sale.returned = lines;
  sale.customer = sold->customer;
  if (sold->document) {
    sale.returned_document = {sold->document->fiscal_memory, sold->document->number};
  }
  for (const SaleLine& line : sold->lines) {
    const auto at = lines.find(line.id);
    if (at == lines.end() || at->second.units == 0) continue;
    sale.lines.push_back(line);
    sale.lines.back().quantity = at->second;
  }
  if (sale.lines.empty()) return fail(Code::kEmptyBasket);
  // Nothing of it is left: what was handed out with it is void.
  if (all_back(*sold->quote, before, lines))
    sale.issued = sold->issued.value_or(std::vector<IssuedCoupon>{});
  sale.quote = std::move(back);
  return enter_quoted(std::move(live), "open_return");
}

Result<Uuid> Desk::open_document(const TillId& till, const std::string& number,
                                 const std::string& cashier, FiscalReceipt receipt) {
  receipt.payments.clear();  // pay() names them
  if (!receipt.contact.empty() && !is_address(receipt.contact)) {
    return fail(Code::kBadValue, "receipt.contact");
  }
  // What is corrected has happened; a day later somewhere else is still today.
  const auto tomorrow = loyalty::local_time(clock_.unix_us(), 0).day + 1;
  if (receipt.correction && receipt.correction->date > loyalty::format_day(tomorrow)) {
    return fail(Code::kOutOfRange, "correction.date");
  }
  return open_fixed(till, number, cashier, std::move(receipt));
}

// What stands in receipt.payments is no money, points for one; the rest is to be paid.
Result<Uuid> Desk::open_fixed(const TillId& till, const std::string& number,
                              const std::string& cashier, FiscalReceipt receipt) {
  Money to_pay = receipt.total;
  for (const FiscalPayment& p : receipt.payments) to_pay -= p.amount;
  receipt.witness = "-";
  if (const auto known = journal_.find(till, number)) {
    // The same number is the same document; another one under it would never be printed.
    const auto kept = find(*known);
    const bool same = kept && kept->plain && to_json(*kept->plain) == to_json(receipt);
    if (!same) return fail(Code::kKeyConflict, number);
    return *known;
  }
  FiscalReceipt whole = receipt;
  if (to_pay.minor != 0) whole.payments.push_back({Tender::kCash, to_pay});
  TILL_CHECK(check(whole, ReceiptLimits{.lines = limits::kMaxSaleLines}));
  auto live = fresh(till, number, cashier);
  Sale& sale = live->sale;
  sale.quote.emplace();
  sale.quote->gross = receipt.total;
  sale.quote->by_points = receipt.total - to_pay;
  sale.quote->total = to_pay;
  sale.plain = std::move(receipt);
  return enter_quoted(std::move(live), "open_document");
}

Result<void> Desk::add(const Uuid& id, std::string_view code, Quantity quantity,
                       std::string_view marking_code) {
  Live* live = TILL_TRY(editable(id));
  Sale& sale = live->sale;
  if (sale.fixed()) return fail(Code::kSaleState, "fixed");
  if (quantity.units <= 0 || quantity > limits::kMaxQuantity) {
    return fail(Code::kOutOfRange, "quantity");
  }
  const auto* item = goods_.find(code);
  if (item == nullptr) return fail(Code::kUnknownGoods, std::string(code.substr(0, 64)));
  if (!marking_code.empty()) {
    if (quantity.units != kQuantityScale) return fail(Code::kOutOfRange, "quantity");
    if (std::ranges::find(sale.lines, marking_code, &SaleLine::marking_code) != sale.lines.end()) {
      return fail(Code::kDuplicate, "marking_code");
    }
  }
  const auto same = std::ranges::find_if(sale.lines, [&](const SaleLine& l) {
    return l.goods == code && l.marking_code.empty() && marking_code.empty();
  });
  if (same != sale.lines.end()) {
    if (same->quantity + quantity > limits::kMaxQuantity)
      return fail(Code::kOutOfRange, "quantity");
    same->quantity += quantity;
  } else {
    if (sale.lines.size() >= limits::kMaxSaleLines) return fail(Code::kTooManyLines);
    int last = 0;
    for (const SaleLine& line : sale.lines) last = std::max(last, std::stoi(line.id));
    sale.lines.push_back({std::to_string(last + 1), item->code, item->name, item->price, quantity,
                          item->min_price, item->tax_at(clock_.unix_us()), item->payment_object,
                          item->legal, item->is_card, std::string(marking_code), item->category});
  }
  edited(*live, "add");
  return {};
}

Result<void> Desk::set_quantity(const Uuid& id, const std::string& line, Quantity quantity) {
  Live* live = TILL_TRY(editable(id));
  Sale& sale = live->sale;
  if (sale.fixed()) return fail(Code::kSaleState, "fixed");
  if (quantity.units < 0 || quantity > limits::kMaxQuantity) {
    return fail(Code::kOutOfRange, "quantity");
  }
  const auto at = std::ranges::find(sale.lines, line, &SaleLine::id);
  if (at == sale.lines.end()) return fail(Code::kBadValue, "line " + line);
  if (!at->marking_code.empty() && quantity.units != 0 && quantity.units != kQuantityScale) {
    return fail(Code::kOutOfRange, "quantity");
  }
  if (quantity.units == 0) {
    sale.lines.erase(at);
  } else {
    at->quantity = quantity;
  }
  edited(*live, "quantity");
  return {};
}

Result<void> Desk::contact(const Uuid& id, const std::string& to) {
  Live* live = TILL_TRY(editable(id));
  if (!to.empty() && !is_address(to)) return fail(Code::kBadValue, "contact");
  live->sale.contact = to;
  journal_.soft(live->sale, "contact");
  return {};
}

Result<void> Desk::identify(const Uuid& id, Identity who) {
  Live* live = TILL_TRY(editable(id));
  if (live->sale.fixed()) return fail(Code::kSaleState, "fixed");
  live->sale.customer = std::move(who);
  live->sale.redeem = {};
  edited(*live, "identify");
  return {};
}

Result<void> Desk::redeem(const Uuid& id, Points points) {
  Live* live = TILL_TRY(editable(id));
  Sale& sale = live->sale;
  if (sale.fixed()) return fail(Code::kSaleState, "fixed");
  if (points.units < 0) return fail(Code::kOutOfRange, "points");
  if (points.units > 0 && !sale.customer) return fail(Code::kNoCustomer);
  if (points.units > 0 && !sale.customer->verified) return fail(Code::kPointsOffline);
  if (points.units > 0 && sale.customer->inactive.value_or(false)) {
    return fail(Code::kCardInactive);
  }
  const Points before = sale.redeem;
  sale.redeem = points;
  const auto possible = loyalty::quote(program_, basket_of(sale, clock_.unix_us()));
  if (points > possible.redeemable) {
    sale.redeem = before;
    return fail(points > sale.customer->available ? Code::kPointsNotEnough : Code::kPointsTooMany,
                to_string(possible.redeemable));
  }
  edited(*live, "redeem");
  return {};
}

bool Desk::quotable(const Sale& sale) {
  return sale.state == State::kOpen || (sale.state == State::kQuoted && !sale.fixed());
}

Result<const Sale*> Desk::quote(const Uuid& id,
                                std::optional<std::vector<loyalty::Payment>> payments,
                                std::vector<loyalty::PluginAnswer> plugins) {
  Live* live = TILL_TRY(live_sale(id));
  Sale& sale = live->sale;
  if (payments) {
    if (!quotable(sale)) return fail(Code::kSaleState, std::string(name(sale.state)));
    if (!sale.circumstances) sale.circumstances.emplace();
    sale.circumstances->payments = std::move(*payments);
  }
  if (quotable(sale)) {
    if (sale.lines.empty()) return fail(Code::kEmptyBasket);
    const auto now = clock_.unix_us();
    if (sale.circumstances) {
      const auto here = hooks_.utc_offset_min ? hooks_.utc_offset_min(now) : std::nullopt;
      sale.circumstances->utc_offset_min = here.value_or(program_.plan().settings.utc_offset_min);
      sale.circumstances->goods.reset();
      if (auto barred = loyalty::barred_gifts(program_, goods_); !barred.empty()) {
        sale.circumstances->goods = std::move(barred);
      }
      sale.circumstances->plugins.reset();
      if (!plugins.empty()) sale.circumstances->plugins = std::move(plugins);
    }
    try {
      sale.quote = quote_within_caps(sale, now);
    } catch (const Overflow& e) {
      return fail(Code::kOverflow, e.what());
    }
    sale.quote_id = to_string(new_uuid(clock_, random_));
    sale.quoted_us = now;
    sale.clear_trouble();  // of the attempt before
    step(*live, Event::kQuote);
    hooks_.changed(sale);
  }
  return &sale;
}

Result<Sale*> Desk::step_checked(const Uuid& id, Event event) {
  Live* live = TILL_TRY(live_sale(id));
  if (!next(live->sale.state, event)) {
    return fail(Code::kSaleState, std::string(name(live->sale.state)));
  }
  step(*live, event);
  return &live->sale;
}

// A return stays as it was worked out from its sale; it is cancelled and opened again instead.
Result<void> Desk::park(const Uuid& id) {
  if (TILL_TRY(live_sale(id))->sale.fixed()) return fail(Code::kSaleState, "fixed");
  Sale* sale = TILL_TRY(step_checked(id, Event::kPark));
  journal_.soft(*sale, "park");
  hooks_.changed(*sale);
  return {};
}

Result<void> Desk::resume(const Uuid& id) {
  Sale* sale = TILL_TRY(step_checked(id, Event::kResume));
  journal_.soft(*sale, "resume");
  hooks_.changed(*sale);
  return {};
}

Result<void> Desk::cancel(const Uuid& id) {
  Sale* sale = TILL_TRY(step_checked(id, Event::kCancel));
  sale->closed_us = clock_.unix_us();
  sale->clear_trouble();
  auto facts = allowance_facts(*sale);
  if (facts.empty()) {
    journal_.soft(*sale, "cancel");
  } else {
    journal_.hard(*sale, "cancel", std::move(facts), [] {});
  }
  hooks_.changed(*sale);
  undo_is_cancelled(*sale);
  live_.erase(id);
  return {};
}

Sale Desk::as_shown(const Live& live) {
  Sale sale = live.sale;
  if (live.shown) {
    sale.state = *live.shown;
    sale.document.reset();
  }
  return sale;
}

std::optional<Sale> Desk::find(const Uuid& id) {
  if (const auto at = live_.find(id); at != live_.end()) return as_shown(*at->second);
  return journal_.load(id);
}

std::vector<Sale> Desk::live() const {
  std::vector<Sale> out;
  out.reserve(live_.size());
  for (const auto& [id, live] : live_) out.push_back(as_shown(*live));
  return out;
}

bool Desk::idle() const {
  const auto recent = clock_.unix_us() - kUntouchedUs;
  return std::ranges::all_of(live_, [&](const auto& l) {
    const Sale& sale = l.second->sale;
    const bool resting = sale.state == State::kOpen || sale.state == State::kQuoted;
    return sale.state == State::kParked || sale.state == State::kNeedsPerson ||
           (resting && std::max(sale.opened_us, sale.quoted_us) < recent);
  });
}

std::size_t Desk::doubts() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      live_, [](const auto& l) { return is_open_doubt(l.second->sale.state); }));
}

}  // namespace till::checkout
