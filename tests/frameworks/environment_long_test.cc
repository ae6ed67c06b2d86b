// The real environment and the real worker, from the package index to an answer.
#include <gtest/gtest.h>

#include "base/file.h"
#include "frameworks/environment.h"
#include "frameworks/worker.h"

namespace edgeopt::frameworks {
namespace {

TEST(EnvironmentLongTest, PytorchRunsTorchScript) {
  EnvironmentOptions options;
  options.cache = EDGEOPT_DEPS_DIR;
  const auto environment = OpenEnvironment(Framework::kPytorch, options);
  ASSERT_TRUE(environment.ok()) << environment.error().ToString();
  // (x + y) * 2 as TorchScript, made by PyTorch itself. Its calls into CUDA are bound when they are
  // made, which is never (python/make_stub_libraries.py).
  const auto folder = TemporaryFolder::Create().value();
  const std::string file = (folder.path() / "sum.pt").string();
  const auto made = RunCommand({environment->python, "-c",
                                "import os, sys\n"
                                "sys.setdlopenflags(os.RTLD_LAZY)\n"
                                "import torch\n"
                                "class Net(torch.nn.Module):\n"
                                "    def forward(self, x, y):\n"
                                "        return (x + y) * 2\n"
                                "one = torch.ones(2)\n"
                                "torch.jit.trace(Net(), (one, one)).save(sys.argv[1])\n",
                                file});
  ASSERT_TRUE(made.ok() && made->status.ok()) << (made.ok() ? made->err : "");
  Source source;
  source.kind = Kind::kTorchScript;
  source.path = file;
  source.inputs = {{"x", ir::DataType::kFloat32, {2}}, {"y", ir::DataType::kFloat32, {2}}};
  const auto worker = StartWorker(*environment, source);
  ASSERT_TRUE(worker.ok()) << worker.error().ToString();
  const Status loaded = (*worker)->Load(source.path, LoadOptionsFor(Framework::kPytorch, 1));
  ASSERT_TRUE(loaded.ok()) << loaded.error().ToString();
  ir::Tensor x = ir::Tensor::Of<float>({2}, {1, 2}), y = ir::Tensor::Of<float>({2}, {10, 20});
  x.name = "x";
  y.name = "y";
  const auto outputs = (*worker)->Run({{x, y}});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  EXPECT_EQ(outputs->at(0).ToFloats().value(), (std::vector<float>{22, 44}));
  EXPECT_TRUE((*worker)->Shutdown().ok());
}

TEST(EnvironmentLongTest, TensorflowStarts) {
  EnvironmentOptions options;
  options.cache = EDGEOPT_DEPS_DIR;
  const auto environment = OpenEnvironment(Framework::kTensorflow, options);
  ASSERT_TRUE(environment.ok()) << environment.error().ToString();
  Source source;
  source.kind = Kind::kSavedModel;
  source.path = "/nowhere";
  const auto worker = StartWorker(*environment, source);
  ASSERT_TRUE(worker.ok()) << worker.error().ToString();
  const auto description = Describe(**worker);
  ASSERT_FALSE(description.ok());
  EXPECT_EQ(description.error().code, ErrorCode::kBadInput);
}

}  // namespace
}  // namespace edgeopt::frameworks
