// An entry whose every member is good, and then one that is not.
#include "host_load.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

namespace till::plugin_host {
namespace {

till_descriptor descriptor{sizeof(till_descriptor), "org.test.one", "One", "1.0.0"};
till_status answer = TILL_DONE;
std::int32_t code = 0;
const void* operations = nullptr;
const void* input = nullptr;

till_status perform(const till_plugin*, const till_operation*, const till_sink*,
                    till_error*) noexcept {
  return TILL_DONE;
}
void on_input(const till_plugin*, const std::uint8_t*, std::size_t) noexcept {}

till_operations good_operations{&perform, nullptr};
till_input good_input{&on_input, nullptr, nullptr};

till_plugin good_plugin{
    sizeof(till_plugin),
    &descriptor,
    nullptr,
    [](const till_plugin*, const char*, std::size_t, till_error* error) noexcept {
      error->code = code;
      return answer;
    },
    [](const till_plugin*) noexcept {},
    [](const till_plugin*) noexcept {},
    [](const till_plugin*, const char* id) noexcept -> const void* {
      return std::string_view(id) == TILL_OPERATIONS_ID ? operations : input;
    }};
till_plugin plugin;
std::uint32_t plugins = 1;

till_factory factory;
till_entry entry;

class HostLoad : public testing::Test {
 protected:
  void SetUp() override {
    answer = TILL_DONE;
    code = 0;
    plugins = 1;
    operations = &good_operations;
    input = &good_input;
    plugin = good_plugin;
    descriptor.size = sizeof(till_descriptor);
    factory = {
        []() noexcept { return plugins; },
        [](std::uint32_t) noexcept -> const till_descriptor* { return &descriptor; },
        [](const till_host*, const char*) noexcept -> const till_plugin* { return &plugin; }};
    entry = {sizeof(till_entry),
             TILL_ABI_MAJOR,
             0,
             [](const char*) noexcept { return true; },
             []() noexcept {},
             [](const char*) noexcept -> const void* { return &factory; }};
  }
  static Loaded load_it() { return make_instance(entry, expected(), &host); }
  static Expected expected() {
    return {"/folder/it.so", "org.test.one", "1.0.0", "One", true, true};
  }
  static inline till_host host{sizeof(till_host), 1, 0, nullptr, nullptr};
};

TEST_F(HostLoad, AGoodOneIsLoadedAndActivated) {
  auto loaded = load_it();
  ASSERT_FALSE(loaded.error) << loaded.error->detail;
  EXPECT_FALSE(activate(loaded.instance, expected(), "{}"));
  EXPECT_EQ(loaded.instance.operations, &good_operations);
  EXPECT_EQ(loaded.instance.input, &good_input);
}

TEST_F(HostLoad, EveryMissingMemberIsNamed) {
  for (const auto& [spoil, words] : std::vector<std::pair<std::function<void()>, const char*>>{
           {[] { entry.size = 8; }, "till_entry is smaller"},
           {[] { entry.abi_major = 2; }, "another major"},
           {[] { entry.abi_minor_required = 99; }, "needs a newer host"},
           {[] { entry.init = nullptr; }, "till_entry.init is NULL"},
           {[] { entry.deinit = nullptr; }, "till_entry.deinit is NULL"},
           {[] { entry.get_factory = nullptr; }, "till_entry.get_factory is NULL"},
           {[] { entry.init = [](const char*) noexcept { return false; }; }, "init said no"},
           {[] { entry.get_factory = [](const char*) noexcept -> const void* { return nullptr; }; },
            "no factory"},
           {[] { factory.count = nullptr; }, "till_factory.count is NULL"},
           {[] { factory.descriptor = nullptr; }, "till_factory.descriptor is NULL"},
           {[] { factory.create = nullptr; }, "till_factory.create is NULL"},
           {[] { plugins = 2; }, "count is not 1"},
           {[] { plugin.activate = nullptr; }, "till_plugin.activate is NULL"},
           {[] { plugin.get_extension = nullptr; }, "till_plugin.get_extension is NULL"},
           {[] { plugin.size = 8; }, "till_plugin.size"},
           {[] { descriptor.size = 8; }, "till_descriptor.size"}}) {
    SetUp();
    spoil();
    const auto loaded = load_it();
    ASSERT_TRUE(loaded.error) << words;
    EXPECT_EQ(loaded.error->code, Code::kPluginAbi) << words;
    EXPECT_NE(loaded.error->detail.find(words), std::string::npos) << loaded.error->detail;
  }
}

TEST_F(HostLoad, WhatTheManifestPromisesMustBeThere) {
  static const till_operations kNoPerform{nullptr, nullptr};
  static const till_input kNoInput{nullptr, nullptr, nullptr};
  for (const auto& [spoil, words] : std::vector<std::pair<std::function<void()>, const char*>>{
           {[] { operations = nullptr; }, "no till.operations/1"},
           {[] { input = nullptr; }, "no till.input/1"},
           {[] { operations = &kNoPerform; }, "till_operations.perform is NULL"},
           {[] { input = &kNoInput; }, "till_input.on_input is NULL"}}) {
    SetUp();
    spoil();
    auto loaded = load_it();
    ASSERT_FALSE(loaded.error);
    const auto wrong = activate(loaded.instance, expected(), "{}");
    ASSERT_TRUE(wrong) << words;
    EXPECT_EQ(wrong->code, Code::kPluginAbi);
    EXPECT_NE(wrong->detail.find(words), std::string::npos) << wrong->detail;
  }
}

TEST_F(HostLoad, AnActivateThatRefusesWithoutACodeStillRefuses) {
  auto loaded = load_it();
  answer = TILL_REFUSED;
  auto wrong = activate(loaded.instance, expected(), "{}");
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->code, Code::kInternal);
  EXPECT_EQ(wrong->detail, "code 0 is none of the catalogue: ");
  for (const till_status odd : {till_status{TILL_IN_DOUBT}, 77, -1}) {
    answer = odd;
    wrong = activate(loaded.instance, expected(), "{}");
    ASSERT_TRUE(wrong) << odd;
    EXPECT_EQ(wrong->code, Code::kPluginAbi);
    EXPECT_EQ(wrong->detail.substr(0, 13), "activate gave");
  }
}

// Each in words of its own: nothing there, words instead of a library, a library cut short.
TEST(Load, ALibraryThatIsNoneIsNamed) {
  const auto refused = [](const std::string& library) {
    const auto loaded = load({library, "org.test.one", "1.0.0", "One"}, nullptr);
    return loaded.error.value_or(Error{});
  };
  const auto file = [](const char* name, std::string_view bytes) {
    const auto path = testing::TempDir() + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  };
  const auto nothing = refused(testing::TempDir() + "nothing.so");
  EXPECT_EQ(nothing.code, Code::kPluginNotFound);
  EXPECT_EQ(nothing.detail, "nothing.so: the library is not there");
  const auto words = refused(file("words.so", "these are words"));
  EXPECT_EQ(words.code, Code::kPluginAbi);
  EXPECT_EQ(words.detail, "words.so is no library: it does not begin as an ELF file does");
  const auto half = refused(file("half.so", std::string_view("\x7f"
                                                             "ELF\2\1\1",
                                                             7)));
  EXPECT_EQ(half.code, Code::kPluginAbi);
  EXPECT_EQ(half.detail, "half.so: file too short");
}

TEST_F(HostLoad, ACodeOutsideTheCatalogueIsToldApart) {
  for (const std::int32_t odd : {0, -1, 999, 10000, 99999, INT32_MIN, INT32_MAX}) {
    till_error error{sizeof(till_error), odd, {}, {}, 0};
    const auto told = from_c(error);
    EXPECT_FALSE(told.known) << odd;
    EXPECT_EQ(told.error.code, Code::kInternal);
  }
  till_error error{sizeof(till_error), 2104, "6B", {}, 0};
  std::fill(std::begin(error.detail), std::end(error.detail), 'x');  // without its end
  const auto told = from_c(error);
  EXPECT_TRUE(told.known);
  EXPECT_EQ(told.error.detail.size(), sizeof error.detail);
  EXPECT_EQ(told.error.vendor, "6B");
}

}  // namespace
}  // namespace till::plugin_host
