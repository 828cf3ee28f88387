// The driver on a host in this process, with the stand-in for the vendor's library.
#include <tillbridge/testkit/fake_host.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

int failures = 0;

void expect(bool good, const char* words) {
  if (good) return;
  std::printf("FAIL %s\n", words);
  ++failures;
}

till::testkit::FakeOutcome weigh(const char* port) {
  till::testkit::FakeHost host;
  const auto active =
      host.activate({{"library", "libacme_scale.so"}, {"port", port}, {"timeout_ms", 200}});
  expect(active.status == TILL_DONE, "activate");
  auto outcome = host.perform("scale.weigh");
  host.deactivate();
  expect(host.violations().empty(), "a rule is broken");
  return outcome;
}

}  // namespace

int main() {
  const auto good = weigh("good");
  expect(good.status == TILL_DONE, "it weighs");
  expect(good.text.find("\"weight\":734") != std::string::npos, "734 grams");
  expect(weigh("overloaded").error.vendor == "7", "the vendor's code is passed on");
  expect(weigh("none").error.code == till::Code::kPortLost, "no scale");

  const auto start = std::chrono::steady_clock::now();
  const auto moving = weigh("moving");
  const auto took = std::chrono::steady_clock::now() - start;
  expect(moving.status == TILL_REFUSED && moving.error.code == till::Code::kTimeout,
         "a weight that moves is refused");
  expect(took < std::chrono::seconds(1), "in time, though the library blocks for ever");

  till::testkit::FakeHost host;
  expect(
      host.activate({{"library", "libnothing.so"}, {"port", "x"}, {"timeout_ms", 1}}).error.code ==
          till::Code::kConfigInvalid,
      "without the library it says so");
  std::printf("%d failures\n", failures);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
