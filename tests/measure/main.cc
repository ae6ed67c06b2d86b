// The test program is its own agent: `test_measure agent` serves the agent protocol, with ONNX
// Runtime and with a runtime that misbehaves on demand.
#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <iostream>
#include <thread>

#include "base/file.h"
#include "measure/agent_server.h"
#include "runtimes/library_path.h"
#include "runtimes/onnxruntime/onnxruntime.h"

namespace edgeopt::measure {
namespace {

// What its model file says decides what happens: "crash", "hang", "print", else one pass-through.
class FaultySession : public runtimes::Session {
 public:
  explicit FaultySession(std::string fault) : fault_(std::move(fault)) {
    specs_[0] = {"x", ir::DataType::kFloat32, {-1}, {""}};
  }
  const std::vector<runtimes::TensorSpec>& inputs() const override { return specs_; }
  const std::vector<runtimes::TensorSpec>& outputs() const override { return specs_; }
  Result<std::vector<ir::Tensor>> Run(const std::vector<ir::Tensor>& inputs) override {
    if (fault_ == "crash") {
      std::cerr << "about to crash" << std::endl;
      std::signal(SIGSEGV, SIG_DFL);
      std::raise(SIGSEGV);
    }
    if (fault_ == "hang") std::this_thread::sleep_for(std::chrono::minutes(5));
    if (fault_ == "print") std::cout << "chatter of a library" << std::endl;
    return inputs;
  }
  Result<std::vector<std::vector<runtimes::ProfileEvent>>> EndProfile() override {
    return std::vector<std::vector<runtimes::ProfileEvent>>();
  }

 private:
  std::string fault_;
  std::vector<runtimes::TensorSpec> specs_ = std::vector<runtimes::TensorSpec>(1);
};

class FaultyRuntime : public runtimes::Runtime {
 public:
  std::string name() const override { return "faulty"; }
  std::string version() const override { return "1"; }
  Result<std::unique_ptr<runtimes::Session>> Load(const std::filesystem::path& model,
                                                  const runtimes::SessionOptions&) override {
    EDGEOPT_TRY(std::string fault, ReadFile(model));
    return std::unique_ptr<runtimes::Session>(std::make_unique<FaultySession>(std::move(fault)));
  }
  Result<std::unique_ptr<runtimes::Session>> LoadBytes(std::span<const std::byte>,
                                                       const runtimes::SessionOptions&) override {
    return Unsupported("not from bytes");
  }
};

// Arguments: the store; root, programs and journal of a board made of files (agent_board_test.cc).
int Agent(const std::vector<std::string>& arguments) {
  AgentConfig config;
  config.version = "test";
  if (!arguments.empty()) config.store = arguments[0];
  if (arguments.size() == 4) {
    config.board = {arguments[1], {{arguments[2]}, false}};
    config.journal_folder = arguments[3];
  }
  config.runtimes.push_back({"onnxruntime", [] {
                               return runtimes::OpenOnnxRuntime(
                                   runtimes::OnnxRuntimeCandidates({}, {}, EDGEOPT_DEPS_DIR));
                             }});
  config.runtimes.push_back({"faulty", []() -> Result<std::shared_ptr<runtimes::Runtime>> {
                               return std::shared_ptr<runtimes::Runtime>(
                                   std::make_shared<FaultyRuntime>());
                             }});
  config.runtimes.push_back({"absent", []() -> Result<std::shared_ptr<runtimes::Runtime>> {
                               return Unavailable("no such library", "install it");
                             }});
  const Status status = RunAgentProcess(config);
  if (!status.ok()) std::cerr << status.error().ToString() << std::endl;
  return status.ok() ? 0 : static_cast<int>(status.error().code);
}

}  // namespace
}  // namespace edgeopt::measure

int main(int argc, char** argv) {
  if (argc >= 2 && std::strcmp(argv[1], "agent") == 0)
    return edgeopt::measure::Agent({argv + 2, argv + argc});
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
