// The store's ears and its knowledge of customers: device events, cards, phones, codes, holds.
#include <algorithm>

#include "gateway/base/limits.h"
#include "gateway/base/log.h"
#include "gateway/checkout/slip.h"
#include "protocols/gs1/aim.h"
#include "protocols/gs1/check_digit.h"
#include "store.h"

namespace till::app {
namespace {

namespace json = boost::json;

constexpr std::int64_t kProofUs = 1'800'000'000;  // a checked code serves its sale so long
constexpr std::uint32_t kSendMs = 15000;
constexpr std::uint32_t kPrintMs = 30000;

std::string text_of(const json::value& body, const char* name) {
  const auto* object = body.if_object();
  const auto* at = object == nullptr ? nullptr : object->if_contains(name);
  return at != nullptr && at->is_string() ? json::value_to<std::string>(*at) : std::string();
}

}  // namespace

void Store::on_device_event(const std::string& device, const std::string& type,
                            const json::value& body) {
  const std::string till = till_of(device);
  if (type == "scan") return on_scan(till, device, text_of(body, "raw"), text_of(body, "aim"));
  if (type == "card") {
    auto card =
        identify::card_from_track(config_.cards, text_of(body, "track1"), text_of(body, "track2"));
    if (!card) return on_input_error(till, device, card.error());
    return on_card(till, device, std::move(*card));
  }
  if (type == "weight" && body.is_object()) return on_weight(till, device, body.get_object());
  if (type == "input_error" && body.is_object()) {
    const auto* code = body.get_object().if_contains("code");
    const int number =
        code != nullptr && code->is_int64() ? static_cast<int>(code->get_int64()) : 0;
    return on_input_error(till, device, {static_cast<Code>(number), text_of(body, "detail"), {}});
  }
}

void Store::on_weight(const std::string& till, const std::string& device,
                      const json::object& weighing) {
  json::object event{{"type", "weight"}, {"device", device}};
  for (const char* key : {"weight", "tare", "stable"}) {
    const auto* value = weighing.if_contains(key);
    if (value == nullptr) continue;
    event[key] = value->is_int64() ? json::value(to_string(Quantity{value->get_int64()})) : *value;
  }
  publish(till, event);
}

void Store::on_input_error(const std::string& till, const std::string& device, const Error& error) {
  metrics_.add("tillbridge_input_errors_total");
  publish(till, [&](Language language) {
    json::object event = error_view(error, language);
    event["type"] = "input_error";
    event["device"] = device;
    return event;
  });
}

Result<const goods::Item*> Store::scanned(std::string_view raw, std::string_view aim) {
  if (raw.size() > limits::kMaxGoodsCodeBytes) return fail(Code::kUnknownGoods, "a long code");
  if (const auto* item = goods_.find(raw)) return item;
  if (const auto gtin = gs1::gtin_of_elements(raw)) {
    for (const auto zeros : {1U, 2U, 6U, 0U}) {  // as EAN-13, UPC-A, EAN-8 or GTIN-14
      if (zeros > gtin->find_first_not_of('0')) continue;
      if (const auto* item = goods_.find(gtin->substr(zeros))) return item;
    }
    return fail(Code::kUnknownGoods, std::string(*gtin));
  }
  // EAN-13 as a scanner sends UPC-A: with a zero in front.
  if (raw.size() == 13 && raw[0] == '0') {
    if (const auto* item = goods_.find(raw.substr(1))) return item;
  }
  const bool retail =
      aim.starts_with("]E") || raw.size() == 13 || raw.size() == 8 || raw.size() == 12;
  if (retail && gs1::all_digits(raw) && !gs1::valid_gtin(raw)) {
    return fail(Code::kCheckDigit, std::string(raw));
  }
  return fail(Code::kUnknownGoods, std::string(raw));
}

// By its looks: of one of the program's coupon types, or a promotion code it names.
bool Store::is_code(const std::string& raw) const {
  if (raw.empty() || raw.size() > limits::kMaxCodeBytes) return false;
  loyalty::Basket basket;
  basket.instant_us = clock_.unix_us();
  basket.codes = {raw};
  return loyalty::look_at_code(program_, basket, raw).why != "code_unknown";
}

bool Store::is_bank_card(const std::string& raw) const {
  const auto card = identify::card_from_scan(config_.cards, raw);
  return !card && card.error().code == Code::kPaymentCard && !gs1::valid_gtin(raw) && !is_code(raw);
}

void Store::on_scan(const std::string& till, const std::string& device, const std::string& raw,
                    const std::string& aim) {
  auto card = identify::card_from_scan(config_.cards, raw);
  if (card) return on_card(till, device, std::move(*card));
  const auto item = scanned(raw, aim);
  if (!item && item.error().code == Code::kUnknownGoods && is_code(raw)) {
    return publish(till, {{"type", "coupon"}, {"device", device}, {"code", raw}});
  }
  if (!item) return on_input_error(till, device, is_bank_card(raw) ? card.error() : item.error());
  publish(
      till,
      {{"type", "scan"},
       {"device", device},
       {"code", raw},
       {"aim", aim},
       {"item",
        {{"code", (*item)->code}, {"name", (*item)->name}, {"price", to_string((*item)->price)}}}});
}

void Store::on_card(const std::string& till, const std::string& device, CardNumber number) {
  if (cards_.size() >= limits::kMaxCardEvents) cards_.erase(cards_.begin());
  const std::string event = "card-" + std::to_string(++card_events_);
  const std::string masked = number.masked();
  const auto type = identify::card_type(config_.cards, number).value_or("");
  cards_.insert_or_assign(event, PendingCard{std::move(number), type, till, clock_.monotonic_us()});
  publish(till, {{"type", "card"},
                 {"device", device},
                 {"event", event},
                 {"card", masked},
                 {"card_type", type}});
}

checkout::Identity Store::of_card(const CardNumber& card) const {
  checkout::Identity who;
  who.card_type = identify::card_type(config_.cards, card).value_or("");
  who.label = card.masked();
  who.by = "card";
  return who;
}

bool Store::is_cashiers_own(const Uuid& sale, const std::string& hash) const {
  const auto open = desk_->find(sale);
  return open && operators_->owns(open->cashier, hash);
}

void Store::identify_card(const Uuid& sale, const std::string& till, const std::string& event,
                          const std::string& typed, const IdentityReply& reply) {
  if (!event.empty()) {
    const auto at = cards_.find(event);
    const bool ours = at != cards_.end() && (at->second.till.empty() || at->second.till == till);
    if (!ours) return reply(fail(Code::kUnknownCard, event));
    const PendingCard card = std::move(at->second);
    cards_.erase(at);
    return identify_card(sale, card.number, reply);
  }
  const auto card = identify::card_from_scan(config_.cards, typed);
  if (!card) return reply(std::unexpected(card.error()));
  identify_card(sale, *card, reply);
}

void Store::identify_card(const Uuid& sale, const CardNumber& card, const IdentityReply& reply) {
  const auto hash = identify::card_hash(card, store_key_);
  if (is_cashiers_own(sale, hash)) return reply(fail(Code::kOwnCard));
  lookup(of_card(card), hash, "", false, reply);
}

checkout::Profile Store::profile_of(const wire::Profile& told) {
  checkout::Profile out{told.purses, told.counters, told.dates, told.segments,
                        told.tier,   told.referrer, {}};
  for (const auto& u : told.used)
    out.used.push_back({u.rule, u.scope, u.period, u.times, u.amount});
  return out;
}

// Asks central who it is; without central a card earns as unverified.
void Store::lookup(checkout::Identity who, const std::string& card_hash,
                   const std::string& phone_hash, bool enrol, const IdentityReply& reply) {
  const std::string card_type = who.card_type;
  who.card_hash = card_hash;
  auto done = [who = std::move(who), reply](const Result<link::CustomerInfo>& info) mutable {
    if (!info && info.error().code == Code::kCentralOffline && !who.card_hash.empty()) {
      who.verified = false;
      return reply(who);
    }
    if (!info) return reply(std::unexpected(info.error()));
    if (info->blocked) return reply(fail(Code::kCardBlocked, "blocked"));
    who.customer = info->id;
    if (!info->card_type.empty()) who.card_type = info->card_type;
    who.available = info->available;
    who.profile = profile_of(info->profile);
    if (info->inactive) who.inactive = true;
    if (const auto& s = info->standing; s != wire::Standing{}) {
      who.standing = {s.welcome, s.pending, s.expiring, s.expires_day};
    }
    who.allowance = info->allowance;
    who.allowance_points = info->allowance_points;
    who.allowance_expires_us = info->allowance_expires_us;
    reply(who);
  };
  if (!link_) return done(fail(Code::kCentralOffline));
  if (enrol) return link_->enrol(phone_hash, card_hash, card_type, config_.ask_timeout_us, done);
  link_->lookup(card_hash, phone_hash, true, config_.ask_timeout_us, done);
}

void Store::send_code(const Uuid& sale, const TillId& till, const std::string& written,
                      Points highest, const std::function<void(Result<void>)>& reply) {
  const auto phone = identify::normalise_phone(written);
  if (!phone) return reply(std::unexpected(phone.error()));
  const auto channel = devices_.find(config_.code_channel);
  if (channel == devices_.end()) return reply(fail(Code::kCodeNotSent, "no channel is configured"));
  const identify::CodeBinding binding{identify::phone_hash(*phone, store_key_), sale,
                                      identify::Purpose::kRedeem, highest};
  const auto code = codes_->issue(binding, till, clock_, random_);
  if (!code) return reply(std::unexpected(code.error()));
  std::string text = config_.code_text;
  text.replace(text.find("{code}"), 6, *code);
  channel->second->submit(
      "message.send", to_string(sale), json::object{{"to", phone->reveal()}, {"text", text}},
      kSendMs, [this, binding, sale, reply](const ipc::Outcome& outcome) {
        // In doubt counts as sent: the customer will tell, and may ask again after the delay.
        if (outcome.verdict == ipc::Verdict::kRefused) {
          codes_->not_sent(binding);
          return reply(fail(Code::kCodeNotSent, outcome.error.detail, outcome.error.vendor));
        }
        // Sales are numbered by time: the first is the oldest.
        if (code_of_sale_.size() > limits::kMaxOpenSales)
          code_of_sale_.erase(code_of_sale_.begin());
        code_of_sale_[sale] = binding;
        reply({});
      });
}

void Store::identify_phone(const Uuid& sale, const std::string& written, const std::string& code,
                           bool enrol, const IdentityReply& reply) {
  const auto phone = identify::normalise_phone(written);
  if (!phone) return reply(std::unexpected(phone.error()));
  const auto bound = code_of_sale_.find(sale);
  if (bound == code_of_sale_.end()) return reply(fail(Code::kCodeExpired));
  identify::CodeBinding binding = bound->second;
  binding.phone_hash = identify::phone_hash(*phone, store_key_);
  if (is_cashiers_own(sale, binding.phone_hash)) return reply(fail(Code::kOwnCard));
  const auto checked = codes_->check(binding, code, clock_);
  if (!checked) return reply(std::unexpected(checked.error()));
  // The proof stays with the sale, also over a refused payment and a restart.
  checkout::Identity who;
  who.label = phone->masked();
  who.by = "phone";
  who.code_highest = binding.highest;
  who.code_until_us = clock_.unix_us() + kProofUs;
  lookup(std::move(who), "", binding.phone_hash, enrol, reply);
}

void Store::balance(const checkout::Identity& who,
                    const std::function<void(Result<Points>)>& reply) {
  if (!link_ || who.customer.value.empty()) return reply(fail(Code::kCentralOffline));
  link_->balance(who.customer, config_.ask_timeout_us,
                 [reply](const Result<link::CustomerInfo>& info) {
                   if (!info) return reply(std::unexpected(info.error()));
                   reply(info->available);
                 });
}

Result<void> Store::may_redeem(const checkout::Identity& who, Points points) {
  if (who.by != "phone" || points.units == 0) return {};
  // The end is kept over a restart, so by the wall clock; set back, it gives no longer permission.
  const auto left = who.code_until_us - clock_.unix_us();
  if (left <= 0 || left > kProofUs) return fail(Code::kCodeExpired);
  if (points > who.code_highest) return fail(Code::kCodeBound, to_string(who.code_highest));
  return {};
}

void Store::add_code(const Uuid& sale, const std::string& code,
                     const std::function<void(Result<void>)>& reply) {
  if (!link_ || code.empty() || code.size() > limits::kMaxCodeBytes) {
    return reply(desk_->add_code(sale, code, std::nullopt));
  }
  link_->coupon(
      code, config_.ask_timeout_us,
      [this, sale, code, reply](const Result<link::CustomerInfo>& info) {
        if (!info) return reply(desk_->add_code(sale, code, std::nullopt));
        const auto& c = info->coupon;
        reply(desk_->add_code(sale, code,
                              loyalty::CouponFact{c.code, c.type, c.used, c.until, c.customer}));
      });
}

// The code goes with the hold: it can not be given again, and what it proved is this sale's alone.
void Store::hold(const checkout::HoldAsk& ask, checkout::Then<Result<void>> then) {
  const auto later = [this, then](Result<void> result) {
    boost::asio::post(io_, [then, result] { then(result); });
  };
  const auto sale = desk_->find(ask.key.sale);
  if (sale && sale->customer) {
    if (const auto may = may_redeem(*sale->customer, ask.points); !may) return later(may);
  }
  if (!link_) return later(fail(Code::kCentralOffline));
  link_->hold({ask.hold, ask.customer, ask.points, ask.key, config_.hold_ttl_us, ask.coupons},
              config_.ask_timeout_us,
              [this, sale = ask.key.sale, then](const Result<link::CustomerInfo>& info) {
                if (!info) return then(std::unexpected(info.error()));
                forget_code(sale);
                then({});
              });
}

// Already gone when this is a second attempt, or after a restart.
void Store::forget_code(const Uuid& sale) {
  (void)codes_->consume(sale, identify::Purpose::kRedeem);
  code_of_sale_.erase(sale);
}

void Store::on_sale_changed(const checkout::Sale& sale) {
  publish(sale.till.value, [&](Language language) {
    return json::object{{"type", "sale"}, {"sale", sale_view(sale, language)}};
  });
  metrics_.set("tillbridge_sales_in_doubt", static_cast<std::int64_t>(desk_ ? desk_->doubts() : 0));
  if (sale.state == checkout::State::kCommitted) {
    metrics_.add("tillbridge_sales_committed_total");
    print_slip(sale);
  }
  if (counter_) counter_->sale_changed(sale);
  if (checkout::is_final(sale.state)) forget_code(sale.id);
}

// What the fiscal receipt does not say: points earned and spent, on the receipt printer.
void Store::print_slip(const checkout::Sale& sale) {
  const auto printer = device_of_kind("printer");
  if (!printer || !printer->online()) return;
  json::array items;
  for (const auto& line : checkout::slip_lines(sale, config_.language)) {
    json::object item{{"text", line.text}, {"bold", line.bold}};
    if (line.title) {
      item["align"] = "centre";
      item["height"] = 2;
    }
    items.push_back(std::move(item));
  }
  if (items.empty()) return;
  items.push_back(json::object{{"feed", 1}});
  items.push_back(json::object{{"qr", to_string(sale.id)}});
  items.push_back(json::object{{"feed", 3}});
  items.push_back(json::object{{"cut", "partial"}});
  printer->submit("printer.print", to_string(sale.key()), json::object{{"items", items}}, kPrintMs,
                  [id = sale.id](const ipc::Outcome& outcome) {
                    if (outcome.verdict == ipc::Verdict::kDone) return;
                    log_warning("slip of sale {}: {}", to_string(id),
                                describe(outcome.error, Language::kEn));
                  });
}

}  // namespace till::app
