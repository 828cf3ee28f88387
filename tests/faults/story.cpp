// One case of the matrix: a sale as the daemon makes it, with the trouble the case names, and the
// judgement by the register's own memory.
#include <algorithm>
#include <array>

#include "sdk/cpp/ru_ffd.h"
#include "tests/faults/matrix.h"

namespace till::faults {
namespace {

namespace json = boost::json;
using testkit::FakeOutcome;

constexpr int kPatience = 40;                 // times a doubt is taken up again
constexpr std::uint32_t kBetweenMs = 15000;   // as the daemon waits at most
constexpr std::size_t kLinesLeft = 7;         // in the middle of the receipt
constexpr std::uint32_t kTooLateMs = 900000;  // after ours: such a document can't be it

FiscalReceipt basket(const std::string& kind, const Tax& vat) {
  FiscalReceipt r;
  const bool correction = kind.ends_with("_correction");
  const std::string plain = correction ? kind.substr(0, kind.size() - 11) : kind;
  const std::array kinds = {"sale", "sale_return", "purchase", "purchase_return"};
  r.kind = static_cast<FiscalKind>(std::ranges::find(kinds, plain) - kinds.begin());
  if (correction) {
    r.correction = Correction{true, "2026-11-20", "17-A"};
    r.ru_ffd.tax_system_1055 = 1;  // as the daemon completes it; FFD 1.05 corrects nothing without
  }
  r.lines = {{.name = "Coffee", .price = {10000}, .quantity = {2000}, .sum = {20000}, .tax = vat},
             {.name = "Sugar", .price = {550}, .quantity = {1000}, .sum = {550}, .tax = vat}};
  r.payments = {{Tender::kElectronic, {20550}}};
  // Two cards and the rest in cash: a receipt may be left half paid, with a card's part to come.
  if (kind == "sale") {
    r.payments = {
        {Tender::kElectronic, {10000}}, {Tender::kElectronic, {5000}}, {Tender::kCash, {5550}}};
  }
  r.total = {20550};
  r.cashier.name = "Anna";
  r.contact = "+79161234567";
  return r;
}

// A line of every kind, a discount, every tender, and cash with change: the longest dialogue.
FiscalReceipt rich(const Tax& vat, const std::vector<Tender>& tenders) {
  FiscalReceipt r = basket("sale", vat);
  r.lines[0].discount = {1250};
  r.lines.push_back({.name = "Apples",
                     .price = {8990},
                     .quantity = {755},
                     .sum = {6787},
                     .tax = vat,
                     .ru_ffd = {.measure_2108 = 11}});
  r.lines.push_back({.name = "Water",
                     .price = {19900},
                     .quantity = {1000},
                     .sum = {19900},
                     .tax = vat,
                     .marking_code = "010460123456789321abc\x1d"
                                     "93dGVz"});
  r.total = {20550 + 6787 + 19900};
  r.payments.clear();
  std::int64_t part = 5000;
  for (const Tender tender : tenders) r.payments.push_back({tender, {part += 100}});
  r.payments.push_back({Tender::kCash, {50000}});
  return r;
}

FiscalReceipt asked_for(const std::string& kind, const Rig& rig) {
  if (kind == "sale_rich") return rich(rig.usual_tax(), rig.tenders());
  return basket(is_receipt(kind) ? kind : "sale", rig.usual_tax());
}

class Story {
 public:
  explicit Story(const Case& c)
      : case_(c), rig_(make_rig(c.variant)), receipt_(asked_for(c.kind, *rig_)) {}

  Verdict play() {
    if (!is_receipt(case_.kind)) {
      person();
    } else if (begin()) {
      first_attempt();
      if (ok() && !settled_) next_attempts();
      if (ok()) judge();
    }
    return verdict_;
  }

 private:
  bool ok() const { return verdict_.violation.empty() && verdict_.applicable; }
  bool wrong(const std::string& what) {
    if (verdict_.violation.empty()) verdict_.violation = what;
    return false;
  }
  bool skip() { return verdict_.applicable = false; }
  bool is(Noise n) const { return case_.noise == n; }
  // Documents can't be read back. Then another till's equal document can't be told from ours.
  bool blind() const {
    return is(Noise::kHidden) || is(Noise::kHiddenOther) || is(Noise::kHiddenLater) || twins();
  }
  bool no_paper() const {
    return is(Noise::kPaper) || is(Noise::kPaperAtEnd) || is(Noise::kPaperLine);
  }
  bool twins() const { return is(Noise::kHiddenTwin) || is(Noise::kHiddenBefore); }

  FakeOutcome ask(const char* verb, const json::object& body = {}) {
    return rig_->host.perform(verb, body);
  }
  FakeOutcome sell() { return ask("fiscal.receipt", {{"receipt", to_json(receipt_)}}); }

  // A return undoes a sale, and some countries want to know which.
  bool sell_what_is_returned() {
    const std::string witness = std::exchange(receipt_.witness, "case-0/0");
    receipt_.kind = FiscalKind::kSale;
    const auto sold = sell();
    receipt_.kind = FiscalKind::kSaleReturn;
    receipt_.witness = witness;
    const auto d = sold.status == TILL_DONE ? document_from_json(sold.body) : fail(sold.error.code);
    if (!d) return wrong("the sale before its return: " + sold.error.detail);
    receipt_.returned = ReturnedDocument{d->fiscal_memory, d->number};
    rig_->host.pass_ms(3000);
    return true;
  }

  // Everything before the line is cut.
  bool begin() {
    receipt_.witness = "case-0/1";
    if (case_.kind == "sale_return" && !sell_what_is_returned()) return false;
    if (is(Noise::kTwins)) {
      const auto earlier = sell();
      if (earlier.error.code == Code::kVerbUnsupported) return skip();
      if (earlier.status != TILL_DONE) return wrong("the earlier sale: " + earlier.error.detail);
      rig_->host.pass_ms(3000);
    }
    receipt_.witness = "case-1/1";
    if (is(Noise::kLate) && !rig_->late(700)) return skip();
    if (is(Noise::kLater) && !rig_->late(15000)) return skip();
    if (is(Noise::kLatest) && !rig_->late(70000)) return skip();
    // Ours lost with the power is the way to a register that can sell the same much later.
    const bool fails = is(Noise::kPowerBefore) || is(Noise::kPowerTwin) || is(Noise::kHiddenLater);
    if (fails && !rig_->power_fails(false)) return skip();
    if (is(Noise::kPowerAfter) && !rig_->power_fails(true)) return skip();
    if (is(Noise::kPaperAtEnd) && !rig_->paper_ends(true)) return skip();
    if (is(Noise::kPaperLine) && !rig_->paper_ends_after(kLinesLeft)) return skip();
    if (is(Noise::kCutter) && !rig_->cutter_jams(true)) return skip();
    if (is(Noise::kFull) && !rig_->fill_memory()) return skip();
    if (blind() && !rig_->hide_witness()) return skip();
    return read_baseline();
  }

  bool read_baseline() {
    const auto read = ask("fiscal.baseline");
    if (read.status != TILL_DONE) return wrong("baseline: " + read.error.detail);
    baseline_ = read.body;
    return true;
  }

  // What happens while nobody is connected.
  bool meanwhile() {
    auto& rig = *rig_;
    switch (case_.noise) {
      case Noise::kPowerTwin:
        if (!rig.power_on()) return false;
        [[fallthrough]];
      case Noise::kForeign:
        other_till(1);
        break;
      case Noise::kHiddenTwin:
        other_till(2);
        break;
      case Noise::kHiddenOther:
        return unlike_ours();
      case Noise::kHiddenLater:
        if (!rig.power_on()) return false;
        rig.host.pass_ms(kTooLateMs);
        other_till(1);
        break;
      case Noise::kZ:
        rig.host.pass_ms(2000);
        if (rig.automatic_z()) rig.host.pass_ms(2000);
        other_till(1);
        break;
      case Noise::kPowerBefore:
      case Noise::kPowerAfter:
        return rig.power_on();
      case Noise::kExpired:
        rig.host.pass_ms(90'000'000);
        break;
      case Noise::kClockBack:
        return rig.clock_off_by(-3600);
      case Noise::kPaper:
        return rig.paper_ends(false);
      case Noise::kMemory:
        if (!rig.replace_memory()) return false;
        other_till(6);  // it has more documents than the old one then
        break;
      default:
        break;
    }
    return true;
  }

  void other_till(int times) {
    for (int i = 0; i < times; ++i) {
      rig_->host.pass_ms(2000);
      rig_->foreign(receipt_);
    }
  }

  // The other till sells for another total, and the same total in another kind of document.
  bool unlike_ours() {
    FiscalReceipt other = receipt_;
    other.correction.reset();
    rig_->host.pass_ms(2000);
    if (receipt_.kind != FiscalKind::kSale || receipt_.correction)
      other.kind = FiscalKind::kSale;
    else
      other.kind = FiscalKind::kSaleReturn;
    rig_->foreign(other);
    other.kind = receipt_.kind;
    other.lines.pop_back();
    rig_->host.pass_ms(2000);
    rig_->foreign(other);
    return true;
  }

  void first_attempt() {
    if (is(Noise::kBefore) || is(Noise::kHiddenBefore)) {
      if (!rig_->foreign(receipt_)) {
        skip();
        return;
      }
      rig_->host.pass_ms(3000);
    }
    if (case_.first) rig_->cut(case_.first->where, case_.first->at);
    const auto sold = sell();
    if (sold.error.code == Code::kVerbUnsupported) {
      skip();
      return;
    }
    verdict_.first_reached = case_.first && rig_->was_cut();
    take(sold);
    // The line comes back quickly or slowly; what happened meanwhile, happened.
    rig_->reconnect(is(Noise::kAway) ? 30000 : 100);
    if (!meanwhile()) {
      skip();
      return;
    }
    if (told_ || clean_) return;
    if (case_.second) {
      rig_->cut(case_.second->where, case_.second->at);
      if (dirty_) {
        recover();
      } else {
        resolve();
      }
      verdict_.second_reached = rig_->was_cut();
      rig_->reconnect(100);
    }
    conclude();
  }

  // An attempt without a verdict gets one.
  void conclude() {
    if (dirty_ && recover()) return;
    for (int i = 0; ok() && !told_ && !clean_ && !settled_; ++i) {
      if (i == kPatience) {
        wrong("in doubt for ever");
        return;
      }
      if (i > 0) rig_->host.pass_ms(kBetweenMs);
      // Some registers execute nothing without paper: then somebody puts it in at last.
      if (i == kPatience / 2) rig_->paper_back();
      resolve();
    }
  }

  // The outcome of a receipt command, as the daemon takes it.
  void take(const FakeOutcome& sold) {
    if (sold.status == TILL_DONE) {
      tell(sold.body);
    } else if (sold.status == TILL_REFUSED) {
      dirty_ = sold.dirty;
      last_refusal_ = sold.error;
      if (!dirty_) refuse("refused");
    }
  }
  void tell(const json::value& body) {
    const auto d = document_from_json(body);
    if (!d) {
      wrong("unreadable document");
      return;
    }
    told_ = *d;
    judge_paper(false);
  }
  void refuse(const std::string& how) {
    clean_ = true;
    if (!ours().empty()) wrong(how + ", but it is in the memory");
    if (rig_->document_open()) wrong(how + ", but a document is open");
  }
  bool recover() {
    if (ask("fiscal.recover").status != TILL_DONE) return false;  // the walk finds out
    dirty_ = false;
    refuse("recovered");
    return true;
  }

  void resolve() {
    const json::object body{{"receipt", to_json(receipt_)}, {"baseline", baseline_}};
    const bool was_open = rig_->document_open();
    const auto out = ask("fiscal.resolve", body);
    if (out.status != TILL_DONE) return;  // lost again
    const auto r = resolution_from_json(out.body);
    if (!r) {
      wrong("unreadable resolution");
      return;
    }
    if (r->verdict == ResolutionVerdict::kDone) {
      told_ = r->document;
      judge_paper(true);
    }
    if (told_ && blind() && candidates() > 1) wrong("chose one of several that may be ours");
    if (told_ && was_open && ours().empty()) wrong("ours was open, and another's was taken for it");
    if (r->verdict == ResolutionVerdict::kRefused) refuse("resolved as refused");
    if (r->verdict == ResolutionVerdict::kNeedsPerson) {
      settled_ = true;
      const bool may = is(Noise::kMemory) || is(Noise::kHiddenLater) || twins();
      if (!may) wrong("needs a person: " + r->reason);
    }
    if (!ok()) return;
    if (rig_->document_open() && !settled_) wrong("resolved, but a document is open");
    // Asked again it says the same.
    const auto again = ask("fiscal.resolve", body);
    if (again.status == TILL_DONE && !settled_ && verdict_of(again) != verdict_of(out)) {
      wrong("asked again, answered otherwise");
    }
  }
  static std::string verdict_of(const FakeOutcome& out) {
    const auto& o = out.body.as_object();
    return json::serialize(o.at("verdict")) + json::serialize(o.at("document").at("number"));
  }

  // Proven refused: the sale is tried again, as the daemon prepares for it.
  void next_attempts() {
    for (int n = 2; ok() && !told_ && n < 6; ++n) {
      receipt_.witness = "case-1/" + std::to_string(n);
      rig_->paper_back();
      // A full memory, and a wrong clock, end when somebody does something about it.
      if (is(Noise::kFull) && n == 2) rig_->replace_memory();
      if (is(Noise::kClockBack) && n == 3) rig_->clock_off_by(0);
      ask("fiscal.continue_printing");
      rig_->host.pass_ms(3000);
      const auto status = status_from_json(ask("fiscal.status").body);
      if (!status) {
        wrong("no status");
        return;
      }
      if (status->document_open) ask("fiscal.recover");
      if (status->shift == "expired") ask("fiscal.close_shift");
      if (status->shift != "open") ask("fiscal.open_shift");
      // What the old memory sold may not be known to the new one.
      const bool other = is(Noise::kMemory) || is(Noise::kFull);
      if (other && receipt_.returned && !sell_what_is_returned()) return;
      if (!read_baseline()) return;
      clean_ = dirty_ = false;
      take(sell());
      if (!told_ && !clean_) conclude();
      if (settled_) return;
    }
    if (ok() && !told_ && !settled_)
      wrong("no attempt succeeds any more: " + code_name(last_refusal_.code) + " " +
            last_refusal_.detail + " " + last_refusal_.vendor);
  }

  // Documents since the baseline that look like ours from outside.
  std::ptrdiff_t candidates() {
    const auto before = baseline_from_json(baseline_);
    return std::ranges::count_if(rig_->kept(), [&](const Kept& k) {
      return k.number > before->last_document && k.kind == kind_name(receipt_) &&
             k.total == receipt_.total;
    });
  }

  std::vector<Kept> ours() {
    auto all = rig_->kept();
    // Without a witness a kind of document is played that nobody else makes.
    const bool known = rig_->keeps_witness(receipt_);
    std::erase_if(all, [&](const Kept& k) {
      return known ? !k.witness.starts_with("case-1/") : k.kind != kind_name(receipt_);
    });
    return all;
  }

  // What the driver says of the paper, at the moment it says it: printed is printed, and waits for
  // nobody. Otherwise nobody saw it come out, which after a cut line or without paper is true.
  void judge_paper(bool asked) {
    const bool waits = rig_->paper_waits(), trouble = no_paper();
    if (told_->printed && waits) wrong("told of paper that is not printed yet");
    if (asked && !trouble && !told_->printed && !waits) wrong("told that paper waits, none does");
  }

  void judge() {
    if (no_paper()) {
      rig_->paper_back();
      ask("fiscal.continue_printing");
    }
    if (is(Noise::kCutter)) rig_->cutter_jams(false);
    rig_->host.pass_ms(120000);  // whatever was still on its way
    const auto documents = ours();
    if (documents.size() > 1) {
      wrong("sold " + std::to_string(documents.size()) + " times");
      return;
    }
    if (settled_) return;
    if (documents.empty()) {
      // Without its contents another till's equal document can't be told from ours.
      if (!twins()) wrong("told of a document that is not there");
      return;
    }
    const Kept& kept = documents.front();
    const bool same = told_->number == kept.number && told_->fiscal_memory == kept.fiscal_memory;
    if (!same && !twins()) wrong("told another document's number");
    judge_payments(kept);
    if (kept.total != receipt_.total) wrong("another total than asked for");
    if (kept.kind != kind_name(receipt_)) wrong("another kind than asked for: " + kept.kind);
    if (rig_->document_open()) wrong("a document is open");
  }

  void judge_payments(const Kept& kept) {
    Money cash = receipt_.total, electronic, other;  // in cash what the others leave
    for (const auto& p : receipt_.payments) {
      if (p.tender == Tender::kCash) continue;
      (p.tender == Tender::kElectronic ? electronic : other) += p.amount;
      cash -= p.amount;
    }
    if (kept.cash != cash || kept.electronic != electronic || kept.other != other) {
      wrong("paid otherwise than asked for: " + to_string(kept.cash) + " in cash, " +
            to_string(kept.electronic) + " by card, " + to_string(kept.other) + " otherwise");
    }
  }

  // How the daemon ends a doubt about cash: by the drawer's sum, where the register tells it.
  std::optional<Money> drawer_says() {
    if (case_.kind != "cash") return std::nullopt;
    for (int i = 0; i < kPatience; ++i) {
      const auto out = ask("fiscal.status", {{"detail", true}});
      const auto status =
          out.status == TILL_DONE ? status_from_json(out.body) : fail(Code::kTimeout);
      if (status) return status->cash_in_drawer;
      rig_->host.pass_ms(1000);
    }
    wrong("no status");
    return std::nullopt;
  }

  // What a person asks for. Nobody sells meanwhile.
  void person() {
    const json::object money{{"direction", "in"}, {"amount", 500}};
    if (!is(Noise::kQuiet) && !is(Noise::kAway)) {
      skip();
    } else if (case_.kind == "shift_open") {
      turn_shift("fiscal.open_shift");
    } else if (case_.kind == "shift_close") {
      turn_shift("fiscal.close_shift");
    } else if (case_.kind == "settlement") {
      act_once("fiscal.settlement_report", {});
    } else if (case_.kind == "x_report") {
      print_once("fiscal.x_report");
    } else if (case_.kind == "copy") {
      receipt_.witness = "case-0/1";
      const auto sold = sell();
      if (sold.status != TILL_DONE) wrong("the sale before its copy: " + sold.error.detail);
      rig_->host.pass_ms(3000);
      print_once("fiscal.copy");
    } else {
      act_once("fiscal.cash", money);
    }
  }

  FakeOutcome ask_with_cut(const char* verb, const json::object& body) {
    if (case_.first) rig_->cut(case_.first->where, case_.first->at);
    auto out = ask(verb, body);
    verdict_.first_reached = case_.first && rig_->was_cut();
    rig_->reconnect(is(Noise::kAway) ? 30000 : 100);
    return out;
  }
  std::ptrdiff_t kept_of_kind() {
    return std::ranges::count(rig_->kept(), case_.kind, &Kept::kind);
  }

  // A person turns the shift, and does it again until she is told that it is turned.
  void turn_shift(const char* verb) {
    const json::object body{{"cashier", to_json(Operator{"Anna", ""})}};
    if (case_.kind == "shift_open") {
      const auto opened = kept_of_kind();
      const bool closed = ask("fiscal.close_shift", body).status == TILL_DONE;
      if (opened == 0 || !closed) {  // no document there
        skip();
        return;
      }
      rig_->host.pass_ms(3000);
    }
    const auto before = kept_of_kind();
    auto turned = ask_with_cut(verb, body);
    for (int i = 0; turned.status != TILL_DONE && i < kPatience; ++i) {
      rig_->host.pass_ms(1000);
      turned = ask(verb, body);
    }
    if (turned.status != TILL_DONE) wrong("the shift can't be turned: " + turned.error.detail);
    rig_->host.pass_ms(120000);
    const auto n = kept_of_kind() - before;
    if (n != 1) wrong("the shift was turned " + std::to_string(n) + " times");
  }

  // Paper only: it may have come out or not. Nothing is sold or left open, the next receipt is
  // sold.
  void print_once(const char* verb) {
    const auto sales = [this] { return std::ranges::count(rig_->kept(), "sale", &Kept::kind); };
    const auto before = sales();
    const auto out = ask_with_cut(verb, {});
    if (out.error.code == Code::kVerbUnsupported) {
      skip();
      return;
    }
    if (!case_.first && out.status != TILL_DONE) wrong("not printed: " + out.error.detail);
    rig_->host.pass_ms(120000);
    if (rig_->document_open()) wrong("a document is open");
    if (sales() != before) wrong("it was sold");
    clean_ = true;
    if (ok()) next_attempts();
    if (ok()) judge();
  }

  // What can't be looked for in a fiscal memory is asked for once. The answer is true, nothing
  // happens after it, and the next receipt finds the register ready.
  void act_once(const char* verb, const json::object& body) {
    const auto happened = [this] {
      return case_.kind == "cash" ? rig_->in_drawer().minor / 500 : kept_of_kind();
    };
    const auto before = happened();
    const auto out = ask_with_cut(verb, body);
    if (out.error.code == Code::kVerbUnsupported) {
      skip();
      return;
    }
    const auto at_answer = happened() - before;
    if (out.status == TILL_DONE && at_answer != 1) wrong("done, but it did not happen");
    const auto seen = out.status == TILL_IN_DOUBT ? drawer_says() : std::nullopt;
    rig_->host.pass_ms(120000);
    const auto n = happened() - before;
    if (seen && *seen != rig_->in_drawer()) wrong("the drawer was not what the register said");
    if (out.status == TILL_REFUSED && n != 0) wrong("refused, but it happened");
    if (n > 1) wrong("it happened " + std::to_string(n) + " times");
    clean_ = true;
    if (ok()) next_attempts();
    if (ok()) judge();
  }

  const Case& case_;
  std::unique_ptr<Rig> rig_;
  FiscalReceipt receipt_;
  json::value baseline_;
  Verdict verdict_;
  std::optional<FiscalDocument> told_;
  Error last_refusal_;
  bool clean_ = false;    // proven: no document of this attempt
  bool dirty_ = false;    // refused with something open
  bool settled_ = false;  // a person has it
};

}  // namespace

Verdict play(const Case& c) { return Story(c).play(); }

}  // namespace till::faults
