// The frameworks whose models edgeopt takes as sources. The program never loads Python: a framework
// runs in a worker, a process of its own (worker.h).
#pragma once

#include <string>

namespace edgeopt::frameworks {

enum class Framework { kPytorch, kTensorflow };

// For files, the worker and its protocol: "pytorch", "tensorflow".
inline std::string Name(Framework framework) {
  return framework == Framework::kPytorch ? "pytorch" : "tensorflow";
}
// For people.
inline std::string Title(Framework framework) {
  return framework == Framework::kPytorch ? "PyTorch" : "TensorFlow";
}

}  // namespace edgeopt::frameworks
