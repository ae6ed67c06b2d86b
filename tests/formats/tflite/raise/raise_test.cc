// Which nodes come out, and what is refused. That they compute what LiteRT does is tested in
// tests/pipeline.
#include "formats/tflite/raise.h"

#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"
#include "formats/tflite/lower/file_builder.h"

namespace edgeopt::formats::tflite {
namespace {

using ir::DataType;
using ir::Tensor;
using lower::FileBuilder;
using lower::Op;
using lower::Quantization;
using lower::TensorIndex;

// Files with an input x of float32[1, 4] and an output y of the same type.
class RaiseTest : public ::testing::Test {
 protected:
  TensorIndex Floats(const std::string& name) {
    return *file_.AddTensor(name, DataType::kFloat32, ir::ToShape({1, 4}));
  }

  File Finish(TensorIndex x, TensorIndex y) {
    file_.SetInputs({{"x", x}});
    file_.SetOutputs({{"y", y}});
    return std::move(file_).Finish();
  }

  static std::string NodesOf(const Result<ir::Model>& model) {
    if (!model.ok()) return model.error().ToString();
    std::string text;
    for (const ir::NodeId id : model->graph.nodes())
      text += (text.empty() ? "" : " ") + model->graph.node(id).op_type;
    return text;
  }

  static std::string RefusalOf(const File& file, ErrorCode code = ErrorCode::kUnsupported) {
    const auto model = Raise(file);
    if (model.ok()) return "it is raised";
    EXPECT_EQ(model.error().code, code);
    return model.error().message;
  }

  FileBuilder file_{"test"};
};

TEST_F(RaiseTest, AQuantizedOperatorStandsBetweenItsConversions) {
  const Quantization quantization{{0.5f}, {3}};
  const ir::Shape shape = ir::ToShape({1, 4});
  const TensorIndex x = *file_.AddTensor("x", DataType::kInt8, shape, &quantization);
  const TensorIndex y = *file_.AddTensor("y", DataType::kInt8, shape, &quantization);
  schema::AddOptionsT options;
  options.fused_activation_function = schema::ActivationFunctionType::RELU6;
  file_.Add(Op::ADD, {x, x}, {y}, options);
  const auto model = Raise(Finish(x, y));
  EXPECT_EQ(NodesOf(model), "DequantizeLinear Add Clip QuantizeLinear");
  ASSERT_TRUE(model.ok());
  EXPECT_TRUE(CheckModel(*model, CheckDepth::kTypes).ok());
  EXPECT_EQ(model->graph.value(model->graph.outputs()[0]).name, "y");
  EXPECT_EQ(model->graph.value(model->graph.inputs()[0]).type.element, DataType::kInt8);
}

TEST_F(RaiseTest, HalfWeightsBecomeFloats) {
  auto half = Tensor::Make(DataType::kFloat16, {1, 4},
                           Buffer::FromVector(std::vector<uint16_t>{0x3C00, 0x4000, 0, 0xBC00}));
  const TensorIndex stored = *file_.AddConstant("w16", *half);
  const TensorIndex x = Floats("x"), w = Floats("w"), y = Floats("y");
  file_.Add(Op::DEQUANTIZE, {stored}, {w}, schema::DequantizeOptionsT{});
  file_.Add(Op::MUL, {x, w}, {y}, schema::MulOptionsT{});
  const auto model = Raise(Finish(x, y));
  ASSERT_EQ(NodesOf(model), "Mul");
  const auto weights = model->graph.ConstantOf(model->graph.node(model->graph.nodes()[0]).input(1));
  ASSERT_TRUE(weights);
  EXPECT_EQ(*weights->ToFloats(), (std::vector<float>{1, 2, 0, -1}));
}

// [[0, 5], [7, 0]] by rows, the second dimension sparse.
TEST_F(RaiseTest, SparseWeightsGetTheirZeros) {
  const TensorIndex x = *file_.AddTensor("x", DataType::kFloat32, ir::ToShape({1, 2}));
  const TensorIndex w = *file_.AddConstant("w", Tensor::Of<float>({2, 2}, {1, 2, 3, 4}));
  const TensorIndex dense = *file_.AddTensor("d", DataType::kFloat32, ir::ToShape({2, 2}));
  const TensorIndex y = *file_.AddTensor("y", DataType::kFloat32, ir::ToShape({2, 2}));
  file_.Add(Op::DENSIFY, {w}, {dense}, schema::DensifyOptionsT{});
  file_.Add(Op::ADD, {x, dense}, {y}, schema::AddOptionsT{});
  File file = Finish(x, y);
  schema::TensorT& sparse = *file.model.subgraphs[0]->tensors[static_cast<size_t>(w)];
  sparse.sparsity = std::make_unique<schema::SparsityParametersT>();
  sparse.sparsity->traversal_order = {0, 1};
  for (int level = 0; level < 2; ++level)
    sparse.sparsity->dim_metadata.push_back(std::make_unique<schema::DimensionMetadataT>());
  sparse.sparsity->dim_metadata[0]->dense_size = 2;
  schema::DimensionMetadataT& columns = *sparse.sparsity->dim_metadata[1];
  columns.format = schema::DimensionType::SPARSE_CSR;
  schema::Int32VectorT segments, indices;
  segments.values = {0, 1, 2};
  indices.values = {1, 0};
  columns.array_segments.Set(std::move(segments));
  columns.array_indices.Set(std::move(indices));
  file.buffers[sparse.buffer] = Buffer::FromVector(std::vector<float>{5, 7});
  ASSERT_TRUE(Verify(file).ok()) << Verify(file).error().ToString();
  const auto model = Raise(file);
  ASSERT_EQ(NodesOf(model), "Add");
  const auto constant =
      model->graph.ConstantOf(model->graph.node(model->graph.nodes()[0]).input(1));
  ASSERT_TRUE(constant);
  EXPECT_EQ(*constant->ToFloats(), (std::vector<float>{0, 5, 7, 0}));
}

TEST_F(RaiseTest, AllOperatorsWithoutACounterpartAreNamed) {
  const TensorIndex x = Floats("x"), a = Floats("a"), b = Floats("b"), y = Floats("y");
  file_.Add(Op::SVDF, {x, x, x}, {a}, schema::SVDFOptionsT{});
  file_.Add(Op::ABS, {a}, {b});
  file_.Add(Op::SKIP_GRAM, {b}, {y}, schema::SkipGramOptionsT{});
  const std::string told = RefusalOf(Finish(x, y));
  EXPECT_NE(told.find("subgraph 0: 2 operators can't be converted"), std::string::npos) << told;
  EXPECT_NE(told.find("operator 0 (SVDF)"), std::string::npos) << told;
  EXPECT_NE(told.find("operator 2 (SKIP_GRAM)"), std::string::npos) << told;
}

TEST_F(RaiseTest, AVariableIsAState) {
  const TensorIndex x = Floats("x"), state = Floats("state"), y = Floats("y");
  file_.Add(Op::ADD, {x, state}, {y}, schema::AddOptionsT{});
  File file = Finish(x, y);
  file.model.subgraphs[0]->tensors[static_cast<size_t>(state)]->is_variable = true;
  const std::string told = RefusalOf(file);
  EXPECT_NE(told.find("the variable 'state'"), std::string::npos) << told;
}

TEST_F(RaiseTest, WhatAnOperatorNeedsIsChecked) {
  const TensorIndex x = Floats("x"), y = Floats("y");
  file_.Add(Op::ADD, {x}, {y}, schema::AddOptionsT{});
  EXPECT_EQ(RefusalOf(Finish(x, y), ErrorCode::kBadInput),
            "subgraph 0: operator 0 (ADD): it has 1 inputs; expected 2");
}

TEST_F(RaiseTest, OptionsOfAnotherOperator) {
  const TensorIndex x = Floats("x"), y = Floats("y");
  file_.Add(Op::ADD, {x, x}, {y}, schema::MulOptionsT{});
  EXPECT_EQ(RefusalOf(Finish(x, y), ErrorCode::kBadInput),
            "subgraph 0: operator 0 (ADD): it has the options of another operator, MulOptions");
}

TEST_F(RaiseTest, AStrideOfZero) {
  const TensorIndex x = *file_.AddTensor("x", DataType::kFloat32, ir::ToShape({1, 2, 2, 1}));
  const TensorIndex y = *file_.AddTensor("y", DataType::kFloat32, ir::ToShape({1, 2, 2, 1}));
  file_.Add(Op::MAX_POOL_2D, {x}, {y}, schema::Pool2DOptionsT{});
  EXPECT_NE(RefusalOf(Finish(x, y), ErrorCode::kBadInput).find("expected 1 or more"),
            std::string::npos);
}

TEST_F(RaiseTest, TheSignatureThatIsAskedFor) {
  const TensorIndex x = Floats("x"), y = Floats("y");
  file_.Add(Op::ABS, {x}, {y});
  File file = Finish(x, y);
  auto& signatures = file.model.signature_defs;
  signatures.push_back(std::make_unique<schema::SignatureDefT>(*signatures[0]));
  signatures[1]->signature_key = "second";
  signatures[1]->inputs[0]->name = "other";
  const Status unknown = SelectSignature(file, "third");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().hint, "it has serving_default, second");
  ASSERT_TRUE(SelectSignature(file, "second").ok());
  const auto model = Raise(file);
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(model->graph.value(model->graph.inputs()[0]).name, "other");
}

TEST_F(RaiseTest, AnInputThatIsTheOutput) {
  const TensorIndex x = Floats("x");
  File file = Finish(x, x);
  const auto model = Raise(file);
  EXPECT_EQ(NodesOf(model), "Identity");
}

}  // namespace
}  // namespace edgeopt::formats::tflite
