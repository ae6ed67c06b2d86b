// ONNX's own cases for every operator, converted to TFLite and run in LiteRT, against the outputs
// that ONNX expects. Weights, axes and limits are graph inputs there: all inputs but the first
// become initializers, as real models have them. The file is then read back into ONNX, which has to
// compute the same in ONNX Runtime.
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>

#include "base/file.h"
#include "pipeline/convert.h"
#include "pipeline/from_tflite.h"
#include "support/litert.h"
#include "support/node_cases.h"
#include "support/ort.h"

namespace edgeopt::pipeline {
namespace {

namespace fs = std::filesystem;
using ir::Tensor;

// Two implementations of a float32 function, and of sums in another order.
constexpr double kTolerance = 1e-3;

// The fast tier takes every so many cases; a process under AddressSanitizer takes seconds to fork.
#ifdef __SANITIZE_ADDRESS__
constexpr int kSomeStep = 64;
#else
constexpr int kSomeStep = 8;
#endif

enum class Outcome {
  kEqual,
  kRefused,  // Unsupported, naming the node
  kNotRun,   // LiteRT does not load or run what was written
  kWrong,
  kSkipped,  // a case of sequences, strings or maps
  kOneWay,   // as kEqual, but the way back to ONNX is refused
};

struct CaseResult {
  Outcome outcome = Outcome::kSkipped;
  std::string reason;
};

// float64 inputs and outputs become float32.
Tensor Narrowed(const Tensor& tensor) {
  if (tensor.type() != ir::DataType::kFloat64) return tensor;
  Tensor narrowed = Tensor::Of(tensor.dims(), tensor.ToFloats().value());
  narrowed.name = tensor.name;
  return narrowed;
}

Status CompareWith(const std::vector<Tensor>& expected, const std::vector<Tensor>& found) {
  for (size_t i = 0; i < expected.size(); ++i) {
    const testing::Difference difference = testing::Compare({expected[i]}, {found[i]});
    if (!difference.mismatch.empty()) return BadInput(difference.mismatch);
    if (std::min(difference.max_abs, difference.max_rel) > kTolerance)
      return BadInput("differs by " + std::to_string(difference.max_abs));
  }
  return OkStatus();
}

Result<std::unique_ptr<runtimes::Session>> LoadInProcess(std::span<const std::byte> bytes) {
  return testing::LiteRt()->LoadBytes(bytes, {});
}

// The way back: what LiteRT computed, computed by ONNX Runtime.
CaseResult RunRaised(const formats::tflite::File& file, const std::vector<Tensor>& fed,
                     const std::vector<Tensor>& expected) {
  const auto raised = RaiseModel(file, {}, *testing::OnnxRuntime(), SilentSink(), nullptr);
  if (!raised.ok()) {
    const bool refused = raised.error().code == ErrorCode::kUnsupported;
    return {refused ? Outcome::kOneWay : Outcome::kWrong, "back: " + raised.error().ToString()};
  }
  const auto found = testing::RunModel(raised->model, fed, runtimes::GraphOptimization::kNone);
  if (!found.ok()) return {Outcome::kNotRun, "back: " + found.error().ToString()};
  const Status equal = CompareWith(expected, *found);
  return equal.ok() ? CaseResult{Outcome::kEqual, {}}
                    : CaseResult{Outcome::kWrong, "back: " + equal.error().message};
}

CaseResult RunCase(const fs::path& folder) {
  auto model = formats::ReadOnnx(folder / "model.onnx");
  if (!model.ok()) return {Outcome::kSkipped, model.error().message};
  auto inputs = testing::ReadInputs(folder, *model);
  auto expected = testing::ExpectedOutputs(folder, *model);
  if (!inputs || !expected) return {};
  testing::FreezeInputs(*model, *inputs);
  ConvertOptions options;
  options.verification.random_samples = 0;
  auto converted =
      Convert(*model, options, *testing::OnnxRuntime(), LoadInProcess, SilentSink(), nullptr);
  if (!converted.ok()) {
    // What ONNX Runtime does not run can't be verified, so it is not written.
    const bool refused = converted.error().code == ErrorCode::kUnsupported ||
                         !testing::RunModel(*model, *inputs).ok();
    return {refused ? Outcome::kRefused : Outcome::kNotRun, converted.error().ToString()};
  }
  const auto bytes = formats::tflite::SerializeTflite(converted->file);
  if (!bytes.ok()) return {Outcome::kNotRun, bytes.error().ToString()};
  const auto session = testing::LiteRt()->LoadBytes(std::as_bytes(std::span(*bytes)), {});
  if (!session.ok()) return {Outcome::kNotRun, session.error().ToString()};
  std::vector<Tensor> fed;
  for (const auto& spec : (*session)->inputs())
    for (const Tensor& input : *inputs)
      if (input.name == spec.name) fed.push_back(Narrowed(input));
  for (Tensor& output : *expected) output = Narrowed(output);
  const auto found = (*session)->Run(fed);
  if (!found.ok()) return {Outcome::kNotRun, found.error().ToString()};
  const Status equal = CompareWith(*expected, *found);
  if (!equal.ok()) return {Outcome::kWrong, equal.error().message};
  return RunRaised(converted->file, fed, *found);
}

// In a process of its own: where LiteRT lacks a type it may abort instead of answering.
CaseResult RunCaseApart(const fs::path& folder) {
  int ends[2];
  if (::pipe(ends) != 0) return {Outcome::kNotRun, "no pipe"};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const CaseResult result = RunCase(folder);
    const std::string answer = std::to_string(static_cast<int>(result.outcome)) + result.reason;
    const auto written = ::write(ends[1], answer.data(), answer.size());
    ::_exit(written == static_cast<ssize_t>(answer.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string answer;
  char piece[4096];
  for (ssize_t got; (got = ::read(ends[0], piece, sizeof piece)) > 0;)
    answer.append(piece, static_cast<size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0 || answer.empty()) return {Outcome::kNotRun, "LiteRT aborts"};
  return {static_cast<Outcome>(answer[0] - '0'), answer.substr(1)};
}

// The cases by outcome, and why some are refused: what `make node-cases` writes into the docs.
class Table {
 public:
  void Add(const CaseResult& result) {
    ++counts_[result.outcome];
    if (result.outcome != Outcome::kRefused) return;
    // "1 node can't be converted to TFLite: node 'y' (Op): reason; remedy"
    std::smatch parts;
    static const std::regex kPattern(R"(\(([A-Za-z.]+)\): ([^;\n]+))");
    const bool named = std::regex_search(result.reason, parts, kPattern);
    ++reasons_[named ? "`" + parts[1].str() + "`: " + parts[2].str()
                     : result.reason.substr(0, result.reason.find(';'))];
  }

  std::string Markdown() const {
    std::vector<std::pair<int, std::string>> rows;
    for (const auto& [reason, count] : reasons_) rows.emplace_back(-count, reason);
    std::sort(rows.begin(), rows.end());
    std::ostringstream text;
    text << "# ONNX's node cases in LiteRT\n\nWritten by `make node-cases`: each backend node case "
            "of "
            "ONNX 1.23.2, converted by `edgeopt convert`, run in LiteRT, compared with ONNX's "
            "expected outputs (1e-3).\n\n| Outcome | Cases |\n|---|---|\n";
    for (const auto& [outcome, name] :
         {std::pair{Outcome::kEqual, "converted and equal, also raised to ONNX again"},
          std::pair{Outcome::kOneWay, "converted and equal, not raised again"},
          std::pair{Outcome::kRefused, "refused with the reason"},
          std::pair{Outcome::kNotRun, "converted, not run by LiteRT"},
          std::pair{Outcome::kWrong, "wrong"},
          std::pair{Outcome::kSkipped, "no tensors (sequences, maps, strings)"}})
      text << "| " << name << " | " << (counts_.contains(outcome) ? counts_.at(outcome) : 0)
           << " |\n";
    text << "\n| Refused because | Cases |\n|---|---|\n";
    for (const auto& [count, reason] : rows) text << "| " << reason << " | " << -count << " |\n";
    return text.str();
  }

 private:
  std::map<Outcome, int> counts_;
  std::map<std::string, int> reasons_;
};

// Every `step`th case.
std::map<Outcome, int> CheckCases(int step, Table* table = nullptr) {
  std::map<Outcome, int> count;
  // Loaded once, not in each process.
  if (testing::OnnxRuntime() == nullptr || testing::LiteRt() == nullptr) return count;
  int index = 0;
  for (const auto& entry : fs::directory_iterator(testing::NodeCases())) {
    if (index++ % step != 0) continue;
    const CaseResult result = RunCaseApart(entry.path());
    ++count[result.outcome];
    if (table != nullptr) table->Add(result);
    const bool right = result.outcome != Outcome::kWrong && result.outcome != Outcome::kNotRun;
    if (result.outcome == Outcome::kOneWay)
      std::cout << entry.path().filename().string() << ": " << result.reason << "\n";
    EXPECT_TRUE(right) << entry.path().filename().string() << ": " << result.reason;
  }
  return count;
}

TEST(ConvertNodeCases, SomeAreEqualOrRefused) {
  ASSERT_TRUE(fs::exists(testing::NodeCases())) << "run tools/setup --tests";
  auto count = CheckCases(kSomeStep);
  EXPECT_GE(count[Outcome::kEqual], 1100 / kSomeStep) << count[Outcome::kRefused] << " refused";
}

TEST(ConvertNodeCasesLongTest, AreEqualOrRefused) {
  ASSERT_TRUE(fs::exists(testing::NodeCases())) << "run tools/setup --tests";
  Table table;
  auto count = CheckCases(1, &table);
  if (const char* path = std::getenv("EDGEOPT_CASES_TABLE")) {
    EXPECT_TRUE(WriteFile(path, table.Markdown()).ok());
  }
  EXPECT_GE(count[Outcome::kEqual], 1350) << count[Outcome::kRefused] << " refused";
}

}  // namespace
}  // namespace edgeopt::pipeline
