// IF and WHILE, raised into ONNX: against LiteRT.
#include <nlohmann/json.hpp>

#include "pipeline/one_operator.h"

namespace edgeopt::pipeline::operators {
namespace {

using formats::tflite::lower::OpenedSubgraph;

const ir::Shape kFloats = ir::ToShape({2, 3});

// Files with an input x of float32[2, 3].
class RaiseControl : public ::testing::Test {
 protected:
  TensorIndex Floats(const std::string& name) {
    return *file_.AddTensor(name, DataType::kFloat32, kFloats);
  }
  TensorIndex Scalar(const std::string& name, DataType type) {
    return *file_.AddTensor(name, type, {});
  }
  TensorIndex Sum(TensorIndex x, const std::string& name) {
    const TensorIndex sum = Scalar(name, DataType::kFloat32);
    const TensorIndex axes = *file_.AddConstant("axes", Tensor::Of<int32_t>({2}, {0, 1}));
    file_.Add(Op::SUM, {x, axes}, {sum}, schema::ReducerOptionsT{});
    return sum;
  }
  TensorIndex Greater(TensorIndex x, float limit, const std::string& name) {
    const TensorIndex answer = Scalar(name, DataType::kBool);
    const TensorIndex constant = *file_.AddConstant("limit", Tensor::Scalar(limit));
    file_.Add(Op::GREATER, {x, constant}, {answer}, schema::GreaterOptionsT{});
    return answer;
  }

  // Empty when ONNX Runtime computes from the raised model what LiteRT does from the file.
  std::string Problem(std::vector<std::pair<std::string, TensorIndex>> inputs,
                      std::vector<std::pair<std::string, TensorIndex>> outputs) {
    file_.SetInputs(std::move(inputs));
    file_.SetOutputs(std::move(outputs));
    const auto built = std::move(file_).Finish();
    const auto bytes = formats::tflite::SerializeTflite(built);
    if (!bytes.ok()) return bytes.error().ToString();
    const auto litert = testing::LiteRt()->LoadBytes(std::as_bytes(std::span(*bytes)), {});
    if (!litert.ok()) return litert.error().ToString();
    const auto raised = RaiseModel(built, {}, *testing::OnnxRuntime(), SilentSink(), nullptr);
    if (!raised.ok()) return raised.error().ToString();
    text_ = formats::PrintText(raised->model);
    nlohmann::json verified;
    OracleInputs inputs_of_all;
    inputs_of_all.random_samples = 8;
    const Status same = VerifyRaised(*raised, inputs_of_all, *testing::OnnxRuntime(), **litert,
                                     SilentSink(), verified);
    return same.ok() ? "" : same.error().ToString() + "\n" + text_;
  }

  FileBuilder file_{"test"};
  std::string text_;  // of the raised model
};

// exp(x) where the sum is positive, else x itself and a constant.
TEST_F(RaiseControl, If) {
  const TensorIndex x = Floats("x"), y = Floats("y"), z = Floats("z");
  const TensorIndex condition = Greater(Sum(x, "sum"), 0, "condition");
  schema::IfOptionsT options;
  {
    const OpenedSubgraph opened(file_, "then");
    const TensorIndex a = Floats("a"), b = Floats("b"), c = Floats("c");
    file_.Add(Op::EXP, {a}, {b}, schema::ExpOptionsT{});
    file_.Add(Op::ABS, {b}, {c});
    file_.SetSubgraphInputs({a});
    file_.SetSubgraphOutputs({b, c});
    options.then_subgraph_index = opened.index();
  }
  {
    const OpenedSubgraph opened(file_, "else");
    const TensorIndex a = Floats("a");
    const TensorIndex c = *file_.AddConstant("c", Tensor::Of<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
    file_.SetSubgraphInputs({a});
    file_.SetSubgraphOutputs({a, c});
    options.else_subgraph_index = opened.index();
  }
  file_.Add(Op::IF, {condition, x}, {y, z}, options);
  EXPECT_EQ(Problem({{"x", x}}, {{"y", y}, {"z", z}}), "");
  EXPECT_NE(text_.find("If"), std::string::npos) << text_;
}

// Halves x until its sum is at most 1; beside it what is only read, and a value that grows by it.
TEST_F(RaiseControl, While) {
  const TensorIndex x = Floats("x"), k = Floats("k"), first = Floats("first");
  const TensorIndex y = Floats("y"), z = Floats("z"), unread = Floats("unread");
  file_.Add(Op::ABS, {x}, {first});
  schema::WhileOptionsT options;
  {
    const OpenedSubgraph opened(file_, "condition");
    const TensorIndex a = Floats("a"), b = Floats("b"), c = Floats("c");
    file_.SetSubgraphInputs({a, b, c});
    file_.SetSubgraphOutputs({Greater(Sum(a, "sum"), 1, "go_on")});
    options.cond_subgraph_index = opened.index();
  }
  {
    const OpenedSubgraph opened(file_, "body");
    const TensorIndex a = Floats("a"), b = Floats("b"), c = Floats("c");
    const TensorIndex half = *file_.AddConstant("half", Tensor::Scalar(0.5f));
    const TensorIndex halved = Floats("halved"), sum = Floats("sum");
    file_.Add(Op::MUL, {a, half}, {halved}, schema::MulOptionsT{});
    file_.Add(Op::ADD, {b, c}, {sum}, schema::AddOptionsT{});
    file_.SetSubgraphInputs({a, b, c});
    file_.SetSubgraphOutputs({halved, sum, c});
    options.body_subgraph_index = opened.index();
  }
  file_.Add(Op::WHILE, {first, x, k}, {y, z, unread}, options);
  EXPECT_EQ(Problem({{"x", x}, {"k", k}}, {{"y", y}, {"z", z}}), "");
  EXPECT_NE(text_.find("Loop"), std::string::npos) << text_;
}

// Starts are clamped so that the update lies inside.
TEST(RaiseOperators, DynamicUpdateSlice) {
  const schema::DynamicUpdateSliceOptionsT options;
  Same(Op::DYNAMIC_UPDATE_SLICE, options, {F({4, 3}), F({2, 2}), I({2})}, {F({4, 3})});
  Same(Op::DYNAMIC_UPDATE_SLICE, options, {F({4, 3}), F({1, 3}), I({2})}, {F({4, 3})});
  Same(Op::DYNAMIC_UPDATE_SLICE, options, {F({4, 3}), F({4, 3}), I({2})}, {F({4, 3})});
}

}  // namespace
}  // namespace edgeopt::pipeline::operators
