#include "runtimes/tensorrt/trtexec_flags.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace edgeopt::runtimes::tensorrt {
namespace {

constexpr Version k86{8, 6, 2}, k103{10, 3, 0}, k1016{10, 16, 2}, k114{11, 4, 1};

BuildOptions Int8Build() {
  BuildOptions options;
  options.onnx_path = "m.onnx";
  options.engine_path = "m.engine";
  options.precisions = {Typing::kGraph, true, true};
  return options;
}

bool Has(const std::vector<std::string>& command, const std::string& argument) {
  return std::find(command.begin(), command.end(), argument) != command.end();
}

std::vector<std::string> Build(const Version& version, const BuildOptions& options) {
  const auto command = BuildCommand(version, options);
  EXPECT_TRUE(command.ok()) << command.error().ToString();
  return command.ok() ? *command : std::vector<std::string>();
}

std::vector<std::string> Arguments(const Version& version, const RunOptions& options) {
  const auto command = RunEngineCommand(version, options);
  EXPECT_TRUE(command.ok()) << command.error().ToString();
  return command.ok() ? *command : std::vector<std::string>();
}

// The table of "Migrating trtexec from 10.x to 11.x": builder precisions until 8.6, strong typing
// from 9.1, no option from 11.0.
TEST(BuildCommand, NamesThePrecisionAsTheVersionWantsIt) {
  const std::vector<std::string> start = {"trtexec", "--onnx=m.onnx", "--saveEngine=m.engine",
                                          "--skipInference", "--profilingVerbosity=detailed"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> all = start;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  EXPECT_EQ(Build(k86, Int8Build()), with({"--fp16", "--int8"}));
  EXPECT_EQ(Build(k103, Int8Build()), with({"--stronglyTyped"}));
  EXPECT_EQ(Build(k1016, Int8Build()), with({"--stronglyTyped"}));
  EXPECT_EQ(Build(k114, Int8Build()), start);
}

TEST(BuildCommand, LetsTheBuilderChooseWhereItStillCan) {
  BuildOptions options = Int8Build();
  options.precisions = {Typing::kBuilder, true, false};
  EXPECT_TRUE(Has(Build(k103, options), "--fp16"));
  EXPECT_FALSE(Has(Build(k103, options), "--stronglyTyped"));
  const auto command = BuildCommand(k114, options);
  ASSERT_FALSE(command.ok());
  EXPECT_EQ(command.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(command.error().message.find("11.4.1"), std::string::npos);
}

TEST(BuildCommand, SaysShapesWorkspaceAndFiles) {
  BuildOptions options = Int8Build();
  options.shapes = {{"x:0", {{1, 3, 8, 8}, {4, 3, 8, 8}, {8, 3, 8, 8}}}, {"s", {{}, {}, {}}}};
  options.timing_cache_path = "t.cache";
  options.layer_info_path = "l.json";
  options.workspace_mib = 512;
  const auto command = Build(k103, options);
  EXPECT_TRUE(Has(command, "--minShapes='s':scalar,'x:0':1x3x8x8"));
  EXPECT_TRUE(Has(command, "--optShapes='s':scalar,'x:0':4x3x8x8"));
  EXPECT_TRUE(Has(command, "--maxShapes='s':scalar,'x:0':8x3x8x8"));
  EXPECT_TRUE(Has(command, "--timingCacheFile=t.cache"));
  EXPECT_TRUE(Has(command, "--exportLayerInfo=l.json"));
  EXPECT_TRUE(Has(command, "--memPoolSize=workspace:512"));
}

TEST(BuildCommand, RefusesWhatTheCommandLineCannotSay) {
  for (const char* name : {"", "a,b", "a'b", "a*"}) {
    BuildOptions options = Int8Build();
    options.shapes[name] = {{1}, {1}, {1}};
    EXPECT_FALSE(BuildCommand(k103, options).ok()) << name;
  }
  BuildOptions disordered = Int8Build();
  disordered.shapes["x"] = {{4}, {2}, {8}};
  EXPECT_FALSE(BuildCommand(k103, disordered).ok());
  disordered.shapes["x"] = {{4, 1}, {4}, {8}};
  EXPECT_FALSE(BuildCommand(k103, disordered).ok());
  disordered.shapes["x"] = {{-1}, {4}, {8}};
  EXPECT_FALSE(BuildCommand(k103, disordered).ok());
  BuildOptions no_model = Int8Build();
  no_model.onnx_path.clear();
  EXPECT_FALSE(BuildCommand(k103, no_model).ok());
  BuildOptions no_workspace = Int8Build();
  no_workspace.workspace_mib = 0;
  EXPECT_FALSE(BuildCommand(k103, no_workspace).ok());
}

// "Working with DLA": 10.7 was the last with it, 11.4.1 is the next; Q/DQ on it from then on only.
TEST(BuildCommand, UsesDlaWhereTheVersionHasIt) {
  BuildOptions options = Int8Build();
  options.precisions = {Typing::kGraph, true, false};
  options.dla_core = 0;
  for (const Version& version : {k86, k103}) {
    const auto command = Build(version, options);
    EXPECT_TRUE(Has(command, "--useDLACore=0") && Has(command, "--allowGPUFallback"));
    EXPECT_TRUE(Has(command, "--fp16") && !Has(command, "--stronglyTyped"));
  }
  EXPECT_TRUE(Has(Build(k114, options), "--useDLACore=0"));
  EXPECT_FALSE(Has(Build(k114, options), "--fp16"));
  options.allow_gpu_fallback = false;
  EXPECT_FALSE(Has(Build(k103, options), "--allowGPUFallback"));
  for (const Version& version : {Version{10, 8, 0}, k1016, Version{11, 4, 0}})
    EXPECT_EQ(BuildCommand(version, options).error().code, ErrorCode::kUnsupported);
}

TEST(BuildCommand, RefusesOnDlaWhatItCannotCompute) {
  BuildOptions options = Int8Build();
  options.dla_core = 1;
  EXPECT_EQ(BuildCommand(k103, options).error().code, ErrorCode::kUnsupported);
  EXPECT_TRUE(BuildCommand(k114, options).ok());
  options.precisions = {};
  EXPECT_EQ(BuildCommand(k103, options).error().code, ErrorCode::kUnsupported);
  options.dla_core = -1;
  EXPECT_EQ(BuildCommand(k103, options).error().code, ErrorCode::kUsage);
}

RunOptions PlainRun() {
  RunOptions options;
  options.engine_path = "m.engine";
  options.times_path = "t.json";
  options.profile_path = "p.json";
  return options;
}

// 11.0 turned the defaults of three options round, and dropped one.
TEST(RunEngineCommand, MeansTheSameInEveryVersion) {
  const auto old = Arguments(k103, PlainRun());
  for (const char* argument : {"--noDataTransfers", "--useSpinWait", "--separateProfileRun"})
    EXPECT_TRUE(Has(old, argument)) << argument;
  EXPECT_FALSE(Has(old, "--useCudaGraph"));
  const auto recent = Arguments(k114, PlainRun());
  EXPECT_TRUE(Has(recent, "--noCudaGraph"));
  for (const char* argument :
       {"--noDataTransfers", "--useSpinWait", "--separateProfileRun", "--includeDataTransfers"})
    EXPECT_FALSE(Has(recent, argument)) << argument;

  RunOptions other = PlainRun();
  other.transfers = true;
  other.spin_wait = false;
  other.cuda_graph = true;
  EXPECT_TRUE(Has(Arguments(k86, other), "--useCudaGraph"));
  EXPECT_FALSE(Has(Arguments(k86, other), "--noDataTransfers"));
  EXPECT_TRUE(Has(Arguments(k114, other), "--includeDataTransfers"));
  EXPECT_TRUE(Has(Arguments(k114, other), "--noSpinWait"));
  EXPECT_FALSE(Has(Arguments(k114, other), "--noCudaGraph"));
}

TEST(RunEngineCommand, SaysShapesInputsAndFiles) {
  RunOptions options = PlainRun();
  options.shapes = {{"x", {2, 3}}};
  options.inputs = {{"x", "in/x.bin"}, {"y:0", "in/y.bin"}};
  options.output_path = "o.json";
  const auto command = Arguments(k86, options);
  EXPECT_EQ(command[0], "trtexec");
  EXPECT_TRUE(Has(command, "--loadEngine=m.engine"));
  EXPECT_TRUE(Has(command, "--warmUp=500"));
  EXPECT_TRUE(Has(command, "--duration=3"));
  EXPECT_TRUE(Has(command, "--iterations=50"));
  EXPECT_TRUE(Has(command, "--shapes='x':2x3"));
  EXPECT_TRUE(Has(command, "--loadInputs='x':in/x.bin,'y:0':in/y.bin"));
  EXPECT_TRUE(Has(command, "--exportTimes=t.json"));
  EXPECT_TRUE(Has(command, "--exportProfile=p.json"));
  EXPECT_TRUE(Has(command, "--exportOutput=o.json"));
}

TEST(RunEngineCommand, RefusesWhatCannotBe) {
  RunOptions no_engine = PlainRun();
  no_engine.engine_path.clear();
  RunOptions comma = PlainRun();
  comma.inputs = {{"x", "a,b.bin"}};
  RunOptions graph_on_dla = PlainRun();
  graph_on_dla.dla_core = 0;
  graph_on_dla.cuda_graph = true;
  RunOptions no_iteration = PlainRun();
  no_iteration.iterations = 0;
  for (const RunOptions& options : {no_engine, comma, graph_on_dla, no_iteration})
    EXPECT_FALSE(RunEngineCommand(k103, options).ok());
}

}  // namespace
}  // namespace edgeopt::runtimes::tensorrt
