// A program that torch.export wrote: its model.json as typed structures, checked. The schema is
// PyTorch's torch/_export/serde/schema.yaml, version 8 (checked against
// 8.20 of PyTorch 2.15). What the operators mean is not known here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/result.h"
#include "ir/type.h"

namespace edgeopt::formats::pt2 {

// The name of a symbolic integer, float or bool that an operation computes.
struct SymbolName {
  std::string name;
};
using Number = std::variant<int64_t, double, bool, SymbolName>;

// An argument of an operation; the schema has a kind for each Python type.
struct Argument {
  enum class Kind {
    kNone,
    kTensor,      // one name
    kTensors,     // names; "" is None
    kNumber,      // one
    kNumbers,     // a list
    kString,      // text
    kType,        // a dtype
    kNeutral,     // device, layout or memory format: changes no value
    kGraph,       // a graph that the operator runs
    kUnsupported  // text: the schema's name of what it is, "as_graph"
  };
  Kind kind = Kind::kNone;
  std::vector<std::string> tensors;
  std::vector<Number> numbers;
  std::string text;
  ir::DataType type = ir::DataType::kUndefined;
  std::shared_ptr<const struct ProgramGraph> graph;
};

struct NamedArgument {
  std::string name;  // "": an operator without a schema
  Argument value;
};

// What an operation gives: a tensor or a symbolic number. Lists of tensors are flattened.
struct Produced {
  enum class Kind { kNothing, kTensor, kSymbol };
  Kind kind = Kind::kNothing;
  std::string name;
};

struct Operation {
  std::string target;  // "torch.ops.aten.conv2d.default", "_operator.mul"
  std::vector<NamedArgument> arguments;
  std::vector<Produced> outputs;
  std::string module_path;  // of the nn.Module that it comes from: "layer1.0.conv1"; may be empty
};

struct TensorFacts {
  ir::DataType type = ir::DataType::kUndefined;
  ir::Shape shape;  // a size that is not known has its expression as symbol: "s0", "2*s0"
};

// Names belong to one graph; operations are in the order of their execution.
struct ProgramGraph {
  std::vector<Argument> inputs, outputs;
  std::vector<Operation> operations;
  std::unordered_map<std::string, TensorFacts> tensors;
};

// Where an input of the graph comes from.
struct ProgramInput {
  enum class Kind { kUser, kParameter, kBuffer, kConstant };
  Kind kind = Kind::kUser;
  Argument value;         // kTensor; of the user also others
  std::string qualified;  // the parameter's, buffer's or constant's name: "layer1.0.conv1.weight"
};

// What the program returns.
struct ProgramOutput {
  std::string name;  // "output", "output_1", "logits"
  Argument value;    // kNone: left out
};

// Bounds of a symbol, as the exporter was told or found out.
struct Range {
  std::optional<int64_t> least, most;
};

struct Program {
  std::string torch_version;
  ProgramGraph graph;  // its own inputs and outputs are told by the next two
  std::vector<ProgramInput> inputs;
  std::vector<ProgramOutput> outputs;
  std::map<std::string, Range> ranges;
};

// Parses model.json. BadInput says which part is not as the schema has it; Unsupported names a
// schema version, a state that changes from run to run, or an input that is no tensor.
Result<Program> ParseProgram(std::string_view json);

}  // namespace edgeopt::formats::pt2
