// The tests; and `test_frameworks prepare`, which makes the frameworks' environments before they
// run (tools/prepare-tests), so that no test waits for the network, and prints PyTorch's Python.
#include <gtest/gtest.h>

#include <cstring>
#include <iostream>

#include "frameworks/environment.h"

namespace edgeopt::frameworks {
namespace {

class PrintingSink : public Sink {
 public:
  void Note(std::string_view text) override { std::cerr << text << std::endl; }
};

int Prepare() {
  PrintingSink sink;
  EnvironmentOptions options;
  options.cache = EDGEOPT_DEPS_DIR;
  options.sink = &sink;
  for (const Framework framework : {Framework::kPytorch, Framework::kTensorflow}) {
    const auto environment = OpenEnvironment(framework, options);
    if (environment.ok()) {
      if (framework == Framework::kPytorch) std::cout << environment->python << std::endl;
      continue;
    }
    std::cerr << environment.error().ToString() << std::endl;
    return static_cast<int>(environment.error().code);
  }
  return 0;
}

}  // namespace
}  // namespace edgeopt::frameworks

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "prepare") == 0) return edgeopt::frameworks::Prepare();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
