#include "measure/agent_protocol.h"

#include <gtest/gtest.h>

#include "measure/agent/base64.h"
#include "measure/agent/tensor_codec.h"

namespace edgeopt::measure {
namespace {

using nlohmann::json;

std::string Text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Base64, MatchesTheRfc) {
  // RFC 4648, section 10.
  const std::pair<std::string, std::string> kVectors[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : kVectors) {
    EXPECT_EQ(EncodeBase64(std::as_bytes(std::span(plain))), encoded);
    EXPECT_EQ(Text(DecodeBase64(encoded).value()), plain);
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9", "====", "=",
                           "Zm9v\n", "Z===", "Zm9v!AAA"})
    EXPECT_FALSE(DecodeBase64(text).has_value()) << text;
}

TEST(Request, RoundTrips) {
  std::optional<int64_t> id;
  const auto request =
      ParseRequest(RequestLine({42, "load", {{"a", 1}}}).substr(0, std::string::npos), id);
  ASSERT_TRUE(request.ok()) << request.error().ToString();
  EXPECT_EQ(id, 42);
  EXPECT_EQ(request->method, "load");
  EXPECT_EQ(request->params["a"], 1);
}

TEST(Request, RefusesOtherThings) {
  for (const char* line :
       {"", "x", "[]", "{}", R"({"id": 1})", R"({"id": -1, "method": "a"})",
        R"({"id": 1.5, "method": "a"})", R"({"id": 9007199254740992, "method": "a"})",
        R"({"id": 1, "method": 2})", R"({"id": 1, "method": "a", "params": []})",
        R"({"id": 1, "method": "a", "extra": 1})", R"({"id": 1, "method": "a"} trailing)"}) {
    std::optional<int64_t> id;
    EXPECT_FALSE(ParseRequest(line, id).ok()) << line;
  }
}

TEST(Request, TellsTheIdOfABadOne) {
  std::optional<int64_t> id;
  EXPECT_FALSE(ParseRequest(R"({"id": 5, "method": 2})", id).ok());
  EXPECT_EQ(id, 5);
}

TEST(Answer, RoundTrips) {
  auto answer = ParseAnswer(ResultLine(1, {{"x", 2}}));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ((*answer->result)["x"], 2);
  answer = ParseAnswer(RefusalLine(2, Unsupported("no", "try this")));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->id, 2);
  EXPECT_EQ(answer->error->code, ErrorCode::kUnsupported);
  EXPECT_EQ(answer->error->hint, "try this");
  EXPECT_FALSE(answer->error->environment);
  answer = ParseAnswer(RefusalLine(std::nullopt, BadInput("what?")));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->id, -1);
  answer = ParseAnswer(ProgressLine(3, 4, 5));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->progress->done, 4);
  EXPECT_EQ(answer->progress->total, 5);
}

TEST(Answer, TellsThatADiskFailed) {
  const std::string line = RefusalLine(1, CantWrite("can't write 'x': No space left on device"));
  EXPECT_EQ(json::parse(line)["error"]["environment"], true);
  const auto answer = ParseAnswer(line);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->error->environment);
}

TEST(Answer, RefusesOtherThings) {
  for (const char* line :
       {"", "{}", R"({"id": 1})", R"({"id": "1", "result": {}})", R"({"id": 1, "result": 3})",
        R"({"id": 1, "result": {}, "error": {}})", R"({"id": 1, "error": {"code": 3}})",
        R"({"id": 1, "error": {"code": "3", "message": ""}})",
        R"({"id": 1, "error": {"code": 5, "message": "", "environment": 1}})",
        R"({"id": 1, "progress": {"done": 1}})"})
    EXPECT_FALSE(ParseAnswer(line).ok()) << line;
}

TEST(Answer, NamesOfOtherEncodingsDoNotBreakALine) {
  const auto answer = ParseAnswer(ResultLine(1, {{"name", "caf\xE9\n"}}));
  ASSERT_TRUE(answer.ok());
}

TEST(Tensors, RoundTripInlineAndByOffset) {
  std::vector<ir::Tensor> tensors = {
      ir::Tensor::Of<float>({2, 2}, {1, 2, 3, 4}), ir::Tensor::Scalar<int64_t>(-7),
      ir::Tensor::Of<float>({0}, {}), ir::Tensor::MakeStrings({2}, {"a", ""}).value(),
      ir::Tensor::Make(ir::DataType::kInt4, {3}, Buffer::Own(std::string("\x21\x03"))).value()};
  for (size_t i = 0; i < tensors.size(); ++i) tensors[i].name = "t" + std::to_string(i);
  const auto inline_ones = DecodeTensors(EncodeTensors(tensors, nullptr), {});
  ASSERT_TRUE(inline_ones.ok()) << inline_ones.error().ToString();
  EXPECT_EQ(*inline_ones, tensors);
  EXPECT_EQ((*inline_ones)[1].name, "t1");

  Payload payload;
  const json encoded = EncodeTensors(tensors, &payload);
  std::string file(payload.size_bytes, '\0');
  for (const Payload::Part& part : payload.parts) {
    EXPECT_EQ(part.offset % 64, 0u);
    std::copy(part.data.text().begin(), part.data.text().end(),
              file.begin() + static_cast<std::ptrdiff_t>(part.offset));
  }
  const Buffer buffer = Buffer::Own(file);
  const auto by_offset = DecodeTensors(
      encoded,
      [&](uint64_t offset, uint64_t size) -> Result<Buffer> { return buffer.Slice(offset, size); });
  ASSERT_TRUE(by_offset.ok()) << by_offset.error().ToString();
  EXPECT_EQ(*by_offset, tensors);
}

TEST(Tensors, RefuseWhatDoesNotFit) {
  const auto refuse = [](const char* text, const ReadRange& read = {}) {
    const auto tensors = DecodeTensors(json::parse(text), read);
    EXPECT_FALSE(tensors.ok()) << text;
  };
  const ReadRange none = [](uint64_t, uint64_t) -> Result<Buffer> { return BadInput("no file"); };
  refuse(R"({})");
  refuse(R"([{}])");
  refuse(R"([{"name": "x", "type": "float32", "dims": [2], "data": "AAAA"}])");
  refuse(R"([{"name": "x", "type": "float31", "dims": [1], "data": "AAAAAA=="}])");
  refuse(R"([{"name": "x", "type": "undefined", "dims": [1], "data": "AAAAAA=="}])");
  refuse(R"([{"name": "x", "type": "float32", "dims": [-1], "data": "AAAAAA=="}])");
  refuse(R"([{"name": "x", "type": "float32", "dims": [1.0], "data": "AAAAAA=="}])");
  refuse(R"([{"name": "x", "type": "float32", "dims": [1], "data": "AAAAAA"}])");
  refuse(R"([{"name": "x", "type": "float32", "dims": [1], "offset": 0}])");  // no folder
  refuse(R"([{"name": "x", "type": "float32", "dims": [1], "offset": 4}])", none);
  refuse(R"([{"name": "x", "type": "float32", "dims": [1], "offset": 64}])", none);
  refuse(R"([{"name": "x", "type": "float32", "dims": [1], "data": "AAAAAA==", "offset": 64}])",
         none);
  refuse(R"([{"name": "x", "type": "string", "dims": [2], "strings": ["a"]}])");
  refuse(R"([{"name": "x", "type": "string", "dims": [1], "strings": [1]}])");
  // Sizes whose product overflows.
  refuse(
      R"([{"name": "x", "type": "float32", "dims": [1099511627776, 1099511627776, 0], "data": ""}])");
  refuse(
      R"([{"name": "x", "type": "float32", "dims": [1099511627776, 1099511627776], "offset": 0}])",
      none);
}

TEST(Load, RoundTripsBothForms) {
  LoadParams params;
  params.path = "/models/a.onnx";
  params.options.threads = 3;
  params.options.spin = false;
  params.options.optimization = runtimes::GraphOptimization::kBasic;
  params.options.kernels = runtimes::KernelMode::kReference;
  auto back = LoadParamsFrom(ToJson(params));
  ASSERT_TRUE(back.ok()) << back.error().ToString();
  EXPECT_EQ(back->path, params.path);
  EXPECT_EQ(back->options.threads, 3);
  EXPECT_FALSE(back->options.spin);
  EXPECT_TRUE(back->options.arena);
  EXPECT_EQ(back->options.optimization, runtimes::GraphOptimization::kBasic);
  EXPECT_EQ(back->options.kernels, runtimes::KernelMode::kReference);

  params.files = {{"a.onnx", std::string(64, 'a')}, {"sub/a.data", std::string(64, '0')}};
  back = LoadParamsFrom(ToJson(params));
  ASSERT_TRUE(back.ok()) << back.error().ToString();
  ASSERT_EQ(back->files.size(), 2u);
  EXPECT_EQ(back->files[1].name, "sub/a.data");
  EXPECT_TRUE(back->path.empty());
}

TEST(Load, TellsTensorRtWhatTheModelHolds) {
  LoadParams params;
  params.path = "/m.onnx";
  params.runtime = "tensorrt";
  runtimes::TensorRtOptions& options = params.options.tensorrt;
  options.trtexec = "/opt/trtexec";
  options.dla_core = 1;
  options.workspace_mib = 512;
  options.transfers = true;
  options.model.inputs = {{"x", ir::DataType::kFloat16, {-1, 3}, {"N", ""}}};
  options.model.int8 = true;
  options.model.int8_nodes = {"conv"};
  options.model.sha256 = std::string(64, 'a');
  const nlohmann::json message = ToJson(params);
  const auto back = LoadParamsFrom(message);
  ASSERT_TRUE(back.ok()) << back.error().ToString();
  const runtimes::TensorRtOptions& read = back->options.tensorrt;
  EXPECT_EQ(read.trtexec, "/opt/trtexec");
  EXPECT_EQ(read.dla_core, 1);
  EXPECT_EQ(read.workspace_mib, 512);
  EXPECT_TRUE(read.transfers);
  ASSERT_EQ(read.model.inputs.size(), 1u);
  EXPECT_EQ(read.model.inputs[0].dims, (ir::Dims{-1, 3}));
  EXPECT_TRUE(read.model.int8 && !read.model.float16);
  EXPECT_EQ(read.model.int8_nodes, std::vector<std::string>{"conv"});

  nlohmann::json unknown = message;
  unknown["options"]["tensorrt"]["speed"] = 11;
  EXPECT_FALSE(LoadParamsFrom(unknown).ok());
  nlohmann::json no_hash = message;
  no_hash["options"]["tensorrt"]["model"]["sha256"] = "a";
  EXPECT_FALSE(LoadParamsFrom(no_hash).ok());
  nlohmann::json no_core = message;
  no_core["options"]["tensorrt"]["dla"] = -1;
  EXPECT_FALSE(LoadParamsFrom(no_core).ok());
}

TEST(Load, TellsWhoExecutesAndTimes) {
  const auto back =
      LoadedModelFrom(ToJson(LoadedModel{{}, {}, 5, "trtexec", "no headers", "on the GPU", {}}));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->executes_by, "trtexec");
  EXPECT_EQ(back->executes_because, "no headers");
  EXPECT_EQ(back->timed_as, "on the GPU");
  EXPECT_FALSE(back->dla.has_value());
}

TEST(Load, TellsWhatRunsOnADla) {
  LoadedModel loaded;
  loaded.dla = {1, true, {"{ForeignNode[a...b]}"}, {"SOFTMAX: c"}};
  const nlohmann::json message = ToJson(loaded);
  const auto back = LoadedModelFrom(message);
  ASSERT_TRUE(back.ok()) << back.error().ToString();
  ASSERT_TRUE(back->dla.has_value());
  EXPECT_EQ(back->dla->core, 1);
  EXPECT_TRUE(back->dla->known);
  EXPECT_EQ(back->dla->on_dla, loaded.dla->on_dla);
  EXPECT_EQ(back->dla->on_gpu, loaded.dla->on_gpu);
  for (const auto& [name, value] : std::map<std::string, nlohmann::json>{
           {"core", -1}, {"known", "yes"}, {"on_dla", "a"}, {"on_gpu", {1}}, {"speed", 11}}) {
    nlohmann::json wrong = message;
    wrong["dla"][name] = value;
    EXPECT_FALSE(LoadedModelFrom(wrong).ok()) << name;
  }
}

TEST(Built, NamesStayInAFolder) {
  const std::string hash(64, 'b');
  const auto back = BuiltFilesFrom(ToJson(std::vector<BuiltFile>{{"a.engine", 7, hash}}));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->front().name, "a.engine");
  EXPECT_EQ(back->front().size_bytes, 7);
  for (const char* name : {"", "..", "a/b", "/etc/passwd", ".profile"})
    EXPECT_FALSE(BuiltFilesFrom(ToJson(std::vector<BuiltFile>{{name, 7, hash}})).ok()) << name;
}

TEST(Load, RefusesNamesThatLeaveTheFolder) {
  for (const std::string name : {"../a", "/a", "a/../../b", "", ".", "a/./b", "a//b"}) {
    LoadParams params;
    params.files = {{name, std::string(64, 'a')}};
    const bool plain = name == "a//b";  // the same as a/b
    EXPECT_EQ(LoadParamsFrom(ToJson(params)).ok(), plain) << name;
  }
  LoadParams relative;
  relative.path = "a.onnx";
  EXPECT_FALSE(LoadParamsFrom(ToJson(relative)).ok());
}

TEST(Put, ChecksHashSizeAndPiece) {
  PutParams params{std::string(64, 'b'), 10, 4, std::vector<std::byte>(6)};
  EXPECT_TRUE(PutParamsFrom(ToJson(params)).ok());
  params.offset = 5;
  EXPECT_FALSE(PutParamsFrom(ToJson(params)).ok());
  params.offset = 4;
  params.sha256[0] = 'B';
  EXPECT_FALSE(PutParamsFrom(ToJson(params)).ok());
  PutParams large{std::string(64, 'b'), 10 << 20, 0, std::vector<std::byte>((1 << 20) + 1)};
  EXPECT_FALSE(PutParamsFrom(ToJson(large)).ok());
}

TEST(Bench, PlanAndTimingsRoundTrip) {
  BenchPlan plan;
  plan.warm_up = {7, 0.5, 3, 0.1};
  plan.min_runs = 11;
  plan.min_seconds = 2.5;
  plan.max_runs = 999;
  EXPECT_EQ(ToJson(BenchPlanFrom(ToJson(plan)).value()), ToJson(plan));
  plan.max_runs = 10;  // below min_runs
  EXPECT_FALSE(BenchPlanFrom(ToJson(plan)).ok());
  const Timings timings{{5, 6, 7}, 3, 0.25, true};
  EXPECT_EQ(ToJson(TimingsFrom(ToJson(timings)).value()), ToJson(timings));
  EXPECT_FALSE(TimingsFrom(ToJson(Timings{{}, 3, 0.25, true})).ok());
  EXPECT_FALSE(TimingsFrom(ToJson(Timings{{-5}, 3, 0.25, true})).ok());
}

TEST(Hello, RoundTrips) {
  AgentHello hello;
  hello.edgeopt = "1.2.3";
  hello.pid = 77;
  hello.runtimes = {{"onnxruntime", "1.31.1", ""}, {"litert", "", "no library"}};
  hello.machine.cpu_model = "Z80";
  EXPECT_EQ(ToJson(AgentHelloFrom(ToJson(hello)).value()), ToJson(hello));
  EXPECT_EQ(AgentHelloFrom(ToJson(hello)).value().runtimes[1].missing, "no library");
  EXPECT_FALSE(HelloParamsFrom({{"protocol", 1}, {"client", "x"}, {"exchange", "here"}}).ok());
}

TEST(ProfileMessages, RoundTrip) {
  ProfileAnswer answer;
  answer.runs = 9;
  answer.nodes.resize(1);
  answer.nodes[0].node = "conv";
  answer.nodes[0].op_type = "QLinearConv";
  answer.nodes[0].mean_us = 1.5;
  answer.nodes[0].input_types = {"uint8", "float"};
  EXPECT_EQ(ToJson(ProfileAnswerFrom(ToJson(answer)).value()), ToJson(answer));
  EXPECT_FALSE(ProfileParamsFrom({{"runs", 0}, {"warm_up_runs", 0}}).ok());
  const MemoryUsage memory{3, 2, 1};
  EXPECT_EQ(ToJson(MemoryUsageFrom(ToJson(memory)).value()), ToJson(memory));
}

}  // namespace
}  // namespace edgeopt::measure
