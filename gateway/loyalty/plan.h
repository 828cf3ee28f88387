// A program made ready to run: rules in the order they apply, and an index from what a basket
// holds (goods, category, tag) and who buys (segment, code, card type …) to the rules it can touch.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gateway/loyalty/rules.h"

namespace till::loyalty {

// For each name the rules it touches, all of them in one piece of memory.
class Touched {
 public:
  using Lists = std::vector<std::vector<std::uint32_t>>;  // by NameId, each ascending
  explicit Touched(const Lists& lists = {});
  [[nodiscard]] std::span<const std::uint32_t> operator[](NameId name) const {
    return std::span(rules_).subspan(begin_[name], begin_[name + 1] - begin_[name]);
  }
  // Ask the memory for the place of a list, then for the list.
  void expect_place(NameId name) const { __builtin_prefetch(&begin_[name]); }
  void expect(NameId name) const { __builtin_prefetch(rules_.data() + begin_[name]); }

 private:
  std::vector<std::uint32_t> begin_, rules_;
};

struct Plan {
  Plan() = default;
  Plan(Plan&&) = default;
  Plan& operator=(Plan&&) = default;

  std::string id;
  std::int64_t version = 0;
  std::string name;
  bool paused = false;
  Calendar valid;
  Names names;
  Settings settings;
  std::vector<Purse> purses;  // [0] = points
  std::optional<Redeem> redeem;
  Velocity velocity;
  Returns returns;
  std::optional<Tiers> tiers;
  std::vector<CardType> card_types;
  NameSet cards;  // goods that are a card themselves
  std::vector<CouponType> coupons;
  std::vector<Experiment> experiments;
  std::vector<PluginUse> plugins;
  std::vector<Group> groups;
  std::vector<Rule> rules;
  std::string source;  // the JSON it was read from, whitespace apart

  // The index; made by prepare().
  bool earns_by_unit = false;  // some rule does: units that are free have to be known
  bool counts_goods = false;   // some selector goes by the quantity of the same goods
  bool keeps_goods = false;    // … or some rule works on so many units of them
  Touched by_sku, by_category, by_tag;
  Touched by_gate;                        // no goods named, but a segment, code, card type, store
  std::vector<std::uint32_t> everywhere;  // neither: looked at for every basket
  std::vector<std::uint8_t> all_lines;    // by rule: every line may matter to it
  Touched by_code;                        // rules that ask for this code or type of coupon
  std::vector<std::vector<const Selector*>> interests;  // by rule: what makes a line matter to it

  // What matching reads of every rule, close together: with 10 000 offers memory is what costs.
  struct Hot {
    std::int64_t percent = -1;  // of a plain percent of stage line, else -1
    std::int64_t priority = 0;
    std::int32_t group = -1;
    bool local = false;
    bool plain = false;  // asks nothing of customer, time and place
    bool exact = false;  // what the index found matches, if the price lies within:
    bool exclusive = false;
    Span price;
  };
  std::vector<Hot> hot;                      // by rule
  std::array<std::size_t, 7> stage_begin{};  // by stage: its first rule; [6] = all of them
  std::vector<std::uint32_t> exclusives;     // not of stage line
  std::vector<std::uint32_t> paused_rules;   // of these the first few, to be told
  std::vector<std::uint32_t> goods_rules;    // for goods of their own, if they are few; the same
  std::vector<NameId> gifts;                 // goods that rules give away, each once

  // Sorts the rules, renumbers what points at them and builds the index.
  void prepare();
  [[nodiscard]] const Purse* purse(NameId key) const;
  // Of a rule, of earning or of redemption; none = unlimited, or unknown.
  [[nodiscard]] std::span<const Limit> limits_of(std::string_view what) const;
  // Everything that has limits, by the name it counts under.
  [[nodiscard]] std::vector<std::string> limited() const;
  [[nodiscard]] const CouponType* coupon(NameId key) const;
};

std::vector<const Selector*> interests_of(const Rule& rule);

}  // namespace till::loyalty
