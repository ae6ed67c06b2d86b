// The Q/DQ form for TensorRT: where Q and DQ stand, against graphs written by hand, and that ONNX
// Runtime computes nearly the same from it as from the float model.
#include <gtest/gtest.h>

#include <cmath>

#include "ir/verifier.h"
#include "passes/quantize/float16.h"
#include "passes/quantize/plan.h"
#include "passes/quantize/static_int8.h"
#include "support/ort.h"

namespace edgeopt::passes::quantize {
namespace {

ir::Model Parse(const std::string& graph, int opset = 17) {
  auto model = formats::ParseText("<ir_version: 9, opset_import: [\"\" : " + std::to_string(opset) +
                                  "]>\n" + graph);
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().ToString());
  EXPECT_TRUE(formats::InferTypes(*model).ok());
  return *model;
}

Result<StaticPlan> Plan(const ir::Model& model) {
  return PlanStatic(model, *FindRuleSet("tensorrt"), {});
}

std::string Verdict(const StaticPlan& plan, const std::string& label) {
  for (const Decision& decision : plan.decisions)
    if (decision.label == label) return decision.quantized ? "int8" : decision.reason;
  return "no such node";
}

std::vector<std::string> Entries(const ir::Model& model, const StaticPlan& plan) {
  std::vector<std::string> names;
  for (const ir::ValueId id : plan.entry_values) names.push_back(model.graph.value(id).name);
  return names;
}

// "{127, 0, ...}": a square weight with `diagonal` on the diagonal.
std::string Diagonal(int size, const std::string& diagonal) {
  std::string text = "{";
  for (int i = 0; i < size * size; ++i)
    text += (i == 0 ? "" : ", ") + (i % (size + 1) == 0 ? diagonal : "0");
  return text + "}";
}
// "{1, 1, ...}".
std::string Repeated(int count, const std::string& value) {
  std::string text = "{";
  for (int i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + value;
  return text + "}";
}
// "float[OUT,IN,KERNEL,KERNEL] NAME = {...}" with values that differ.
std::string Weight(const std::string& name, int out, int in, int kernel = 1) {
  std::string text = "float[" + std::to_string(out) + "," + std::to_string(in) + "," +
                     std::to_string(kernel) + "," + std::to_string(kernel) + "] " + name + " = {";
  for (int i = 0; i < out * in * kernel * kernel; ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(std::sin(i * 1.7) / in);
  return text + "}";
}

// conv - relu - conv - add - relu, the add's other input being the block's.
const std::string kBlock = R"(
g (float[1,16,4,4] x) => (float[1,16,4,4] y)
<float[16,16,1,1] w1 = )" + Diagonal(16, "127") +
                           ", float[16] b1 = " + Repeated(16, "0.5") +
                           R"(, float[16,16,1,1] w2 = )" + Diagonal(16, "127") + R"(> {
  a = Conv(x, w1, b1)
  r = Relu(a)
  c = Conv(r, w2)
  s = Add(c, x)
  y = Relu(s)
})";

TEST(TensorRtRules, ResidualBlock) {
  ir::Model model = Parse(kBlock);
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok()) << plan.error().ToString();
  EXPECT_EQ(Entries(model, *plan), (std::vector<std::string>{"x", "r"}));
  EXPECT_TRUE(plan->output_values.empty());
  ASSERT_TRUE(QuantizeStatic(model, *plan, {{"x", {0.5f, 0}}, {"r", {0.25f, 0}}}, {}).ok());
  EXPECT_TRUE(ir::Verify(model).ok());
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
  // The bias is float; nothing stands between Conv and Relu, nor between Conv, Add and Relu.
  const std::string weights =
      "<int8[16,16,1,1] q1 = " + Diagonal(16, "127") + ", float[16] s1 = " + Repeated(16, "1") +
      ", int8[16] z1 = " + Repeated(16, "0") + ", int8[16,16,1,1] q2 = " + Diagonal(16, "127") +
      ", float[16] s2 = " + Repeated(16, "1") + ", int8[16] z2 = " + Repeated(16, "0") +
      ", float[16] b1 = " + Repeated(16, "0.5") +
      ", float xs = {0.5}, int8 xz = {0}, float rs = {0.25}, int8 rz = {0}>";
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(Parse(R"(
g (float[1,16,4,4] x) => (float[1,16,4,4] y)
)" + weights + R"( {
  d1 = DequantizeLinear<axis = 0>(q1, s1, z1)
  d2 = DequantizeLinear<axis = 0>(q2, s2, z2)
  xq = QuantizeLinear(x, xs, xz)
  xd = DequantizeLinear(xq, xs, xz)
  a = Conv(xd, d1, b1)
  r = Relu(a)
  rq = QuantizeLinear(r, rs, rz)
  rd = DequantizeLinear(rq, rs, rz)
  c = Conv(rd, d2)
  s = Add(c, xd)
  y = Relu(s)
})")
                                                                      .graph));
}

// A convolution on the skip as well: the Add goes with the one at the end of the longer path.
TEST(TensorRtRules, TheSkipsConvolutionIsQuantizedBehind) {
  const ir::Model model =
      Parse("g (float[1,16,4,4] x) => (float[1,16,4,4] y) <" + Weight("w", 16, 16) + R"(> {
  a = Conv(x, w)
  r = Relu(a)
  down = Conv(r, w)
  p = Conv(r, w)
  t = Relu(p)
  main = Conv(t, w)
  y = Add(down, main)
})");
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok()) << plan.error().ToString();
  EXPECT_EQ(Entries(model, *plan), (std::vector<std::string>{"x", "r", "t", "down"}));
  ASSERT_EQ(plan->float_slot.size(), 1u);
  EXPECT_EQ(plan->float_slot.begin()->second, 1u);
}

TEST(TensorRtRules, AnAddThatNoConvolutionTakesAlongStaysFloat) {
  const ir::Model model =
      Parse("g (float[1,16,4,4] x) => (float[1,16,4,4] y, float[1,16,4,4] c) <" +
            Weight("w", 16, 16) + R"(, float[1,16,1,1] k = )" + Repeated(16, "2") + R"(> {
  c = Conv(x, w)
  s = Add(c, x)
  d = Conv(s, w)
  t = Add(d, k)
  u = Add(t, t)
  y = Add(u, x)
})");
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok()) << plan.error().ToString();
  // c is an output of the graph too, k is constant, t is both inputs, u is no convolution's.
  for (const char* name : {"s", "t", "u", "y"})
    EXPECT_EQ(Verdict(*plan, name), "no int8 convolution before it takes it along") << name;
  EXPECT_EQ(Entries(model, *plan), (std::vector<std::string>{"x", "s"}));
}

// Q and DQ commute with MaxPool and Flatten; a pool that averages has its own between int8
// neighbours, which those may hide.
TEST(TensorRtRules, PoolsBetweenConvolutions) {
  const ir::Model model = Parse("g (float[4,16,8,8] x) => (float[4,16] y) <" + Weight("w", 16, 16) +
                                ", float[16,16] v = " + Diagonal(16, "1") + R"(> {
  a = Conv(x, w)
  r = Relu(a)
  m = MaxPool<kernel_shape = [2,2], strides = [2,2]>(r)
  b = Conv(m, w)
  s = Relu(b)
  p = GlobalAveragePool(s)
  f = Flatten(p)
  y = Gemm(f, v)
})");
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok()) << plan.error().ToString();
  EXPECT_EQ(Verdict(*plan, "p"), "int8");
  EXPECT_NE(Verdict(*plan, "m").find("no Q/DQ of its own"), std::string::npos);
  EXPECT_EQ(Entries(model, *plan), (std::vector<std::string>{"x", "m", "s", "f"}));
}

TEST(TensorRtRules, APoolBesideFloatStaysFloat) {
  const ir::Model model =
      Parse("g (float[1,16,8,8] x) => (float[1,16,1,1] y, float[1,16,1,1] z) <" +
            Weight("w", 16, 16) + R"(> {
  a = Conv(x, w)
  y = GlobalAveragePool(a)
  e = Exp(x)
  p = GlobalAveragePool(e)
  z = Conv(p, w)
})");
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok()) << plan.error().ToString();
  EXPECT_EQ(Verdict(*plan, "y"), "no int8 operator reads its output");
  EXPECT_EQ(Verdict(*plan, "p"), "its input 'e' comes in float");
}

// Each convolution of its own: [out, in / group, k, k], whether int8 kernels gain.
TEST(TensorRtRules, SmallConvolutionsStayFloat) {
  struct Case {
    int out, in, kernel, group;
    bool first, int8;
  };
  for (const Case& one : {Case{16, 16, 1, 1, false, true}, Case{32, 3, 3, 1, true, true},
                          Case{32, 3, 3, 1, false, true}, Case{8, 3, 3, 1, false, false},
                          Case{8, 3, 3, 1, true, true}, Case{12, 12, 3, 1, true, false},
                          Case{16, 1, 3, 16, false, true}, Case{16, 1, 1, 16, false, false},
                          Case{12, 1, 3, 12, false, false}}) {
    const std::string channels = std::to_string(one.in * one.group);
    const std::string big = std::to_string(one.out);
    ir::Model model = Parse(
        "g (float[1," + channels + ",8,8] x) => (float[N,C,H,W] y, float[2,16,1,1] z) <" +
        Weight("w", one.out, one.in, one.kernel) + ", " + Weight("v", 16, 16) +
        ", float[2,16,1,1] k = " + Repeated(32, "1") + "> {\n" +
        (one.first ? "" : "  h = Exp(x)\n") + "  y = Conv<group = " + std::to_string(one.group) +
        ">(" + (one.first ? "x" : "h") + ", w)\n  e = Exp(k)\n  z = Conv(e, v)\n}");
    const auto plan = Plan(model);
    ASSERT_TRUE(plan.ok()) << plan.error().ToString();
    EXPECT_EQ(Verdict(*plan, "y") == "int8", one.int8)
        << one.out << "x" << one.in << "x" << one.kernel << " group " << one.group << ": "
        << Verdict(*plan, "y");
  }
}

TEST(TensorRtRules, ProductsWithASingleRowOrColumnStayFloat) {
  const ir::Model model = Parse(
      "g (float[4,16] x, float[1,16] v) => (float[4,16] y, float[1,16] r, float[4,1] c) "
      "<float[16,16] w = " +
      Diagonal(16, "1") + ", float[16,1] u = " + Repeated(16, "1") + R"(> {
  y = MatMul(x, w)
  r = Gemm(v, w)
  c = MatMul(x, u)
})");
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok()) << plan.error().ToString();
  EXPECT_EQ(Verdict(*plan, "y"), "int8");
  EXPECT_EQ(Verdict(*plan, "r"), "its product has a single row");
  EXPECT_EQ(Verdict(*plan, "c"), "its product has a single column");
}

// --- ONNX Runtime as the second oracle
// --------------------------------------------------------------

constexpr int kChannels = 16, kSide = 6;

// Two blocks with a convolution on the second's skip, pool and classifier: every rule but MatMul's;
// and an operator that stays float.
std::string Network() {
  return "g (float[2,16,6,6] x) => (float[2,16] y) <" + Weight("w1", 16, 16, 3) + ", " +
         Weight("w2", 16, 16) + ", " + Weight("w3", 16, 16) + ", " + Weight("w4", 16, 1, 3) +
         ", float[16] b = " + Repeated(16, "0.1") + ", float[16,16] v = " + Diagonal(16, "0.7") +
         R"(> {
  a = Conv<pads = [1,1,1,1]>(x, w1, b)
  r = Relu(a)
  c = Conv(r, w2, b)
  s = Add(c, x)
  t = Relu(s)
  d = Conv<group = 16, pads = [1,1,1,1]>(t, w4, b)
  e = Relu(d)
  f = Conv(e, w3)
  k = Conv(t, w2)
  n = Add(f, k)
  o = Relu(n)
  m = MaxPool<kernel_shape = [2,2], strides = [2,2]>(o)
  u = Conv(m, w1, b)
  p = GlobalAveragePool(u)
  l = Flatten(p)
  h = Gemm(l, v)
  y = Elu(h)
})";
}

ir::Tensor Input() {
  std::vector<float> values(2 * kChannels * kSide * kSide);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(std::sin(static_cast<double>(i) * 0.37) * 2);
  ir::Tensor input = ir::Tensor::Of({2, kChannels, kSide, kSide}, values);
  input.name = "x";
  return input;
}

// Scale = max |x| / 127 of each observed value, seen on the input.
std::map<std::string, ActivationParams> Observed(const ir::Model& model, const StaticPlan& plan) {
  ir::Model observed = model;
  std::map<std::string, ActivationParams> params;
  for (const std::string& name : plan.observe) {
    params[name] = {2.0f / 127, 0};  // of the input, whose largest magnitude is 2
    const ir::ValueId id = observed.graph.Find(name);
    if (!observed.graph.IsInput(id) && !observed.graph.IsOutput(id)) observed.graph.AddOutput(id);
  }
  const auto outputs = testing::RunModel(observed, {Input()});
  EXPECT_TRUE(outputs.ok()) << outputs.error().ToString();
  for (const ir::Tensor& output : *outputs) {
    float largest = 0;
    for (const float value : output.as<float>()) largest = std::max(largest, std::fabs(value));
    if (params.count(output.name) > 0) params[output.name] = {largest / 127, 0};
  }
  return params;
}

double SqnrDb(const ir::Tensor& exact, const ir::Tensor& found) {
  double signal = 0, noise = 0;
  const auto a = *exact.ToDoubles(), b = *found.ToDoubles();
  for (size_t i = 0; i < a.size(); ++i) {
    signal += a[i] * a[i];
    noise += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return 10 * std::log10(signal / noise);
}

ir::Model QuantizedNetwork(int opset) {
  ir::Model model = Parse(Network(), opset);
  const auto plan = Plan(model);
  EXPECT_TRUE(plan.ok()) << plan.error().ToString();
  EXPECT_TRUE(QuantizeStatic(model, *plan, Observed(model, *plan), {}).ok());
  EXPECT_TRUE(formats::InferTypes(model).ok());
  return model;
}

// What the model computes, without the runtime's own fusions.
ir::Tensor Answer(const ir::Model& model) {
  EXPECT_TRUE(ir::Verify(model).ok());
  const Status checked = formats::CheckModel(model, formats::CheckDepth::kTypes);
  EXPECT_TRUE(checked.ok()) << checked.error().ToString();
  const auto outputs = testing::RunModel(model, {Input()}, runtimes::GraphOptimization::kNone);
  EXPECT_TRUE(outputs.ok()) << outputs.error().ToString();
  return outputs.ok() ? (*outputs)[0] : ir::Tensor::Zeros(ir::DataType::kFloat32, {2, 16});
}

// Rounding to 8 bits, seven layers deep, leaves about 25 to 35 dB; a Q in a wrong place, a lost
// bias or a swapped slot leaves nothing.
constexpr double kInt8Db = 20;

TEST(TensorRtForm, IsCloseToFloat) {
  const ir::Tensor exact = Answer(Parse(Network()));
  const double sqnr = SqnrDb(exact, Answer(QuantizedNetwork(17)));
  EXPECT_GT(sqnr, kInt8Db);
  EXPECT_LT(sqnr, 60);  // it is quantized
}

int Count(const ir::Model& model, const char* op_type) {
  int count = 0;
  for (const ir::NodeId id : model.graph.nodes()) count += model.graph.node(id).Is(op_type);
  return count;
}

// The types of what an operator reads, by the operator.
std::set<ir::DataType> InputTypes(const ir::Model& model, const char* op_type) {
  std::set<ir::DataType> types;
  for (const ir::NodeId id : model.graph.nodes())
    if (model.graph.node(id).Is(op_type))
      types.insert(model.graph.value(model.graph.node(id).input(0)).type.element);
  return types;
}

// For every TensorRT: nothing stands between a DQ, the layer that reads it, and the next Q.
TEST(TensorRtForm, WithFloat32LayersAndTheRestFloat16) {
  ir::Model model = QuantizedNetwork(17);
  Float16Options options;
  options.quantized = QuantizedPart::kFloat32;
  const auto report = ConvertFloat16(model, options);
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_EQ(InputTypes(model, "Conv"), std::set{ir::DataType::kFloat32});
  for (const ir::NodeId id : model.graph.nodes()) {
    const ir::Node& node = model.graph.node(id);
    if (!node.Is("Cast")) continue;
    EXPECT_EQ(model.graph.ProducerIf(node.input(0), "DequantizeLinear"), nullptr);
    EXPECT_EQ(model.graph.ProducerIf(node.input(0), "Conv"), nullptr);
  }
  EXPECT_GT(SqnrDb(Answer(Parse(Network())), Answer(model)), kInt8Db);
}

// For TensorRT 10 and later: scales in float16, no Cast but at the ends.
TEST(TensorRtForm, WithFloat16Scales) {
  ir::Model model = QuantizedNetwork(19);
  Float16Options options;
  options.quantized = QuantizedPart::kFloat16Scales;
  const auto report = ConvertFloat16(model, options);
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_TRUE(report->kept.empty()) << report->kept[0].label << ": " << report->kept[0].reason;
  EXPECT_EQ(Count(model, "Cast"), 2);
  EXPECT_EQ(InputTypes(model, "Conv"), std::set{ir::DataType::kFloat16});
  EXPECT_EQ(InputTypes(model, "QuantizeLinear"), std::set{ir::DataType::kFloat16});
  EXPECT_GT(SqnrDb(Answer(Parse(Network())), Answer(model)), kInt8Db);
}

TEST(TensorRtForm, Float16ScalesNeedOpset19) {
  ir::Model model = QuantizedNetwork(17);
  Float16Options options;
  options.quantized = QuantizedPart::kFloat16Scales;
  const auto report = ConvertFloat16(model, options);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::kUnsupported);
}

// 2^-16 is exact in float16 and stays; the channel of 2^-20 takes 2^-17, an eighth of the integers:
// 64 becomes 8, 4 becomes 0 (a half rounds to even).
TEST(TensorRtForm, ChannelsWithTinyScalesGetLargerOnes) {
  ir::Model model = Parse(R"(
g (float[2,2] x) => (float[2,2] y)
<int8[2,2] q = {64, 100, 4, -127}, float[2] s = {0.00000095367431640625, 0.0000152587890625}, int8[2] z = {0, 0}> {
  w = DequantizeLinear<axis = 1>(q, s, z)
  y = MatMul(x, w)
})",
                          19);
  Float16Options options;
  options.quantized = QuantizedPart::kFloat16Scales;
  const auto report = ConvertFloat16(model, options);
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  for (const ir::NodeId id : model.graph.nodes()) {
    const ir::Node& node = model.graph.node(id);
    if (!node.Is("DequantizeLinear")) continue;
    const auto data = model.graph.ConstantOf(node.input(0))->as<int8_t>();
    EXPECT_EQ(std::vector<int8_t>(data.begin(), data.end()),
              (std::vector<int8_t>{8, 100, 0, -127}));
    const auto scale = model.graph.ConstantOf(node.input(1))->as<uint16_t>();
    // Subnormal halves count steps of 2^-24: 2^7 and 2^8 of them.
    EXPECT_EQ(std::vector<uint16_t>(scale.begin(), scale.end()), (std::vector<uint16_t>{128, 256}));
  }
}

// An activation of such a scale can't take a larger one without being cut: it keeps float32.
TEST(TensorRtForm, AnActivationWithATinyScaleKeepsIt) {
  ir::Model model = Parse(R"(
g (float[2,2] x) => (float[2,2] y) <float s = {0.0000001}, int8 z = {0}> {
  q = QuantizeLinear(x, s, z)
  d = DequantizeLinear(q, s, z)
  y = Neg(d)
})",
                          19);
  Float16Options options;
  options.quantized = QuantizedPart::kFloat16Scales;
  const auto report = ConvertFloat16(model, options);
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_EQ(report->kept.size(), 2u);
  EXPECT_EQ(InputTypes(model, "QuantizeLinear"), std::set{ir::DataType::kFloat32});
  EXPECT_EQ(InputTypes(model, "Neg"), std::set{ir::DataType::kFloat16});
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
}

}  // namespace
}  // namespace edgeopt::passes::quantize
