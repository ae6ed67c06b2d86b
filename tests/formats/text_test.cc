// The text forms: ONNX's syntax in and out, and the canonical print.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "formats/proto_builder.h"
#include "formats/proto_compare.h"

namespace edgeopt::formats {
namespace {

namespace fs = std::filesystem;
using testing::Message;

constexpr TextOptions kEverything{.max_elements = -1};

ir::Model Text(const std::string& text) {
  auto model = ParseText(text);
  if (!model.ok()) {
    ADD_FAILURE() << model.error().ToString();
    std::abort();
  }
  return std::move(*model);
}

std::string Canonical(const std::string& text) { return PrintGraph(Text(text).graph); }

// --- ONNX's syntax ---

TEST(ParseText, GraphAloneGetsAHeader) {
  const ir::Model model = Text("g (float[N] x) => (float[N] y) { y = com.microsoft.Gelu (x) }");
  EXPECT_EQ(model.ir_version, 10);
  EXPECT_EQ(model.OpsetVersion(), 20);
  EXPECT_EQ(model.OpsetVersion("com.microsoft"), 1);
}

TEST(ParseText, WholeModels) {
  const ir::Model model = Text(R"(
    # a comment
    <ir_version: 8, opset_import: ["": 17], producer_name: "me", metadata_props: ["k": "v"]>
    g (float[N] x, float[2] w = {1, 2}) => (float[N] y) { y = Mul (x, w) })");
  EXPECT_EQ(model.OpsetVersion(), 17);
  EXPECT_EQ(model.producer_name, "me");
  EXPECT_EQ(model.metadata, (ir::Metadata{{"k", "v"}}));
  EXPECT_EQ(model.graph.inputs().size(), 2u);
}

TEST(ParseText, ErrorsGiveThePosition) {
  const auto model = ParseText("g (float[N] x) => (float[N] y) {\n  y = Relu x\n}");
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().code, ErrorCode::kBadInput);
  EXPECT_NE(model.error().message.find("(line: 2 column: "), std::string::npos)
      << model.error().message;
  EXPECT_EQ(model.error().message.find('\n'), std::string::npos);
}

TEST(ParseText, ChecksTheGraph) {
  EXPECT_FALSE(ParseText("g (float[N] x) => (float[N] y) { y = Relu (ghost) }").ok());
  EXPECT_FALSE(ParseText("g (float[N] x) => (float[N] y) { y = Relu (x) } trailing").ok());
  EXPECT_FALSE(ParseText("").ok());
  EXPECT_FALSE(ParseText("g () => (float[1] y) <float[1] y = {99999999999999999999e999}> {}").ok());
  EXPECT_FALSE(ParseText("g () => (int64[1] y) <int64[1] y = {99999999999999999999}> {}").ok());
}

TEST(ParseText, RefusesDeepNesting) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "g (bool c) => (y) { y = If (c) <b = ";
  const auto model = ParseText(text);
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().message, "the text is nested too deeply");
}

TEST(PrintText, LargeTensorsAreElided) {
  const std::string text =
      "g (float[3] x) => (float[3] y) <float[3] w = {1, 2, 3}> { y = Add (x, w) }";
  EXPECT_NE(PrintText(Text(text)).find("float[3] w =  {1,2,3}"), std::string::npos)
      << PrintText(Text(text));
  const std::string elided = PrintText(Text(text), {.max_elements = 2});
  EXPECT_NE(elided.find("w = [\"elided\": \"3 elements\"]"), std::string::npos) << elided;
  const auto again = ParseText(elided);
  ASSERT_FALSE(again.ok());
  EXPECT_NE(again.error().message.find("leaves out the data"), std::string::npos);
}

TEST(PrintText, SparseInitializersAreMentioned) {
  ir::Model model = Text("g (float[2] x) => (float[2] y) { y = Relu (x) }");
  const auto id = model.graph.AddValue("s");
  model.graph.SetSparseInitializer(
      id, {ir::Tensor::Of<float>({1}, {5}), ir::Tensor::Of<int64_t>({1}, {3}), {2, 2}});
  EXPECT_NE(PrintText(model).find("# sparse initializer 's' [2, 2] with 1 values"),
            std::string::npos);
}

// Every element type, with the values that are hard to write.
TEST(PrintText, AllTypesRoundTrip) {
  for (int32_t i = 1; i <= ir::kLastDataType; ++i) {
    const auto type = static_cast<ir::DataType>(i);
    ir::Model model = Text("g (float[2] x) => (float[2] y) { y = Relu (x) }");
    ir::Tensor tensor;
    if (type == ir::DataType::kString) {
      tensor = ir::Tensor::MakeStrings({2}, {"with \"quotes\" and \\", "line\nbreak"}).value();
    } else {
      std::vector<std::byte> bytes(static_cast<size_t>(ir::StorageBytes(type, 4)));
      for (size_t b = 0; b < bytes.size(); ++b)
        bytes[b] = type == ir::DataType::kBool ? static_cast<std::byte>(b % 2)
                                               : static_cast<std::byte>(0x31 + 7 * b);
      tensor = ir::Tensor::Make(type, {4}, Buffer::Own(std::move(bytes))).value();
    }
    model.graph.AddOutput(model.graph.AddInitializer("w", tensor));
    const auto again = ParseText(PrintText(model, kEverything));
    ASSERT_TRUE(again.ok()) << ir::Name(type) << ": " << Message(again);
    EXPECT_EQ(*again->graph.value(again->graph.Find("w")).initializer, tensor) << ir::Name(type);
  }
}

TEST(PrintText, SpecialFloatsRoundTrip) {
  ir::Model model = Text("g (float[2] x) => (float[2] y) { y = Relu (x) }");
  const float inf = std::numeric_limits<float>::infinity();
  const ir::Tensor tensor = ir::Tensor::Of<float>({5}, {inf, -inf, -0.0f, 1e-45f, -3.4e38f});
  model.graph.AddOutput(model.graph.AddInitializer("w", tensor));
  const auto again = ParseText(PrintText(model, kEverything));
  ASSERT_TRUE(again.ok()) << Message(again);
  EXPECT_EQ(*again->graph.value(again->graph.Find("w")).initializer, tensor);
}

// ONNX's node cases: what the syntax can say comes back the same.
TEST(PrintText, NodeCasesRoundTrip) {
  const fs::path folder = fs::path(EDGEOPT_DEPS_DIR) / "node-cases-1.23.2" / "node";
  ASSERT_TRUE(fs::exists(folder)) << "run tools/setup --tests";
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto model = ReadOnnx(entry.path() / "model.onnx");
    ASSERT_TRUE(model.ok());
    const auto again = ParseText(PrintText(*model, kEverything));
    ASSERT_TRUE(again.ok()) << entry.path() << ": " << Message(again);
    EXPECT_EQ(PrintGraph(again->graph), PrintGraph(model->graph)) << entry.path();
    ++compared;
  }
  EXPECT_EQ(compared, 1884);
}

// --- the canonical print ---

TEST(PrintGraph, IgnoresNamesOrderAndWhereConstantsLive) {
  const std::string a = Canonical(R"(
    g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> {
      t = Relu (x)
      u = Neg (x)
      v = Add (t, w)
      y = Mul (v, u)
    })");
  const std::string b = Canonical(R"(
    other (float[2] x) => (float[2] y) {
      minus = Neg (x)
      k = Constant <value: tensor = float[2] {1, 2}> ()
      plus = Relu (x)
      sum = Add (plus, k)
      y = Mul (sum, minus)
    })");
  EXPECT_EQ(a, b);
  EXPECT_EQ(a,
            "(float32[2] x) => (float32[2] y) {\n"
            "  %0 = Relu(x)\n"
            "  %1 = Add(%0, float32[2]{1, 2})\n"
            "  %2 = Neg(x)\n"
            "  y = Mul(%1, %2)\n"
            "}\n");
}

TEST(PrintGraph, SeesConstantsAttributesAndInterface) {
  const std::string a =
      Canonical("g (float[2] x) => (float[2] y) { y = LeakyRelu <alpha = 0.5> (x) }");
  EXPECT_NE(a, Canonical("g (float[2] x) => (float[2] y) { y = LeakyRelu <alpha = 0.25> (x) }"));
  EXPECT_NE(a, Canonical("g (float[3] x) => (float[2] y) { y = LeakyRelu <alpha = 0.5> (x) }"));
  EXPECT_NE(a, Canonical("g (float[2] x) => (float[2] z) { z = LeakyRelu <alpha = 0.5> (x) }"));
  const std::string one =
      Canonical("g (float[2] x) => (float[2] y) <float[1] w = {1}> { y = Add (x, w) }");
  EXPECT_NE(one, Canonical("g (float[2] x) => (float[2] y) <float[1] w = {2}> { y = Add (x, w) }"));
  EXPECT_NE(one, Canonical("g (float[2] x) => (float[2] y) <float w = {1}> { y = Add (x, w) }"));
}

TEST(PrintGraph, LongConstantsByTheirContent) {
  const auto with = [](float last) {
    ir::Model model = Text("g (float[300] x) => (float[300] y) { y = Relu (x) }");
    std::vector<float> values(300, 1);
    values.back() = last;
    const auto w = model.graph.AddInitializer("w", ir::Tensor::Of<float>({300}, values));
    const auto z = model.graph.AddNamedValue("z");
    model.graph.AddNode("Add", {model.graph.Find("x"), w}, {z});
    model.graph.AddOutput(z);
    return PrintGraph(model.graph);
  };
  EXPECT_EQ(with(1), with(1));
  EXPECT_NE(with(1), with(2));
}

TEST(PrintGraph, Subgraphs) {
  EXPECT_EQ(Canonical(R"(
    g (bool c, float[2] x) => (float[2] y) {
      a = Neg (x)
      y = If (c) <then_branch = t () => (tv) { tv = Relu (a) },
                  else_branch = e () => (ev) { ev = Identity (a) }>
    })"),
            "(bool[] c, float32[2] x) => (float32[2] y) {\n"
            "  %0 = Neg(x)\n"
            "  y = If<else_branch = () => (? %1) {\n"
            "    %1 = Identity(%0)\n"
            "  }, then_branch = () => (? %2) {\n"
            "    %2 = Relu(%0)\n"
            "  }>(c)\n"
            "}\n");
}

TEST(PrintGraph, OmittedInputs) {
  EXPECT_EQ(Canonical("g (float[2] x, float m) => (float[2] y) { y = Clip (x, , m) }"),
            "(float32[2] x, float32[] m) => (float32[2] y) {\n  y = Clip(x, _, m)\n}\n");
}

}  // namespace
}  // namespace edgeopt::formats
