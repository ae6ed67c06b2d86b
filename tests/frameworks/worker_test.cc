// Workers that misbehave: small Python programs that replay each fault behind the protocol. The
// real worker is in environment_long_test.cc and tests/cli.
#include "frameworks/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "frameworks/worker_log.h"
#include "measure/machine.h"

namespace edgeopt::frameworks {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr const char* kHello = R"(
import json, os, signal, sys, time
source = json.loads(sys.argv[1])
def read():
    return json.loads(sys.stdin.readline())
def answer(request, result):
    print(json.dumps({"id": request["id"], "result": result}), flush=True)
def refuse(request, code, message):
    print(json.dumps({"id": request["id"], "error": {"code": code, "message": message, "hint": ""}}), flush=True)
def hello(protocol=2, runtimes=[{"name": "pytorch", "version": "2.15.0"}]):
    answer(read(), {"protocol": protocol, "edgeopt": os.environ["EDGEOPT_VERSION"], "pid": os.getpid(),
                    "runtimes": runtimes, "machine": json.loads(MACHINE)})
)";

class WorkerTest : public ::testing::Test {
 protected:
  // Starts a worker whose program is kHello and `program`.
  Result<std::unique_ptr<measure::AgentClient>> Start(const std::string& program,
                                                      WorkerOptions options = {}) {
    const fs::path worker = folder_.path() / "python" / "edgeopt_worker";
    fs::create_directories(worker);
    const std::string machine = "MACHINE = '" + ToJson(measure::Machine()).dump() + "'\n";
    EXPECT_TRUE(WriteFile(worker / "__main__.py", machine + kHello + program).ok());
    return StartWorker(environment_, source_, options);
  }
  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  Environment environment_{Framework::kPytorch, "/usr/bin/python3", {}, folder_.path()};
  Source source_{.kind = Kind::kPt2, .path = "/models/net.pt2"};
};

TEST_F(WorkerTest, IsToldItsSourceAndAnswers) {
  auto worker = Start(R"(
hello()
request = read()
assert request["method"] == "describe" and source["kind"] == "pt2", (request, source)
assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
spec = {"name": "x", "type": "float32", "dims": [-1, 3], "symbols": ["", ""], "sequence": False, "optional": False}
answer(request, {"framework": "pytorch", "version": "2.15.0", "kind": "pt2", "class": "Net", "inputs": [spec],
                 "outputs": [], "parameters": None, "signatures": [], "dynamic": {"x": [0]}, "warnings": ["w"]})
request = read()
assert request["params"] == {"format": "onnx", "output": "/out/m.onnx", "exporter": "dynamo", "opset": 17,
                             "dynamic_axes": {"x": [0]}}, request
refuse(request, 4, "no such operator")
request = read()
print(json.dumps({"id": request["id"], "progress": {"done": 1, "total": 2}}), flush=True)
answer(request, {"exporter": "torchscript", "opset": 18, "seconds": 1.5, "warnings": [], "producer": "pytorch 2.15.0"})
)");
  ASSERT_TRUE(worker.ok()) << worker.error().ToString();
  const auto description = Describe(**worker);
  ASSERT_TRUE(description.ok()) << description.error().ToString();
  EXPECT_EQ(description->class_name, "Net");
  ASSERT_EQ(description->inputs.size(), 1u);
  EXPECT_EQ(description->inputs[0].dims, (ir::Dims{-1, 3}));
  EXPECT_FALSE(description->parameters);
  EXPECT_EQ(description->dynamic, (DynamicAxes{{"x", {0}}}));
  EXPECT_THAT(description->warnings, ElementsAre("w"));

  ExportRequest request;
  request.output = "/out/m.onnx";
  request.dynamic_axes = {{"x", {0}}};
  const auto refused = Export(**worker, request);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(refused.error().message, "no such operator");
  request.exporter = "torchscript";
  const auto exported = Export(**worker, request);
  ASSERT_TRUE(exported.ok()) << exported.error().ToString();
  EXPECT_EQ(exported->exporter, "torchscript");
  EXPECT_EQ(exported->opset, 18);
  EXPECT_EQ(exported->seconds, 1.5);
}

constexpr const char* kInside = R"(
hello()
request = read()
assert request["method"] == "inside" and request["params"]["max_bytes"] == 4096, request
assert [tensor["name"] for tensor in request["params"]["inputs"]] == ["x"], request
value = {"type": "float32", "dims": [1], "data": "AACAPw=="}
result = {"tensors": [{"name": "conv", **value}, {"name": "relu", **value}], "kinds": ["Conv2d", "ReLU"],
          "made_of": [[], [0]], "complete": False}
)";

Result<InsideValues> AskInside(Result<std::unique_ptr<measure::AgentClient>> worker) {
  if (!worker.ok()) return worker.error();
  ir::Tensor x = ir::Tensor::Of<float>({2}, {1, 2});
  x.name = "x";
  return SeeInside(**worker, std::vector{x}, 4096);
}

TEST_F(WorkerTest, TellsWhatIsInside) {
  const auto inside = AskInside(Start(std::string(kInside) + "answer(request, result)\n"));
  ASSERT_TRUE(inside.ok()) << inside.error().ToString();
  EXPECT_FALSE(inside->complete);
  ASSERT_EQ(inside->values.size(), 2u);
  EXPECT_EQ(inside->values[0].kind, "Conv2d");
  EXPECT_THAT(inside->values[0].made_of, ::testing::IsEmpty());
  EXPECT_THAT(inside->values[1].made_of, ElementsAre(0));
  EXPECT_EQ(inside->values[1].tensor.name, "relu");
  EXPECT_EQ(inside->values[1].tensor, ir::Tensor::Of<float>({1}, {1}));
}

TEST_F(WorkerTest, WhatIsInsideFollowsTheProtocol) {
  for (const char* change :
       {"result['made_of'] = [[0], []]", "result['made_of'] = [[], [-1]]",
        "result['made_of'] = [[]]", "result['kinds'] = ['Conv2d']", "result['complete'] = 1",
        "result['tensors'][0]['type'] = 'int32'", "del result['tensors']"}) {
    const auto inside =
        AskInside(Start(std::string(kInside) + change + "\nanswer(request, result)\n"));
    ASSERT_FALSE(inside.ok()) << change;
    EXPECT_EQ(inside.error().code, ErrorCode::kUnavailable) << change;
    EXPECT_THAT(inside.error().message, HasSubstr("protocol")) << change;
  }
}

TEST_F(WorkerTest, ForeignCodeIsNotEvenStarted) {
  source_.kind = Kind::kPickle;
  const auto worker = Start("open('" + (folder_.path() / "ran").string() + "', 'w')\nhello()\n");
  ASSERT_FALSE(worker.ok());
  EXPECT_EQ(worker.error().code, ErrorCode::kUsage);
  EXPECT_FALSE(fs::exists(folder_.path() / "ran"));
}

TEST_F(WorkerTest, PythonWithoutTheFramework) {
  constexpr const char* kProgram =
      "hello(runtimes=[{'name': 'pytorch', 'missing': \"No module named 'torch'\"}])\nread()\n";
  const auto users = Start(kProgram);
  ASSERT_FALSE(users.ok());
  EXPECT_EQ(users.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(users.error().message,
            "'/usr/bin/python3' has no working PyTorch: No module named 'torch'");
  EXPECT_THAT(users.error().hint, HasSubstr("-m pip install torch"));
  environment_.folder = folder_.path();
  const auto own = Start(kProgram);
  ASSERT_FALSE(own.ok());
  EXPECT_THAT(own.error().ToString(),
              AllOf(HasSubstr("does not work"), HasSubstr("remove that folder")));
}

TEST_F(WorkerTest, NoSuchPython) {
  environment_.python = "edgeopt-no-such-python";
  const auto worker = Start("");
  ASSERT_FALSE(worker.ok());
  EXPECT_THAT(worker.error().ToString(),
              AllOf(HasSubstr("can't start 'edgeopt-no-such-python'"), HasSubstr("--python")));
}

TEST_F(WorkerTest, DiesAtTheStart) {
  const auto worker = Start("raise SystemExit('no such luck')");
  ASSERT_FALSE(worker.ok());
  EXPECT_EQ(worker.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(worker.error().message,
            "the PyTorch worker ended during 'hello': exit code 1; it wrote: no such luck");
}

TEST_F(WorkerTest, DiesOfASignal) {
  const auto worker = Start(R"(
hello()
print("about to crash", file=sys.stderr, flush=True)
os.kill(os.getpid(), signal.SIGSEGV)
)");
  ASSERT_TRUE(worker.ok());
  const auto description = Describe(**worker);
  ASSERT_FALSE(description.ok());
  EXPECT_THAT(
      description.error().message,
      AllOf(HasSubstr("during 'describe': killed by signal 11"), HasSubstr("about to crash")));
  EXPECT_FALSE((*worker)->usable());
  EXPECT_THAT((*worker)->error_output(), HasSubstr("about to crash"));
}

TEST_F(WorkerTest, Hangs) {
  WorkerOptions options;
  options.patience = milliseconds(1000);
  const auto worker = Start("hello()\nread()\ntime.sleep(60)\n", options);
  ASSERT_TRUE(worker.ok()) << worker.error().ToString();
  const auto description = Describe(**worker);
  ASSERT_FALSE(description.ok());
  EXPECT_EQ(description.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(description.error().message, HasSubstr("ended after 1 s without a sign of life"));
}

TEST_F(WorkerTest, PrintsGarbage) {
  const auto early = Start("print('Welcome!', flush=True)\n");
  ASSERT_FALSE(early.ok());
  EXPECT_THAT(early.error().message,
              AllOf(HasSubstr("does not follow the protocol"), HasSubstr("'Welcome!'")));
  const auto worker = Start("hello()\nanswer(read(), {'class': 3})\nread()\n");
  ASSERT_TRUE(worker.ok());
  const auto description = Describe(**worker);
  ASSERT_FALSE(description.ok());
  EXPECT_THAT(description.error().message,
              StartsWith("the worker's answer to 'describe' does not follow the protocol"));
}

TEST_F(WorkerTest, SpeaksAnotherVersion) {
  const auto worker = Start("hello(protocol=1)\nread()\n");
  ASSERT_FALSE(worker.ok());
  EXPECT_THAT(worker.error().message, AllOf(StartsWith("the PyTorch worker"),
                                            HasSubstr("speaks version 1 of the protocol, not 2")));
}

TEST_F(WorkerTest, ItsStandardErrorIsKeptWhole) {
  WorkerOptions options;
  options.log = folder_.path() / "logs" / "pytorch.log";
  const auto worker = Start(R"(
hello()
read()
for i in range(20000):
    print("line", i, file=sys.stderr)
sys.exit(3)
)",
                            options);
  ASSERT_TRUE(worker.ok()) << worker.error().ToString();
  EXPECT_TRUE((*worker)->error_log().empty());
  const auto description = Describe(**worker);
  ASSERT_FALSE(description.ok());
  EXPECT_THAT(description.error().message,
              AllOf(HasSubstr("exit code 3; it wrote: ..."),
                    EndsWith("line 19999 (all of it: '" + options.log.string() + "')")));
  EXPECT_EQ((*worker)->error_log(), options.log);
  std::string all;
  for (int i = 0; i < 20000; ++i) all += "line " + std::to_string(i) + "\n";
  EXPECT_TRUE(ReadFile(options.log).value() == all);
}

TEST_F(WorkerTest, TheKeptStandardErrorIsBounded) {
  WorkerOptions options;
  options.log = folder_.path() / "pytorch.log";
  const auto worker = Start(R"(
hello()
read()
for i in range(120):
    sys.stderr.write("x" * 65535 + "\n")
sys.stderr.write("the end\n")
sys.exit(3)
)",
                            options);
  ASSERT_TRUE(worker.ok()) << worker.error().ToString();
  EXPECT_FALSE(Describe(**worker).ok());
  const std::string kept = ReadFile(options.log).value();
  EXPECT_GE(kept.size(), 2u << 20);
  EXPECT_LE(kept.size(), 4u << 20);
  EXPECT_TRUE(kept.ends_with("x\nthe end\n"));
}

TEST_F(WorkerTest, AQuietOneLeavesNoLog) {
  WorkerOptions options;
  options.log = folder_.path() / "logs" / "pytorch.log";
  const auto worker = Start("hello()\nread()\nsys.exit(3)\n", options);
  ASSERT_TRUE(worker.ok()) << worker.error().ToString();
  const auto description = Describe(**worker);
  ASSERT_FALSE(description.ok());
  EXPECT_EQ(description.error().message, "the PyTorch worker ended during 'describe': exit code 3");
  EXPECT_FALSE(fs::exists(options.log.parent_path()));
}

TEST_F(WorkerTest, TheNewestLogsAreKept) {
  const fs::path logs = folder_.path() / "logs";
  fs::create_directories(logs);
  ASSERT_TRUE(WriteFile(logs / "notes.txt", "not a log").ok());
  for (int i = 0; i < kKeptLogs + 5; ++i) {
    const fs::path log = logs / ("tensorflow-" + std::to_string(i) + ".log");
    ASSERT_TRUE(WriteFile(log, "").ok());
    fs::last_write_time(log, fs::file_time_type::clock::now() - std::chrono::hours(100 - i));
  }
  const fs::path log = NewLog(logs, Framework::kPytorch);
  EXPECT_EQ(log.parent_path(), logs);
  EXPECT_THAT(log.filename().string(), MatchesRegex("pytorch-[0-9]+-[0-9]+\\.log"));
  EXPECT_FALSE(fs::exists(logs / "tensorflow-5.log"));
  EXPECT_TRUE(fs::exists(logs / "tensorflow-6.log"));
  EXPECT_TRUE(fs::exists(logs / "notes.txt"));
}

TEST_F(WorkerTest, ReachesItsMemoryLimit) {
  WorkerOptions options;
  options.memory_limit_bytes = 256 << 20;
  const auto worker = Start(R"(
import resource
assert source["memory_limit_bytes"] == 256 << 20
hello()
read()
resource.setrlimit(resource.RLIMIT_DATA, (256 << 20, 256 << 20))
bytearray(512 << 20)
)",
                            options);
  ASSERT_TRUE(worker.ok()) << worker.error().ToString();
  const auto description = Describe(**worker);
  ASSERT_FALSE(description.ok());
  EXPECT_EQ(description.error().message,
            "the PyTorch worker ended during 'describe': its memory limit of 256 MiB was reached "
            "(exit code 1)");
}

TEST_F(WorkerTest, CancelEndsIt) {
  CancelToken cancel;
  WorkerOptions options;
  options.cancel = &cancel;
  const auto worker = Start("hello()\nread()\ntime.sleep(60)\n", options);
  ASSERT_TRUE(worker.ok());
  cancel.Cancel();
  EXPECT_EQ(Describe(**worker).error().code, ErrorCode::kInterrupted);
  EXPECT_FALSE((*worker)->usable());
}

}  // namespace
}  // namespace edgeopt::frameworks
