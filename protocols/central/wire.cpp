#include "protocols/central/wire.h"

#include <central.pb.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>

#include "gateway/base/limits.h"

namespace till::wire {
namespace {

namespace pb = ::till::wirepb;

// A peer's bad bytes are answered with an error, not with a line on standard error for each.
[[maybe_unused]] const auto kOldHandler = google::protobuf::SetLogHandler(nullptr);

std::string text(const Uuid& id) {
  return id.is_nil() ? std::string() : std::string(as_text(id.bytes));
}
std::string text(const Buffer& bytes) { return std::string(as_text(bytes)); }
Buffer buffer(const std::string& bytes) { return to_buffer(as_bytes(bytes)); }

Result<Uuid> uuid(const std::string& bytes, std::string_view what) {
  Uuid id;
  if (bytes.empty()) return id;
  if (bytes.size() != id.bytes.size()) return fail(Code::kBadValue, std::string(what));
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

template <typename Message>
Buffer bytes_of(const Message& message) {
  Buffer bytes(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(bytes.data());
  return bytes;
}

template <typename Message>
Result<Message> parse(Bytes bytes) {
  if (bytes.size() > limits::kMaxMessageBytes) return fail(Code::kTooLarge, "message");
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(Code::kBadFrame, "not protobuf");
  }
  return message;
}

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};

// ---- facts ----

void put(pb::SaleLine& to, const SaleLine& line) {
  to.set_goods(line.goods);
  to.set_quantity(line.quantity.units);
  to.set_gross(line.gross);
  to.set_discount(line.discount);
  to.set_by_points(line.by_points);
  to.set_total(line.total);
  to.set_accrued(line.accrued.units);
  to.set_redeemed(line.redeemed.units);
  to.set_uncounted(line.uncounted);
}

SaleLine get(const pb::SaleLine& from) {
  return {from.goods(),           Quantity{from.quantity()}, from.gross(),
          from.discount(),        from.by_points(),          from.total(),
          Points{from.accrued()}, Points{from.redeemed()},   from.uncounted()};
}

// "For ever" travels as 0, the last day n as n + 1.
void put(pb::Coupon& to, const Coupon& coupon) {
  to.set_code(coupon.code);
  to.set_type(coupon.type);
  to.set_used(coupon.used);
  to.set_until(coupon.until == INT64_MAX ? 0 : coupon.until + 1);
  to.set_customer(coupon.customer);
}

Coupon get(const pb::Coupon& from) {
  return {from.code(), from.type(), from.used(), from.until() == 0 ? INT64_MAX : from.until() - 1,
          from.customer()};
}

void put_effects(pb::SaleFact& to, const SaleFact& fact) {
  for (const auto& coupon : fact.coupons) put(*to.add_coupons(), coupon);
  for (const auto& coupon : fact.issued) put(*to.add_issued(), coupon);
  for (const auto& entry : fact.purses) {
    auto& out = *to.add_purses();
    out.set_purse(entry.purse);
    out.set_to(entry.to);
    out.set_amount(entry.amount);
    out.set_rule(entry.rule);
  }
  for (const auto& use : fact.rules) {
    auto& out = *to.add_rules();
    out.set_rule(use.rule);
    out.set_times(use.times);
    out.set_amount(use.amount);
    out.set_funded_by(use.funded_by);
  }
  for (const auto& lot : fact.lots) {
    auto& out = *to.add_lots();
    out.set_rule(lot.rule);
    out.set_points(lot.points.units);
    out.set_activation_days(lot.activation_days);
    out.set_expires_days(lot.expires_days);
    out.set_expires_end(lot.expires_end);
  }
  to.set_utc_offset(fact.utc_offset_min);
  to.set_cashier(fact.cashier);
  to.set_whole(fact.whole);
}

Result<void> get_effects(const pb::SaleFact& from, SaleFact& fact) {
  for (const int size : {from.coupons_size(), from.issued_size(), from.purses_size(),
                         from.rules_size(), from.lots_size()}) {
    if (static_cast<std::size_t>(size) > limits::kMaxSaleLines) {
      return fail(Code::kTooLarge, "coupons, entries or rules");
    }
  }
  for (const auto& coupon : from.coupons()) fact.coupons.push_back(get(coupon));
  for (const auto& coupon : from.issued()) fact.issued.push_back(get(coupon));
  for (const auto& e : from.purses())
    fact.purses.push_back({e.purse(), e.to(), e.amount(), e.rule()});
  for (const auto& u : from.rules()) {
    fact.rules.push_back({u.rule(), u.times(), u.amount(), u.funded_by()});
  }
  for (const auto& lot : from.lots()) {
    fact.lots.push_back({lot.rule(), Points{lot.points()}, lot.activation_days(),
                         lot.expires_days(), lot.expires_end()});
  }
  fact.utc_offset_min = from.utc_offset();
  fact.cashier = from.cashier();
  fact.whole = from.whole();
  return {};
}

void put(pb::SaleFact& to, const SaleFact& fact) {
  to.set_sale(text(fact.key.sale));
  to.set_attempt(fact.key.attempt);
  to.set_till(fact.till.value);
  to.set_till_number(fact.till_number);
  to.set_at(fact.at);
  to.set_is_return(fact.is_return);
  to.set_returned_sale(text(fact.returned_sale));
  to.set_customer(fact.customer.value);
  to.set_card_hash(fact.card_hash);
  to.set_total(fact.total);
  to.set_redeemed(fact.redeemed.units);
  to.set_accrued(fact.accrued.units);
  to.set_hold(text(fact.hold));
  if (fact.fiscal != FiscalMark{}) {
    to.mutable_fiscal()->set_fiscal_memory(fact.fiscal.fiscal_memory);
    to.mutable_fiscal()->set_number(fact.fiscal.number);
    to.mutable_fiscal()->set_sign(fact.fiscal.sign);
  }
  to.set_program_version(fact.program_version);
  to.set_evaluation_revision(fact.evaluation_revision);
  to.set_document_kind(fact.document_kind);
  for (const auto& line : fact.lines) put(*to.add_lines(), line);
  put_effects(to, fact);
}

Result<Fact> get(const pb::SaleFact& from) {
  if (static_cast<std::size_t>(from.lines_size()) > limits::kMaxSaleLines) {
    return fail(Code::kTooLarge, "lines");
  }
  SaleFact fact;
  fact.key = {TILL_TRY(uuid(from.sale(), "sale")), from.attempt()};
  fact.till = {from.till()};
  fact.till_number = from.till_number();
  fact.at = from.at();
  fact.is_return = from.is_return();
  fact.returned_sale = TILL_TRY(uuid(from.returned_sale(), "returned_sale"));
  fact.customer = {from.customer()};
  fact.card_hash = from.card_hash();
  fact.total = from.total();
  fact.redeemed = {from.redeemed()};
  fact.accrued = {from.accrued()};
  fact.hold = TILL_TRY(uuid(from.hold(), "hold"));
  fact.fiscal = {from.fiscal().fiscal_memory(), from.fiscal().number(), from.fiscal().sign()};
  fact.program_version = from.program_version();
  fact.evaluation_revision = from.evaluation_revision();
  fact.document_kind = from.document_kind();
  fact.lines.reserve(static_cast<std::size_t>(from.lines_size()));
  for (const auto& line : from.lines()) fact.lines.push_back(get(line));
  TILL_CHECK(get_effects(from, fact));
  return fact;
}

Profile get(const pb::Profile& from) {
  Profile out;
  for (const auto& [name, value] : from.purses()) out.purses[name] = value;
  for (const auto& [name, value] : from.counters()) out.counters[name] = value;
  for (const auto& [name, value] : from.dates()) out.dates[name] = value;
  for (const auto& segment : from.segments()) out.segments.push_back(segment);
  out.tier = from.tier();
  out.referrer = from.referrer();
  for (const auto& u : from.used()) {
    out.used.push_back({u.rule(), u.scope(), u.period(), u.times(), u.amount()});
  }
  return out;
}

void put(pb::Profile& to, const Profile& profile) {
  for (const auto& [name, value] : profile.purses) (*to.mutable_purses())[name] = value;
  for (const auto& [name, value] : profile.counters) (*to.mutable_counters())[name] = value;
  for (const auto& [name, value] : profile.dates) (*to.mutable_dates())[name] = value;
  for (const auto& segment : profile.segments) to.add_segments(segment);
  to.set_tier(profile.tier);
  to.set_referrer(profile.referrer);
  for (const auto& used : profile.used) {
    auto& out = *to.add_used();
    out.set_rule(used.rule);
    out.set_scope(used.scope);
    out.set_period(used.period);
    out.set_times(used.times);
    out.set_amount(used.amount);
  }
}

Result<Customer> get(const pb::Customer& from) {
  return Customer{{from.id()},
                  from.card_type(),
                  Points{from.available()},
                  from.blocked(),
                  TILL_TRY(uuid(from.allowance(), "allowance")),
                  Points{from.allowance_points()},
                  from.allowance_expires(),
                  get(from.profile()),
                  get(from.coupon()),
                  from.inactive(),
                  {Points{from.standing().welcome()}, Points{from.standing().pending()},
                   Points{from.standing().expiring()}, from.standing().expires_day()}};
}

void put(pb::Customer& to, const Customer& customer) {
  to.set_id(customer.id.value);
  to.set_card_type(customer.card_type);
  to.set_available(customer.available.units);
  to.set_blocked(customer.blocked);
  to.set_allowance(text(customer.allowance));
  to.set_allowance_points(customer.allowance_points.units);
  to.set_allowance_expires(customer.allowance_expires_us);
  if (customer.profile != Profile{}) put(*to.mutable_profile(), customer.profile);
  if (customer.coupon != Coupon{}) put(*to.mutable_coupon(), customer.coupon);
  to.set_inactive(customer.inactive);
  if (const auto& s = customer.standing; s != Standing{}) {
    to.mutable_standing()->set_welcome(s.welcome.units);
    to.mutable_standing()->set_pending(s.pending.units);
    to.mutable_standing()->set_expiring(s.expiring.units);
    to.mutable_standing()->set_expires_day(s.expires_day);
  }
}

}  // namespace

Buffer encode(const Fact& fact) {
  pb::Fact to;
  std::visit(
      Overloaded{[&](const SaleFact& f) { put(*to.mutable_sale(), f); },
                 [&](const HoldReleased& f) { to.mutable_hold_released()->set_hold(text(f.hold)); },
                 [&](const Settled& f) {
                   auto& settled = *to.mutable_settled();
                   settled.set_sale(text(f.key.sale));
                   settled.set_attempt(f.key.attempt);
                   settled.set_by(f.by);
                   settled.set_document(f.document);
                 },
                 [&](const RegisterNotice& f) {
                   auto& notice = *to.mutable_notice();
                   notice.set_code(static_cast<std::int32_t>(f.code));
                   notice.mutable_document()->set_fiscal_memory(f.document.fiscal_memory);
                   notice.mutable_document()->set_number(f.document.number);
                   notice.mutable_document()->set_sign(f.document.sign);
                   if (!f.key.sale.is_nil()) notice.set_sale(text(f.key.sale));
                   notice.set_attempt(f.key.attempt);
                   notice.set_detail(f.detail);
                 }},
      fact);
  return bytes_of(to);
}

Result<Fact> decode_fact(Bytes bytes) {
  const auto from = TILL_TRY(parse<pb::Fact>(bytes));
  switch (from.body_case()) {
    case pb::Fact::kSale:
      return get(from.sale());
    case pb::Fact::kHoldReleased:
      return HoldReleased{TILL_TRY(uuid(from.hold_released().hold(), "hold"))};
    case pb::Fact::kSettled:
      return Settled{{TILL_TRY(uuid(from.settled().sale(), "sale")), from.settled().attempt()},
                     from.settled().by(),
                     from.settled().document()};
    case pb::Fact::kNotice: {
      const auto& n = from.notice();
      RegisterNotice out{static_cast<Code>(n.code()),
                         {n.document().fiscal_memory(), n.document().number(), n.document().sign()},
                         {{}, n.attempt()},
                         n.detail()};
      if (!n.sale().empty()) out.key.sale = TILL_TRY(uuid(n.sale(), "sale"));
      return out;
    }
    case pb::Fact::BODY_NOT_SET:
      break;
  }
  return fail(Code::kBadFrame, "a fact of no known kind");
}

Buffer encode(const Tell& tell) {
  pb::Tell to;
  std::visit(Overloaded{[&](const Hello& t) {
                          to.mutable_hello()->set_store(t.store.value);
                          to.mutable_hello()->set_epoch(t.epoch);
                          to.mutable_hello()->set_next_sequence(t.next_sequence);
                        },
                        [&](const Entry& t) {
                          auto& entry = *to.mutable_entry();
                          entry.set_sequence(t.sequence);
                          entry.set_id(text(t.id));
                          entry.set_previous(text(t.previous));
                          entry.set_hash(text(t.hash));
                          entry.set_payload(text(t.payload));
                        },
                        [&](const Position& t) {
                          to.mutable_position()->set_incarnation(text(t.incarnation));
                          to.mutable_position()->set_sequence(t.sequence);
                          to.mutable_position()->set_epoch(t.epoch);
                        },
                        [&](const Trouble& t) {
                          to.mutable_trouble()->set_sequence(t.sequence);
                          to.mutable_trouble()->set_code(static_cast<int>(t.code));
                          to.mutable_trouble()->set_detail(t.detail);
                        }},
             tell);
  return bytes_of(to);
}

Result<Tell> decode_tell(Bytes bytes) {
  const auto from = TILL_TRY(parse<pb::Tell>(bytes));
  switch (from.body_case()) {
    case pb::Tell::kHello:
      return Hello{{from.hello().store()}, from.hello().epoch(), from.hello().next_sequence()};
    case pb::Tell::kEntry: {
      const auto& e = from.entry();
      return Entry{e.sequence(), TILL_TRY(uuid(e.id(), "id")), buffer(e.previous()),
                   buffer(e.hash()), buffer(e.payload())};
    }
    case pb::Tell::kPosition:
      return Position{buffer(from.position().incarnation()), from.position().sequence(),
                      from.position().epoch()};
    case pb::Tell::kTrouble:
      return Trouble{from.trouble().sequence(), static_cast<Code>(from.trouble().code()),
                     from.trouble().detail()};
    case pb::Tell::BODY_NOT_SET:
      break;
  }
  return fail(Code::kBadFrame, "a message of no known kind");
}

Buffer encode(const Ask& ask) {
  pb::Ask to;
  to.set_number(ask.number);
  std::visit(
      Overloaded{[&](const Lookup& a) {
                   to.mutable_lookup()->set_card_hash(a.card_hash);
                   to.mutable_lookup()->set_phone_hash(a.phone_hash);
                   to.mutable_lookup()->set_want_allowance(a.want_allowance);
                 },
                 [&](const HoldRequest& a) {
                   auto& hold = *to.mutable_hold();
                   hold.set_hold(text(a.hold));
                   hold.set_customer(a.customer.value);
                   hold.set_points(a.points.units);
                   hold.set_sale(text(a.key.sale));
                   hold.set_attempt(a.key.attempt);
                   hold.set_ttl(a.ttl_us);
                   for (const auto& coupon : a.coupons) hold.add_coupons(coupon);
                 },
                 [&](const CouponQuestion& a) { to.mutable_coupon()->set_code(a.code); },
                 [&](const Release& a) { to.mutable_release()->set_hold(text(a.hold)); },
                 [&](const Enrol& a) {
                   to.mutable_enrol()->set_phone_hash(a.phone_hash);
                   to.mutable_enrol()->set_card_hash(a.card_hash);
                   to.mutable_enrol()->set_card_type(a.card_type);
                   to.mutable_enrol()->set_card_label(a.card_label);
                 },
                 [&](const Balance& a) { to.mutable_balance()->set_customer(a.customer.value); }},
      ask.body);
  return bytes_of(to);
}

Result<Ask> decode_ask(Bytes bytes) {
  const auto from = TILL_TRY(parse<pb::Ask>(bytes));
  const std::uint64_t number = from.number();
  switch (from.body_case()) {
    case pb::Ask::kLookup:
      return Ask{number, Lookup{from.lookup().card_hash(), from.lookup().phone_hash(),
                                from.lookup().want_allowance()}};
    case pb::Ask::kHold: {
      const auto& h = from.hold();
      if (static_cast<std::size_t>(h.coupons_size()) > limits::kMaxCodes) {
        return fail(Code::kTooLarge, "coupons");
      }
      return Ask{number, HoldRequest{TILL_TRY(uuid(h.hold(), "hold")),
                                     {h.customer()},
                                     Points{h.points()},
                                     {TILL_TRY(uuid(h.sale(), "sale")), h.attempt()},
                                     h.ttl(),
                                     {h.coupons().begin(), h.coupons().end()}}};
    }
    case pb::Ask::kRelease:
      return Ask{number, Release{TILL_TRY(uuid(from.release().hold(), "hold"))}};
    case pb::Ask::kEnrol:
      return Ask{number, Enrol{from.enrol().phone_hash(), from.enrol().card_hash(),
                               from.enrol().card_type(), from.enrol().card_label()}};
    case pb::Ask::kBalance:
      return Ask{number, Balance{{from.balance().customer()}}};
    case pb::Ask::kCoupon:
      return Ask{number, CouponQuestion{from.coupon().code()}};
    case pb::Ask::BODY_NOT_SET:
      break;
  }
  return fail(Code::kBadFrame, "a question of no known kind");
}

Buffer encode(const Answer& answer) {
  pb::Answer to;
  to.set_number(answer.number);
  to.set_code(answer.code);
  to.set_detail(answer.detail);
  if (answer.customer != Customer{}) put(*to.mutable_customer(), answer.customer);
  return bytes_of(to);
}

Result<Answer> decode_answer(Bytes bytes) {
  const auto from = TILL_TRY(parse<pb::Answer>(bytes));
  return Answer{from.number(), from.code(), from.detail(), TILL_TRY(get(from.customer()))};
}

}  // namespace till::wire
