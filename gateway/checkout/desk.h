// The desk: every sale of the store from its opening to its entry in the outbound stream. Pure: it
// holds no socket, thread, clock or file; all of that comes through ports.h.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/limits.h"
#include "gateway/checkout/ports.h"
#include "gateway/loyalty/rules.h"

namespace till::checkout {

struct DeskConfig {
  std::int64_t quote_life_us = 600'000'000;  // a quote may be paid for so long
  // A payment waits so long for a register that works for another sale, or is in doubt about it.
  std::int64_t register_wait_us = 20'000'000;
  // The till prints itself and says what became of it in its own time. Nobody but a person can end
  // a doubt it never speaks of again.
  bool till_prints = false;
  StoreId store = {};
};

class Desk {
 public:
  // All references outlive the desk.
  Desk(RegisterOf registers, PointsPort& points, JournalPort& journal, DeskHooks hooks,
       Clock& clock, Random& random, const goods::Catalogue& goods, const loyalty::Program& program,
       DeskConfig config = {});

  // After a start: releases what was held, resolves what is in doubt, before any new sale.
  void recover_all();
  // A register came back; doubts are taken up again.
  void register_online();

  // The same (till, number) gives the same sale.
  Result<Uuid> open(const TillId& till, const std::string& number, const std::string& cashier);
  // A return of `lines` (line id -> quantity) of a committed sale.
  Result<Uuid> open_return(const TillId& till, const std::string& number,
                           const std::string& cashier, const Uuid& sold,
                           const std::map<std::string, Quantity>& lines);
  // A document with lines of its own: a correction, or a return receipt for an extra document.
  // Errors name the field. It is paid like a sale, with its total, and no loyalty applies.
  Result<Uuid> open_document(const TillId& till, const std::string& number,
                             const std::string& cashier, FiscalReceipt receipt);
  // The return receipt for a sale's extra document; asked again, the same one.
  Result<Uuid> open_undo(const TillId& till, const std::string& number, const std::string& cashier,
                         const Uuid& sold);
  // Adds goods by code; the same goods again add to their line. A piece with a marking code is a
  // line of its own; kDuplicate: it is in the basket already.
  Result<void> add(const Uuid& id, std::string_view code, Quantity quantity,
                   std::string_view marking_code = {});
  // Where the electronic receipt goes: a phone like +79161234567 or an e-mail address, "" =
  // nowhere.
  Result<void> contact(const Uuid& id, const std::string& to);
  // Sets a line's quantity; 0 takes it out.
  Result<void> set_quantity(const Uuid& id, const std::string& line, Quantity quantity);
  Result<void> identify(const Uuid& id, Identity who);
  Result<void> redeem(const Uuid& id, Points points);
  // A coupon or promotion code, scanned or typed; `known`: what central says of it and of
  // its uses in other stores, if it was asked. kCouponRefused with the reason in words when it can
  // not be used at all (unknown, mistyped, used up, expired, another customer's, entered before);
  // the sale stays as it was.
  Result<void> add_code(const Uuid& id, const std::string& code,
                        const std::optional<loyalty::CouponFact>& known);
  Result<void> remove_code(const Uuid& id, const std::string& code);
  // `payments`: the ways the customer is going to pay, where rules ask for it; paying otherwise
  // makes the quote stale. `plugins`: what rule plugins answered about the sale as it stands; a
  // rule whose plugin is not among them does not apply.
  Result<const Sale*> quote(const Uuid& id,
                            std::optional<std::vector<loyalty::Payment>> payments = {},
                            std::vector<loyalty::PluginAnswer> plugins = {});
  // Would quote() work it out now? Not when it is fixed, being paid or over.
  [[nodiscard]] static bool quotable(const Sale& sale);
  Result<void> park(const Uuid& id);
  Result<void> resume(const Uuid& id);
  Result<void> cancel(const Uuid& id);

  // Pays the quote named. `then` gets the sale once it rests: committed, quoted again (with the
  // trouble named), needs_person, or in_doubt (it goes on by itself). Errors come at once.
  // `request` is the till's own key of this payment; it is kept with the attempt.
  Result<void> pay(const Uuid& id, const std::string& quote_id, std::vector<FiscalPayment> payments,
                   Then<const Sale&> then, const std::string& request = "");
  // A senior's word on what the paper says; `document` empty = there is none. Errors as of
  // check_document(); where the register named candidates it is one of them.
  Result<void> settle(const Uuid& id, const std::string& by, std::optional<FiscalDocument> document,
                      Then<const Sale&> then);

  // A till that prints itself has the document of an attempt it had refused: sold with it if
  // nothing has happened since, else an extra one. kSaleState: no attempt that was refused.
  Result<void> found_by_till(const AttemptKey& key, const FiscalDocument& document);

  // Could that be the attempt's document? kOutOfRange and kBadValue name what could not;
  // kDocumentTaken: another sale stands on it.
  Result<void> check_document(const Sale& sale, const Attempt& attempt,
                              const FiscalDocument& document);

  // What waited for this register's paper is on it now.
  void paper_is_finished(const RegisterPort& there);

  // Compares what people settled with what the register says now, one by one, each under the
  // register's lock. Called when the register is back; harmless at any time.
  void recheck_settled();

  // Live or from the journal.
  std::optional<Sale> find(const Uuid& id);
  [[nodiscard]] std::vector<Sale> live() const;
  [[nodiscard]] std::size_t doubts() const;
  // Nobody is at a till: baskets parked, waiting for a person or untouched for long do not count.
  [[nodiscard]] bool idle() const;

 private:
  struct Live {
    Sale sale;
    std::vector<Then<const Sale&>> waiting;
    int tries = 0;    // of resolving
    int answers = 0;  // to it, all with the same error …
    Code last_answer{};
    std::int64_t asked_us = 0;  // monotonic
    int long_questions = 0;
    bool resolving = false;
    std::uint64_t timer = 0;       // the one wait that counts; an earlier one does nothing
    RegisterPort* port = nullptr;  // the one it has for itself
    // While an outcome is on its way to the disk nobody is shown it: the state from before.
    std::optional<State> shown;
  };

  static constexpr std::int64_t kRecheckFirstUs = 5'000'000;

  // A sale with its names and time, and its way to the journal, the till and the live ones.
  std::unique_ptr<Live> fresh(const TillId& till, const std::string& number,
                              const std::string& cashier);
  Uuid enter(std::unique_ptr<Live> live, std::string_view step);
  Result<Uuid> open_fixed(const TillId& till, const std::string& number, const std::string& cashier,
                          FiscalReceipt receipt);
  Uuid enter_quoted(std::unique_ptr<Live> live, std::string_view step);
  Result<Live*> live_sale(const Uuid& id);
  Result<Live*> editable(const Uuid& id);
  void step(Live& live, Event event);
  Result<Sale*> step_checked(const Uuid& id, Event event);
  void make_quote(Sale& sale);
  void edited(Live& live, std::string_view what);
  void rest(Live& live);
  void outcome(Live& live, Event event);
  static Sale as_shown(const Live& live);

  void ask_hold(const Uuid& id);
  void on_hold(const Uuid& id, const Result<void>& result);
  bool use_allowance(Live& live);
  void fiscalise(const Uuid& id);
  void on_prepared(const Uuid& id, const Result<Baseline>& baseline);
  void on_outcome(const Uuid& id, const RegisterOutcome& outcome);
  void recover_dirty(const Uuid& id);
  void resolve(const Uuid& id);
  void on_resolved(const Uuid& id, std::uint32_t attempt, const Result<Resolution>& result);
  void retry_resolve(const Uuid& id);
  void wait_and_resolve(Live& live, std::int64_t us);
  [[nodiscard]] RegisterPort& register_of(const Sale& sale, const Attempt& attempt) const;
  void commit(Live& live, const FiscalDocument& document);
  void refused(Live& live, const Error& error);
  void needs_person(Live& live, const Resolution& resolution, const std::string& vendor = {});
  void give_up_waiting(const Uuid& id, std::uint32_t attempt, Code why);
  void unlock(Live& live);
  void restart(Live& live);
  void recheck(RegisterPort& port, const AttemptKey& key);
  void recheck_later();
  void remember_refused(Sale& sale) const;
  Settlement* printed_already(Sale& sale);
  bool is_extra_still(const Sale& sale, const Settlement& settled);
  bool ends_by_earlier(Live& live);
  void ask_of_earlier(const Uuid& id, std::size_t unanswered);
  bool undoes_something(const Sale& undo);
  void undo_is_cancelled(const Sale& undo);
  std::optional<Sale> owner_of(const FiscalDocument& document, const Uuid& but);
  void on_rechecked(RegisterPort& port, const AttemptKey& key, Result<Resolution> result);
  void on_compared(const AttemptKey& key, Resolution found);
  void ask_next_settled();
  // The live sale, or the journal's read into `kept`; null when there is none.
  [[nodiscard]] bool is_rechecked_now(const Sale& sale) const;
  Sale* anywhere(const Uuid& id, std::optional<Sale>& kept);
  void commit_found(Live& live, Settlement& settled, std::vector<Fact> facts);
  void close(Sale& sale, const FiscalDocument& document);
  [[nodiscard]] std::int64_t coupon_uses(const std::string& code, const Uuid& but_of) const;
  Result<void> check_coupons(const Sale& sale) const;
  [[nodiscard]] std::optional<loyalty::Used> used_of(const Sale& sale, const std::string& rule,
                                                     const loyalty::Limit& limit,
                                                     std::int64_t day) const;
  bool ask_used(Sale& sale, const std::string& rule, std::int64_t day) const;
  loyalty::Quote quote_within_caps(Sale& sale, std::int64_t now) const;
  [[nodiscard]] Result<void> check_caps(const Sale& sale) const;
  void issue_coupons(Sale& sale);
  static void used_elsewhere(Sale& sale, const std::string& code);
  std::vector<Fact> sold_facts(const Sale& sale);
  std::vector<Fact> release_facts(const Sale& sale) const;
  [[nodiscard]] bool others_have(const Uuid& allowance, const Uuid& but) const;
  // Of an allowance no sale of the store has used or may still use.
  std::vector<Fact> allowance_facts(const Sale& sale) const;

  RegisterOf registers_;
  PointsPort& points_;
  JournalPort& journal_;
  DeskHooks hooks_;
  Clock& clock_;
  Random& random_;
  const goods::Catalogue& goods_;
  const loyalty::Program& program_;
  DeskConfig config_;
  std::map<Uuid, std::unique_ptr<Live>> live_;
  std::vector<AttemptKey> to_recheck_;
  std::vector<Uuid> unprinted_;
  std::vector<AttemptKey> to_ask_;                  // of them, in this round
  std::map<RegisterPort*, AttemptKey> rechecking_;  // one of each register at a time
  std::int64_t recheck_wait_us_ = kRecheckFirstUs;  // until it is asked again, longer each time
  std::uint64_t recheck_timer_ = 0;                 // the one that counts
};

}  // namespace till::checkout
