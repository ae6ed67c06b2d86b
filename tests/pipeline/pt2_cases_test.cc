// Small programs of PyTorch (tests/formats/pt2_cases): each is read natively and run in ONNX
// Runtime, against the outputs of PyTorch's eager mode. What is not read yet stands in kRefused.
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "data/npz.h"
#include "formats/onnx/onnx.h"
#include "formats/pt2/pt2.h"
#include "support/ort.h"

namespace edgeopt::pipeline {
namespace {

namespace fs = std::filesystem;
using ir::Tensor;

// The operator that the message has to name.
const std::map<std::string, std::string_view> kRefused = {
    {"bitwise", "aten.__and__.Tensor"},      // of integers: from opset 18 on
    {"erf_functions", "aten.erfc.default"},  // 1 - erf would lose the digits of small results
    {"lstm_projection", "aten.lstm.input"},  // ONNX's LSTM has no projection
    // An instance norm on [1, N * C, H, W] of a batch N that a run decides.
    {"net_unet_dynamic_core", "aten._native_batch_norm_legit.no_stats"},
    {"scaled_by_root_of_size", "torch.sym_float"},
    {"scaled_by_size", "torch.sym_float"},
    {"slice_assigned", "aten.copy_.default"},  // a view is changed; decomposed it is read
};

fs::path CasesFolder() { return fs::path(EDGEOPT_DEPS_DIR) / "pt2-cases-2.15.0"; }

// Rounding errors of sums of up to some hundred products in another order, several layers deep:
// some hundred units in the last place of the largest output. Integers are exact.
double ToleranceOf(ir::DataType type) {
  if (type == ir::DataType::kFloat64) return 512 * 0x1p-53;
  if (type == ir::DataType::kFloat32) return 512 * 0x1p-24;
  if (type == ir::DataType::kFloat16) return 4 * 0x1p-11;
  return 0;
}

// "in0" to "in<n>", or of another prefix, in order.
std::vector<Tensor> Numbered(const std::vector<Tensor>& arrays, const std::string& prefix) {
  std::vector<Tensor> found;
  for (bool more = true; more;) {
    more = false;
    for (const Tensor& array : arrays)
      if (array.name == prefix + std::to_string(found.size())) {
        found.push_back(array);
        more = true;
        break;
      }
  }
  return found;
}

double LargestMagnitude(const Tensor& tensor) {
  double largest = 1;
  const auto numbers = tensor.ToDoubles();
  if (!numbers.ok()) return largest;
  for (const double number : *numbers)
    if (std::isfinite(number)) largest = std::max(largest, std::abs(number));
  return largest;
}

Status CompareOutputs(const std::vector<Tensor>& expected, std::vector<Tensor> found) {
  if (expected.size() != found.size())
    return BadInput(std::to_string(found.size()) + " outputs; expected " +
                    std::to_string(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    found[i].name = expected[i].name;
    const testing::Difference difference = testing::Compare({expected[i]}, {found[i]});
    if (!difference.mismatch.empty()) return BadInput(difference.mismatch);
    const double limit = ToleranceOf(expected[i].type()) * LargestMagnitude(expected[i]);
    if (difference.max_abs > limit)
      return BadInput(expected[i].name + " differs by " + std::to_string(difference.max_abs) +
                      "; allowed is " + std::to_string(limit));
  }
  return OkStatus();
}

// Reads the program, checks the model, runs it and compares.
Status RunCase(const fs::path& program) {
  EDGEOPT_TRY(const ir::Model model, formats::pt2::ReadPt2(program));
  EDGEOPT_CHECK_OK(formats::CheckModel(model, formats::CheckDepth::kTypes));
  fs::path arrays_file = program;
  EDGEOPT_TRY(const auto arrays, data::ReadNpzTensors(arrays_file.replace_extension(".npz")));
  std::vector<Tensor> inputs = Numbered(arrays, "in");
  const auto& declared = model.graph.inputs();
  if (inputs.size() != declared.size())
    return BadInput(std::to_string(declared.size()) + " inputs; the program has " +
                    std::to_string(inputs.size()));
  for (size_t i = 0; i < inputs.size(); ++i) inputs[i].name = model.graph.value(declared[i]).name;
  auto found = testing::RunModel(model, inputs, runtimes::GraphOptimization::kNone);
  if (!found.ok()) return found.error().Within("ONNX Runtime");
  return CompareOutputs(Numbered(arrays, "out"), std::move(*found));
}

std::set<fs::path> Programs() {
  std::set<fs::path> programs;
  for (const auto& entry : fs::directory_iterator(CasesFolder()))
    if (entry.path().extension() == ".pt2") programs.insert(entry.path());
  return programs;
}

TEST(Pt2Cases, AreReadAndEqualOrRefusedByName) {
  ASSERT_TRUE(fs::exists(CasesFolder())) << "run tools/setup --tests";
  ASSERT_NE(testing::OnnxRuntime(), nullptr);
  std::set<std::string> refused;
  for (const fs::path& program : Programs()) {
    const std::string name = program.stem().string();
    const Status status = RunCase(program);
    const auto row = kRefused.find(name);
    if (row == kRefused.end()) {
      EXPECT_TRUE(status.ok()) << name << ": " << status.error().ToString();
      continue;
    }
    refused.insert(name);
    ASSERT_FALSE(status.ok()) << name << " is read now: take it from the table";
    EXPECT_EQ(status.error().code, ErrorCode::kUnsupported)
        << name << ": " << status.error().ToString();
    EXPECT_NE(status.error().message.find(row->second), std::string::npos)
        << name << ": " << status.error().ToString();
  }
  for (const auto& [name, target] : kRefused) EXPECT_TRUE(refused.contains(name)) << name;
}

// The names that programs give their inputs and outputs, whatever the graph calls them inside.
TEST(Pt2Cases, InputsAndOutputsHaveTheProgramsNames) {
  const auto names = [](const std::string& name) {
    std::vector<std::string> all;
    const auto model = formats::pt2::ReadPt2(CasesFolder() / (name + ".pt2"));
    EXPECT_TRUE(model.ok()) << model.error().ToString();
    if (!model.ok()) return all;
    for (const ir::ValueId id : model->graph.inputs()) all.push_back(model->graph.value(id).name);
    all.push_back("->");
    for (const ir::ValueId id : model->graph.outputs()) all.push_back(model->graph.value(id).name);
    return all;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names("conv2d"), (Names{"input", "->", "output"}));
  EXPECT_EQ(names("minimum_maximum"), (Names{"x", "y", "->", "output_0", "output_1"}));
  EXPECT_EQ(names("nested_inputs"), (Names{"pair_0", "pair_1", "named_a", "->", "sum", "product"}));
  EXPECT_EQ(names("net_bert"),
            (Names{"input_ids", "attention_mask", "->", "last_hidden_state", "embedding"}));
}

}  // namespace
}  // namespace edgeopt::pipeline
