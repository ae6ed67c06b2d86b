// What the ONNX reader accepts, and what it refuses and how.
#include <gtest/gtest.h>

#include "formats/proto_builder.h"

namespace edgeopt::formats {
namespace {

using testing::AddFloat;
using testing::AddNode;
using testing::Message;
using testing::Parse;
using testing::ReluModel;
using testing::Tensor;

void ExpectBadInput(const onnx::ModelProto& proto, const std::string& message) {
  const auto model = Parse(proto);
  ASSERT_FALSE(model.ok()) << message;
  EXPECT_EQ(model.error().code, ErrorCode::kBadInput);
  EXPECT_NE(model.error().message.find(message), std::string::npos) << model.error().message;
}

void ExpectUnsupported(const onnx::ModelProto& proto, const std::string& message) {
  const auto model = Parse(proto);
  ASSERT_FALSE(model.ok()) << message;
  EXPECT_EQ(model.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(model.error().message.find(message), std::string::npos) << model.error().message;
}

onnx::ModelProto WithInitializer(const onnx::TensorProto& tensor) {
  onnx::ModelProto model = ReluModel();
  *model.mutable_graph()->add_initializer() = tensor;
  return model;
}

// --- graphs ---

TEST(OnnxReader, ReadsAMinimalModel) {
  const auto model = Parse(ReluModel());
  ASSERT_TRUE(model.ok()) << Message(model);
  EXPECT_EQ(model->graph.node_count(), 1u);
  EXPECT_EQ(model->OpsetVersion(), 17);
  EXPECT_EQ(ir::ToString(model->graph.value(model->graph.Find("x")).type), "float32[2]");
}

TEST(OnnxReader, SortsNodes) {
  onnx::ModelProto proto = ReluModel();
  auto* graph = proto.mutable_graph();
  graph->mutable_node(0)->set_input(0, "late");
  AddNode(graph, "Neg", {"x"}, {"late"});
  const auto model = Parse(proto);
  ASSERT_TRUE(model.ok()) << Message(model);
  EXPECT_EQ(model->graph.node(model->graph.nodes()[0]).op_type, "Neg");
}

TEST(OnnxReader, OutputsMayRepeatAndMayBeInputsOrInitializers) {
  onnx::ModelProto proto = ReluModel();
  auto* graph = proto.mutable_graph();
  AddFloat(graph->mutable_output(), "y");
  AddFloat(graph->mutable_output(), "x");
  onnx::TensorProto weight = Tensor("w", onnx::TensorProto::FLOAT, {2});
  weight.add_float_data(1);
  weight.add_float_data(2);
  *graph->add_initializer() = weight;
  AddFloat(graph->mutable_output(), "w");
  const auto model = Parse(proto);
  ASSERT_TRUE(model.ok()) << Message(model);
  EXPECT_EQ(model->graph.outputs().size(), 4u);
}

TEST(OnnxReader, NothingDefinesAnInput) {
  onnx::ModelProto proto = ReluModel();
  proto.mutable_graph()->mutable_node(0)->set_input(0, "ghost");
  proto.mutable_graph()->mutable_node(0)->set_name("relu");
  ExpectBadInput(proto, "node 'relu' (Relu) reads 'ghost', which nothing defines");
}

TEST(OnnxReader, ValueInfoDefinesNothing) {
  onnx::ModelProto proto = ReluModel();
  AddFloat(proto.mutable_graph()->mutable_value_info(), "ghost");
  EXPECT_TRUE(Parse(proto).ok());
  proto.mutable_graph()->mutable_node(0)->set_input(0, "ghost");
  ExpectBadInput(proto, "node 'y' (Relu) reads 'ghost', which nothing defines");
}

TEST(OnnxReader, NothingProducesAnOutput) {
  onnx::ModelProto proto = ReluModel();
  AddFloat(proto.mutable_graph()->mutable_output(), "ghost");
  ExpectBadInput(proto, "the graph output 'ghost' is produced by nothing");
}

TEST(OnnxReader, Cycle) {
  onnx::ModelProto proto = ReluModel();
  auto* graph = proto.mutable_graph();
  graph->mutable_node(0)->set_input(0, "b");
  AddNode(graph, "Neg", {"y"}, {"b"});
  ExpectBadInput(proto, "is on a cycle");
}

TEST(OnnxReader, DuplicateNames) {
  onnx::ModelProto proto = ReluModel();
  AddNode(proto.mutable_graph(), "Neg", {"x"}, {"y"})->set_name("neg");
  ExpectBadInput(proto, "node 'neg' (Neg) defines 'y', which is defined elsewhere already");
  proto = ReluModel();
  AddFloat(proto.mutable_graph()->mutable_input(), "x");
  ExpectBadInput(proto, "the graph input 'x' is declared twice");
  proto = ReluModel();
  AddNode(proto.mutable_graph(), "Neg", {"y"}, {"x"});
  ExpectBadInput(proto, "node 'x' (Neg) defines 'x'");
  onnx::TensorProto empty = Tensor("w", onnx::TensorProto::FLOAT, {0});
  proto = WithInitializer(empty);
  *proto.mutable_graph()->add_initializer() = empty;
  ExpectBadInput(proto, "the initializer 'w' is defined twice");
}

TEST(OnnxReader, HeaderErrors) {
  onnx::ModelProto proto = ReluModel();
  proto.mutable_graph()->clear_output();
  ExpectBadInput(proto, "the model has no outputs");
  proto = ReluModel();
  proto.clear_opset_import();
  ExpectBadInput(proto, "the model imports no operator set");
  proto = ReluModel();
  proto.clear_ir_version();
  ExpectBadInput(proto, "the model has no IR version");
  proto = ReluModel();
  proto.set_ir_version(1000);
  ExpectUnsupported(proto, "IR version 1000");
}

TEST(OnnxReader, NodeErrors) {
  onnx::ModelProto proto = ReluModel();
  proto.mutable_graph()->mutable_node(0)->clear_op_type();
  ExpectBadInput(proto, "has no operator type");
  proto = ReluModel();
  for (int i = 0; i < 2; ++i) {
    auto* attribute = proto.mutable_graph()->mutable_node(0)->add_attribute();
    attribute->set_name("alpha");
    attribute->set_type(onnx::AttributeProto::FLOAT);
    attribute->set_f(1);
  }
  ExpectBadInput(proto, "the attribute 'alpha' occurs twice");
}

// --- attributes ---

onnx::ModelProto WithAttribute(const onnx::AttributeProto& attribute) {
  onnx::ModelProto proto = ReluModel();
  *proto.mutable_graph()->mutable_node(0)->add_attribute() = attribute;
  return proto;
}

TEST(OnnxReader, AttributeErrors) {
  onnx::AttributeProto attribute;
  ExpectBadInput(WithAttribute(attribute), "an attribute has no name");
  attribute.set_name("a");
  ExpectBadInput(WithAttribute(attribute), "it has neither a type nor a value");
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_f(1);
  ExpectBadInput(WithAttribute(attribute), "does not have the declared type INT");
  attribute.set_i(1);
  ExpectBadInput(WithAttribute(attribute), "it has values of several types");
  attribute.clear_f();
  attribute.clear_i();
  attribute.set_type(onnx::AttributeProto::GRAPH);
  ExpectBadInput(WithAttribute(attribute), "does not have the declared type GRAPH");
}

TEST(OnnxReader, AttributeTypeIsGuessedForTheOldestFiles) {
  onnx::AttributeProto attribute;
  attribute.set_name("a");
  attribute.add_ints(3);
  onnx::ModelProto proto = WithAttribute(attribute);
  proto.set_ir_version(1);
  proto.clear_opset_import();
  const auto model = Parse(proto);
  ASSERT_TRUE(model.ok()) << Message(model);
  EXPECT_EQ(model->graph.node(model->graph.nodes()[0]).IntsOr("a", {}), std::vector<int64_t>{3});
}

TEST(OnnxReader, AbsentFieldsMeanDefaults) {
  onnx::AttributeProto attribute;
  attribute.set_name("a");
  attribute.set_type(onnx::AttributeProto::INT);
  const auto model = Parse(WithAttribute(attribute));
  ASSERT_TRUE(model.ok()) << Message(model);
  EXPECT_EQ(model->graph.node(model->graph.nodes()[0]).IntOr("a", 7), 0);
}

// --- subgraphs ---

// An If on x whose then_branch is `branch`.
onnx::ModelProto WithBranch(const onnx::GraphProto& branch) {
  onnx::ModelProto proto = ReluModel();
  auto* node = AddNode(proto.mutable_graph(), "If", {"x"}, {"z"});
  auto* attribute = node->add_attribute();
  attribute->set_name("then_branch");
  attribute->set_type(onnx::AttributeProto::GRAPH);
  *attribute->mutable_g() = branch;
  return proto;
}

TEST(OnnxReader, SubgraphsSeeTheirSurroundings) {
  // Two levels deep, reading y of the main graph; the middle graph must know.
  onnx::GraphProto deep;
  deep.set_name("deep");
  AddNode(&deep, "Neg", {"y"}, {"d"});
  AddFloat(deep.mutable_output(), "d");
  onnx::GraphProto middle = WithBranch(deep).graph();
  middle.clear_input();
  middle.mutable_node(0)->set_output(0, "m");
  middle.mutable_output(0)->set_name("z");
  const auto model = Parse(WithBranch(middle));
  ASSERT_TRUE(model.ok()) << Message(model);
  const ir::Graph& graph = model->graph;
  // Used by the If as a capture, and no longer than that free to be removed.
  ASSERT_EQ(graph.uses(graph.Find("y")).size(), 1u);
  EXPECT_EQ(graph.uses(graph.Find("y"))[0].slot, ir::Use::kCaptured);
}

TEST(OnnxReader, SubgraphErrorsSayWhere) {
  onnx::GraphProto branch;
  branch.set_name("b");
  AddNode(&branch, "Neg", {"ghost"}, {"d"});
  ExpectBadInput(WithBranch(branch),
                 "node 'z' (If): attribute 'then_branch': node 'd' (Neg) reads 'ghost'");
}

TEST(OnnxReader, SurvivesDeepNesting) {
  onnx::GraphProto graph;
  graph.set_name("innermost");
  AddNode(&graph, "Neg", {"x"}, {"d"});
  AddFloat(graph.mutable_output(), "d");
  for (int i = 0; i < 100; ++i) {
    onnx::GraphProto outer;
    outer.set_name("level");
    auto* node = AddNode(&outer, "If", {"x"}, {"z"});
    auto* attribute = node->add_attribute();
    attribute->set_name("then_branch");
    attribute->set_type(onnx::AttributeProto::GRAPH);
    *attribute->mutable_g() = graph;
    AddFloat(outer.mutable_output(), "z");
    graph.Swap(&outer);
  }
  ExpectBadInput(WithBranch(graph), "can't be parsed");
}

// --- tensors ---

TEST(OnnxReader, ShapesWithoutData) {
  ExpectBadInput(WithInitializer(Tensor("w", onnx::TensorProto::FLOAT, {1000, 1000})),
                 "tensor 'w': a float32 tensor of shape [1000, 1000] needs 4000000 bytes, found 0");
  ExpectBadInput(
      WithInitializer(Tensor("w", onnx::TensorProto::FLOAT, {int64_t{1} << 40, int64_t{1} << 40})),
      "overflow 64 bits");
  ExpectBadInput(WithInitializer(Tensor("w", onnx::TensorProto::FLOAT, {-1})),
                 "negative dimension");
  ExpectBadInput(WithInitializer(Tensor("w", onnx::TensorProto::STRING, {1000000})),
                 "needs 1000000 strings, found 0");
}

TEST(OnnxReader, TensorTypesAndFields) {
  ExpectUnsupported(WithInitializer(Tensor("w", 99, {0})), "unknown element type number 99");
  ExpectUnsupported(WithInitializer(Tensor("w", 0, {0})), "unknown element type number 0");
  onnx::TensorProto tensor = Tensor("w", onnx::TensorProto::FLOAT, {1});
  tensor.add_int32_data(1);
  ExpectBadInput(WithInitializer(tensor), "the data is in int32_data, expected in float_data");
  tensor = Tensor("w", onnx::TensorProto::FLOAT, {1});
  tensor.add_float_data(1);
  tensor.set_raw_data("1234");
  ExpectBadInput(WithInitializer(tensor), "both in raw_data and in float_data");
  tensor = Tensor("w", onnx::TensorProto::FLOAT, {1});
  tensor.set_raw_data("123");
  ExpectBadInput(WithInitializer(tensor), "needs 4 bytes, found 3");
  tensor = Tensor("w", onnx::TensorProto::STRING, {1});
  tensor.set_raw_data("abc");
  ExpectBadInput(WithInitializer(tensor), "strings are stored in raw_data");
  tensor = Tensor("w", onnx::TensorProto::FLOAT, {1});
  tensor.mutable_segment()->set_begin(0);
  ExpectUnsupported(WithInitializer(tensor), "segments");
  tensor = Tensor("w", onnx::TensorProto::FLOAT, {});
  for (int i = 0; i < 65; ++i) tensor.add_dims(1);
  ExpectUnsupported(WithInitializer(tensor), "rank 65");
}

TEST(OnnxReader, SparseTensorErrors) {
  const auto with_sparse = [](int64_t index, std::initializer_list<int64_t> index_dims) {
    onnx::ModelProto proto = ReluModel();
    auto* sparse = proto.mutable_graph()->add_sparse_initializer();
    *sparse->mutable_values() = Tensor("s", onnx::TensorProto::FLOAT, {1});
    sparse->mutable_values()->add_float_data(1);
    *sparse->mutable_indices() = Tensor("", onnx::TensorProto::INT64, index_dims);
    for (int64_t i = 0; i < ir::ElementCount(ir::Dims(index_dims)).value(); ++i)
      sparse->mutable_indices()->add_int64_data(index);
    sparse->add_dims(2);
    sparse->add_dims(3);
    return proto;
  };
  EXPECT_TRUE(Parse(with_sparse(5, {1})).ok());
  EXPECT_TRUE(Parse(with_sparse(1, {1, 2})).ok());
  ExpectBadInput(with_sparse(6, {1}), "index 6 lies outside of [2, 3]");
  ExpectBadInput(with_sparse(2, {1, 2}), "index 2 lies outside of [2, 3]");
  ExpectBadInput(with_sparse(-1, {1}), "index -1 lies outside");
  ExpectBadInput(with_sparse(0, {2}), "the indices have shape [2], expected [1] or [1, 2]");
}

// onnx.proto, comment of TensorProto.int32_data.
TEST(OnnxReader, TypedFieldsBecomeRawData) {
  onnx::TensorProto tensor = Tensor("w", onnx::TensorProto::FLOAT16, {2});
  tensor.add_int32_data(0x3C00);
  tensor.add_int32_data(0xC000);
  auto model = Parse(WithInitializer(tensor));
  ASSERT_TRUE(model.ok()) << Message(model);
  EXPECT_EQ(model->graph.value(model->graph.Find("w")).initializer->ToFloats().value(),
            (std::vector<float>{1, -2}));
  tensor = Tensor("w", onnx::TensorProto::INT4, {3});
  tensor.add_int32_data(0x21);
  tensor.add_int32_data(0x0F);
  model = Parse(WithInitializer(tensor));
  ASSERT_TRUE(model.ok()) << Message(model);
  EXPECT_EQ(model->graph.value(model->graph.Find("w")).initializer->ToInts().value(),
            (std::vector<int64_t>{1, 2, -1}));
  tensor = Tensor("w", onnx::TensorProto::FLOAT6E2M3, {5});
  for (const int code : {8, 8, 8, 8, 1}) tensor.add_int32_data(code);
  model = Parse(WithInitializer(tensor));
  ASSERT_TRUE(model.ok()) << Message(model);
  EXPECT_EQ(model->graph.value(model->graph.Find("w")).initializer->ToFloats().value(),
            (std::vector<float>{1, 1, 1, 1, 0.125f}));
}

TEST(OnnxReader, NegativeSizesAreUnknown) {
  onnx::ModelProto proto = ReluModel();
  proto.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(0)
      ->set_dim_value(-1);
  const auto model = Parse(proto);
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(ir::ToString(model->graph.value(model->graph.Find("x")).type), "float32[?]");
}

// --- damaged files ---

TEST(OnnxReader, EveryTruncationIsAnErrorOrAValidModel) {
  const std::string bytes =
      WithInitializer(Tensor("w", onnx::TensorProto::FLOAT, {0})).SerializeAsString();
  size_t refused = 0;
  for (size_t length = 0; length < bytes.size(); ++length)
    refused += !ParseOnnx(Buffer::Own(bytes.substr(0, length))).ok();
  EXPECT_GE(refused, bytes.size() - 4);  // the opset import at the end is cut off whole once
}

TEST(OnnxReader, LengthsBeyondTheEnd) {
  // Field 7 (graph), length 2^31 - 1, and nothing behind it.
  const std::string bytes = std::string("\x08\x08\x3A\xFF\xFF\xFF\xFF\x07", 8);
  const auto model = ParseOnnx(Buffer::Own(bytes));
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().code, ErrorCode::kBadInput);
}

TEST(OnnxReader, OtherFormatsAreNamed) {
  const auto message = [](std::string bytes) {
    bytes.resize(100, 'x');
    return Message(ParseOnnx(Buffer::Own(bytes)));
  };
  EXPECT_NE(message(std::string("\x1c\0\0\0TFL3", 8)).find("TensorFlow Lite"), std::string::npos);
  EXPECT_NE(message("PK\x03\x04").find("zip archive (PyTorch"), std::string::npos);
  EXPECT_NE(message("\x80\x02}q").find("pickle"), std::string::npos);
  EXPECT_NE(message("\x89HDF\r\n\x1a\n").find("HDF5"), std::string::npos);
  EXPECT_NE(message("GGUF").find("GGUF"), std::string::npos);
  EXPECT_NE(message("version https://git-lfs").find("git lfs pull"), std::string::npos);
  EXPECT_NE(message("nothing in particular").find("truncated, damaged"), std::string::npos);
  EXPECT_EQ(Message(ParseOnnx(Buffer())), "the file is empty");
}

}  // namespace
}  // namespace edgeopt::formats
