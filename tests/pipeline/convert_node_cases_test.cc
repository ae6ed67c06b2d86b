// ONNX's own cases for every operator, converted to TFLite and run in LiteRT, against the outputs
// that ONNX expects. Weights, axes and limits are graph inputs there: all inputs but the first
// become initializers, as real models have them.
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "pipeline/convert.h"
#include "support/litert.h"
#include "support/node_cases.h"
#include "support/ort.h"

namespace edgeopt::pipeline {
namespace {

namespace fs = std::filesystem;
using ir::Tensor;

// Two implementations of a float32 function, and of sums in another order.
constexpr double kTolerance = 1e-3;

enum class Outcome {
  kEqual,
  kRefused,  // Unsupported, naming the node
  kNotRun,   // LiteRT does not load or run what was written
  kWrong,
  kSkipped,  // a case of sequences, strings or maps
};

struct CaseResult {
  Outcome outcome = Outcome::kSkipped;
  std::string reason;
};

Status CompareWith(const std::vector<Tensor>& expected, const std::vector<Tensor>& found) {
  for (size_t i = 0; i < expected.size(); ++i) {
    const testing::Difference difference = testing::Compare({expected[i]}, {found[i]});
    if (!difference.mismatch.empty()) return BadInput(difference.mismatch);
    if (std::min(difference.max_abs, difference.max_rel) > kTolerance)
      return BadInput("differs by " + std::to_string(difference.max_abs));
  }
  return OkStatus();
}

CaseResult RunCase(const fs::path& folder) {
  auto model = formats::ReadOnnx(folder / "model.onnx");
  if (!model.ok()) return {Outcome::kSkipped, model.error().message};
  auto inputs = testing::ReadInputs(folder, *model);
  const auto expected = testing::ExpectedOutputs(folder, *model);
  if (!inputs || !expected) return {};
  testing::FreezeInputs(*model, *inputs);
  ConvertOptions options;
  options.verification.random_samples = 0;
  auto converted =
      Convert(*model, options, *testing::OnnxRuntime(), *testing::LiteRt(), SilentSink(), nullptr);
  if (!converted.ok()) {
    const bool refused = converted.error().code == ErrorCode::kUnsupported;
    return {refused ? Outcome::kRefused : Outcome::kNotRun, converted.error().ToString()};
  }
  const auto bytes = formats::tflite::SerializeTflite(converted->file);
  if (!bytes.ok()) return {Outcome::kNotRun, bytes.error().ToString()};
  const auto session = testing::LiteRt()->LoadBytes(std::as_bytes(std::span(*bytes)), {});
  if (!session.ok()) return {Outcome::kNotRun, session.error().ToString()};
  std::vector<Tensor> fed;
  for (const auto& spec : (*session)->inputs())
    for (const Tensor& input : *inputs)
      if (input.name == spec.name) fed.push_back(input);
  const auto found = (*session)->Run(fed);
  if (!found.ok()) return {Outcome::kNotRun, found.error().ToString()};
  const Status equal = CompareWith(*expected, *found);
  return equal.ok() ? CaseResult{Outcome::kEqual, {}}
                    : CaseResult{Outcome::kWrong, equal.error().message};
}

TEST(ConvertNodeCases, AreEqualOrRefused) {
  ASSERT_TRUE(fs::exists(testing::NodeCases())) << "run tools/setup --tests";
  std::map<Outcome, int> count;
  std::ofstream log("convert_node_cases.txt");
  for (const auto& entry : fs::directory_iterator(testing::NodeCases())) {
    const CaseResult result = RunCase(entry.path());
    ++count[result.outcome];
    const std::string name = entry.path().filename().string();
    log << static_cast<int>(result.outcome) << ' ' << name << ' ' << result.reason << '\n';
    EXPECT_NE(result.outcome, Outcome::kWrong) << name << ": " << result.reason;
    EXPECT_NE(result.outcome, Outcome::kNotRun) << name << ": " << result.reason;
  }
  RecordProperty("equal", count[Outcome::kEqual]);
  EXPECT_GE(count[Outcome::kEqual], 1) << count[Outcome::kRefused] << " refused";
}

}  // namespace
}  // namespace edgeopt::pipeline
