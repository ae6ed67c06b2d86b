// Models at other sizes: the independent truth is the original, run by ONNX Runtime.
#include "pipeline/set_sizes.h"

#include <gmock/gmock.h>

#include "support/ort.h"

namespace edgeopt::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A convolution, and a Reshape that holds the batch of 1.
constexpr const char* kNet =
    "g (float[1, 2, 4, 4] x) => (float[1, 3] y) "
    "<float[2, 2, 1, 1] w = {1, 2, 3, 4}, int64[2] flat = {1, 32}, float[32, 3] m = {@}> "
    "{ c = Conv(x, w) r = Reshape(c, flat) y = MatMul(r, m) }";

ir::Model Parsed(std::string text) {
  if (const size_t at = text.find('@'); at != std::string::npos) {
    std::string numbers;
    for (int i = 0; i < 96; ++i) numbers += (i ? ", " : "") + std::to_string(i % 7 - 3) + ".5";
    text.replace(at, 1, numbers);
  }
  const auto model = formats::ParseText(text);
  EXPECT_TRUE(model.ok()) << model.error().ToString();
  return model.ok() ? *model : ir::Model();
}

AskedSizes Sizes(const std::vector<std::string>& shapes, const std::string& batch) {
  return ParseSizes(shapes, batch).value();
}

struct Outcome {
  SizedModel sized;
  Result<nlohmann::json> verified = BadInput("not verified");
};

Outcome Set(const ir::Model& model, const AskedSizes& asked) {
  auto sized = SetSizes(model, asked);
  EXPECT_TRUE(sized.ok()) << sized.error().ToString();
  if (!sized.ok()) return {};
  Outcome outcome{std::move(*sized)};
  outcome.verified = VerifySizes(model, outcome.sized, {}, *testing::OnnxRuntime(), SilentSink());
  return outcome;
}

std::string TypeOf(const ir::Model& model, const char* name) {
  return ir::ToString(model.graph.value(model.graph.Find(name)).type);
}

ir::Tensor Ramp(ir::Dims dims, float first) {
  std::vector<float> values(static_cast<size_t>(ir::ElementCount(dims).value()));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = first + static_cast<float>(i % 11) - static_cast<float>(i) / 16;
  ir::Tensor tensor = ir::Tensor::Of<float>(std::move(dims), values);
  tensor.name = "x";
  return tensor;
}

// Not by VerifySizes: row i of a batch is what the original gives for sample i.
TEST(SetSizesTest, AFixedBatchIsFollowedByReshape) {
  const ir::Model net = Parsed(kNet);
  const Outcome outcome = Set(net, Sizes({}, "3"));
  ASSERT_TRUE(outcome.verified.ok()) << outcome.verified.error().ToString();
  EXPECT_EQ((*outcome.verified)["against"], "the original");
  EXPECT_EQ(TypeOf(outcome.sized.model, "y"), "float32[3, 3]");
  ASSERT_EQ(outcome.sized.followed.size(), 1u);
  EXPECT_THAT(outcome.sized.followed[0], HasSubstr("Reshape"));
  const ir::Tensor all = Ramp({3, 2, 4, 4}, 0.25F);
  const auto together = testing::RunModel(outcome.sized.model, {all}).value();
  for (int64_t i = 0; i < 3; ++i) {
    const auto floats = all.as<float>().subspan(static_cast<size_t>(i) * 32, 32);
    ir::Tensor one =
        ir::Tensor::Of<float>({1, 2, 4, 4}, std::vector<float>(floats.begin(), floats.end()));
    one.name = "x";
    const auto alone = testing::RunModel(net, {one}).value();
    for (size_t j = 0; j < 3; ++j)
      EXPECT_NEAR(alone[0].as<float>()[j], together[0].as<float>()[static_cast<size_t>(i) * 3 + j],
                  1e-2);
  }
}

TEST(SetSizesTest, AFixedBatchBecomesOpen) {
  const Outcome outcome = Set(Parsed(kNet), Sizes({}, "dynamic"));
  ASSERT_TRUE(outcome.verified.ok()) << outcome.verified.error().ToString();
  EXPECT_EQ(TypeOf(outcome.sized.model, "x"), "float32[batch, 2, 4, 4]");
  EXPECT_EQ(TypeOf(outcome.sized.model, "y"), "float32[batch, 3]");
  EXPECT_EQ((*outcome.verified)["batches"], nlohmann::json({1, 3}));
  for (const int64_t batch : {1, 5})
    EXPECT_EQ(testing::RunModel(outcome.sized.model, {Ramp({batch, 2, 4, 4}, 1)}).value()[0].dims(),
              (ir::Dims{batch, 3}));
}

TEST(SetSizesTest, ABatchOfSeveralBecomesAnother) {
  const ir::Model four = Parsed(
      "g (float[4, 6] x) => (float[4, 2, 3] y) <int64[3] shape = {4, 2, 3}> "
      "{ y = Reshape(x, shape) }");
  const Outcome outcome = Set(four, Sizes({}, "6"));
  ASSERT_TRUE(outcome.verified.ok()) << outcome.verified.error().ToString();
  EXPECT_EQ(TypeOf(outcome.sized.model, "y"), "float32[6, 2, 3]");
}

// Behind a Reshape that follows, the next can be proven.
TEST(SetSizesTest, AChainOfReshapesFollows) {
  const ir::Model chain = Parsed(
      "g (float[1, 4, 6] x) => (float[1, 24] y) <int64[4] heads = {1, 4, 2, 3}, "
      "int64[2] flat = {1, -1}> { a = Reshape(x, heads) t = Transpose<perm = [0, 2, 1, 3]>(a) "
      "y = Reshape(t, flat) }");
  const Outcome outcome = Set(chain, Sizes({}, "dynamic"));
  ASSERT_TRUE(outcome.verified.ok()) << outcome.verified.error().ToString();
  EXPECT_EQ(outcome.sized.followed.size(), 2u);
  EXPECT_EQ(TypeOf(outcome.sized.model, "y"), "float32[batch, 24]");
}

// Exporters merge the batch with heads, put it second, and write every size: allowzero.
TEST(SetSizesTest, TheBatchMayBeBehindOrPartOfAnAxis) {
  const ir::Model moved = Parsed(
      "g (float[1, 5, 6] x) => (float[1, 5, 6] y) <int64[3] second = {5, 1, 6}, "
      "int64[2] rows = {5, 6}, int64[3] back = {1, 5, 6}> "
      "{ t = Transpose<perm = [1, 0, 2]>(x) a = Reshape<allowzero = 1>(t, second) "
      "u = Transpose<perm = [1, 0, 2]>(a) r = Reshape(u, rows) e = Exp(r) "
      "y = Reshape(e, back) }");
  for (const char* batch : {"4", "dynamic"}) {
    const Outcome outcome = Set(moved, Sizes({}, batch));
    ASSERT_TRUE(outcome.verified.ok()) << outcome.verified.error().ToString();
    EXPECT_EQ(outcome.sized.followed.size(), 3u);
  }
  EXPECT_EQ(TypeOf(Set(moved, Sizes({}, "dynamic")).sized.model, "y"), "float32[batch, 5, 6]");
}

// At its border the batch may belong to the axis before it or to the one behind it.
TEST(SetSizesTest, AnAmbiguousPlaceIsLeftAndRefused) {
  const ir::Model border = Parsed(
      "g (float[1, 2, 6] x) => (float[2, 6] y) <int64[2] flat = {2, 6}> "
      "{ t = Transpose<perm = [1, 0, 2]>(x) y = Reshape(t, flat) }");
  const Outcome outcome = Set(border, Sizes({}, "2"));
  EXPECT_THAT(outcome.sized.followed, IsEmpty());
  ASSERT_FALSE(outcome.verified.ok());
  EXPECT_EQ(outcome.verified.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(outcome.verified.error().hint, HasSubstr("export the model again"));
}

TEST(SetSizesTest, AModelThatComputesAcrossTheBatchIsRefusedWithNumbers) {
  const ir::Model across =
      Parsed("g (float[1, 6] x) => (float[1, 6] y) { y = Softmax<axis = 0>(x) }");
  for (const char* batch : {"4", "dynamic"}) {
    const Outcome outcome = Set(across, Sizes({}, batch));
    ASSERT_FALSE(outcome.verified.ok()) << batch;
    EXPECT_EQ(outcome.verified.error().code, ErrorCode::kGateFailed);
    EXPECT_THAT(outcome.verified.error().message, HasSubstr("output 'y' differs by "));
  }
}

// What the file says of values inside and of outputs is of the old sizes.
TEST(SetSizesTest, AnotherResolutionLeavesNothingStale) {
  ir::Model net = Parsed(
      "g (float[1, 2, 8, 8] x) => (float[1, 2, 4, 4] y) <float[2, 2, 1, 1] w = {1, 2, 3, 4}> "
      "{ c = Conv(x, w) y = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(c) }");
  ASSERT_TRUE(formats::InferTypes(net).ok());
  const Outcome outcome = Set(net, Sizes({"x=1x2x12x16"}, ""));
  ASSERT_TRUE(outcome.verified.ok()) << outcome.verified.error().ToString();
  EXPECT_TRUE((*outcome.verified)["against"].is_null());
  EXPECT_FALSE(outcome.sized.fits_original());
  EXPECT_EQ(TypeOf(outcome.sized.model, "y"), "float32[1, 2, 6, 8]");
  EXPECT_FALSE(outcome.sized.model.graph.value(outcome.sized.model.graph.Find("c")).type.shape);
  const Buffer file = Buffer::Own(formats::SerializeOnnx(outcome.sized.model).value());
  const ir::Model read = formats::ParseOnnx(file).value();
  EXPECT_EQ(testing::RunModel(read, {Ramp({1, 2, 12, 16}, 0)}).value()[0].dims(),
            (ir::Dims{1, 2, 6, 8}));
}

TEST(SetSizesTest, SizesThatTheWeightsForbidAreRefused) {
  const Outcome outcome = Set(Parsed(kNet), Sizes({"x=1x2x6x6"}, ""));
  ASSERT_FALSE(outcome.verified.ok());
  EXPECT_EQ(outcome.verified.error().code, ErrorCode::kUnsupported);
}

TEST(SetSizesTest, OpenSizesAreFixedAndComparedWithTheOriginal) {
  const ir::Model open = Parsed(
      "g (int64[n, length] ids, float[n, length] mask) => (float[n, length] y) "
      "{ f = Cast<to = 1>(ids) y = Mul(f, mask) }");
  const Outcome outcome = Set(open, Sizes({"ids=1x128"}, ""));
  ASSERT_TRUE(outcome.verified.ok()) << outcome.verified.error().ToString();
  EXPECT_TRUE(outcome.sized.fits_original());
  EXPECT_EQ((*outcome.verified)["against"], "the original");
  EXPECT_EQ(TypeOf(outcome.sized.model, "mask"), "float32[1, 128]");
  EXPECT_EQ(TypeOf(outcome.sized.model, "y"), "float32[1, 128]");
}

TEST(SetSizesTest, TheModelsOwnSizesChangeNothing) {
  const auto sized = SetSizes(Parsed(kNet), Sizes({"x=1x2x4x4"}, "1"));
  ASSERT_TRUE(sized.ok());
  EXPECT_THAT(sized->inputs, IsEmpty());
}

}  // namespace
}  // namespace edgeopt::pipeline
