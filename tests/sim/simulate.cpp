// ./run sim --seeds N [--from K]: the shop under N seeds. A failing seed prints what is wrong and
// the command that repeats it.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <map>

#include "tests/sim/shop.h"

namespace {

std::filesystem::path scratch() {
  const std::filesystem::path memory = "/dev/shm";
  const auto base =
      std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
  return base / ("till-sim-" + std::to_string(getpid()));
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
                 "a mistake the invariants must notice: timeout, last, none");
  CLI11_PARSE(app, argc, argv);
  const std::map<std::string, till::sim::Plant> plants = {
      {"none", till::sim::Plant::kNone},
      {"timeout", till::sim::Plant::kTimeoutIsFailure},
      {"last", till::sim::Plant::kLastDocumentOnly}};
  if (!plants.contains(plant_name)) {
    std::fputs("--plant timeout | last | none\n", stderr);
    return 2;
  }
  const auto folder = scratch();
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
