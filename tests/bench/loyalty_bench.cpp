// How long an evaluation takes: loyalty_bench PROGRAM.json BASKETS.jsonl ROUNDS
// Prints one JSON object: microseconds for a whole basket and for one changed line, the plain loop
// over all rules on the same work, matches for each line, and allocations of a change.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <new>

#include "gateway/base/json.h"
#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/evaluate.h"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

using namespace till;
using namespace till::loyalty;

// The processor's time of this thread: what others do on a shared machine does not count.
struct Clock {
  static double now() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
  }
  // What reading it adds to a time: it goes through the kernel, half a microsecond here and there.
  static double cost() {
    static const double us = [] {
      std::array<double, 10'001> all{};
      for (auto& one : all) {
        const auto from = now();
        one = now() - from;
      }
      std::ranges::sort(all);
      return all[all.size() / 2];
    }();
    return us;
  }
};

struct Times {
  std::vector<double> us;
  void add(double from) { us.push_back(std::max(0.0, Clock::now() - from - Clock::cost())); }
  double at(double share) {
    std::ranges::sort(us);
    return us[std::min(us.size() - 1,
                       static_cast<std::size_t>(share * static_cast<double>(us.size())))];
  }
};

// What anybody would write first: every rule against every line, in order.
std::int64_t plain_loop(const Plan& plan, const Basket& basket) {
  std::int64_t total = 0;
  for (const auto& line : basket.lines) {
    auto amount = (line.price * line.quantity).minor;
    const auto sku = plan.names.find(line.sku), category = plan.names.find(line.category);
    for (const auto& r : plan.rules) {
      const auto& s = r.select;
      if (!s.skus.empty() && !s.skus.has(sku)) continue;
      if (!s.categories.empty() && !s.categories.has(category)) continue;
      if (!s.price.has(line.price.minor)) continue;
      amount -= mul_div(amount, r.give.value.fixed, kPercentScale, Rounding::kHalfUp);
    }
    total += amount;
  }
  return total;
}

int run(const char* program_file, const char* baskets_file, int rounds) {
  std::ifstream in(program_file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto loading = Clock::now();
  const auto program = Program::from_json(text);
  if (!program) {
    std::cerr << program.error().detail << "\n";
    return 1;
  }
  const auto load_ms = (Clock::now() - loading) / 1e3;
  std::vector<Basket> baskets;
  std::ifstream lines(baskets_file);
  for (std::string line; std::getline(lines, line);) {
    baskets.push_back(*basket_from_json(*parse_json(line)));
  }
  Times full, changed, loop;
  Evaluator e(program->plan());
  std::size_t matches = 0, count = 0, allocated = 0;
  const auto incremental = [&](const Basket& b, int i, bool measure) {
    const auto at = static_cast<std::size_t>(i) * 7 % b.lines.size();
    const auto before = allocations;
    const auto from = Clock::now();
    e.set_quantity(at, Quantity{b.lines[at].quantity.units + 1000});
    e.run();
    if (measure) {
      changed.add(from);
      allocated = allocations - before - (changed.us.capacity() == changed.us.size() ? 1 : 0);
    }
  };
  changed.us.reserve(static_cast<std::size_t>(rounds) * 64 + 1);
  std::size_t worst_allocated = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto& b = baskets[static_cast<std::size_t>(round) % baskets.size()];
    const auto from = Clock::now();
    e.start(b);
    e.run();
    full.add(from);
    matches += e.matches();
    count += b.lines.size();
    for (int i = 0; i < 32; ++i) incremental(b, i, false);  // warm
    for (int i = 0; i < 32; ++i) {
      incremental(b, i, true);
      worst_allocated = std::max(worst_allocated, allocated);
    }
  }
  // Afterwards: the loop reads all of the program, and would leave none of it where it was.
  for (int round = 0; round < rounds; round += 8) {
    const auto start = Clock::now();
    const auto& b = baskets[static_cast<std::size_t>(round) % baskets.size()];
    if (plain_loop(program->plan(), b) < 0) return 1;
    loop.add(start);
  }
  std::cout << boost::json::serialize(boost::json::object{
                   {"load_ms", load_ms},
                   {"clock_us", Clock::cost()},
                   {"full_p50", full.at(0.5)},
                   {"full_p99", full.at(0.99)},
                   {"change_p50", changed.at(0.5)},
                   {"change_p99", changed.at(0.99)},
                   {"loop_p50", loop.at(0.5)},
                   {"matches_per_line", static_cast<double>(matches) / static_cast<double>(count)},
                   {"allocations", worst_allocated},
                   {"first_total",
                    [&] {
                      e.start(baskets[0]);
                      return e.run().sum.total;
                    }()},
                   {"loop_first_total", plain_loop(program->plan(), baskets[0])}})
            << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "loyalty_bench PROGRAM.json BASKETS.jsonl ROUNDS\n";
    return 2;
  }
  return run(argv[1], argv[2], std::atoi(argv[3]));
}
