#include "measure/agent_client.h"

#include <signal.h>

#include <thread>

#include "base/file.h"
#include "measure/agents.h"
#include "support/ort.h"

namespace edgeopt::measure {
namespace {

using std::chrono::milliseconds;

BenchPlan ShortPlan() {
  BenchPlan plan;
  plan.warm_up = {1, 0, 0, 0};
  plan.min_runs = 20;
  plan.min_seconds = 0;
  return plan;
}

// A model file for the test agent's faulty runtime.
class Faulty {
 public:
  explicit Faulty(const std::string& fault) : folder_(TemporaryFolder::Create().value()) {
    EXPECT_TRUE(WriteFile(path(), fault).ok());
    options_.runtime = "faulty";
  }
  std::filesystem::path path() const { return folder_.path() / "model"; }
  const LoadOptions& options() const { return options_; }

 private:
  TemporaryFolder folder_;
  LoadOptions options_;
};

ir::Tensor Ones() {
  ir::Tensor tensor = ir::Tensor::Of<float>({2}, {1, 1});
  tensor.name = "x";
  return tensor;
}

TEST(AgentClient, SaysHello) {
  const auto client = StartAgent();
  const AgentHello& hello = client->hello();
  EXPECT_EQ(hello.edgeopt, "test");
  ASSERT_EQ(hello.runtimes.size(), 3u);
  EXPECT_EQ(hello.runtimes[0].name, "onnxruntime");
  EXPECT_EQ(hello.runtimes[0].version, "1.31.1");
  EXPECT_EQ(hello.runtimes[2].missing, "no such library; install it");
  EXPECT_GT(hello.machine.logical_cpus, 0);
  EXPECT_TRUE(client->Shutdown().ok());
  EXPECT_FALSE(client->usable());
}

TEST(AgentClient, RunsLikeTheRuntimeInThisProcess) {
  const auto client = StartAgent();
  ASSERT_TRUE(client->Load(kMbv2).ok());
  EXPECT_EQ(client->model().inputs[0].dims, (ir::Dims{-1, 1, 28, 28}));
  EXPECT_EQ(client->model().inputs[0].symbols[0], "N");
  EXPECT_GT(client->model().load_ns, 0);
  const auto here = testing::OnnxRuntime()->Load(kMbv2, {}).value();
  // A batch that grows, then shrinks: the exchange file is used again.
  for (const int64_t batch : {1, 64, 3}) {
    const auto remote = client->Run({{Images(batch, 0.5f)}});
    ASSERT_TRUE(remote.ok()) << remote.error().ToString();
    EXPECT_TRUE(testing::Compare(here->Run({Images(batch, 0.5f)}).value(), *remote).equal());
    EXPECT_GT(client->last_run_time().count(), 0);
  }
}

TEST(AgentClient, OutputsStayAfterTheNextRun) {
  const auto client = StartAgent();
  ASSERT_TRUE(client->Load(kMbv2).ok());
  const auto first = client->Run({{Images(1, 0)}}).value();
  const auto copy = first[0].ToFloats().value();
  ASSERT_TRUE(client->Run({{Images(1, 1)}}).ok());
  EXPECT_EQ(first[0].ToFloats().value(), copy);
}

TEST(AgentClient, SendsFilesAndTensorsThroughThePipe) {
  const auto store = TemporaryFolder::Create().value();
  AgentOptions options = TestAgent();
  options.shares_files = false;
  options.argv.push_back(store.path().string());
  const auto here = testing::OnnxRuntime()->Load(kMbv2, {}).value()->Run({Images(2)}).value();
  for (int session = 0; session < 2; ++session) {  // the second finds the file in the store
    const auto client = StartAgent(options);
    const Status loaded = client->Load(kMbv2);
    ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
    const auto remote = client->Run({{Images(2)}});
    ASSERT_TRUE(remote.ok()) << remote.error().ToString();
    EXPECT_TRUE(testing::Compare(here, *remote).equal());
  }
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(store.path()))
    files += entry.is_regular_file();
  EXPECT_EQ(files, 1u);
}

TEST(AgentClient, SendsExternalDataToo) {
  const auto folder = TemporaryFolder::Create().value();
  const auto model =
      formats::ParseText("f (float[2] x) => (float[2] y) <float[2] w = {3, 4}> { y = Mul(x, w) }")
          .value();
  formats::OnnxWriteOptions write;
  write.external_data_threshold_bytes = 0;
  ASSERT_TRUE(formats::WriteOnnx(model, folder.path() / "m.onnx", write).ok());
  AgentOptions options = TestAgent();
  options.shares_files = false;
  const auto client = StartAgent(options);
  LoadOptions load;
  load.external_data = {"m.onnx.data"};
  const Status loaded = client->Load(folder.path() / "m.onnx", load);
  ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
  EXPECT_EQ(client->Run({{Ones()}}).value()[0], ir::Tensor::Of<float>({2}, {3, 4}));
}

TEST(AgentClient, ErrorsOfTheModelLeaveItUsable) {
  const auto client = StartAgent();
  const Status missing = client->Load("/nowhere/model.onnx");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kBadInput);
  const auto early = client->Run({{Images(1)}});
  ASSERT_FALSE(early.ok());
  EXPECT_EQ(early.error().message, "no model is loaded");
  ASSERT_TRUE(client->Load(kMbv2).ok());
  const auto wrong = client->Run({{Ones()}});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().message, "the model has no input 'x'; it has 'input'");
  EXPECT_TRUE(client->Run({{Images(1)}}).ok());
  ASSERT_TRUE(client->Load(kResnet10).ok());  // takes the other's place
  EXPECT_TRUE(client->Run({{Images(1)}}).ok());
}

TEST(AgentClient, ChatterOnStandardOutputDoesNotDisturb) {
  const auto client = StartAgent();
  const Faulty model("print");
  ASSERT_TRUE(client->Load(model.path(), model.options()).ok());
  const auto outputs = client->Run({{Ones()}});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  EXPECT_EQ((*outputs)[0], Ones());
}

TEST(AgentClient, ACrashIsAnErrorWithTheSignalAndTheLastWords) {
  const auto client = StartAgent();
  const Faulty model("crash");
  ASSERT_TRUE(client->Load(model.path(), model.options()).ok());
  const auto outputs = client->Run({{Ones()}});
  ASSERT_FALSE(outputs.ok());
  EXPECT_EQ(outputs.error().code, ErrorCode::kUnavailable);
  const std::string& message = outputs.error().message;
  EXPECT_NE(message.find("ended during 'run': killed by signal 11"), std::string::npos) << message;
  EXPECT_NE(message.find("about to crash"), std::string::npos) << message;
  EXPECT_FALSE(client->usable());
  const auto again = client->Run({{Ones()}});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().message, "the agent has ended");
}

TEST(AgentClient, AKillDuringABenchmarkIsAnError) {
  const auto client = StartAgent();
  ASSERT_TRUE(client->Load(kResnet10).ok());
  BenchPlan plan;
  plan.min_seconds = 60;
  std::thread killer([pid = client->hello().pid] {
    std::this_thread::sleep_for(milliseconds(300));
    ::kill(static_cast<pid_t>(pid), SIGKILL);
  });
  const auto result = client->Bench(plan);
  killer.join();
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("killed by signal 9"), std::string::npos);
  EXPECT_NE(result.error().hint.find("dmesg"), std::string::npos);
}

TEST(AgentClient, PatienceEndsAHangingRun) {
  AgentOptions options = TestAgent();
  options.patience = milliseconds(1000);
  const auto client = StartAgent(options);
  const Faulty model("hang");
  ASSERT_TRUE(client->Load(model.path(), model.options()).ok());
  const auto outputs = client->Run({{Ones()}});
  ASSERT_FALSE(outputs.ok());
  EXPECT_NE(outputs.error().message.find("without a sign of life"), std::string::npos);
}

TEST(AgentClient, ProgressKeepsALongBenchmarkAlive) {
  AgentOptions options = TestAgent();
  options.patience = milliseconds(1500);
  const auto client = StartAgent(options);
  ASSERT_TRUE(client->Load(kMbv2).ok());
  BenchPlan plan = ShortPlan();
  plan.min_seconds = 2.2;
  plan.max_runs = 1'000'000;
  const auto result = client->Bench(plan);
  ASSERT_TRUE(result.ok()) << result.error().ToString();
}

TEST(AgentClient, CancelEndsTheWaiting) {
  CancelToken cancel;
  AgentOptions options = TestAgent();
  options.cancel = &cancel;
  const auto client = StartAgent(options);
  const Faulty model("hang");
  ASSERT_TRUE(client->Load(model.path(), model.options()).ok());
  std::thread user([&] {
    std::this_thread::sleep_for(milliseconds(200));
    cancel.Cancel();
  });
  const auto outputs = client->Run({{Ones()}});
  user.join();
  ASSERT_FALSE(outputs.ok());
  EXPECT_EQ(outputs.error().code, ErrorCode::kInterrupted);
}

TEST(AgentClient, AgentsThatTalkNonsenseAreEnded) {
  const auto error_of = [](const std::string& script) {
    AgentOptions options;
    options.argv = {"/bin/sh", "-c", script};
    const auto client = AgentClient::Start(options);
    EXPECT_FALSE(client.ok()) << script;
    EXPECT_EQ(client.error().code, ErrorCode::kUnavailable);
    return client.error().message;
  };
  EXPECT_NE(error_of("read x; echo hello world").find("does not follow the protocol"),
            std::string::npos);
  EXPECT_NE(error_of("read x; echo '{\"id\": 99, \"result\": {}}'; sleep 9").find("request 99"),
            std::string::npos);
  EXPECT_NE(error_of("read x; echo '{\"id\": 1, \"result\": {}}'; sleep 9").find("'protocol'"),
            std::string::npos);
  EXPECT_NE(error_of("head -c 20000000 /dev/zero; sleep 9").find("a line of more than"),
            std::string::npos);
  EXPECT_NE(error_of("echo oops >&2; exit 3").find("exit code 3; it wrote: oops"),
            std::string::npos);
}

TEST(AgentClient, WhatReachesTheAgentTellsWhyItEnded) {
  AgentOptions options;
  options.argv = {"/bin/sh", "-c", "echo cut off >&2; exit 255"};
  options.explain_end = [](const ExitStatus& status, const std::string& error_output) {
    EXPECT_EQ(status.ToString(), "exit code 255");
    return Unavailable("the line is dead: " + error_output, "mend it");
  };
  const auto client = AgentClient::Start(options);
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.error().message, "the agent ended during 'hello': the line is dead: cut off\n");
  EXPECT_EQ(client.error().hint, "mend it");
  options.explain_end = [](const ExitStatus&, const std::string&) { return std::nullopt; };
  EXPECT_NE(AgentClient::Start(options).error().message.find("exit code 255; it wrote: cut off"),
            std::string::npos);
}

TEST(AgentClient, AMissingProgramIsAnError) {
  AgentOptions options;
  options.argv = {"/nowhere/edgeopt", "agent"};
  const auto client = AgentClient::Start(options);
  ASSERT_FALSE(client.ok());
  EXPECT_NE(client.error().message.find("/nowhere/edgeopt"), std::string::npos);
}

TEST(AgentClient, BenchmarksWithGeneratedAndGivenInputs) {
  const auto client = StartAgent();
  LoadOptions load;
  load.session.threads = 2;
  ASSERT_TRUE(client->Load(kMbv2, load).ok());
  const auto generated = client->Bench(ShortPlan());
  ASSERT_TRUE(generated.ok()) << generated.error().ToString();
  EXPECT_TRUE(generated->generated_inputs);
  EXPECT_EQ(generated->threads, 2);
  EXPECT_EQ(generated->latency.runs, 20);
  EXPECT_EQ(generated->timings.warm_up_runs, 1);
  EXPECT_GT(generated->load_ms, 0);
  EXPECT_GT(generated->latency.min_us, 0);

  ASSERT_TRUE(client->SetInputs({{Images(1)}, {Images(64)}}).ok());
  const auto given = client->Bench(ShortPlan());
  ASSERT_TRUE(given.ok());
  EXPECT_FALSE(given->generated_inputs);
  // The samples take turns, the first in the warm-up: every second run has 64 images and takes
  // so much longer that other work on the machine does not hide it.
  int longer = 0;
  const auto& ns = given->timings.latencies_ns;
  for (size_t i = 0; i + 1 < ns.size(); i += 2) longer += ns[i] > ns[i + 1];
  EXPECT_GE(longer, 8);
}

TEST(AgentClient, ProfilesOperators) {
  const auto client = StartAgent();
  ASSERT_TRUE(client->Load(kResnet10).ok());
  const auto profile = client->ProfileOperators(10);
  ASSERT_TRUE(profile.ok()) << profile.error().ToString();
  EXPECT_EQ(profile->runs, 10);
  ASSERT_FALSE(profile->by_op.empty());
  EXPECT_EQ(profile->by_op[0].op_type, "Conv");
  EXPECT_GT(profile->by_op[0].share, 0.5);
  ASSERT_EQ(profile->by_kind.size(), 1u);
  EXPECT_EQ(profile->by_kind[0].kind, KernelKind::kFloat);
}

TEST(AgentClient, MemoryIsTheModelsAlone) {
  const auto memory_of = [](const std::filesystem::path& model) {
    const auto client = StartAgent();
    EXPECT_TRUE(client->Load(model).ok());
    EXPECT_TRUE(client->Bench(ShortPlan()).ok());
    const auto memory = client->Memory();
    EXPECT_TRUE(memory.ok());
    return *memory;
  };
  const MemoryUsage large = memory_of(kResnet10), small = memory_of(kMbv2);
  EXPECT_GT(large.empty_bytes, 0);
  EXPECT_LE(large.now_bytes, large.peak_bytes);
  // The larger model's file is 1.5 MB larger, and its weights are held at least once.
  EXPECT_GT(large.above_empty_bytes(), small.above_empty_bytes());
  EXPECT_GT(small.above_empty_bytes(), 0);
}

TEST(AgentSession, RunsFromSeveralThreads) {
  const auto client = StartAgent();
  ASSERT_TRUE(client->Load(kMbv2).ok());
  const auto session = AsSession(*client);
  const auto expected = session->Run({Images(1)}).value();
  std::vector<int> equal(2, 0);
  std::vector<std::thread> threads;
  for (int& count : equal)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const auto outputs = session->Run({Images(1)});
        count += outputs.ok() && testing::Compare(expected, *outputs).equal();
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal, (std::vector<int>{10, 10}));
}

}  // namespace
}  // namespace edgeopt::measure
