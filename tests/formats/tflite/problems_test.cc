#include "formats/tflite/problems.h"

#include <gtest/gtest.h>

namespace edgeopt::formats::tflite {
namespace {

TEST(Problems, NoneIsFine) { EXPECT_TRUE(Problems().ToStatus("node", "TFLite", "").ok()); }

TEST(Problems, AReasonIsToldOnce) {
  Problems problems;
  problems.Add("node 'a' (Foo)", Unsupported("it is odd", "even it"));
  problems.Add("node 'b' (Bar)", Unsupported("it is new"));
  problems.Add("node 'c' (Foo)", Unsupported("it is odd", "even it"));
  const Status status = problems.ToStatus("node", "TFLite", "do without");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(status.error().ToString(),
            "3 nodes can't be converted to TFLite: node 'a' (Foo), node 'c' (Foo): it is odd; even "
            "it; node 'b' (Bar): it is new; do without");
}

TEST(Problems, OneIsSingular) {
  Problems problems;
  problems.Add("operator 3 (SVDF)", Unsupported("it keeps a state"));
  EXPECT_EQ(problems.ToStatus("operator", "ONNX", "").error().message,
            "1 operator can't be converted to ONNX: operator 3 (SVDF): it keeps a state");
}

}  // namespace
}  // namespace edgeopt::formats::tflite
