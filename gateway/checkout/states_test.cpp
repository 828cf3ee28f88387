#include "states.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace till::checkout {
namespace {

constexpr char kHeading[] = "# The states of a sale\n\n";

// The page is printed from the table the code runs on; TILL_RENEW_DOCS=1 writes it anew.
TEST(States, DocumentationPrintsTheTable) {
  const std::string path = TILL_SOURCE_DIR "/docs/internals/sale-states.md";
  const std::string wanted = kHeading + transitions_markdown();
  if (std::getenv("TILL_RENEW_DOCS") != nullptr) std::ofstream(path) << wanted;
  std::ifstream file(path);
  const std::string found{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(found, wanted) << "docs/internals/sale-states.md is stale; renew it with\n"
                              "  TILL_RENEW_DOCS=1 ./run test -R checkout_test";
}

}  // namespace
}  // namespace till::checkout
