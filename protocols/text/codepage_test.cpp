#include "codepage.h"

#include <gtest/gtest.h>

namespace till::text {
namespace {

TEST(CodePage, GoldenBytes) {
  // FFD vector "Мама" and GNU iconv's "Ёж№".
  EXPECT_EQ(to_hex(as_bytes(encode("Мама", CodePage::kCp866))), "8ca0aca0");
  EXPECT_EQ(to_hex(as_bytes(encode("Ёж№", CodePage::kCp866))), "f0a6fc");
  EXPECT_EQ(to_hex(as_bytes(encode("Ёж№", CodePage::kCp1251))), "a8e6b9");
  EXPECT_EQ(to_hex(as_bytes(encode("Привет", CodePage::kCp1251))), "cff0e8e2e5f2");
}

TEST(CodePage, EveryByteComesBack) {
  for (const CodePage page : {CodePage::kCp866, CodePage::kCp1251}) {
    for (int b = 0; b < 256; ++b) {
      if (page == CodePage::kCp1251 && b == 0x98) continue;  // not defined
      const std::uint8_t byte = static_cast<std::uint8_t>(b);
      const std::string back = encode(decode({&byte, 1}, page), page);
      ASSERT_EQ(back.size(), 1U) << b;
      EXPECT_EQ(static_cast<std::uint8_t>(back[0]), byte);
    }
  }
}

TEST(CodePage, WhatThePageLacks) {
  std::size_t lost = 0;
  EXPECT_EQ(encode("«x» — 2×", CodePage::kCp866, &lost), "\"x\" - 2x");
  EXPECT_EQ(lost, 0U);
  EXPECT_EQ(encode("日\xff", CodePage::kCp866, &lost), "??");
  EXPECT_EQ(lost, 2U);
}

}  // namespace
}  // namespace till::text
