// ./run sim --seeds N [--from K]: the shop under N seeds. A failing seed prints what is wrong and
// the command that repeats it.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <map>

#include "gateway/base/log.h"
#include "tests/sim/shop.h"

namespace {

std::filesystem::path scratch() {
  const std::filesystem::path memory = "/dev/shm";
  const auto base =
      std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
  return base / ("till-sim-" + std::to_string(getpid()));
}

using Deaths = std::deque<till::sim::Death>;

// The gateway dies after every single event of a quiet story, then its driver alone, and both after
// every pair of events in every order. `half`: of the first deaths the odd or the even ones only.
int every_step(const std::filesystem::path& folder, int sales, std::uint64_t stride, int half,
               till::sim::Plant plant) {
  std::uint64_t cases = 0, failed = 0;
  const auto play = [&](Deaths deaths) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const auto named = deaths;
    till::sim::Shop shop(1, folder.string(), sales, plant, std::move(deaths));
    const auto wrong = shop.run();
    ++cases;
    for (const auto& sentence : wrong) {
      std::printf("dead:");
      for (const auto& d : named)
        std::printf(" %s after event %lu", d.driver ? "driver" : "gateway", d.event);
      std::printf(": %s\n", sentence.c_str());
    }
    failed += wrong.empty() ? 0 : 1;
    return shop.events();
  };
  const auto events = play({});
  const std::uint64_t from = half == 2 ? 2 : 1, step = half == 0 ? 1 : 2;
  for (std::uint64_t first = from; first <= events && failed < 5; first += step) {
    for (const bool driver : {false, true}) {
      const auto again = play({{first, driver}});
      if (first % stride != 0) continue;
      for (std::uint64_t second = first + 1; second <= again && failed < 5; second += stride) {
        play({{first, driver}, {second, false}});
        play({{first, driver}, {second, true}});
      }
    }
  }
  std::printf("%lu deaths in a story of %lu events: %lu violations\n", cases - 1, events, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Tillbridge under a seed"};
  std::uint64_t seeds = 100, from = 1;
  int sales = 6;
  std::string plant_name = "none";
  app.add_option("--seeds", seeds, "how many");
  app.add_option("--from", from, "the first seed");
  app.add_option("--sales", sales, "customers a seed");
  app.add_option("--plant", plant_name,
                 "a mistake the invariants must notice: timeout, last, senior, death, none");
  std::uint64_t stride = 0;
  app.add_option(
      "--every-step", stride,
      "instead: the gateway or its driver dies after every event, and every so many pairs");
  int half = 0;
  app.add_option("--half", half, "1 or 2: so much of --every-step")->check(CLI::Range(0, 2));
  CLI11_PARSE(app, argc, argv);
  till::open_log("", till::LogLevel::kError);  // central warns of what these stories are full of
  const std::map<std::string, till::sim::Plant> plants = {
      {"none", till::sim::Plant::kNone},
      {"timeout", till::sim::Plant::kTimeoutIsFailure},
      {"last", till::sim::Plant::kLastDocumentOnly},
      {"senior", till::sim::Plant::kBelievesSenior},
      {"death", till::sim::Plant::kDeathIsRefusal}};
  if (!plants.contains(plant_name)) {
    std::fputs("--plant timeout | last | senior | death | none\n", stderr);
    return 2;
  }
  const auto folder = scratch();
  if (stride > 0) {
    const int result = every_step(folder, 2, stride, half, plants.at(plant_name));
    std::filesystem::remove_all(folder);
    return result;
  }
  int failed = 0;
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    std::vector<std::string> wrong;
    try {
      till::sim::Shop shop(seed, folder.string(), sales, plants.at(plant_name));
      wrong = shop.run();
    } catch (const std::exception& e) {
      wrong.emplace_back(e.what());
    }
    if (wrong.empty()) continue;
    ++failed;
    for (const auto& sentence : wrong) std::printf("seed %lu: %s\n", seed, sentence.c_str());
    std::printf("repeat it: ./run sim --seeds 1 --from %lu --sales %d%s\n", seed, sales,
                plant_name == "none" ? "" : (" --plant " + plant_name).c_str());
    if (failed >= 5) break;
  }
  std::filesystem::remove_all(folder);
  std::printf("%lu seeds from %lu: %d failed\n", seeds, from, failed);
  return failed == 0 ? 0 : 1;
}
