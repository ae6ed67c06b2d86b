#include "base/utf8.h"

#include <gtest/gtest.h>

namespace edgeopt {
namespace {

TEST(Utf8, DecodesEachLength) {
  EXPECT_EQ(DecodeUtf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"), U"a\u00e9\u20ac\U0001f600z");
  EXPECT_EQ(DecodeUtf8(""), U"");
}

// Unicode 15, section 3.9: overlong forms, surrogates, values past U+10FFFF, cut sequences.
TEST(Utf8, MalformedBytesBecomeReplacements) {
  EXPECT_EQ(DecodeUtf8("\xC0\xAF"), U"\ufffd\ufffd");
  EXPECT_EQ(DecodeUtf8("\xE0\x80\x80"), U"\ufffd\ufffd\ufffd");
  EXPECT_EQ(DecodeUtf8("\xED\xA0\x80"), U"\ufffd\ufffd\ufffd");
  EXPECT_EQ(DecodeUtf8("\xF4\x90\x80\x80"), U"\ufffd\ufffd\ufffd\ufffd");
  EXPECT_EQ(DecodeUtf8("\xE2\x82"), U"\ufffd\ufffd");
  EXPECT_EQ(DecodeUtf8("a\x80z"), U"a\ufffdz");
}

TEST(Utf8, EveryCodePointSurvivesTheRoundTrip) {
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    std::string text;
    AppendUtf8(code, text);
    ASSERT_EQ(DecodeUtf8(text), std::u32string(1, code));
  }
  std::string text;
  AppendUtf8(0x110000, text);
  EXPECT_EQ(text, "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace edgeopt
