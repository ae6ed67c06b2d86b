// The state of lowering one graph of a program: which ONNX value each of its names has become.
// Internal to formats/pt2.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formats/pt2/aliases.h"
#include "formats/pt2/lowering.h"
#include "formats/pt2/problems.h"
#include "formats/pt2/program.h"
#include "formats/pt2/weights.h"
#include "ir/graph.h"

namespace edgeopt::formats::pt2 {

// What the graphs of a program share.
struct Shared {
  ir::Graph& graph;
  Problems problems;
  // By expression; a symbol has the same value wherever it stands.
  std::map<std::string, ValueId> sizes;
  std::unordered_set<std::string> node_names;
  int64_t operations_left = 0;
};

class GraphLowering {
 public:
  GraphLowering(const ProgramGraph& program, Shared& shared);

  // --- before Run ---
  // `frozen`: an in-place operator may not change it.
  void BindInput(const std::string& name, ValueId value, bool frozen = false);
  // A parameter, buffer or constant, read when it is first used.
  void BindState(const std::string& name, const Weights& weights, const std::string& qualified);

  // Every operation in order. What is Unsupported is collected in the shared problems.
  Status Run();

  // --- names ---
  // BadInput for a name that nothing has made.
  Result<ValueId> ValueOf(const std::string& name);
  // nullptr for a symbol.
  const TensorFacts* FactsOf(const std::string& name) const;
  void Bind(const std::string& name, ValueId value);
  // The input `to` of a graph inside this one is `from` here.
  Status BindInner(GraphLowering& inner, const Argument& to, const Argument& from);
  // What a graph returns: a tensor, or a number as a scalar.
  Result<ValueId> OutputOf(const Argument& output);
  // Something reads the name later.
  bool IsUsed(const std::string& name) const { return last_use_.contains(name); }

  Shared& shared() { return shared_; }
  ir::Graph& graph() { return shared_.graph; }
  // Of a node of the operation, unique: "layer1.0.conv1/Conv".
  std::string NodeName(const Operation& operation, const std::string& op_type);

 private:
  struct State {
    const Weights* weights = nullptr;
    std::string qualified;
  };

  void NoteUses(size_t position, const std::vector<NamedArgument>& arguments);
  Status Lower(const Operation& operation, size_t position);
  Status Apply(const Rule& rule, const Operation& operation);
  Status ApplyInPlace(const Rule& rule, const Operation& operation, size_t position);
  Status CheckOutputs(const Operation& operation) const;
  void BindNothing(const Operation& operation);
  void NoteStorage(const Operation& operation);

  const ProgramGraph& program_;
  Shared& shared_;
  std::unordered_map<std::string, ValueId> values_;
  std::unordered_map<std::string, State> states_;
  // The last operation that reads a name; behind all of them for what the graph returns.
  std::unordered_map<std::string, size_t> last_use_;
  Aliases aliases_;
  std::set<ValueId> bound_;
};

}  // namespace edgeopt::formats::pt2
