// Resize against ONNX Runtime: what TFLite's own operators do, and what they do not.
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

std::string BySizes(const std::string& attributes, const std::string& sizes) {
  return "g (float[1,3,5,4] x) => (float[1,3,n,m] y) <int64[4] sizes = {1,3," + sizes +
         "}> { y = Resize<" + attributes + ">(x, , , sizes) }";
}

bool Has(const std::string& graph, const std::string& op) {
  const auto converted = Converted(graph);
  return converted.ok() && (*converted->report)["operators"].contains(op);
}

TEST(Resize, TfliteSOwnOperators) {
  for (const std::string coordinates : {"half_pixel", "align_corners", "asymmetric"}) {
    const std::string graph = BySizes(
        "mode = \"linear\", coordinate_transformation_mode = \"" + coordinates + "\"", "10,6");
    EXPECT_EQ(Problem(graph), "") << coordinates;
    EXPECT_TRUE(Has(graph, "RESIZE_BILINEAR")) << coordinates;
  }
  const std::string nearest =
      BySizes("coordinate_transformation_mode = \"asymmetric\", nearest_mode = \"floor\"", "10,8");
  EXPECT_EQ(Problem(nearest), "");
  EXPECT_TRUE(Has(nearest, "RESIZE_NEAREST_NEIGHBOR"));
}

TEST(Resize, NearestInEveryWay) {
  for (const std::string coordinates :
       {"half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "align_corners", "asymmetric"})
    for (const std::string rounding : {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"})
      for (const std::string sizes : {"8,3", "1,11"})
        EXPECT_EQ(Problem(BySizes("coordinate_transformation_mode = \"" + coordinates +
                                      "\", nearest_mode = \"" + rounding + "\"",
                                  sizes)),
                  "")
            << coordinates << " " << rounding << " " << sizes;
}

TEST(Resize, WeightedSumsInEveryWay) {
  for (const std::string mode : {"linear", "cubic"})
    for (const std::string coordinates : {"half_pixel", "pytorch_half_pixel",
                                          "half_pixel_symmetric", "align_corners", "asymmetric"})
      for (const std::string sizes : {"8,3", "1,11"})
        EXPECT_EQ(Problem(BySizes("mode = \"" + mode + "\", coordinate_transformation_mode = \"" +
                                      coordinates + "\"",
                                  sizes)),
                  "")
            << mode << " " << coordinates << " " << sizes;
}

TEST(Resize, Filters) {
  EXPECT_EQ(Problem(BySizes("mode = \"cubic\", cubic_coeff_a = -0.5", "7,7")), "");
  EXPECT_EQ(Problem(BySizes("mode = \"cubic\", exclude_outside = 1", "7,7")), "");
  EXPECT_EQ(Problem(BySizes("mode = \"linear\", antialias = 1", "2,3")), "");
  EXPECT_EQ(Problem(BySizes("mode = \"cubic\", antialias = 1", "2,3")), "");
}

TEST(Resize, ScalesThatAreNotTheRatioOfTheSizes) {
  for (const std::string mode : {"nearest", "linear", "cubic"})
    for (const std::string coordinates : {"half_pixel", "half_pixel_symmetric", "asymmetric"})
      EXPECT_EQ(
          Problem("g (float[1,2,5,4] x) => (float[1,2,n,m] y) <float[4] s = {1,1,0.7,1.6}> "
                  "{ y = Resize<mode = \"" +
                  mode + "\", coordinate_transformation_mode = \"" + coordinates + "\">(x, , s) }"),
          "")
          << mode << " " << coordinates;
}

TEST(Resize, AxesAndAspectRatio) {
  for (const std::string policy : {"stretch", "not_larger", "not_smaller"})
    EXPECT_EQ(Problem("g (float[1,2,4,6] x) => (float[1,2,n,m] y) <int64[2] sizes = {9,8}> "
                      "{ y = Resize<axes = [3,2], keep_aspect_ratio_policy = \"" +
                      policy + "\">(x, , , sizes) }"),
              "")
        << policy;
  EXPECT_EQ(Problem("g (float[1,2,4,6] x) => (float[1,n,4,m] y) <int64[2] sizes = {3,9}> "
                    "{ y = Resize<axes = [1,3]>(x, , , sizes) }"),
            "");
}

TEST(Resize, RegionOfInterest) {
  for (const std::string value : {"0.0", "10.0"})
    EXPECT_EQ(
        Problem("g (float[1,2,4,6] x) => (float[1,2,n,m] y) "
                "<int64[2] sizes = {3,9}, float[4] roi = {0.4,-0.2,0.6,1.2}> "
                "{ y = Resize<axes = [2,3], mode = \"linear\", extrapolation_value = " +
                value +
                ", coordinate_transformation_mode = \"tf_crop_and_resize\">(x, roi, , sizes) }"),
        "")
        << value;
}

TEST(Resize, SeveralImages) {
  EXPECT_EQ(Problem("g (float[2,3,5,4] x) => (float[2,3,n,m] y) <float[4] s = {1,1,1.5,2}> "
                    "{ y = Resize<mode = \"cubic\">(x, , s) }"),
            "");
}

}  // namespace
}  // namespace edgeopt::testing
