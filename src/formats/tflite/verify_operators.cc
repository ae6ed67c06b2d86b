// Verify: operators, the subgraphs that they call, and the flow of data between them.
#include "formats/tflite/verify.h"

namespace edgeopt::formats::tflite::internal {
namespace {

constexpr int32_t kOptional = -1;

std::string NameOfOperator(const File& file, const schema::SubGraphT& subgraph, size_t index) {
  const uint32_t code = subgraph.operators[index]->opcode_index;
  const std::string name = code < file.model.operator_codes.size()
                               ? OperatorName(*file.model.operator_codes[code])
                               : "unknown";
  return "operator " + std::to_string(index) + " (" + name + ")";
}

Status CheckIndex(const schema::SubGraphT& subgraph, int32_t tensor, const char* what) {
  if (tensor >= 0 && static_cast<size_t>(tensor) < subgraph.tensors.size()) return OkStatus();
  return BadInput(std::string(what) + " is tensor " + std::to_string(tensor) +
                  ", the subgraph has " + std::to_string(subgraph.tensors.size()));
}

Status CheckOperator(const File& file, const schema::SubGraphT& subgraph,
                     const schema::OperatorT& op) {
  if (op.opcode_index >= file.model.operator_codes.size())
    return BadInput("it has operator code " + std::to_string(op.opcode_index) + ", the model has " +
                    std::to_string(file.model.operator_codes.size()));
  if (IsHollow(op.builtin_options) || IsHollow(op.builtin_options_2))
    return BadInput("its options are announced, but missing");
  for (const int32_t input : op.inputs)
    if (input != kOptional) EDGEOPT_CHECK_OK(CheckIndex(subgraph, input, "an input"));
  for (const int32_t tensor : op.intermediates)
    if (tensor != kOptional) EDGEOPT_CHECK_OK(CheckIndex(subgraph, tensor, "an intermediate"));
  for (const int32_t output : op.outputs)
    EDGEOPT_CHECK_OK(CheckIndex(subgraph, output, "an output"));
  if (!op.mutating_variable_inputs.empty() &&
      op.mutating_variable_inputs.size() != op.inputs.size())
    return BadInput("it says for " + std::to_string(op.mutating_variable_inputs.size()) +
                    " inputs whether it changes them, and has " + std::to_string(op.inputs.size()));
  for (const int64_t called : CalledSubgraphs(op))
    if (called < 0 || static_cast<size_t>(called) >= file.model.subgraphs.size())
      return BadInput("it calls subgraph " + std::to_string(called) + ", the model has " +
                      std::to_string(file.model.subgraphs.size()));
  return OkStatus();
}

// Where the value of a tensor comes from, as far as the operators before tell.
enum class Origin : uint8_t { kNone, kConstant, kVariable, kInput, kOperator };

const char* Describe(Origin origin) {
  switch (origin) {
    case Origin::kConstant:
      return "a constant";
    case Origin::kVariable:
      return "a variable";
    case Origin::kInput:
      return "an input of the subgraph";
    case Origin::kOperator:
      return "the output of an operator before";
    case Origin::kNone:
      break;
  }
  return "nothing";
}

std::vector<Origin> Origins(const File& file, const schema::SubGraphT& subgraph) {
  std::vector<Origin> origins(subgraph.tensors.size(), Origin::kNone);
  for (size_t i = 0; i < origins.size(); ++i) {
    if (IsConstant(file, *subgraph.tensors[i])) origins[i] = Origin::kConstant;
    if (subgraph.tensors[i]->is_variable) origins[i] = Origin::kVariable;
  }
  for (const int32_t input : subgraph.inputs) origins[static_cast<size_t>(input)] = Origin::kInput;
  return origins;
}

// Reads and writes of one operator, in the order of execution.
Status Flow(const schema::SubGraphT& subgraph, const schema::OperatorT& op,
            std::vector<Origin>& origins) {
  for (const int32_t input : op.inputs)
    if (input != kOptional && origins[static_cast<size_t>(input)] == Origin::kNone)
      return BadInput("it reads " + NameOf(subgraph, input) +
                          ", which has no value yet: no constant, input or output of an "
                          "operator before",
                      "the operators must be in the order of execution");
  for (const int32_t output : op.outputs) {
    Origin& origin = origins[static_cast<size_t>(output)];
    if (origin != Origin::kNone)
      return BadInput("it writes " + NameOf(subgraph, output) + ", which is " + Describe(origin) +
                      " already");
    origin = Origin::kOperator;
  }
  return OkStatus();
}

}  // namespace

std::vector<int64_t> CalledSubgraphs(const schema::OperatorT& op) {
  const auto& options = op.builtin_options;
  if (const auto* it = options.AsIfOptions())
    return {it->then_subgraph_index, it->else_subgraph_index};
  if (const auto* it = options.AsWhileOptions())
    return {it->cond_subgraph_index, it->body_subgraph_index};
  if (const auto* it = options.AsCallOnceOptions()) return {it->init_subgraph_index};
  if (const auto* it = options.AsCallOptions()) return {int64_t{it->subgraph}};
  const auto& more = op.builtin_options_2;
  if (const auto* it = more.AsStablehloWhileOptions())
    return {it->cond_subgraph_index, it->body_subgraph_index};
  if (const auto* it = more.AsStablehloReduceOptions()) return {it->body_subgraph_index};
  if (const auto* it = more.AsStablehloReduceWindowOptions()) return {it->body_subgraph_index};
  if (const auto* it = more.AsStablehloSortOptions()) return {it->comparator_subgraph_index};
  if (const auto* it = more.AsStablehloScatterOptions())
    return {it->update_computation_subgraph_index};
  if (const auto* it = more.AsStableHLOCompositeOptions())
    return {it->decomposition_subgraph_index};
  if (const auto* it = more.AsStablehloCaseOptions())
    return {it->branch_subgraph_indices.begin(), it->branch_subgraph_indices.end()};
  if (const auto* it = more.AsStablehloCustomCallOptions())
    return {it->called_computations.begin(), it->called_computations.end()};
  return {};
}

Status VerifyOperators(const File& file, const schema::SubGraphT& subgraph) {
  for (const int32_t input : subgraph.inputs)
    EDGEOPT_CHECK_OK(CheckIndex(subgraph, input, "an input of the subgraph"));
  for (const int32_t output : subgraph.outputs)
    EDGEOPT_CHECK_OK(CheckIndex(subgraph, output, "an output of the subgraph"));
  std::vector<Origin> origins = Origins(file, subgraph);
  for (size_t i = 0; i < subgraph.operators.size(); ++i) {
    const schema::OperatorT& op = *subgraph.operators[i];
    Status status = CheckOperator(file, subgraph, op);
    if (status.ok()) status = Flow(subgraph, op, origins);
    if (!status.ok()) return status.error().Within(NameOfOperator(file, subgraph, i));
  }
  for (const int32_t output : subgraph.outputs)
    if (origins[static_cast<size_t>(output)] == Origin::kNone)
      return BadInput("output " + NameOf(subgraph, output) +
                      " has no value: no constant, input or output of an operator");
  return OkStatus();
}

}  // namespace edgeopt::formats::tflite::internal
