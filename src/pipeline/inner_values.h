// Values inside a model, of either format: which correspond in two models, and how they are seen.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::formats::tflite {
struct File;
}

namespace edgeopt::pipeline {

// Made by an operator: a float, or integers that stand for floats.
struct InnerValue {
  std::string name;     // in the file
  std::string made_by;  // operator type
};

// Of the main graph, in order of execution. The first one infers types on a copy.
Result<std::vector<InnerValue>> InnerValuesOf(const ir::Model& model);
std::vector<InnerValue> InnerValuesOf(const formats::tflite::File& file);

// A copy of the model whose outputs are these values.
ir::Model WithOutputs(ir::Model model, const std::vector<std::string>& names);
// Outputs then have their tensors' names, inputs those that they had. Unsupported for a file whose
// first signature is not of its first subgraph.
Result<formats::tflite::File> WithOutputs(const formats::tflite::File& file,
                                          const std::vector<std::string>& names);

// Values that both models have, named as in each, in the reference's order.
struct SharedValues {
  std::vector<std::string> reference, other;
  std::map<std::string, std::string> made_by;  // of all of the reference's
};
// They correspond by name: quantizers and converters keep the name of what they change, and
// X_quantized are the integers of X.
SharedValues Share(const std::vector<InnerValue>& reference, const std::vector<InnerValue>& other);

}  // namespace edgeopt::pipeline
