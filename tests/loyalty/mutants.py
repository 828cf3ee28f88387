#!/usr/bin/env python3
"""./run test loyalty-mutants: known mistakes in allocation, evaluation and accounts; every one must
fail till_loyalty_test. mutants.py BUILD_FOLDER [NAME...]
"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from mutate import Mutator  # noqa: E402

LOYALTY = "gateway/loyalty/"
TARGET = "till_loyalty_test"
MISTAKES = {
    "ties go to the last line": ("allocate.cpp", "ties->before(a.line, b.line)", "ties->before(b.line, a.line)"),
    "a cap is forgotten": ("allocate.cpp", "std::min(part.amount, caps[part.line] - shares[part.line])", "part.amount + 0 * caps[0]"),
    "the rest is lost": ("allocate.cpp", "        odd_units(left, how, ties);", ""),
    "floors are ignored": ("lines.cpp", "l.list_room = std::min(l.list, free.minor);", "l.list_room = l.list + 0 * free.minor;"),
    "tobacco is discounted": ("lines.cpp", "l.deposit || !goods::may_discount(l.legal) ||", "l.deposit ||"),
    "the worst offer of a group wins": ("sets.cpp", "if (!g.prefers(values_.back(), best)) continue;", "if (values_.back() <= 0 || (best > 0 && values_.back() >= best)) continue;"),
    "a unit is used twice": ("sets.cpp", "    const auto free = lines_[i].quantity - taken_[i] - set_taken_[i];\n    const auto take = std::min(need, std::max<std::int64_t>(0, free));\n    set_taken_", "    const auto free = lines_[i].quantity - taken_[i];\n    const auto take = std::min(need, std::max<std::int64_t>(0, free));\n    set_taken_"),
    "limits are not counted": ("rules.cpp", "if (times != kHighest) times -= u.times;", ""),
    "negative lines are forgotten": ("rules.cpp", "std::min(q.amount, what_fits(given))", "q.amount"),
    "what was kept is stale": ("same_goods.cpp", "    price(lines_[line]);\n    lines_[line].dirty = true;\n", "    price(lines_[line]);\n"),
    "points pay above their share": ("ending.cpp", "mul_div(part, value_of(r.max_share), kPercentScale, Rounding::kDown)", "part"),
    "pieces are counted line by line": ("same_goods.cpp", "lines_[*at].together = together;", "lines_[*at].together = lines_[*at].quantity + 0 * together;"),
    "other lines of the goods are stale": ("same_goods.cpp", "    lines_[i].together = together;\n    price(lines_[i]);\n    lines_[i].dirty = true;", "    lines_[i].together = together;\n    price(lines_[i]);\n    lines_[i].dirty = i == line;"),
    "a limit of units forgets other lines": ("same_goods.cpp", "    left -= worked_[k];\n", ""),
    "parts of a set keep what another needs": ("sets.cpp", "if (theirs == 0 || part_seen_[q] != 0) continue;", "if (theirs >= 0) continue;"),
    "a price is nothing below its ladder": ("values.cpp", "measure_of(v) < v.steps.front().from;", "measure_of(v) < 0;"),
    "a gift card pays for a visit": ("ending.cpp", "!(paid_for_nothing_ && give.to == kNoName)", "true"),
    "points that live otherwise are those of one line": ("effects.cpp", "known->points += points;", "known->points = points;"),
    "a rule's points live as all others": ("load_rule.cpp", "  e.life->expires_end.clear();\n", ""),
    "points paid earn too": ("ending.cpp", "q.total + (points_too ? q.by_points : 0)", "q.total + q.by_points"),
    "lots are spent last first": ("accounts.cpp", "for (auto& l : lots_) {\n    if (amount == 0) break;", "for (auto& l : std::views::reverse(lots_)) {\n    if (amount == 0) break;"),
    "a hold can be posted twice": ("accounts.cpp", "if (h.posted != amount) {\n      return fail(Code::kHoldConflict, id + ended(h.state) + \" with another sum\");\n    }\n    return {};", "h.state = HoldState::kOpen; posted_ += amount;"),
    "the rest of a hold is lost": ("accounts.cpp", "for (const auto& t : hold.taken) lot(t.lot)->remaining += t.amount;", ""),
    "a tombstone is not left": ("accounts.cpp", "dead_.insert(id);", ""),
    "an expired hold posts": ("accounts.cpp", "h.state == HoldState::kOpen && h.until <= now", "h.state == HoldState::kOpen && h.until <= now - 100000000000"),
    "debts are not paid": ("accounts.cpp", "lot.remaining = pay_debts(amount);\n  const auto place", "const auto place"),
    "a return is counted twice": ("accounts.cpp", "at->second.amount - at->second.returned", "at->second.amount"),
    "stamps go back in halves": ("effects.cpp", "amount % kWholeUnit == 0 ? kWholeUnit : 1", "1"),
    "a part gives the coupon back": ("effects.cpp", "if (to == whole) {", "if (to > 0) {"),
    "a check symbol is wrong": ("effects.cpp", "(10 - sum % 10) % 10", "sum % 10"),
    "odd kopecks go by the place": ("sets.cpp", "how, rounding, &ties)", "how, rounding, nullptr)"),
    "the first set that is no dearer ends it": ("sets.cpp", "      if (leave_out_cheapest()) continue;\n", "      leave_out_cheapest();\n"),
    "the gift is what buy leaves": ("sets.cpp", "place_gets_first(rule, times) || ", ""),
    "this receipt's stamps come too late": ("load_rule.cpp", "natural = spent_here       ? Stage::kLine", "natural = spent_here       ? Stage::kEarn"),
    "a set may become dearer": ("sets.cpp", "cost_of_set() <= value_of(r.give.value)", "cost_of_set() < 0"),
    "a run of sets takes too much": ("sets.cpp", "formed += 1 + more_of_it(like_this_set(most - formed - 1));", "formed += 1 + more_of_it(most - formed - 1);"),
    "a dead plugin is no": ("context.cpp", "return is_plugin_failure(blame->why) ? negated_ :", "return is_plugin_failure(blame->why) ? false :"),
    "a unit is not rounded": ("lines.cpp", "if (!give.of_unit) return", "if (give.of_unit || !give.of_unit) return"),
    "the difference is lost": ("allocate.cpp", "nearest_first(left, total);", "nearest_first(0 * left, total);"),
    "a level falls at each receipt": ("context.cpp", "if (at == dates_.end() || t.window_days == 0) return 1;", "if (t.window_days >= 0) return 1;"),
    "the receipt's tax is lost": ("tax.cpp", "f(rate, sum) - others - positive;", "0 * (f(rate, sum) - others - positive);"),
    "a step goes on above the next": ("values.cpp", "std::min(to, end) - std::max", "to + 0 * end - std::max"),
    "a plugin's limit is not kept": ("ending.cpp", "on_receipt = std::min(on_receipt, q.amount - kept);", "on_receipt += 0 * kept;"),
    "pending points are spent": ("accounts.cpp", "l.active_from > now || l.expires <= now) continue;\n    const auto part", "l.expires <= now) continue;\n    const auto part"),
}


def main():
    mutator = Mutator(ROOT, pathlib.Path(sys.argv[1]).resolve())
    names = sys.argv[2:] or MISTAKES
    missed = []
    for name in names:
        file, find, replace = MISTAKES[name]
        edits = [(LOYALTY + file, find, replace)]
        if "std::views" in replace:
            edits.append((LOYALTY + file, "#include <algorithm>", "#include <algorithm>\n#include <ranges>"))
        program = mutator.build_with(name.replace(" ", "_"), edits, TARGET)
        try:
            noticed = subprocess.run([program, "--gtest_brief=1"], capture_output=True, timeout=120).returncode != 0
        except subprocess.TimeoutExpired:
            noticed = True
        print(("caught " if noticed else "MISSED ") + name, flush=True)
        missed += [] if noticed else [name]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
