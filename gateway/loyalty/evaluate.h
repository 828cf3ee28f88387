// The evaluator: one basket under one program. It keeps what it worked out, so that a change of a
// line costs what the line touches, and it allocates nothing once it has seen a basket that size.
//
//   Evaluator e(program.plan());
//   e.start(basket);
//   const Outcome& all = e.run();
//   e.set_quantity(3, Quantity{2000});
//   const Outcome& again = e.run();  // the same as a fresh start with that basket
//
// Order: price list; rules of stage line, line by line; sets, receipt, coupon, card, each by
// priority and place in the program; points; earning. O(matching rules x lines they match); a
// group that searches the best of several is exact over at most 2^12 subsets.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gateway/loyalty/allocate.h"
#include "gateway/loyalty/loyalty.h"
#include "gateway/loyalty/outcome.h"
#include "gateway/loyalty/plan.h"

namespace till::loyalty {

class Evaluator {
 public:
  explicit Evaluator(const Plan& plan);

  // Takes a new basket; the plan and the basket's customer must outlive the evaluation.
  void start(const Basket& basket);
  void set_quantity(std::size_t line, Quantity quantity);
  void set_price(std::size_t line, Money price);
  void add(const Line& line);
  void remove(std::size_t line);
  void set_redeem(Points points) { redeem_ = points.units; }

  // Throws Overflow on sums beyond 64 bits; the evaluator then needs a new start().
  const Outcome& run();

  // Of the code at a place in the basket: its coupon's type, and what it is worth before the rules
  // were asked (kCodeNotApplied = it is in order).
  [[nodiscard]] NameId code_type(std::size_t at) const { return codes_[at].type; }
  [[nodiscard]] Why code_status(std::size_t at) const { return codes_[at].status; }

  // Whether the line counts towards levels and counters. Negative ones count against it.
  [[nodiscard]] bool counts(std::size_t line) const {
    const auto& l = lines_[line];
    return goods::may_accrue(l.legal) && (!l.excluded || l.list < 0);
  }

  // How many (rule, line) pairs matched: what the work is proportional to.
  [[nodiscard]] std::size_t matches() const;

 private:
  struct LineState {
    NameId sku = kNoName;
    NameId category = kNoName;
    std::vector<NameId> tags;
    std::string goods;  // its sku; only kept where quantities of the same goods matter
    std::int64_t price = 0, quantity = 0, min_price = 0;
    std::int64_t together = 0;      // of the same goods, on all lines; thousandths
    std::int64_t taxed_on_top = 0;  // of kTaxScale, added to the price
    std::int64_t taxed_inside = 0;  // of kTaxScale, in the price
    std::int64_t fixed_unit = 0;    // tax per unit on top
    std::int64_t fixed = 0;         // the same for the line
    std::int64_t listed = 0;        // price x quantity
    std::int64_t list = 0;          // the same in the working convention
    std::int64_t list_room = 0;
    bool discounted = false, earns = false, excluded = false, legal_card = false, deposit = false;
    goods::LegalClass legal = goods::LegalClass::kNone;
    bool dirty = true, closed = false;
    std::vector<std::uint32_t> locals;    // rules of stage line that match, in order
    std::vector<std::uint32_t> attached;  // the others
    std::int64_t amount = 0, room = 0;    // after the rules of stage line
    std::vector<Applied> applied;
    std::vector<Reason> reasons;
  };
  // What a rule may still give by its limits.
  struct Quota {
    std::int64_t times = kHighest;
    std::int64_t amount = kHighest;
    LimitScope scope{};
    Period period{};
    [[nodiscard]] bool left() const { return times > 0 && amount > 0; }
  };
  struct Code {
    NameId name = kNoName;
    NameId type = kNoName;
    Why status = Why::kCodeNotApplied;
    std::int64_t taken = -1;    // by the rule that counts coupons
    std::int64_t used_by = -1;  // a rule that gave something for it
  };
  // Which part of a condition failed, and how much is missing.
  struct Blame {
    Why why = Why::kCondition;
    std::int64_t a = 0;
    std::int64_t b = 0;
  };
  enum class Memo : std::uint8_t { kUnknown, kHolds, kFails };

  // context.cpp: customer, time, place
  void read_context(const Basket& basket);
  void read_codes(const Basket& basket);
  Code read_code(const Basket& basket, std::size_t at);
  void read_used(const Basket& basket);
  [[nodiscard]] std::int32_t levels_lost() const;
  void work_out_tier();
  bool context_holds(std::uint32_t rule);
  bool holds(const Condition& c, Blame* blame);
  bool any_holds(const Condition& c, Blame* blame);
  bool leaf_holds(const Condition& c, Blame* blame);
  bool basket_holds(const Condition& c, Blame* blame);
  bool counter_holds(const Condition& c, Blame* blame);
  bool date_holds(const Condition& c, Blame* blame);
  [[nodiscard]] Blame missing_level(const Condition& c) const;
  bool enough_coupons(const Condition& c, Blame* blame) const;
  [[nodiscard]] bool attribute_holds(const Condition& c) const;
  std::int64_t counter(NameId name) const;
  // What it answered, kept or just now; nullptr = it was not asked.
  [[nodiscard]] const PluginAnswer* answer_of(NameId plugin) const;
  // kApplied = it answered yes.
  [[nodiscard]] Why plugin_says(NameId name) const;
  // Of a ladder over what is selected: of the rule's candidates.
  std::int64_t value_of(const Value& v) const;
  std::int64_t measure_of(const Value& v) const;
  [[nodiscard]] bool below_prices(const Effect& give) const;
  std::optional<Blame> below_ladder(const Value& v) const;
  // What is missing to the step that gives more, and what it gives.
  [[nodiscard]] std::optional<Blame> next_step(const Effect& give) const;
  // Of marginal steps: those between `from` and `to`, each times what lies in it.
  [[nodiscard]] std::int64_t sum_of_steps(const Value& v, std::int64_t from, std::int64_t to,
                                          std::int64_t* covered = nullptr) const;
  std::int64_t wish_by_steps(const Rule& r);
  // Rounded to the program's steps.
  [[nodiscard]] std::int64_t part_of(std::int64_t amount, std::int64_t percent) const {
    const auto& s = plan_.settings;
    if (s.money_step == 1) return mul_div(amount, percent, kPercentScale, s.money);
    return mul_div(amount, percent, kPercentScale * s.money_step, s.money) * s.money_step;
  }
  [[nodiscard]] std::int64_t points_of(std::int64_t amount, std::int64_t value,
                                       std::int64_t scale) const {
    const auto& s = plan_.settings;
    return checked_mul(mul_div(amount, value, checked_mul(scale, s.points_step), s.points),
                       s.points_step);
  }
  [[nodiscard]] std::int64_t percent_off(const Effect& give, std::int64_t of, std::int64_t worked,
                                         std::int64_t percent) const;

  // lines.cpp: price list, matching, stage line
  void read_line(const Line& line, LineState& state);
  void price(LineState& l) const;
  bool selects(const Selector& s, const LineState& l) const;
  bool is_of(const Selector& s, const LineState& l) const;
  void match(std::uint32_t line);
  void attach(std::uint32_t rule, std::uint32_t line);
  void detach(std::uint32_t line);
  void run_locals(std::uint32_t line);
  std::int64_t local_wish(std::uint32_t rule, const LineState& l, std::int64_t amount) const;
  [[nodiscard]] Blame local_nothing(std::uint32_t rule, const LineState& l) const;
  bool apply_local(std::uint32_t rule, std::uint32_t line);
  void local_group(std::size_t at, std::uint32_t line);
  std::int64_t with_tax(const LineState& l, std::int64_t amount) const;
  void touch(std::uint32_t rule, std::uint32_t line);
  void find_everywhere();
  void measure();
  void expect_rules();
  void refresh();
  static void set_bit(std::vector<std::uint64_t>& bits, std::uint32_t at) {
    bits[at / 64] |= std::uint64_t{1} << (at % 64);
  }

  // same_goods.cpp
  [[nodiscard]] bool same_goods(std::size_t a, std::size_t b) const;
  void goods_changed(std::size_t line);
  void count_goods();
  void limit_units(std::int64_t most);
  [[nodiscard]] std::optional<Blame> lacks_goods(std::uint32_t rule) const;
  [[nodiscard]] Blame missing_goods(std::uint32_t rule) const;

  // rules.cpp: everything that looks at several lines
  void begin();
  void take_locals();
  void local_hits();
  void give_back(std::int64_t excess, Why why);
  // Odd minor units go by the goods, not by the place on the receipt: over the candidates, or over
  // all lines.
  std::int64_t spread(std::int64_t amount, std::span<const std::int64_t> weights,
                      std::span<const std::int64_t> caps, std::span<std::int64_t> shares,
                      std::span<const std::uint32_t> lines, Spread how = Spread::kLargestRemainder,
                      Rounding rounding = Rounding::kHalfUp);
  [[nodiscard]] std::int64_t left_to_take_off() const;
  void order_by_price();
  [[nodiscard]] std::int64_t left_to_pay() const;
  [[nodiscard]] std::int64_t what_fits(std::int64_t given) const;
  void run_stage(Stage stage);
  template <typename F>
  void each_active(Stage stage, F visit);
  void run_rule(std::uint32_t rule);
  void run_group(const Group& g);
  void best_of(const Group& g);
  void best_several(std::int64_t most);
  struct Choice {
    std::uint32_t mask = 0;  // of members_
    std::int64_t value = 0;
  };
  void try_more(std::size_t from, std::int64_t left, const Choice& so_far, Choice& best);
  struct Saved {
    std::vector<std::int64_t> amount, room, taken;
    std::int64_t working = 0;
    std::array<std::size_t, 6> sizes{};
  };
  void save(Saved& to) const;
  void restore(const Saved& from);
  std::int64_t find_exclusive();
  void reset_to_lists();
  std::int64_t apply(std::uint32_t rule, bool dry);
  bool may_apply(std::uint32_t rule, bool quiet);
  Quota quota(std::uint32_t rule) const;
  std::int64_t balance(NameId purse) const;
  [[nodiscard]] std::int64_t activation() const;
  std::int64_t apply_discount(std::uint32_t rule, bool dry, const Quota& q);
  std::int64_t apply_gift(std::uint32_t rule, bool dry, const Quota& q);
  // gifts.cpp
  [[nodiscard]] std::optional<goods::LegalClass> barred(NameId gift) const;
  [[nodiscard]] std::int64_t free_coupons(NameId type) const;
  void take_coupons(std::uint32_t rule, std::int64_t times);
  void give_coupons_back();
  [[nodiscard]] std::int64_t paid_for(std::uint32_t rule) const;
  void gave(std::uint32_t rule, std::int64_t times, std::int64_t amount);
  void candidates(std::uint32_t rule);
  std::int64_t wish(const Rule& r, std::int64_t times);
  void wish_plugin(NameId plugin);
  std::int64_t share_out(const Rule& r, std::int64_t times);
  std::int64_t form_sets(std::uint32_t rule, std::int64_t most, bool quiet);
  std::int64_t form_one_by_one(std::uint32_t rule, std::int64_t most, Blame* missing);
  void list_parts(const Sets& sets);
  void order_lines_of_parts(std::uint32_t rule);
  std::int64_t push_part(std::size_t p, std::int64_t want);
  bool match_parts(std::int64_t times, bool gets_too);
  bool place_gets_first(std::uint32_t rule, std::int64_t times);
  void put_matched();
  bool place_greedily(std::uint32_t rule, std::int64_t times, Blame* missing);
  bool take_set(const Sets& sets, Blame* missing);
  bool leave_out_cheapest();
  std::int64_t like_this_set(std::int64_t most);
  [[nodiscard]] std::int64_t cost_of_set() const;
  void order_part(std::uint32_t rule, const SetPart& part, const std::vector<SetPart>* keep);
  [[nodiscard]] bool before(std::uint32_t a, std::uint32_t b) const;
  // Why an offer that may apply gives nothing.
  [[nodiscard]] Blame nothing(std::uint32_t rule) const;
  void say_nothing(std::uint32_t rule);
  void say_no_points(std::uint32_t rule);
  void say_no_goods();
  bool place_sets(std::uint32_t rule, std::int64_t times, Blame* missing);
  bool place_part(std::uint32_t rule, const SetPart& part, std::int64_t times,
                  const std::vector<SetPart>* keep, Blame* missing);
  [[nodiscard]] std::span<const std::uint32_t> lines_of(std::uint32_t rule) const;
  [[nodiscard]] bool code_is_for(const Code& code, std::uint32_t rule) const;
  void say(Why why, std::int64_t rule, std::int64_t line = -1, std::int64_t a = 0,
           std::int64_t b = 0);

  // tax.cpp
  template <typename F>
  void by_rate(std::span<const std::int64_t> amounts, std::span<std::int64_t> out, F f,
               bool discounted = false);
  template <typename F>
  void of_one_rate(std::uint32_t first, std::span<const std::int64_t> amounts,
                   std::span<std::int64_t> out, F f, bool discounted);
  void totals();
  void net_prices();

  // ending.cpp: points, earning
  void redemption();
  std::int64_t redeem_limit();
  Quota quota_of(NameId key, std::span<const Limit> limits) const;
  Quota earning_left() const {
    return quota_of(plan_.velocity.earning_key, plan_.velocity.earning);
  }
  void earning_bases();
  void find_free_units();
  std::int64_t apply_earn(std::uint32_t rule, bool dry, const Quota& q);
  void earning_candidates(std::uint32_t rule);
  std::int64_t wish_points(const Rule& r);
  // Points for the candidates into wish_; returns those for the receipt.
  std::int64_t wish_plugin_points(NameId plugin);
  // For the candidate that is this line of the basket; below 0 = nothing.
  void wish_on(std::string_view line, std::int64_t amount);
  [[nodiscard]] std::int64_t earning_base(const Rule& r, std::uint32_t line) const;
  [[nodiscard]] std::int64_t earned_so_far(const Rule& r, std::int64_t line) const;
  void put_earned(std::uint32_t rule, std::int64_t line, std::int64_t amount);
  void undo_earned(std::size_t to);
  [[nodiscard]] bool earns_at_all(const Effect& give) const;
  [[nodiscard]] bool has_account(NameId to) const;
  [[nodiscard]] Why without_account(NameId to) const;
  static bool asks_code(const Condition& c);
  bool use_codes(const Condition& c, std::uint32_t rule);
  void code_results();
  void finish();

  const Plan& plan_;
  const Basket* basket_ = nullptr;

  // context
  LocalTime now_;
  NameId event_ = kNoName, store_ = kNoName, till_ = kNoName, card_type_ = kNoName;
  std::vector<NameId> segments_, payments_;
  std::vector<Code> codes_;
  std::vector<std::pair<NameId, std::int64_t>> purses_, counters_, dates_;
  std::vector<std::pair<NameId, NameId>> attributes_;
  std::vector<std::pair<NameId, std::size_t>> plugins_;
  struct UsedBefore {
    NameId rule;
    LimitScope scope;
    Period period;
    std::int64_t times, amount;
  };
  std::vector<UsedBefore> used_;
  std::vector<Memo> memo_;     // by rule
  std::vector<Blame> blames_;  // by rule: why the context fails
  std::uint32_t rule_in_hand_ = 0;
  bool negated_ = false;  // inside an odd number of "not"
  std::vector<std::uint32_t> local_everywhere_;
  std::int64_t redeem_ = 0;
  std::int64_t not_earning_ = 0;
  std::int64_t card_type_at_ = -1;
  bool runs_ = true;  // the program is neither paused nor out of its dates
  bool customer_ = false, verified_ = false, card_works_ = true;

  // lines
  std::vector<LineState> lines_;
  std::vector<std::uint32_t> all_;
  std::size_t count_ = 0;
  std::vector<std::vector<std::uint32_t>> rule_lines_;  // by rule, ascending
  std::vector<std::uint64_t> active_;                   // bits by rule
  std::vector<std::uint64_t> always_;
  std::vector<std::uint64_t> failing_, failing_always_;  // touched, but their context fails
  std::vector<std::uint64_t> touched_;                   // rules of stage line
  bool negative_ = false;
  std::int64_t counted_list_ = 0;  // of what counts, with tax

  // one run
  std::vector<std::int64_t> amount_, room_, taken_, base_, earned_;  // by line
  std::vector<std::int64_t> free_;  // by line: thousandths that an offer gives for nothing
  std::vector<std::int64_t> set_taken_, got_;           // by line, of the sets in hand
  std::vector<std::vector<std::uint32_t>> part_lines_;  // of sets formed one by one
  std::vector<std::size_t> part_at_;
  struct PartInHand {
    const SetPart* part;
    bool gets;
  };
  std::vector<PartInHand> parts_in_hand_;
  std::vector<std::int64_t> part_flow_, part_free_;  // by part and line; by line
  std::vector<std::uint8_t> part_seen_;              // by part
  struct Take {
    std::uint32_t line;
    std::int64_t taken, got;
  };
  std::vector<Take> takes_;
  std::vector<std::int64_t> in_set_;  // by line
  std::vector<std::uint8_t> closed_;
  std::int64_t working_ = 0;  // sum of amount_
  std::int64_t earned_on_receipt_ = 0;
  std::int64_t exclusive_ = -1;
  bool after_discounts_ = false;
  bool may_earn_ = true;           // the customer's limits of earning are not used up
  bool paid_for_nothing_ = false;  // all of it in ways of payment that earn nothing
  std::vector<std::uint8_t> done_groups_;
  std::vector<std::uint8_t> gave_;  // by rule: applied in this run
  std::vector<std::uint32_t> gave_list_;
  std::vector<std::uint32_t> hit_of_;  // by rule
  std::vector<std::uint32_t> coupon_rules_, members_, order_;
  std::vector<std::int64_t> values_;
  std::vector<std::uint32_t> cand_;  // lines of the rule in hand, and for each:
  std::vector<std::int64_t> weight_, cap_, wish_, share_, worked_, scratch_;
  std::vector<std::uint32_t> rates_;  // the first line of each rate of tax
  std::vector<Saved> saved_;          // by how many are chosen
  Allocator allocator_;
  Outcome out_;
};

}  // namespace till::loyalty
