// Models in ONNX's text; what is expected is read off them.
#include "measure/onnx_facts.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/hash.h"
#include "formats/onnx/onnx.h"

namespace edgeopt::measure {
namespace {

class Facts : public ::testing::Test {
 protected:
  Result<runtimes::ModelFacts> Of(const std::string& text) {
    auto folder = TemporaryFolder::Create();
    EXPECT_TRUE(folder.ok());
    folder_.emplace(std::move(*folder));
    const auto model = formats::ParseText(text);
    EXPECT_TRUE(model.ok()) << model.error().ToString();
    file_ = folder_->path() / "m.onnx";
    EXPECT_TRUE(formats::WriteOnnx(*model, file_).ok());
    return OnnxFacts(file_);
  }
  std::optional<TemporaryFolder> folder_;
  std::filesystem::path file_;
};

// Quantized are a MatMul with both inputs, and an Add between DQ and Q; not the second MatMul,
// whose weight is float, nor the last Add, whose sum stays float.
constexpr const char* kQuantized = R"(<ir_version: 8, opset_import: ["" : 17]>
m (float[N, 2] x) => (float[N, 2] y, float[N, 2] z)
<float s = {0.5}, int8 o = {0}, int8[2, 2] w8 = {1, 2, 3, 4}, float[2, 2] w = {1, 0, 0, 1}> {
  [q0] xq = QuantizeLinear(x, s, o)
  [d0] xd = DequantizeLinear(xq, s, o)
  [dw] wd = DequantizeLinear(w8, s, o)
  [both] a = MatMul(xd, wd)
  [q1] aq = QuantizeLinear(a, s, o)
  [d1] ad = DequantizeLinear(aq, s, o)
  [sum] b = Add(ad, xd)
  [q2] bq = QuantizeLinear(b, s, o)
  [d2] bd = DequantizeLinear(bq, s, o)
  [half] y = MatMul(bd, w)
  [last] z = Add(bd, ad)
})";

TEST_F(Facts, KnowWhatIsMeantToBeInt8) {
  const auto facts = Of(kQuantized);
  ASSERT_TRUE(facts.ok()) << facts.error().ToString();
  EXPECT_TRUE(facts->int8);
  EXPECT_FALSE(facts->float16);
  EXPECT_EQ(facts->int8_nodes, (std::vector<std::string>{"both", "sum"}));
  EXPECT_EQ(facts->sha256, *Sha256File(file_));
  ASSERT_EQ(facts->inputs.size(), 1u);
  EXPECT_EQ(facts->inputs[0].name, "x");
  EXPECT_EQ(facts->inputs[0].dims, (ir::Dims{-1, 2}));
  EXPECT_EQ(facts->inputs[0].symbols, (std::vector<std::string>{"N", ""}));
  ASSERT_EQ(facts->outputs.size(), 2u);
  EXPECT_EQ(facts->outputs[1].name, "z");
}

TEST_F(Facts, KnowFloat16) {
  const auto facts = Of(R"(<ir_version: 8, opset_import: ["" : 17]>
m (float[2] x) => (float[2] y) {
  h = Cast<to = 10>(x)
  k = Relu(h)
  y = Cast<to = 1>(k)
})");
  ASSERT_TRUE(facts.ok()) << facts.error().ToString();
  EXPECT_TRUE(facts->float16);
  EXPECT_FALSE(facts->int8);
  EXPECT_TRUE(facts->int8_nodes.empty());
}

TEST_F(Facts, RefuseWhatIsNoTensor) {
  const auto facts = Of(R"(<ir_version: 8, opset_import: ["" : 17]>
m (float[2] x) => (seq(float[2]) y) { y = SequenceConstruct(x) })");
  ASSERT_FALSE(facts.ok());
  EXPECT_EQ(facts.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(facts.error().message.find("'y'"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::measure
