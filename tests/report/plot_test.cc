#include "report/plot.h"

#include <gtest/gtest.h>

namespace edgeopt::report {
namespace {

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// The corners of the drawing area: x from 70 to 650, y from 310 (bottom) to 40; values span 80 % of
// the height, as 10 % are left above and below.
TEST(Plot, PointsLieWhereTheirValuesAre) {
  const std::string svg =
      ToSvg({"latency", "seconds", {{"p50, ms", {{0, 10}, {30, 20}, {60, 10}}}}});
  EXPECT_NE(svg.find("points=\"70.0,287.5 360.0,62.5 650.0,287.5\""), std::string::npos) << svg;
  EXPECT_EQ(Count(svg, "<polyline"), 1u);
  EXPECT_NE(svg.find(">seconds<"), std::string::npos);
  EXPECT_NE(svg.find("p50, ms"), std::string::npos);
}

TEST(Plot, TwoQuantitiesHaveAnAxisEach) {
  const std::string svg =
      ToSvg({"a", "s", {{"p50, ms", {{0, 10}, {1, 11}}}, {"hottest, C", {{0, 50}, {1, 80}}}}});
  EXPECT_EQ(Count(svg, "<polyline"), 2u);
  EXPECT_EQ(Count(svg, "text-anchor=\"start\" fill=\"#d55e00\""), 5u);  // ticks on the right
}

TEST(Plot, NamesAreText) {
  const std::string svg = ToSvg({"<script> & co", "s", {{"p50", {{0, 1}}}}});
  EXPECT_EQ(svg.find("<script>"), std::string::npos);
  EXPECT_NE(svg.find("&lt;script&gt; &amp; co"), std::string::npos);
}

TEST(Plot, OnePointAndNone) {
  EXPECT_NE(ToSvg({"a", "s", {{"p50", {{5, 10}}}}}).find("points=\"360.0,175.0\""),
            std::string::npos);
  EXPECT_EQ(ToSvg({"a", "s", {{"p50", {}}}}), "");
}

}  // namespace
}  // namespace edgeopt::report
