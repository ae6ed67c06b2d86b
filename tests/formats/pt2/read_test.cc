#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "formats/onnx/onnx.h"
#include "formats/pt2/archives.h"
#include "formats/pt2/pt2.h"

namespace edgeopt::formats::pt2 {
namespace {

using ::testing::AllOf;
using testing::ArchiveBytes;
using testing::ArchiveOf;
using testing::FloatBytes;
using testing::GraphOf;
using ::testing::HasSubstr;
using testing::json;
using testing::LinearFiles;
using testing::LinearProgram;
using testing::LinearWeights;
using testing::Meta;
using testing::Named;
using testing::Payload;
using testing::TensorArgument;

Result<ir::Model> Parsed(const json& program) { return ParsePt2(ArchiveOf(LinearFiles(program))); }

Error Refused(const std::map<std::string, std::string>& files, ErrorCode code) {
  const auto model = ParsePt2(ArchiveOf(files));
  if (model.ok()) {
    ADD_FAILURE() << "it was read";
    return Internal("");
  }
  EXPECT_EQ(model.error().code, code) << model.error().ToString();
  return model.error();
}
Error RefusedProgram(const json& program, ErrorCode code = ErrorCode::kBadInput) {
  return Refused(LinearFiles(program), code);
}

ir::Tensor InitializerOf(const ir::Model& model, std::string_view name) {
  const ir::ValueId id = model.graph.Find(name);
  if (!id.valid() || !model.graph.value(id).initializer) {
    ADD_FAILURE() << "no initializer " << name;
    return {};
  }
  return *model.graph.value(id).initializer;
}

// A program with weights of another layout; the bytes are 1 to 12 and 1, -1, 2, -2.
Result<ir::Model> WithWeight(const json& meta) {
  json weights = LinearWeights();
  weights["config"]["fc.weight"] = Payload("weight_0", meta);
  return ParsePt2(ArchiveOf(LinearFiles(LinearProgram(), weights)));
}

TEST(Pt2Reader, MakesTheModelOfALinearLayer) {
  const auto model = Parsed(LinearProgram());
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  EXPECT_EQ(model->OpsetVersion(), 17);
  EXPECT_EQ(model->producer_version, "2.15.0");
  const ir::Graph& graph = model->graph;
  ASSERT_EQ(graph.inputs().size(), 1U);
  EXPECT_EQ(graph.value(graph.inputs()[0]).name, "x");
  EXPECT_EQ(ir::ToString(graph.value(graph.inputs()[0]).type), "float32[2, 3]");
  ASSERT_EQ(graph.outputs().size(), 1U);
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "output");
  const auto nodes = graph.nodes();
  ASSERT_EQ(nodes.size(), 2U);
  EXPECT_EQ(graph.node(nodes[0]).op_type, "Gemm");
  EXPECT_EQ(graph.node(nodes[0]).name, "fc/Gemm");
  EXPECT_EQ(graph.node(nodes[0]).IntOr("transB", 0), 1);
  EXPECT_EQ(graph.node(nodes[1]).op_type, "Relu");
  EXPECT_EQ(InitializerOf(*model, "fc.bias"),
            ir::Tensor::Of({4}, std::vector<float>{1, -1, 2, -2}));
}

TEST(Pt2Reader, ReadsAFileAndKnowsItByItsContent) {
  const auto folder = TemporaryFolder::Create().value();
  const auto path = folder.path() / "net.pt2", other = folder.path() / "other.pt2";
  ASSERT_TRUE(WriteFile(path, ArchiveBytes(LinearFiles())).ok());
  ASSERT_TRUE(WriteFile(other, "PK\x03\x04 and then nothing").ok());
  EXPECT_TRUE(IsPt2(path));
  EXPECT_FALSE(IsPt2(other));
  EXPECT_FALSE(IsPt2(folder.path()));
  EXPECT_TRUE(ReadPt2(path).ok());
  const auto broken = ReadPt2(other);
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(broken.error().message, HasSubstr("other.pt2"));
  EXPECT_FALSE(ReadPt2(folder.path() / "none.pt2").ok());
}

// --- weights ---

TEST(Pt2Reader, GathersWeightsByStrides) {
  // The transposed [3, 4] of what the bytes are as [4, 3] would be; here w[i][j] = 1 + i + 4 j.
  const auto model = WithWeight(Meta({4, 3}, {1, 4}));
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  EXPECT_EQ(InitializerOf(*model, "fc.weight"),
            ir::Tensor::Of({4, 3}, std::vector<float>{1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12}));
}

TEST(Pt2Reader, RepeatsElementsOfStrideZero) {
  const auto model = WithWeight(Meta({4, 3}, {0, 1}, 2));
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  EXPECT_EQ(InitializerOf(*model, "fc.weight"),
            ir::Tensor::Of({4, 3}, std::vector<float>{3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5}));
}

TEST(Pt2Reader, RefusesWeightsOutsideTheirStorage) {
  constexpr int64_t kFar = int64_t{1} << 62;
  for (const json& meta : {Meta({4, 3}, {3, 1}, 1), Meta({4, 3}, {4, 1}), Meta({4, 3}, {3, kFar}),
                           Meta({4, 3}, {kFar, kFar}, kFar), Meta({4, 3}, {3, 1}, kFar)}) {
    const auto model = WithWeight(meta);
    ASSERT_FALSE(model.ok()) << meta.dump();
    EXPECT_EQ(model.error().code, ErrorCode::kBadInput);
    EXPECT_THAT(model.error().message, AllOf(HasSubstr("fc.weight"), HasSubstr("storage")));
  }
}

TEST(Pt2Reader, RefusesWeightsOfOtherShapeThanTheProgramSays) {
  const auto model = WithWeight(Meta({3, 4}, {4, 1}));
  ASSERT_FALSE(model.ok());
  EXPECT_THAT(model.error().message, HasSubstr("float32[3, 4]"));
}

TEST(Pt2Reader, RefusesPickledWeights) {
  json weights = LinearWeights();
  weights["config"]["fc.weight"]["use_pickle"] = true;
  const auto model = ParsePt2(ArchiveOf(LinearFiles(LinearProgram(), weights)));
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(model.error().message, HasSubstr("pickled"));
  auto files = LinearFiles();
  files["data/weights/model.pt"] = "PK";
  EXPECT_THAT(Refused(files, ErrorCode::kUnsupported).message,
              AllOf(HasSubstr("pickled"), HasSubstr("2.15.0")));
}

TEST(Pt2Reader, RefusesAChecksumThatIsWrong) {
  std::string bytes = ArchiveBytes(LinearFiles());
  const size_t at = bytes.find(FloatBytes({1, -1, 2, -2}));
  ASSERT_NE(at, std::string::npos);
  bytes[at] ^= 1;
  const auto model = ParsePt2(Buffer::Own(bytes));
  ASSERT_FALSE(model.ok());
  EXPECT_THAT(model.error().message, AllOf(HasSubstr("weight_1"), HasSubstr("checksum")));
}

// --- versions and forms ---

TEST(Pt2Reader, RefusesOtherSchemaVersions) {
  json program = LinearProgram();
  program["schema_version"]["major"] = 9;
  EXPECT_THAT(RefusedProgram(program, ErrorCode::kUnsupported).message,
              AllOf(HasSubstr("version 9"), HasSubstr("version 8"), HasSubstr("2.15.0")));
}

TEST(Pt2Reader, RefusesTheOlderFormAndNamesItsVersion) {
  const std::string older =
      ir::StoredZip({{"serialized_exported_program.json", R"({"torch_version": "2.6.0+cpu"})"},
                     {"serialized_state_dict.pt", "PK"},
                     {"version", "8.8"}});
  const auto model = ParsePt2(Buffer::Own(older));
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(model.error().message, HasSubstr("2.6.0+cpu"));
}

TEST(Pt2Reader, RefusesOtherArchives) {
  auto files = LinearFiles();
  files["byteorder"] = "big";
  EXPECT_THAT(Refused(files, ErrorCode::kUnsupported).message, HasSubstr("'big'"));
  files = LinearFiles();
  files["archive_format"] = "pt3";
  EXPECT_THAT(Refused(files, ErrorCode::kBadInput).message, HasSubstr("'pt3'"));
  files = LinearFiles();
  files["models/second.json"] = files["models/model.json"];
  EXPECT_THAT(Refused(files, ErrorCode::kUnsupported).message, HasSubstr("2 programs"));
  files = LinearFiles();
  files.erase("models/model.json");
  Refused(files, ErrorCode::kUnsupported);
  files = LinearFiles();
  files.erase("data/weights/weight_1");
  EXPECT_THAT(Refused(files, ErrorCode::kBadInput).message, HasSubstr("weight_1"));
}

TEST(Pt2Reader, RefusesEveryBeginningOfAFile) {
  const std::string bytes = ArchiveBytes(LinearFiles());
  for (size_t size = 0; size < bytes.size(); size += 7) {
    const auto model = ParsePt2(Buffer::Own(bytes.substr(0, size)));
    ASSERT_FALSE(model.ok()) << size;
    EXPECT_EQ(model.error().code, ErrorCode::kBadInput);
  }
}

// --- operators ---

TEST(Pt2Reader, NamesAllOperatorsThatAreMissing) {
  json program = LinearProgram();
  json& nodes = GraphOf(program)["nodes"];
  nodes[0]["target"] = "torch.ops.mine.linear.default";
  nodes[1]["target"] = "torch.ops.aten.no_such_operator.out";
  nodes.push_back(nodes[1]);
  nodes[2]["outputs"] = {TensorArgument("second")};
  GraphOf(program)["tensor_values"]["second"] = Meta({2, 4}, {4, 1});
  EXPECT_THAT(
      RefusedProgram(program, ErrorCode::kUnsupported).message,
      AllOf(HasSubstr("aten.no_such_operator.out (2)"), HasSubstr("mine.linear.default (1)")));
}

TEST(Pt2Reader, RefusesAnArgumentThatARuleDoesNotRead) {
  json program = LinearProgram();
  GraphOf(program)["nodes"][1]["inputs"].push_back(Named("slope", {{"as_float", 0.5}}));
  EXPECT_THAT(RefusedProgram(program, ErrorCode::kUnsupported).message,
              AllOf(HasSubstr("aten.relu.default"), HasSubstr("'slope'")));
}

TEST(Pt2Reader, AnInPlaceOperatorChangesItsTensorByEveryName) {
  json program = LinearProgram();
  json& nodes = GraphOf(program)["nodes"];
  nodes[1]["target"] = "torch.ops.aten.relu_.default";
  // What is returned is the tensor's first name.
  program["graph_module"]["signature"]["output_specs"][0]["user_output"]["arg"] =
      TensorArgument("linear");
  GraphOf(program)["outputs"] = {TensorArgument("linear")};
  const auto model = Parsed(program);
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  const ir::Graph& graph = model->graph;
  EXPECT_NE(graph.ProducerIf(graph.outputs()[0], "Relu"), nullptr);
}

TEST(Pt2Reader, RefusesAnInPlaceOperatorOnAViewOfWhatIsReadLater) {
  json program = LinearProgram();
  json& graph = GraphOf(program);
  const json view = {{"target", "torch.ops.aten.alias.default"},
                     {"inputs", {Named("self", TensorArgument("linear"))}},
                     {"outputs", {TensorArgument("alias")}},
                     {"metadata", json::object()}};
  graph["tensor_values"]["alias"] = Meta({2, 4}, {4, 1});
  graph["nodes"].insert(graph["nodes"].begin() + 1, view);
  graph["nodes"][2]["target"] = "torch.ops.aten.relu_.default";
  program["graph_module"]["signature"]["output_specs"][0]["user_output"]["arg"] =
      TensorArgument("alias");
  graph["outputs"] = {TensorArgument("alias")};
  // An alias of the whole follows.
  const auto model = Parsed(program);
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  EXPECT_NE(model->graph.ProducerIf(model->graph.outputs()[0], "Relu"), nullptr);
  // A transposed one does not.
  graph["nodes"][1]["target"] = "torch.ops.aten.t.default";
  graph["tensor_values"]["alias"] = Meta({4, 2}, {1, 4});
  const auto refused = Parsed(program);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
}

TEST(Pt2Reader, RefusesStateThatChanges) {
  json program = LinearProgram();
  GraphOf(program)["nodes"][1]["target"] = "torch.ops.aten.relu_.default";
  GraphOf(program)["nodes"][1]["inputs"][0] = Named("self", TensorArgument("p_fc_bias"));
  GraphOf(program)["tensor_values"]["relu"] = Meta({4}, {1});
  EXPECT_THAT(RefusedProgram(program, ErrorCode::kUnsupported).message, HasSubstr("p_fc_bias"));
  program = LinearProgram();
  program["graph_module"]["signature"]["output_specs"].push_back(
      {{"buffer_mutation", {{"arg", {{"name", "relu"}}}, {"buffer_name", "counter"}}}});
  EXPECT_THAT(RefusedProgram(program, ErrorCode::kUnsupported).message,
              AllOf(HasSubstr("state"), HasSubstr("counter")));
}

// --- names and sizes ---

TEST(Pt2Reader, NamesOutputsAfterWhatForwardReturns) {
  json program = LinearProgram();
  json& module = program["graph_module"];
  module["signature"]["output_specs"] = {{{"user_output", {{"arg", TensorArgument("relu")}}}},
                                         {{"user_output", {{"arg", {{"as_none", true}}}}}},
                                         {{"user_output", {{"arg", TensorArgument("x")}}}}};
  module["module_call_graph"] = {
      {{"fqn", ""},
       {"signature",
        {{"out_spec",
          R"([1, {"type": "builtins.dict", "context": "[\"logits\", \"rest\"]", "children_spec": [
             {"type": null, "context": null, "children_spec": []},
             {"type": "builtins.tuple", "context": "null", "children_spec": [
               {"type": null, "context": null, "children_spec": []},
               {"type": null, "context": null, "children_spec": []}]}]}])"}}}}};
  const auto model = Parsed(program);
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  ASSERT_EQ(model->graph.outputs().size(), 2U);
  EXPECT_EQ(model->graph.value(model->graph.outputs()[0]).name, "logits");
  EXPECT_EQ(model->graph.value(model->graph.outputs()[1]).name, "rest_1");
}

TEST(Pt2Reader, DynamicSizesAreSymbols) {
  json program = LinearProgram();
  const json symbol = {{"as_expr", {{"expr_str", "Symbol('s77', positive=True, integer=True)"}}}};
  for (const char* name : {"x", "linear", "relu"})
    GraphOf(program)["tensor_values"][name]["sizes"][0] = symbol;
  program["range_constraints"] = {{"s77", {{"min_val", 1}, {"max_val", 64}}}};
  const auto model = Parsed(program);
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  const ir::Graph& graph = model->graph;
  EXPECT_EQ(ir::ToString(graph.value(graph.inputs()[0]).type), "float32[s77, 3]");
  EXPECT_EQ(ir::ToString(graph.value(graph.outputs()[0]).type), "float32[s77, 4]");
  EXPECT_EQ(model->metadata, (ir::Metadata{{"pt2.range.s77", "1 to 64"}}));
}

// --- JSON of anybody ---

TEST(Pt2Reader, RefusesPartsThatAreNotOfTheSchema) {
  const auto refused = [](const json::json_pointer& where, const json& value) {
    json program = LinearProgram();
    program[where] = value;
    SCOPED_TRACE(where.to_string() + " = " + value.dump());
    EXPECT_FALSE(RefusedProgram(program).message.empty());
  };
  using Pointer = json::json_pointer;
  for (const char* where :
       {"/graph_module", "/graph_module/graph", "/graph_module/graph/nodes",
        "/graph_module/graph/nodes/0", "/graph_module/graph/nodes/0/inputs",
        "/graph_module/graph/nodes/0/inputs/0/arg", "/graph_module/graph/tensor_values",
        "/graph_module/graph/tensor_values/x/sizes/0", "/graph_module/graph/tensor_values/x/dtype",
        "/graph_module/signature", "/graph_module/signature/input_specs/0/parameter/arg",
        "/schema_version", "/range_constraints"})
    for (const json& value : {json(nullptr), json("text"), json(json::array()), json(1.5)})
      refused(Pointer(where), value);
  refused(Pointer("/graph_module/graph/nodes/0/target"), 1.5);
  refused(Pointer("/graph_module/graph/tensor_values/x/sizes/0/as_int"), -1);
  refused(Pointer("/graph_module/graph/tensor_values/x/sizes/0/as_int"), uint64_t{1} << 63);
  refused(Pointer("/graph_module/graph/nodes/0/inputs/0/arg/as_tensor/name"), "nobody");
  refused(Pointer("/graph_module/graph/nodes/0/inputs/0/arg"), {{"as_int", 1}, {"as_float", 2}});
}

TEST(Pt2Reader, RefusesJsonThatIsBrokenOrEndlesslyDeep) {
  auto files = LinearFiles();
  files["models/model.json"] = R"({"graph_module": )";
  EXPECT_THAT(Refused(files, ErrorCode::kBadInput).message, HasSubstr("JSON"));
  files["models/model.json"] = std::string(1 << 20, '[') + std::string(1 << 20, ']');
  Refused(files, ErrorCode::kBadInput);
}

TEST(Pt2Reader, RefusesGraphsThatLieInEachOtherTooDeeply) {
  json program = LinearProgram();
  const json graph = GraphOf(program);
  json inner = graph;
  for (int depth = 0; depth < 12; ++depth) {
    json outer = graph;
    outer["nodes"][0]["inputs"].push_back(
        Named("", {{"as_graph", {{"name", "inner"}, {"graph", inner}}}}));
    inner = outer;
  }
  GraphOf(program) = inner;
  RefusedProgram(program, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace edgeopt::formats::pt2
