// loyalty_evaluate PROGRAM.json BASKETS.jsonl: one result a line, by the loyalty core alone.
#include <fstream>
#include <iostream>
#include <iterator>

#include "gateway/base/json.h"
#include "gateway/loyalty/basket_json.h"

namespace {

std::string text_of(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

till::Result<boost::json::object> result_of(const till::loyalty::Program& program,
                                            const std::string& line) {
  const auto basket = TILL_TRY(till::parse_json(line));
  return till::loyalty::evaluate_json(program, basket);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto program = till::loyalty::Program::from_json(text_of(argv[1]));
  if (!program) {
    std::cerr << program.error().detail << "\n";
    return 1;
  }
  std::ifstream in(argv[2], std::ios::binary);
  int failed = 0;
  for (std::string line; std::getline(in, line);) {
    const auto result = result_of(*program, line);
    if (!result) {
      std::cerr << result.error().detail << "\n";
      failed = 1;
    } else {
      std::cout << boost::json::serialize(*result) << '\n';
    }
  }
  return failed;
}
