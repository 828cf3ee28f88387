#include "shop.h"

#include <algorithm>

#include "gateway/checkout/facts.h"
#include "protocols/central/wire.h"

namespace till::sim {
namespace {

constexpr std::int64_t kHoldTtlUs = 3'600'000'000;
constexpr std::int64_t kStartUs = 50'000;  // a driver's child, from its start to READY
constexpr std::int64_t kAskUs = 800'000;
constexpr std::int64_t kFaultsUs = 90'000'000;   // trouble for so long
constexpr std::int64_t kOfficeUs = 10'000'000;   // somebody looks what the day left to be done
constexpr std::int64_t kHealUs = 7'200'000'000;  // and time to end well
const StoreId kStore{"sim-1"};
const TillId kTill{"1"};
const std::vector<std::string> kGoods = {"1", "2", "3"};
// Few, so that many visits want the same one.
const std::vector<std::string> kCoupons = {"7700000001", "7700000002"};

}  // namespace

struct Gateway {
  explicit Gateway(Shop& shop)
      : fiscal(shop.world_, shop.register_, shop.life_, shop.plant_),
        journal((shop.folder_ / "journal.db").string(), kStore, hooks(shop), shop.world_,
                shop.world_.chance),
        desk(
            [this](const TillId&, const std::string&) -> checkout::RegisterPort& { return fiscal; },
            shop, journal, desk_hooks(shop), shop.world_, shop.world_.chance, shop.goods_,
            shop.program_),
        teller(
            kStore, journal.epoch(),
            [this](std::uint64_t from, std::size_t most) {
              std::vector<link::OutboundEntry> out;
              for (auto& e : journal.read(from, most)) {
                out.push_back({e.sequence, e.id, e.previous, e.hash, e.payload});
              }
              return out;
            },
            shop.world_.chance),
        asker(shop.world_.chance) {}

  static journal::Hooks hooks(Shop& shop) {
    journal::Hooks h;
    // A disk takes its time, and a process can die before it is done.
    h.post = [&shop](std::function<void()> f) {
      shop.world_.after(shop.world_.chance.between(10, 4000), shop.life_, std::move(f));
    };
    h.encode = checkout::encode;
    h.fatal = [](const std::string& why) { throw std::runtime_error(why); };
    h.entries = [&shop] {
      shop.gateway_->apply(shop, shop.gateway_->teller.entries_available(shop.world_.now()));
    };
    return h;
  }
  static checkout::DeskHooks desk_hooks(Shop& shop) {
    return {[](const checkout::Sale&) {}, [](const checkout::Sale&, const checkout::Settlement&) {},
            [&shop](std::int64_t us, std::function<void()> f) {
              shop.world_.after(us, shop.life_, std::move(f));
            }};
  }

  void apply(Shop& shop, const link::Teller::Step& step) {
    for (const auto& message : step.send) shop.to_central(true, message);
    if (step.acknowledged) journal.acknowledged(*step.acknowledged);
    schedule(shop);
  }
  void schedule(Shop& shop) {
    const auto due = std::min(teller.next_timer(), asker.next_timer());
    if (due == link::kNever || due == timer) return;
    timer = due;
    shop.world_.after(std::max<std::int64_t>(0, due - shop.world_.now()), shop.life_,
                      [this, &shop, due] {
                        if (timer != due) return;
                        timer = link::kNever;
                        apply(shop, teller.on_timer(shop.world_.now()));
                        for (auto& d : asker.on_timer(shop.world_.now())) d.reply(d.result);
                        schedule(shop);
                      });
  }

  SimRegister fiscal;
  journal::Journal journal;
  checkout::Desk desk;
  link::Teller teller;
  link::Asker asker;
  std::int64_t timer = link::kNever;
};

Shop::Shop(std::uint64_t seed, const std::string& folder, int sales, Plant plant,
           std::optional<std::deque<Death>> deaths)
    : world_(seed), folder_(folder), sales_(sales), plant_(plant), deaths_(std::move(deaths)) {
  if (deaths_) {
    world_.faults = false;
    world_.each_event = [this] {
      if (deaths_->empty() || world_.executed != deaths_->front().event) return;
      const bool driver = deaths_->front().driver;
      deaths_->pop_front();
      if (!gateway_) return;
      if (driver) {
        driver_dies();
      } else {
        crash();
      }
    };
  }
  goods_ = *goods::Catalogue::from_json(
      R"({"schema":1,"items":[{"code":"1","name":"a","price":"99.90","tax":6},
          {"code":"2","name":"b","price":"54.50","tax":6},
          {"code":"3","name":"c","price":"199.00","tax":6,"legal":"tobacco"}]})");
  program_ = *loyalty::Program::from_json(
      R"({"schema":2,"id":"p","version":1,"redeem":{"max_share":"50"},
          "purses":[{"id":"points","expires_days":1},{"id":"stamps"}],
          "coupons":[{"id":"ten","prefix":"77","length":10}],
          "rules":[{"id":"ten","when":{"coupons":["ten"]},"give":{"percent":"10"}},
                   {"id":"stamp","when":{"customer":"known"},
                    "give":{"earn":{"purse":"stamps","fixed":"1"}}},
                   {"id":"points","give":{"earn":{"percent":"5"}}}]})");
  boot_central();
  central::Transaction t(central_->db);
  central_->db.run("INSERT INTO stores VALUES (?,?,?,?)", kStore.value, "key", "key", 0);
  central_->db.run("INSERT INTO programs VALUES (NULL,'p',1,?,0)", program_.to_json());
  const central::Store store{kStore, "key"};
  for (int i = 0; i < 3; ++i) {
    const std::string hash(64, static_cast<char>('a' + i));
    customers_.push_back(central_->directory.enrol(store, {"", hash, "gold", "card"})->id);
    const AttemptKey gift{new_uuid(world_, world_.chance), 0};
    central_->ledger.credit({customers_.back()}, Points{50'000}, central::Kind::kGrant,
                            {kStore, gift, world_.unix_us()});
  }
  t.commit();
}

Shop::~Shop() = default;

// ---- processes ----

void Shop::boot() {
  gateway_ = std::make_unique<Gateway>(*this);
  gateway_->teller.start(gateway_->journal.first_kept(), gateway_->journal.acknowledged());
  gateway_->desk.recover_all();
  if (!partitioned_) gateway_->apply(*this, gateway_->teller.on_connected(world_.now()));
}

void Shop::crash() {
  ++life_;
  gateway_.reset();
  world_.after(world_.chance.between(50'000, 3'000'000), [this] { boot(); });
}

// What the register has got it goes on with. Dead already: nothing more happens.
void Shop::driver_dies() {
  if (!gateway_->fiscal.driver_up()) return;
  world_.after(gateway_->fiscal.driver_dies() + kStartUs, life_, [this] {
    gateway_->fiscal.driver_is_back();
    if (!register_.offline) gateway_->desk.register_online();
  });
}

void Shop::boot_central() {
  central_.reset();
  central_ =
      std::make_unique<central::Central>((folder_ / "central.db").string(), world_, world_.chance);
}

void Shop::schedule_faults() {
  world_.after(world_.chance.between(100'000, 15'000'000), [this] {
    if (world_.now() > kFaultsUs) return;
    const auto what = world_.chance.between(0, 99);
    if (what < 22 && gateway_) {
      crash();
    } else if (what < 35 && gateway_) {
      driver_dies();
    } else if (what < 50) {
      ++central_life_;
      boot_central();
    } else if (what < 70) {
      partitioned_ = true;
      if (gateway_) gateway_->teller.on_disconnected();
      world_.after(world_.chance.between(500'000, 20'000'000), [this] {
        partitioned_ = false;
        if (gateway_) gateway_->apply(*this, gateway_->teller.on_connected(world_.now()));
      });
    } else if (what < 78) {
      register_.offline = true;
      world_.after(world_.chance.between(200'000, 20'000'000), [this] {
        register_.offline = false;
        if (gateway_ && gateway_->fiscal.driver_up()) gateway_->desk.register_online();
      });
    } else if (what < 88) {
      register_.print("", FiscalKind::kSale, Money{9990});  // another till's
    } else {
      world_.skew_us += world_.chance.between(-3'600'000'000, 3'600'000'000);
    }
    schedule_faults();
  });
}

// ---- the wire ----

void Shop::to_central(bool tell, const Buffer& bytes) {
  const int copies = lost() ? 0 : world_.faults && world_.chance.percent(4) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    world_.after(world_.chance.between(200, 150'000),
                 [this, tell, bytes] { central_takes(tell, bytes); });
  }
}

void Shop::central_takes(bool tell, const Buffer& bytes) {
  if (!tell) {
    central::Transaction t(central_->db);
    const auto answer = central_->answers.answer(kStore, bytes);
    t.commit();
    if (answer) to_store(false, wire::encode(*answer));
    return;
  }
  {
    central::Transaction t(central_->db);
    central_->intake.take("peer", kStore, bytes);
    central_->intake.finish();
    t.commit();
  }
  for (const auto& out : central_->intake.replies()) to_store(true, out.message);
}

void Shop::to_store(bool tell, const Buffer& bytes) {
  if (lost()) return;
  world_.after(world_.chance.between(200, 150'000), life_, [this, tell, bytes] {
    if (!gateway_) return;
    if (tell) return gateway_->apply(*this, gateway_->teller.on_message(bytes, world_.now()));
    for (auto& d : gateway_->asker.on_message(bytes)) d.reply(d.result);
  });
}

void Shop::hold(const checkout::HoldAsk& ask, checkout::Then<Result<void>> then) {
  auto message = gateway_->asker.ask(
      wire::HoldRequest{ask.hold, ask.customer, ask.points, ask.key, kHoldTtlUs, ask.coupons},
      world_.now() + kAskUs, [then](const Result<link::CustomerInfo>& info) {
        if (!info) return then(std::unexpected(info.error()));
        then({});
      });
  if (message) to_central(false, *message);
  gateway_->schedule(*this);
}

// ---- the counter ----

void Shop::tick(std::size_t n) {
  world_.after(world_.chance.between(20'000, 400'000), [this, n] {
    if (gateway_ && world_.now() >= visits_[n].rests_until) act(visits_[n]);
    if (!visits_[n].over) tick(n);
  });
}

checkout::Identity Shop::identity(const CustomerId& customer) {
  checkout::Identity who;
  who.customer = customer;
  who.by = "card";
  if (!partitioned_) {
    central::Transaction t(central_->db);
    who.available = central_->holds.available(customer, kStore);
    if (const auto a = central_->holds.allow(customer, kStore)) {
      who.allowance = a->id;
      who.allowance_points = a->points;
      who.allowance_expires_us = a->expires_us;
    }
    t.commit();
  }
  return who;
}

void Shop::begin(Visit& visit) {
  auto& desk = gateway_->desk;
  if (!visit.undoes.is_nil()) {
    const auto opened = desk.open_undo(kTill, visit.number, "x", visit.undoes);
    if (opened) {
      visit.sale = *opened;
      rest(visit);
    } else {
      visit.over = true;
    }
    return;
  }
  if (!visit.returns.is_nil()) {
    const auto sold = desk.find(visit.returns);
    const auto& line = sold->lines.front();
    const auto opened = desk.open_return(kTill, visit.number, "x", visit.returns,
                                         {{line.id, Quantity{kQuantityScale}}});
    if (opened) {
      visit.sale = *opened;
    } else {
      visit.over = true;  // nothing is left to return
    }
    return;
  }
  visit.sale = *desk.open(kTill, visit.number, "x");
  const auto sale = desk.find(visit.sale);
  if (sale->state != checkout::State::kOpen || !sale->lines.empty()) return;
  for (int i = static_cast<int>(world_.chance.between(1, 4)); i > 0; --i) {
    (void)desk.add(visit.sale, kGoods[world_.chance.next() % kGoods.size()],
                   Quantity{kQuantityScale});
  }
  if (world_.chance.percent(80)) (void)desk.identify(visit.sale, identity(visit.customer));
  if (world_.chance.percent(40)) {
    (void)desk.add_code(visit.sale, kCoupons[world_.chance.next() % kCoupons.size()], {});
  }
  if (visit.wants_points) {
    if (const auto quoted = desk.quote(visit.sale))
      (void)desk.redeem(visit.sale, (*quoted)->quote->redeemable);
  }
}

// Something more, and not after all: what an earlier attempt printed is another receipt meanwhile.
void Shop::change_mind(const checkout::Sale& sale) {
  if (sale.settlements.empty() || sale.fixed() || !world_.chance.percent(40)) return;
  const auto& line = sale.lines.front();
  const bool more = line.quantity.units % (2 * kQuantityScale) != 0;
  (void)gateway_->desk.set_quantity(
      sale.id, line.id, Quantity{more ? line.quantity.units * 2 : line.quantity.units / 2});
}

void Shop::pay(Visit& visit, const checkout::Sale& sale) {
  auto& desk = gateway_->desk;
  change_mind(sale);
  if (visit.attempts++ >= 4) {
    (void)desk.redeem(visit.sale, {});  // the customer pays without points then
    if (visit.attempts > 12) {
      if (desk.cancel(visit.sale)) visit.over = true;
      return;
    }
  }
  const auto quoted = desk.quote(sale.id);
  if (!quoted) {
    if (desk.cancel(visit.sale)) visit.over = true;
    return;
  }
  (void)desk.pay(sale.id, (*quoted)->quote_id, {{Tender::kElectronic, (*quoted)->quote->total}},
                 [](const checkout::Sale&) {});
}

// The senior reads the paper. She may miss it, take another one for it, or look too early.
void Shop::settle(Visit& visit, const checkout::Sale& sale) {
  const int fate = world_.faults ? static_cast<int>(world_.chance.between(0, 99)) : 0;
  if (fate < 70 && world_.now() < register_.busy_until) return;
  const auto& papers = register_.documents;
  const auto witness = to_string(sale.key());
  const PrintedDocument* read = nullptr;
  if (fate < 50) {
    const auto at = std::ranges::find(papers, witness, &PrintedDocument::witness);
    if (at != papers.end()) read = &*at;
  } else if (fate >= 85 && !papers.empty()) {
    read = &papers[world_.chance.next() % papers.size()];
  }
  std::optional<FiscalDocument> document;
  if (read != nullptr) {
    document = FiscalDocument{
        register_.fiscal_memory, read->number, read->number * 7919, 1, 0, "", read->total, witness};
  }
  const auto settled =
      gateway_->desk.settle(sale.id, "senior", document, [](const checkout::Sale&) {});
  if (!settled) return;
  register_.settled.insert(witness);
  register_.doubted.insert(witness);
  rest(visit);
}

// Somebody looks into it before it goes on.
void Shop::rest(Visit& visit) {
  if (world_.chance.percent(50)) {
    visit.rests_until = world_.now() + world_.chance.between(0, 30'000'000);
  }
}

std::vector<checkout::Sale> Shop::sales() const {
  std::vector<checkout::Sale> out;
  for (const auto& v : visits_) {
    if (v.sale.is_nil()) continue;
    if (auto sale = gateway_->desk.find(v.sale)) out.push_back(std::move(*sale));
  }
  return out;
}

// Extra documents that turned up are given back, by whoever finds them in the list.
void Shop::office() {
  world_.after(kOfficeUs, [this] { office(); });
  if (!gateway_) return;
  for (const auto& sale : sales()) {
    const auto* const settled = sale.foremost_settlement();
    if (settled == nullptr || sale.extra_of(*settled) == nullptr || !settled->undone_by.is_nil()) {
      continue;
    }
    const bool begun = std::ranges::any_of(
        visits_, [&](const Visit& v) { return v.undoes == sale.id && !v.over; });
    if (begun) continue;
    Visit undo;
    undo.number = "u" + std::to_string(visits_.size());
    undo.undoes = sale.id;
    visits_.push_back(undo);
    tick(visits_.size() - 1);
  }
}

void Shop::act(Visit& visit) {
  if (visit.sale.is_nil()) return begin(visit);
  const auto sale = gateway_->desk.find(visit.sale);
  if (!sale) {
    visit.sale = {};  // a soft write that never was: the till opens it again under its number
    return;
  }
  switch (sale->state) {
    case checkout::State::kOpen:
      if (sale->lines.empty()) {
        visit.sale = {};
        return begin(visit);
      }
      [[fallthrough]];
    case checkout::State::kQuoted:
      return pay(visit, *sale);
    case checkout::State::kNeedsPerson:
      return settle(visit, *sale);
    case checkout::State::kCommitted:
    case checkout::State::kSettledByPerson:
      if (!sale->fixed() && world_.chance.percent(25)) {
        visits_.push_back({"r" + visit.number, {}, sale->id, {}, {}, false, 0, false});
        tick(visits_.size() - 1);
      }
      visit.over = true;
      return;
    case checkout::State::kCancelled:
      visit.over = true;
      return;
    default:
      return;  // it goes on by itself
  }
}

// ---- the story and its end ----

bool Shop::finished() {
  if (!deaths_ && world_.now() < kFaultsUs) return false;
  world_.faults = false;
  if (partitioned_ || !gateway_) return false;
  const bool over = std::ranges::all_of(visits_, &Visit::over);
  const bool rechecked = std::ranges::all_of(sales(), [](const checkout::Sale& sale) {
    return std::ranges::all_of(sale.settlements, [&](const checkout::Settlement& each) {
      return each.rechecked && (sale.extra_of(each) == nullptr || !each.undone_by.is_nil());
    });
  });
  return over && rechecked && gateway_->desk.doubts() == 0 &&
         gateway_->teller.acknowledged() == gateway_->journal.last_sequence();
}

std::vector<std::string> Shop::run() {
  for (int i = 0; i < sales_; ++i) {
    const auto customer = customers_[world_.chance.next() % customers_.size()];
    visits_.push_back(
        {"s" + std::to_string(i), {}, {}, {}, customer, world_.chance.percent(50), 0, false});
  }
  boot();
  for (std::size_t i = 0; i < static_cast<std::size_t>(sales_); ++i) {
    const auto spread = deaths_ ? kFaultsUs / 30 : kFaultsUs;
    world_.after(static_cast<std::int64_t>(i) * spread / sales_, [this, i] { tick(i); });
  }
  if (!deaths_) schedule_faults();
  office();
  std::vector<std::string> wrong;
  if (!world_.run_until([this] { return finished(); }, kHealUs)) {
    wrong.emplace_back("it does not come to an end");
    for (const auto& v : visits_) {
      const auto sale = gateway_ && !v.sale.is_nil() ? gateway_->desk.find(v.sale) : std::nullopt;
      if (!v.over)
        wrong.push_back("visit " + v.number + " " + (sale ? std::string(name(sale->state)) : "?"));
    }
    return wrong;
  }
  check_documents(wrong);
  check_ledger(wrong);
  return wrong;
}

void Shop::check_documents(std::vector<std::string>& wrong) {
  if (register_.blind_retries > 0) {
    wrong.push_back(std::to_string(register_.blind_retries) +
                    " attempts before anybody looked for the document of the one before");
  }
  std::map<std::string, int> printed;
  for (const auto& d : register_.documents) {
    if (!d.witness.empty()) ++printed[d.witness];
  }
  for (const auto& [witness, count] : printed) {
    if (count > 1) wrong.push_back(std::to_string(count) + " documents of " + witness);
  }
  std::set<std::string> committed;
  for (const auto& sale : sales()) {
    if (!sale.document) continue;
    const auto key = to_string(sale.key());
    committed.insert(key);
    const auto* const settled = sale.settlement(sale.attempt.number);
    // Her word stands, and it is known to be wrong.
    const bool known =
        settled != nullptr && settled->rechecked == "the register has no such document";
    if (!printed.contains(key) && !known) wrong.push_back("committed without a document: " + key);
  }
  for (const auto& d : register_.documents) {
    if (d.witness.empty()) continue;
    const auto sale = gateway_->desk.find(*parse_uuid(d.witness.substr(0, d.witness.find('/'))));
    if (!sale || !accounted_for(*sale, d)) {
      wrong.push_back("a document nobody accounts for: " + d.witness);
    }
  }
  auto rows =
      central_->db.query("SELECT sale, attempt, count(*) FROM sales GROUP BY sale, attempt");
  std::set<std::string> booked;
  while (rows.next()) {
    const auto key =
        to_string(AttemptKey{rows.uuid(0), static_cast<std::uint32_t>(rows.integer(1))});
    booked.insert(key);
    if (rows.integer(2) != 1) wrong.push_back("booked twice: " + key);
    if (!committed.contains(key)) wrong.push_back("booked but not committed: " + key);
  }
  for (const auto& key : committed) {
    if (!booked.contains(key)) wrong.push_back("committed but never booked: " + key);
  }
}

// It is what the sale stands on, or given back by a document of its own.
bool Shop::accounted_for(const checkout::Sale& sale, const PrintedDocument& d) const {
  if (sale.document && sale.document->number == d.number) return true;
  return std::ranges::any_of(sale.settlements, [&](const checkout::Settlement& each) {
    const auto* const extra = sale.extra_of(each);
    if (extra == nullptr || extra->number != d.number) return false;
    const auto undo = gateway_->desk.find(each.undone_by);
    return undo && undo->document && undo->undoes == sale.id;
  });
}

void Shop::check_ledger(std::vector<std::string>& wrong) {
  for (const auto& d : central_->ledger.prove()) {
    wrong.push_back("balance of " + d.customer.value + " " + to_string(d.balance) +
                    " is not its postings " + to_string(d.postings));
  }
  auto letters = central_->db.query("SELECT sequence, detail FROM dead_letters");
  while (letters.next()) wrong.push_back("set aside: " + letters.text(1));
  auto twice = central_->db.query(
      "SELECT code, count(*) FROM coupon_uses WHERE NOT returned GROUP BY code HAVING count(*) > "
      "1");
  while (twice.next()) wrong.push_back("a coupon was used twice: " + twice.text(0));
  // Stamps: what the receipts say, and nothing else.
  std::int64_t said = 0;
  for (const auto& v : visits_) {
    const auto sale = v.sale.is_nil() ? std::nullopt : gateway_->desk.find(v.sale);
    if (!sale || !sale->document || !sale->quote->effects) continue;
    for (const auto& entry : sale->quote->effects->purses) said += entry.amount;
  }
  auto stamps =
      central_->db.query("SELECT coalesce(sum(points), 0) FROM postings WHERE unit='stamps'");
  stamps.next();
  if (stamps.integer(0) != said) wrong.push_back("stamps are not the receipts'");
  // Holds end: none is left for a sale that rests (allowances expire by themselves).
  auto holds =
      central_->db.query("SELECT sale, attempt FROM holds WHERE state='granted' AND kind='hold'");
  while (holds.next()) {
    wrong.push_back(
        "a hold never ended: " +
        to_string(AttemptKey{holds.uuid(0), static_cast<std::uint32_t>(holds.integer(1))}));
  }
}

}  // namespace till::sim
