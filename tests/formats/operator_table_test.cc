// The tables of src/ops against ONNX's own registry of operators.
#include <gtest/gtest.h>

#include "onnx/defs/schema.h"
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

// A new version of ONNX brings operators that deserve a row.
TEST(OperatorTable, KnowsEveryOnnxOperator) {
  int seen = 0;
  for (const auto& schema : onnx::OpSchemaRegistry::get_all_schemas()) {
    if (schema.domain() != "" && schema.domain() != "ai.onnx.ml") continue;
    EXPECT_NE(Find(schema.Name(), schema.domain()), nullptr)
        << schema.domain() << " " << schema.Name();
    ++seen;
  }
  EXPECT_GT(seen, 200);
}

TEST(OperatorTable, HasNoMisspelledOperator) {
  for (const Family& family : Table())
    for (const Operator& one : family.operators) {
      if (one.domain != "" && one.domain != "ai.onnx.ml") continue;
      EXPECT_NE(onnx::OpSchemaRegistry::Schema(std::string(one.type), std::string(one.domain)),
                nullptr)
          << one.type;
    }
}

}  // namespace
}  // namespace edgeopt::ops
