// The runner that edgeopt compiles on the device, and its messages. It is compiled here against
// stand-ins of the headers (tests/fakes/tensorrt_sdk), so what is shown is the runner's own logic
// and both sides of the protocol; that it fits TensorRT's real headers is not shown by a test.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <optional>

#include "base/file.h"
#include "base/subprocess.h"
#include "runtimes/tensorrt/runner_protocol.h"

namespace edgeopt::runtimes::tensorrt {
namespace {

template <typename T>
std::string Bytes(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

ir::Tensor Input(ir::Dims dims, const std::vector<float>& values, const std::string& name = "x") {
  ir::Tensor tensor = ir::Tensor::Of(std::move(dims), values);
  tensor.name = name;
  return tensor;
}

// As docs/tensorrt.md has it, byte by byte.
TEST(RunnerProtocol, ARequestsBytes) {
  const std::vector<ir::Tensor> inputs = {Input({1, 2}, {1.0f, -2.0f})};
  const auto bytes = EncodeRun(inputs);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(*bytes, "RUN " + Bytes<uint32_t>(1) + Bytes<uint32_t>(1) + "x" + Bytes<uint32_t>(1) +
                        Bytes<uint32_t>(2) + Bytes<int64_t>(1) + Bytes<int64_t>(2) +
                        Bytes<uint64_t>(8) + Bytes(1.0f) + Bytes(-2.0f));
}

TEST(RunnerProtocol, RefusesWhatAnEngineHasNoTypeFor) {
  const std::vector<ir::Tensor> text = {*ir::Tensor::MakeStrings({1}, {"a"})};
  EXPECT_FALSE(EncodeRun(text).ok());
  const std::vector<ir::Tensor> nibbles = {ir::Tensor::Zeros(ir::DataType::kInt4, {2})};
  EXPECT_FALSE(EncodeRun(nibbles).ok());
}

std::string Answer(uint64_t data_bytes = 8, uint32_t type = 1, uint32_t rank = 1, int64_t dim = 2) {
  std::string bytes = "OUTS" + Bytes<uint64_t>(1500) + Bytes<uint32_t>(1) + Bytes<uint32_t>(1) +
                      "y" + Bytes(type) + Bytes(rank);
  for (uint32_t i = 0; i < std::min<uint32_t>(rank, 20); ++i) bytes += Bytes(dim);
  return bytes + Bytes(data_bytes) + Bytes(0.5f) + Bytes(4.0f);
}

TEST(RunnerProtocol, ReadsAnAnswerAndLeavesTheRest) {
  const std::string bytes = Answer() + "OUT";
  std::string_view rest = bytes;
  const auto message = TakeMessage(rest);
  ASSERT_TRUE(message.ok() && message->has_value());
  const auto& answer = std::get<RunnerOutputs>(**message);
  EXPECT_EQ(answer.compute_ns, 1500);
  ASSERT_EQ(answer.outputs.size(), 1u);
  EXPECT_EQ(answer.outputs[0].name, "y");
  EXPECT_EQ(answer.outputs[0].as<float>()[1], 4.0f);
  EXPECT_EQ(rest, "OUT");
  EXPECT_FALSE(TakeMessage(rest)->has_value());
}

TEST(RunnerProtocol, WaitsForTheRestOfAMessage) {
  const std::string bytes = Answer();
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string_view part = std::string_view(bytes).substr(0, size);
    const auto message = TakeMessage(part);
    ASSERT_TRUE(message.ok()) << size;
    EXPECT_FALSE(message->has_value()) << size;
    EXPECT_EQ(part.size(), size);
  }
}

TEST(RunnerProtocol, RefusesGarbage) {
  for (const std::string& bytes :
       {std::string("Segmentation fault"), Answer(7), Answer(8, 999), Answer(8, 1, 9),
        Answer(8, 1, 1, -2), Answer(8, 8), Answer(std::numeric_limits<uint64_t>::max()),
        "REDY" + Bytes<uint32_t>(8602) + Bytes<uint32_t>(1u << 30),
        "FAIL" + Bytes<uint32_t>(1u << 30)}) {
    std::string_view rest = bytes;
    const auto message = TakeMessage(rest);
    ASSERT_FALSE(message.ok()) << bytes;
    EXPECT_EQ(message.error().code, ErrorCode::kBadInput);
  }
}

TEST(RunnerSource, IsTheFile) {
  const auto file = ReadFile(std::string(EDGEOPT_SOURCE_DIR) +
                             "/src/runtimes/tensorrt/runner/tensorrt_runner.cpp");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(RunnerSource(), *file);
}

// The runner's words, for a device of the major version that it is compiled for.
class RunnerTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Create();
    ASSERT_TRUE(folder.ok());
    folder_.emplace(std::move(*folder));
    const std::string root = EDGEOPT_SOURCE_DIR;
    std::vector<std::string> command = RunnerCompileCommand(
        root + "/src/runtimes/tensorrt/runner/tensorrt_runner.cpp", Path("runner"));
    // Libraries that only the device has.
    std::erase_if(command, [](const std::string& word) { return word.starts_with("-l"); });
    command.insert(command.begin() + 1,
                   {"-I" + root + "/tests/fakes/tensorrt_sdk", "-Wall", "-Wextra", "-Werror",
                    "-DNV_TENSORRT_MAJOR=" + std::to_string(GetParam())});
    const auto compiled = RunCommand(command);
    ASSERT_TRUE(compiled.ok());
    ASSERT_TRUE(compiled->status.ok()) << compiled->err;
    ASSERT_TRUE(WriteFile(Path("engine"), "double").ok());
  }
  std::string Path(const std::string& name) const { return folder_->path() / name; }
  CommandOutput Run(const std::string& requests, const std::string& engine = "engine",
                    const std::string& dla_core = {}) {
    // Through a file: RunCommand() takes output for lines, and ends the last one.
    auto output = RunCommand({"sh", "-c", "exec \"$0\" \"$1\" $3 > \"$2\"", Path("runner"),
                              Path(engine), Path("answers"), dla_core},
                             requests);
    EXPECT_TRUE(output.ok());
    if (!output.ok()) return {};
    auto answers = ReadFile(Path("answers"));
    EXPECT_TRUE(answers.ok());
    output->out = answers.ok() ? *std::move(answers) : std::string();
    return *std::move(output);
  }
  std::optional<TemporaryFolder> folder_;
};

TEST_P(RunnerTest, AnswersBatchesOfSeveralSizes) {
  const std::vector<ir::Tensor> one = {Input({1, 2}, {1, 2})};
  const std::vector<ir::Tensor> three = {Input({3, 2}, {1, 2, 3, 4, 5, 6})};
  const CommandOutput output = Run(*EncodeRun(one) + *EncodeRun(three) + *EncodeRun(one));
  EXPECT_TRUE(output.status.ok()) << output.err;
  std::string_view rest = output.out;
  const auto first = TakeMessage(rest);
  ASSERT_TRUE(first.ok() && first->has_value());
  const auto& ready = std::get<RunnerReady>(**first);
  EXPECT_EQ(ready.library_version, GetParam() == 8 ? 8602 : 100300);
  ASSERT_EQ(ready.inputs.size(), 1u);
  EXPECT_EQ(ready.inputs[0].name, "x");
  EXPECT_EQ(ready.inputs[0].dims, (ir::Dims{-1, 2}));
  EXPECT_EQ(ready.outputs[0].type, ir::DataType::kFloat32);
  for (const std::vector<float>& expected :
       {std::vector<float>{2, 4}, {2, 4, 6, 8, 10, 12}, {2, 4}}) {
    const auto message = TakeMessage(rest);
    ASSERT_TRUE(message.ok() && message->has_value());
    const auto& answer = std::get<RunnerOutputs>(**message);
    EXPECT_EQ(answer.compute_ns, 1500000);
    const auto values = answer.outputs[0].as<float>();
    EXPECT_EQ(std::vector<float>(values.begin(), values.end()), expected);
  }
  EXPECT_TRUE(rest.empty());
}

TEST_P(RunnerTest, LoadsTheEngineOnItsDlaCore) {
  ASSERT_TRUE(WriteFile(Path("on_dla"), "double on DLA 1").ok());
  EXPECT_TRUE(Run("", "on_dla", "1").status.ok());
  EXPECT_FALSE(Run("", "on_dla", "0").status.ok());
  EXPECT_FALSE(Run("", "on_dla").status.ok());
}

// What the message after the first is.
Error Failure(const CommandOutput& output, bool after_ready = true) {
  std::string_view rest = output.out;
  if (after_ready) {
    EXPECT_TRUE(TakeMessage(rest).ok());
  }
  const auto message = TakeMessage(rest);
  EXPECT_FALSE(message.ok());
  EXPECT_EQ(output.status.code, 1);
  return message.ok() ? Error{} : message.error();
}

TEST_P(RunnerTest, TellsWhatIsWrong) {
  const auto failure = [&](const ir::Tensor& tensor) {
    const std::vector<ir::Tensor> inputs = {tensor};
    return Failure(Run(*EncodeRun(inputs))).message;
  };
  EXPECT_NE(failure(Input({5, 2}, std::vector<float>(10))).find("outside of the profile"),
            std::string::npos);
  EXPECT_NE(failure(Input({1, 2}, {1, 2}, "z")).find("no input 'z'"), std::string::npos);
  ir::Tensor integers = ir::Tensor::Zeros(ir::DataType::kInt32, {1, 2});
  integers.name = "x";
  EXPECT_NE(failure(integers).find("another type"), std::string::npos);
  EXPECT_NE(Failure(Run(*EncodeRun({}))).message.find("'x' is missing"), std::string::npos);
  EXPECT_NE(Failure(Run("RUN \x01")).message.find("cut short"), std::string::npos);
  EXPECT_NE(Failure(Run("what?")).message.find("no request"), std::string::npos);
  EXPECT_NE(Failure(Run("", "missing"), false).message.find("can't read"), std::string::npos);
  ASSERT_TRUE(WriteFile(Path("other"), "of another version").ok());
  EXPECT_NE(Failure(Run("", "other"), false).message.find("not compatible"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Majors, RunnerTest, ::testing::Values(8, 10));

}  // namespace
}  // namespace edgeopt::runtimes::tensorrt
