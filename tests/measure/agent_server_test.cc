// The agent by its lines alone, as docs/agent-protocol.md has them.
#include "measure/agent_server.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "base/subprocess.h"
#include "measure/agent/base64.h"
#include "measure/agents.h"

namespace edgeopt::measure {
namespace {

using nlohmann::json;
using std::chrono::seconds;

class Wire {
 public:
  explicit Wire(bool greet = true)
      : process_(Subprocess::Start({.argv = {ThisProgram(), "agent"}}).value()) {
    if (greet) Ask("hello", {{"protocol", 2}, {"client", "test"}});
  }
  json Send(const std::string& line) {
    EXPECT_TRUE(process_.Write(line + "\n").ok());
    return Next();
  }
  json Next() {
    const auto line = process_.ReadLine(seconds(30));
    if (!line.ok() || !line->has_value()) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    return json::parse(**line);
  }
  json Ask(const std::string& method, const json& params = json::object()) {
    return Send(json{{"id", ++id_}, {"method", method}, {"params", params}}.dump());
  }
  std::string Refused(const std::string& method, const json& params = json::object()) {
    json answer = Ask(method, params);
    EXPECT_TRUE(answer.contains("error")) << answer;
    return answer.contains("error") ? answer["error"]["message"].get<std::string>() : "";
  }
  Subprocess& process() { return process_; }

 private:
  Subprocess process_;
  int id_ = 0;
};

json LoadParams(const std::filesystem::path& model) {
  return {{"model", {{"path", model.string()}}},
          {"runtime", "onnxruntime"},
          {"options",
           {{"threads", 1},
            {"optimization", "all"},
            {"spin", true},
            {"arena", true},
            {"kernels", "xnnpack"}}}};
}

json Image() {
  const std::vector<float> pixels(784, 0.5f);
  return {{"name", "input"},
          {"type", "float32"},
          {"dims", {1, 1, 28, 28}},
          {"data", EncodeBase64(std::as_bytes(std::span(pixels)))}};
}

TEST(AgentServer, MalformedLinesAreRefusedAndTheNextIsServed) {
  Wire wire;
  EXPECT_TRUE(wire.Send("not json")["id"].is_null());
  EXPECT_TRUE(wire.Send("")["id"].is_null());
  EXPECT_EQ(wire.Send("[1, 2]")["error"]["code"], 3);
  EXPECT_EQ(wire.Send(R"({"id": 5, "method": 7})")["id"], 5);
  EXPECT_EQ(wire.Send(R"({"id": 6, "method": "fly"})")["error"]["message"],
            "no method 'fly' in version 2 of the protocol");
  EXPECT_EQ(wire.Send(std::string(100'000, '['))["error"]["code"], 3);  // deep nesting
  EXPECT_EQ(wire.Refused("memory", {{"surprise", 1}}), "memory: unknown field 'surprise'");
  EXPECT_TRUE(wire.Ask("has", {{"files", json::array()}}).contains("result"));
}

TEST(AgentServer, ALineThatIsTooLongIsSkipped) {
  Wire wire;
  json answer = wire.Send(std::string(17 << 20, 'x'));
  EXPECT_TRUE(answer["id"].is_null());
  EXPECT_EQ(answer["error"]["message"], "the line is longer than 16 MiB");
  EXPECT_TRUE(wire.Ask("has", {{"files", json::array()}}).contains("result"));
}

TEST(AgentServer, HelloComesFirstAndAgreesOnTheVersion) {
  Wire wire(false);
  EXPECT_EQ(wire.Refused("memory"), "the first request is not 'hello'");
  json newer = wire.Ask("hello", {{"protocol", 3}, {"client", "test"}});
  EXPECT_EQ(newer["error"]["code"], 5);
  EXPECT_EQ(newer["error"]["hint"], "use the same edgeopt on both sides");
  json hello = wire.Ask("hello", {{"protocol", 2}, {"client", "test"}});
  EXPECT_EQ(hello["result"]["protocol"], 2);
  EXPECT_EQ(hello["result"]["runtimes"][0]["version"], "1.31.1");
}

TEST(AgentServer, WantsAModelAndInputs) {
  Wire wire;
  const json plan = {
      {"warm_up", {{"min_runs", 0}, {"min_seconds", 0}, {"max_seconds", 0}, {"tolerance", 0}}},
      {"min_runs", 3},
      {"min_seconds", 0},
      {"max_runs", 3}};
  EXPECT_EQ(wire.Refused("bench", plan), "no model is loaded");
  EXPECT_TRUE(wire.Ask("load", LoadParams(kMbv2)).contains("result"));
  EXPECT_EQ(wire.Refused("load", LoadParams(kMbv2)), "a model is loaded already");
  EXPECT_EQ(wire.Refused("bench", plan), "the model has no inputs");
  EXPECT_EQ(
      wire.Ask("inputs", {{"samples", json::array({json::array({Image()})})}})["result"]["count"],
      1);
  json bench = wire.Ask("bench", plan);
  EXPECT_EQ(bench["result"]["latencies_ns"].size(), 3u);
  json run = wire.Ask("run", {{"inputs", json::array({Image()})}});
  EXPECT_EQ(run["result"]["outputs"][0]["dims"], json::array({1, 10}));
  EXPECT_TRUE(wire.Ask("unload").contains("result"));
  EXPECT_EQ(wire.Refused("run", {{"inputs", json::array({Image()})}}), "no model is loaded");
}

TEST(AgentServer, RefusesRuntimesThatItLacks) {
  Wire wire;
  json params = LoadParams(kMbv2);
  params["runtime"] = "tensorrt";
  EXPECT_EQ(wire.Refused("load", params), "the agent has no runtime 'tensorrt'");
  params["runtime"] = "absent";
  EXPECT_EQ(wire.Refused("load", params), "no such library");
}

TEST(AgentServer, FilesAreKeptOnlyWhenTheirHashAgrees) {
  Wire wire;
  const std::string content = "some bytes of a file";
  const std::string hash = Sha256Hex(std::as_bytes(std::span(content)));
  const auto piece = [&](size_t offset, const std::string& part) {
    return json{{"sha256", hash},
                {"size", content.size()},
                {"offset", offset},
                {"data", EncodeBase64(std::as_bytes(std::span(part)))}};
  };
  EXPECT_EQ(wire.Ask("has", {{"files", json::array({hash})}})["result"]["missing"],
            json::array({hash}));
  EXPECT_NE(wire.Refused("put", piece(5, "bytes")).find("does not follow"), std::string::npos);
  EXPECT_EQ(wire.Ask("put", piece(0, "some "))["result"]["complete"], false);
  EXPECT_NE(wire.Refused("put", piece(5, "lies!!!!!!!!!!!")).find("SHA-256 is"), std::string::npos);
  EXPECT_EQ(wire.Ask("has", {{"files", json::array({hash})}})["result"]["missing"],
            json::array({hash}));
  EXPECT_EQ(wire.Ask("put", piece(0, content.substr(0, 5)))["result"]["received"], 5);
  EXPECT_EQ(wire.Ask("put", piece(5, content.substr(5)))["result"]["complete"], true);
  EXPECT_EQ(wire.Ask("has", {{"files", json::array({hash})}})["result"]["missing"], json::array());
}

TEST(AgentServer, StagedInputsServeOneRequest) {
  Wire wire;
  ASSERT_TRUE(wire.Ask("load", LoadParams(kMbv2)).contains("result"));
  const std::vector<float> pixels(784, 0.5f);
  const auto bytes = std::as_bytes(std::span(pixels));
  const auto piece = [&](size_t offset, size_t count) {
    return json{{"size", bytes.size()},
                {"offset", offset},
                {"data", EncodeBase64(bytes.subspan(offset, count))}};
  };
  json apart = Image();
  apart.erase("data");
  apart["offset"] = 0;
  const json run = {{"inputs", json::array({apart})}};
  EXPECT_NE(wire.Refused("run", run).find("0 of 0 bytes"), std::string::npos);
  EXPECT_EQ(wire.Ask("stage", piece(0, 1000))["result"]["complete"], false);
  EXPECT_NE(wire.Refused("stage", piece(1004, 10)).find("does not follow"), std::string::npos);
  EXPECT_EQ(wire.Ask("stage", piece(1000, 2136))["result"],
            (json{{"received", 3136}, {"complete", true}}));
  const json inlined = wire.Ask("run", {{"inputs", json::array({Image()})}});  // drops them
  EXPECT_TRUE(wire.Ask("run", run).contains("error"));
  EXPECT_EQ(wire.Ask("stage", piece(0, 3136))["result"]["complete"], true);
  const json staged = wire.Ask("run", run);
  EXPECT_EQ(staged["result"]["outputs"], inlined["result"]["outputs"]);
  EXPECT_EQ(wire.Refused("fetch", {{"file", "outputs"}, {"offset", 0}}),
            "fetch: the agent offers no file 'outputs'");
}

TEST(AgentServer, EndsWithItsClientDuringABenchmark) {
  Wire wire;
  ASSERT_TRUE(wire.Ask("load", LoadParams(kMbv2)).contains("result"));
  ASSERT_TRUE(
      wire.Ask("inputs", {{"samples", json::array({json::array({Image()})})}}).contains("result"));
  const json plan = {
      {"warm_up", {{"min_runs", 0}, {"min_seconds", 0}, {"max_seconds", 0}, {"tolerance", 0}}},
      {"min_runs", 100},
      {"min_seconds", 600},
      {"max_runs", 1'000'000}};
  ASSERT_TRUE(wire.process()
                  .Write(json{{"id", 9}, {"method", "bench"}, {"params", plan}}.dump() + "\n")
                  .ok());
  EXPECT_TRUE(wire.Next().contains("progress"));
  wire.process().CloseInput();
  const auto status = wire.process().Wait(seconds(10));
  ASSERT_TRUE(status.ok()) << status.error().ToString();
  EXPECT_TRUE(status->ok());
}

TEST(AgentServer, EndsAtTheEndOfItsInputAndOnShutdown) {
  Wire closed;
  closed.process().CloseInput();
  EXPECT_TRUE(closed.process().Wait(seconds(10)).value().ok());
  Wire asked;
  EXPECT_TRUE(asked.Ask("shutdown").contains("result"));
  EXPECT_TRUE(asked.process().Wait(seconds(10)).value().ok());
}

TEST(AgentServer, AStoreThatCantBeMadeIsAnError) {
  const auto output = RunCommand({ThisProgram(), "agent", "/proc/nowhere/store"});
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(output->status.code, 5);
  EXPECT_NE(output->err.find("--store"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::measure
