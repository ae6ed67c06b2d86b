// A model: the main graph plus everything a model file carries around it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace edgeopt::ir {

struct OpsetImport {
  std::string domain;  // "" is ai.onnx
  int64_t version = 0;
  friend bool operator==(const OpsetImport&, const OpsetImport&) = default;
};

// A model-local function (onnx.proto, FunctionProto): its body is a graph without types whose
// inputs and outputs are the function's formal parameters.
struct Function {
  std::string name, domain, overload;
  std::vector<std::string> attributes;        // required
  std::vector<Attribute> attribute_defaults;  // with default values
  std::vector<OpsetImport> opset_imports;
  Graph body;
};

struct Model {
  int64_t ir_version = 0;
  std::vector<OpsetImport> opset_imports;
  std::string producer_name, producer_version, domain, doc_string;
  int64_t model_version = 0;
  Metadata metadata;  // metadata_props
  Graph graph;
  std::vector<Function> functions;
  std::string
      opaque_fields;  // serialized fields that edgeopt only carries (training_info, configuration)

  // The (highest) imported opset version of the domain; 0 when it is not imported.
  int64_t OpsetVersion(std::string_view opset_domain = {}) const;
};

// Applies `fn(Graph&) -> Result<bool>` (true: changed) to the main graph and then, innermost first,
// to every subgraph; function bodies too. Returns whether anything changed.
template <typename Fn>
Result<bool> TransformGraphs(Model& model, Fn fn);
template <typename Fn>
Result<bool> TransformGraph(Graph& graph, Fn fn);

}  // namespace edgeopt::ir

#include "ir/model_inl.h"
