// ONNX's own cases for every operator go through the whole pipeline, as given and - since weights,
// axes and limits are graph inputs there - with all inputs but the first as initializers, as real
// models have them. ONNX Runtime must give the same outputs before and after.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "formats/onnx/proto.h"
#include "onnx/onnx-data.pb.h"
#include "passes/operands.h"
#include "passes/pass_test.h"
#include "passes/pipelines.h"

namespace edgeopt::passes {
namespace {

namespace fs = std::filesystem;
using ir::Tensor;

// The same kernels run before and after, but constants may be combined before they meet the data:
// a few roundings of the type.
double ToleranceOf(ir::DataType type) {
  if (type == ir::DataType::kFloat16) return 4 * 0x1p-10;
  if (type == ir::DataType::kBfloat16) return 4 * 0x1p-7;
  return 1e-5;
}

fs::path Cases() { return fs::path(EDGEOPT_DEPS_DIR) / "node-cases-1.23.2" / "node"; }

std::string ReadBytes(const fs::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

Result<Tensor> FromProto(onnx::TensorProto proto, const std::string& name) {
  EDGEOPT_TRY(Tensor tensor, formats::internal::TensorFromProto(proto, nullptr));
  tensor.name = name;
  return tensor;
}

// The content of an input file, as the runtime's session wants it: a sequence as NAME[0] and so on.
// False for what sessions don't take.
bool ReadInput(const std::string& bytes, const ir::Value& value, std::vector<Tensor>& inputs) {
  using Kind = ir::Type::Kind;
  if (value.type.kind == Kind::kTensor) {
    onnx::TensorProto proto;
    if (!proto.ParseFromString(bytes)) return false;
    auto tensor = FromProto(std::move(proto), value.name);
    if (tensor.ok()) inputs.push_back(std::move(*tensor));
    return tensor.ok();
  }
  if (value.type.kind != Kind::kSequence || !value.type.inner[0].is_tensor()) return false;
  onnx::SequenceProto proto;
  if (!proto.ParseFromString(bytes)) return false;
  for (int i = 0; i < proto.tensor_values_size(); ++i) {
    auto tensor = FromProto(proto.tensor_values(i), value.name + "[" + std::to_string(i) + "]");
    if (!tensor.ok()) return false;
    inputs.push_back(std::move(*tensor));
  }
  return proto.tensor_values_size() > 0;
}

// nullopt when there is an input that sessions don't take.
std::optional<std::vector<Tensor>> ReadInputs(const fs::path& folder, const ir::Model& model) {
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < model.graph.inputs().size(); ++i) {
    const fs::path path = folder / "test_data_set_0" / ("input_" + std::to_string(i) + ".pb");
    if (!fs::exists(path)) return std::nullopt;
    if (!ReadInput(ReadBytes(path), model.graph.value(model.graph.inputs()[i]), inputs))
      return std::nullopt;
  }
  return inputs;
}

// All inputs but the first tensor become initializers.
void FreezeInputs(ir::Model& model, std::vector<Tensor>& inputs) {
  std::vector<ir::ValueId> left;
  std::vector<Tensor> fed;
  for (Tensor& input : inputs) {
    const ir::ValueId id = model.graph.Find(input.name);
    if (fed.empty() || !id.valid()) {
      fed.push_back(input);
      if (id.valid()) left.push_back(id);
      continue;
    }
    input.name.clear();
    model.graph.SetInitializer(id, input);
  }
  for (const ir::ValueId id : model.graph.inputs())
    if (!model.graph.value(id).type.is_tensor()) left.push_back(id);
  model.graph.SetInputs(std::move(left));
  inputs = std::move(fed);
}

// Cases whose outputs were compared; of these, those that the passes changed; and those that ONNX
// Runtime does not run as they are (other element types, operators that it lacks, maps).
struct Tally {
  int compared = 0, changed = 0, not_run = 0;
};

void Check(const ir::Model& original, const std::vector<Tensor>& inputs, Tally& tally) {
  const auto expected = testing::RunModel(original, inputs, runtimes::GraphOptimization::kNone);
  if (!expected.ok()) {
    ++tally.not_run;
    return;
  }
  ir::Model model = original;
  const auto report = Run(model, Simplify(), TestContext());
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_TRUE(report->converged);
  for (const PassReport& pass : report->passes) EXPECT_EQ(pass.error, "") << pass.name;
  const auto found = testing::RunModel(model, inputs, runtimes::GraphOptimization::kNone);
  ASSERT_TRUE(found.ok()) << found.error().ToString();
  ++tally.compared;
  tally.changed += report->rewrites() > 0;
  for (const ir::NodeId id : original.graph.nodes())
    if (!IsDeterministic(original.graph.node(id))) return;
  ASSERT_EQ(expected->size(), found->size());
  for (size_t i = 0; i < found->size(); ++i) {
    const testing::Difference difference = testing::Compare({(*expected)[i]}, {(*found)[i]});
    EXPECT_EQ(difference.mismatch, "");
    EXPECT_LE(std::min(difference.max_abs, difference.max_rel), ToleranceOf((*found)[i].type()));
  }
}

Tally CheckCases(bool freeze) {
  Tally tally;
  for (const auto& entry : fs::directory_iterator(Cases())) {
    SCOPED_TRACE(entry.path().filename().string());
    auto model = formats::ReadOnnx(entry.path() / "model.onnx");
    if (!model.ok()) {
      ADD_FAILURE() << model.error().ToString();
      continue;
    }
    auto inputs = ReadInputs(entry.path(), *model);
    if (!inputs) {
      ++tally.not_run;
      continue;
    }
    if (freeze) FreezeInputs(*model, *inputs);
    Check(*model, *inputs, tally);
  }
  return tally;
}

TEST(NodeCases, AsGiven) {
  if (!fs::exists(Cases())) GTEST_SKIP() << "run tests/formats/node_cases/collect.py";
  const Tally tally = CheckCases(false);
  EXPECT_GE(tally.compared, 1500) << tally.not_run << " cases are not run";
  EXPECT_GE(tally.changed, 300);
}

TEST(NodeCases, WithParametersAsInitializers) {
  if (!fs::exists(Cases())) GTEST_SKIP() << "run tests/formats/node_cases/collect.py";
  const Tally tally = CheckCases(true);
  EXPECT_GE(tally.compared, 1500) << tally.not_run << " cases are not run";
  EXPECT_GE(tally.changed, 370);
}

}  // namespace
}  // namespace edgeopt::passes
