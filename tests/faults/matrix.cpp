// ./run faults fiscal: one register's matrix. Every position of the dialogue in every direction is
// cut, alone and in pairs; each case ends in a judgement by the register's own memory.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "tests/faults/matrix.h"

namespace till::faults {
namespace {

struct Options {
  bool noise = false;
  std::size_t stride = 1;  // of positions
  std::size_t pairs = 61;  // every so many positions a second cut is tried; 0 = none
  std::size_t stop = 10;   // violations
  std::string only;
  std::string kind, variant;  // "" = all
};

class Matrix {
 public:
  explicit Matrix(Options options) : options_(std::move(options)) {}

  int run() {
    for (const auto& variant : variants()) {
      for (const auto& kind : all_kinds()) {
        for (const Noise noise : all_noise()) {
          if (noise != Noise::kQuiet && !options_.noise) continue;
          const Case c{variant, kind, noise, {}, {}};
          if (is_played(c) && wanted(c)) row(c);
        }
      }
    }
    std::printf("%zu cases, %zu violations\n", cases_, violations_);
    if (cases_ == 0) return 2;  // nothing is called so
    return violations_ == 0 ? 0 : 1;
  }

  int single() {
    const auto c = parse_case(options_.only);
    if (!c)
      return refuse("--only VARIANT/KIND/NOISE[/WHERE:AT[/WHERE:AT]], as the matrix prints it");
    if (const std::string why = unknown(*c); !why.empty()) return refuse(why);
    const auto verdict = play(*c);
    if (!verdict.violation.empty()) {
      std::printf("%s: %s\n", options_.only.c_str(), verdict.violation.c_str());
      return 1;
    }
    if (!verdict.applicable) return refuse("this register can't do that");
    if (c->first && !verdict.first_reached) return refuse("the dialogue ends before the cut");
    if (c->second && !verdict.second_reached) {
      return refuse("nothing is resolved, or that ends before the second cut");
    }
    std::printf("%s: good\n", options_.only.c_str());
    return 0;
  }

 private:
  // A case that does not exist was not played, whatever it was meant to show.
  int refuse(const std::string& why) const {
    std::fprintf(stderr, "%s: no such case: %s\n", options_.only.c_str(), why.c_str());
    return 2;
  }
  static std::string unknown(const Case& c) {
    const auto is_one_of = [](const std::vector<std::string>& all, const std::string& name) {
      return std::ranges::find(all, name) != all.end();
    };
    if (!is_one_of(variants(), c.variant)) return "this register has no variant " + c.variant;
    if (!is_one_of(all_kinds(), c.kind)) return "no kind of document is called " + c.kind;
    if (!is_played(c)) return "such documents are not played with other trouble, pairs or settings";
    return {};
  }

  bool wanted(const Case& c) const {
    return (options_.kind.empty() || c.kind == options_.kind) &&
           (options_.variant.empty() || c.variant == options_.variant);
  }
  bool full() const { return violations_ >= options_.stop; }

  Verdict one(const Case& c) {
    Verdict v = play(c);
    cases_ += v.applicable ? 1 : 0;
    if (!v.violation.empty()) {
      ++violations_;
      std::printf("%s: %s\n", to_string(c).c_str(), v.violation.c_str());
      std::fflush(stdout);
    }
    return v;
  }

  // All positions of one kind of document with one kind of trouble.
  void row(Case c) {
    if (full() || !one(c).applicable) return;
    for (const Where where : {Where::kToDevice, Where::kAnswer, Where::kLate}) {
      bool more = true;
      for (std::size_t at = where == Where::kToDevice ? 1 : 0; more && !full();
           at += options_.stride) {
        c.first = Cut{where, at};
        c.second.reset();
        more = one(c).first_reached;
        // The second cut falls into resolve, which is the same for every kind of document; so the
        // trouble varies with sales only.
        const bool worth = c.kind == "sale" || (c.noise == Noise::kQuiet && is_receipt(c.kind));
        if (is_side(c)) continue;
        if (more && worth && options_.pairs > 0 && at % options_.pairs == 0) second(c);
      }
    }
  }

  void second(Case c) {
    for (const Where where : {Where::kToDevice, Where::kAnswer, Where::kLate}) {
      bool more = true;
      for (std::size_t at = where == Where::kToDevice ? 1 : 0; more && !full();
           at += options_.stride) {
        c.second = Cut{where, at};
        more = one(c).second_reached;
      }
    }
  }

  Options options_;
  std::size_t cases_ = 0, violations_ = 0;
};

}  // namespace
}  // namespace till::faults

int main(int argc, char** argv) {
  till::faults::Options options;
  CLI::App app{"One register's fault matrix"};
  app.add_flag("--noise", options.noise, "other tills, reports, power, paper, memories, delays");
  app.add_option("--stride", options.stride, "every so many positions")->check(CLI::PositiveNumber);
  app.add_option("--pairs", options.pairs, "a second cut at every so many positions, 0 = none");
  app.add_option("--stop", options.stop, "after so many violations")->check(CLI::PositiveNumber);
  app.add_option("--kind", options.kind, "only documents of that kind");
  app.add_option("--variant", options.variant, "only that variant of the register");
  app.add_option("--only", options.only, "one case by its name");
  CLI11_PARSE(app, argc, argv);
  till::faults::Matrix matrix(options);
  return options.only.empty() ? matrix.run() : matrix.single();
}
