// Agents for tests: the test program itself (main.cc), or any other command.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "measure/agent_client.h"

namespace edgeopt::measure {

inline std::string ThisProgram() { return std::filesystem::read_symlink("/proc/self/exe"); }

inline AgentOptions TestAgent() {
  AgentOptions options;
  options.argv = {ThisProgram(), "agent"};
  return options;
}

inline std::unique_ptr<AgentClient> StartAgent(AgentOptions options = TestAgent()) {
  auto client = AgentClient::Start(std::move(options));
  EXPECT_TRUE(client.ok()) << client.error().ToString();
  return client.ok() ? std::move(client).value() : nullptr;
}

inline const std::filesystem::path kMbv2 = EDGEOPT_SOURCE_DIR "/examples/fashion_mbv2.onnx";
inline const std::filesystem::path kResnet10 = EDGEOPT_SOURCE_DIR "/examples/fashion_resnet10.onnx";

inline ir::Tensor Images(int64_t count, float value = 0.25f) {
  ir::Tensor images = ir::Tensor::Of<float>(
      {count, 1, 28, 28}, std::vector<float>(static_cast<size_t>(count) * 784, value));
  images.name = "input";
  return images;
}

}  // namespace edgeopt::measure
