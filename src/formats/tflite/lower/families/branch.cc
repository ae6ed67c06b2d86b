// If: IF, whose branches are subgraphs of the file.
#include <algorithm>
#include <set>

#include "formats/tflite/lower/closed_graph.h"
#include "formats/tflite/lower/lowering.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Type;
using ir::ValueId;

// The sizes may be the same: none is known to differ.
bool MayAgree(const Type& a, const Type& b) {
  if (a.rank() < 0 || a.rank() != b.rank() || a.element != b.element) return false;
  for (size_t i = 0; i < a.shape->size(); ++i) {
    const auto one = (*a.shape)[i].value, other = (*b.shape)[i].value;
    if (one && other && one != other) return false;
  }
  return true;
}

class IfLowering {
 public:
  explicit IfLowering(NodeLowering& node) : node_(node) {}

  Status Run() {
    EDGEOPT_TRY(const Graph* yes, node_.GraphOf("then_branch"));
    EDGEOPT_TRY(const Graph* no, node_.GraphOf("else_branch"));
    captured_ = CapturedValues(node_.graph(), {yes, no});
    Graph then_branch = Closed(node_.graph(), *yes, captured_);
    Graph else_branch = Closed(node_.graph(), *no, captured_);
    EDGEOPT_CHECK_OK(CheckOutputs(then_branch, else_branch));
    EDGEOPT_TRY(const TensorIndex condition, node_.In(0));
    EDGEOPT_TRY(const TensorIndex scalar, node_.AsScalar(condition));
    // The first is IF's own, the second the branches'.
    std::vector<TensorIndex> inputs = {scalar, scalar}, outputs;
    for (const ValueId id : captured_) {
      EDGEOPT_TRY(const TensorIndex input, node_.TensorOf(id));
      inputs.push_back(input);
    }
    for (size_t i = 0; i < then_branch.outputs().size(); ++i) {
      const Type& type = then_branch.value(then_branch.outputs()[i]).type;
      EDGEOPT_TRY(const TensorIndex output, node_.has_output(i)
                                                ? node_.Out(i)
                                                : node_.Temp(*type.shape, type.element, "unread"));
      outputs.push_back(output);
    }
    schema::IfOptionsT options;
    EDGEOPT_TRY(options.then_subgraph_index, Branch(std::move(then_branch), "then_branch"));
    EDGEOPT_TRY(options.else_subgraph_index, Branch(std::move(else_branch), "else_branch"));
    node_.file().Add(Op::IF, std::move(inputs), std::move(outputs), options);
    return OkStatus();
  }

 private:
  Status CheckOutputs(const Graph& yes, const Graph& no) const {
    const size_t count = yes.outputs().size();
    if (no.outputs().size() != count || node_.node().outputs.size() > count)
      return BadInput("its branches have " + std::to_string(count) + " and " +
                      std::to_string(no.outputs().size()) + " outputs; expected " +
                      std::to_string(node_.node().outputs.size()));
    for (size_t i = 0; i < count; ++i) {
      const ir::Value &one = yes.value(yes.outputs()[i]), &other = no.value(no.outputs()[i]);
      if (!MayAgree(one.type, other.type))
        return node_.Unsupported("its output " + std::to_string(i) + " is '" + one.name + "', " +
                                     ir::ToString(one.type) + ", in one branch and '" + other.name +
                                     "', " + ir::ToString(other.type) +
                                     ", in the other; LiteRT's outputs have one size, known before "
                                     "it runs",
                                 "fix the sizes of the model's inputs with --shape");
    }
    return OkStatus();
  }

  // LiteRT 2.1.4 puts an output of a branch where IF's lies, so that each is made by an operator of
  // its own, and not before it runs: what is made of constants alone is computed when the
  // subgraph is prepared, in memory that is then freed a second time.
  static void MakeOutputs(Graph& branch, ValueId condition) {
    std::set<ValueId> seen;
    for (size_t i = 0; i < branch.outputs().size(); ++i) {
      const ValueId output = branch.outputs()[i];
      const bool first = seen.insert(output).second;
      if (IsFixed(branch, output))
        ReplaceOutput(branch, i, "Where", {condition, output, output});
      else if (branch.IsInput(output) || !first)
        ReplaceOutput(branch, i, "Identity", {output});
    }
  }

  Result<int32_t> Branch(Graph branch, const char* what) {
    const ValueId condition =
        branch.AddValue("condition", Type::OfTensor(DataType::kBool, ir::Shape{}));
    std::vector<ValueId> inputs = branch.inputs();
    inputs.insert(inputs.begin(), condition);
    branch.SetInputs(std::move(inputs));
    MakeOutputs(branch, condition);
    const OpenedSubgraph opened(node_.file(), node_.Name(what));
    std::vector<TensorIndex> tensors;
    for (const ValueId id : branch.inputs()) {
      const ir::Value& value = branch.value(id);
      EDGEOPT_TRY(const TensorIndex tensor,
                  node_.file().AddTensor(value.name, value.type.element, *value.type.shape));
      tensors.push_back(tensor);
    }
    node_.file().SetSubgraphInputs(tensors);
    const auto results = node_.Lowered(branch, tensors);
    if (!results.ok()) return results.error().Within(what);
    node_.file().SetSubgraphOutputs(*results);
    return opened.index();
  }

  NodeLowering& node_;
  std::vector<ValueId> captured_;
};

Status If(NodeLowering& node) { return IfLowering(node).Run(); }

constexpr Rule kRules[] = {
    {.op_type = "If", .lower = If, .types = Types::kBool, .unranked = true},
};

}  // namespace

Family branch() { return {"branch", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
