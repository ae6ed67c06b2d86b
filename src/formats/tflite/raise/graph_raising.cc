#include "formats/tflite/raise/graph_raising.h"

#include <algorithm>

#include "formats/onnx/onnx.h"
#include "formats/tflite/problems.h"
#include "formats/tflite/raise.h"
#include "formats/tflite/verify.h"
#include "ir/permute.h"
#include "ir/verifier.h"

namespace edgeopt::formats::tflite {
namespace raise {
namespace {

using ir::DataType;
using ir::Tensor;

// int16 in QuantizeLinear begins with opset 21, Gelu with 20.
constexpr int64_t kOpset = 21;
constexpr int64_t kIrVersion = 10;
// On average a subgraph is called a few times only.
constexpr int64_t kMostCalls = 64;

template <typename T>
Tensor ZeroPointTensor(const std::vector<int64_t>& zero_points) {
  const std::vector<T> values(zero_points.begin(), zero_points.end());
  if (values.size() == 1) return Tensor::Scalar(values.front());
  return Tensor::Of({static_cast<int64_t>(values.size())}, values);
}

Tensor ScaleTensor(const std::vector<float>& scales) {
  if (scales.size() == 1) return Tensor::Scalar(scales.front());
  return Tensor::Of({static_cast<int64_t>(scales.size())}, scales);
}

// Zero points of INT4 are zeros (8-bit quantization specification, which INT4 weights follow).
Tensor Int4Zeros(size_t count) {
  return Tensor::Zeros(DataType::kInt4,
                       count == 1 ? ir::Dims{} : ir::Dims{static_cast<int64_t>(count)});
}

// Of an operator that no rule raises.
std::string WhyNot(Op op) {
  switch (op) {
    case Op::VAR_HANDLE:
    case Op::READ_VARIABLE:
    case Op::ASSIGN_VARIABLE:
    case Op::CALL_ONCE:
    case Op::SVDF:
    case Op::RNN:
    case Op::LSTM:
    case Op::UNIDIRECTIONAL_SEQUENCE_RNN:
    case Op::UNIDIRECTIONAL_SEQUENCE_LSTM:
    case Op::BIDIRECTIONAL_SEQUENCE_RNN:
    case Op::BIDIRECTIONAL_SEQUENCE_LSTM:
      return "it keeps a state from run to run, which ONNX models don't";
    case Op::CALL:
    case Op::STABLEHLO_COMPOSITE:
      return "it runs other subgraphs, which edgeopt does not convert";
    case Op::CUSTOM:
      return "it is a custom operator";
    default:
      return "no way to express it in ONNX's operators";
  }
}

bool IsBoundary(const schema::SubGraphT& subgraph, int32_t index) {
  return std::ranges::count(subgraph.inputs, index) + std::ranges::count(subgraph.outputs, index) !=
         0;
}

}  // namespace

GraphRaising::GraphRaising(const File& file, size_t subgraph,
                           const schema::SignatureDefT* signature, ir::Graph& graph, Budget& budget)
    : file_(file),
      subgraph_(*file.model.subgraphs[subgraph]),
      graph_(graph),
      budget_(budget),
      held_(subgraph_.tensors.size()),
      computed_(subgraph_.tensors.size()),
      same_(subgraph_.tensors.size(), -1) {
  NameTensors(signature);
}

// Names of inputs and outputs are what the model is called with; other tensors give way.
void GraphRaising::NameTensors(const schema::SignatureDefT* signature) {
  for (const auto& tensor : subgraph_.tensors) names_.push_back(tensor->name);
  if (signature != nullptr)
    for (const auto* maps : {&signature->inputs, &signature->outputs})
      for (const auto& map : *maps)
        if (!map->name.empty() && map->tensor_index < names_.size())
          names_[map->tensor_index] = map->name;
  std::unordered_set<std::string> boundary;
  for (size_t i = 0; i < names_.size(); ++i) {
    if (names_[i].empty()) names_[i] = "tensor_" + std::to_string(i);
    if (IsBoundary(subgraph_, static_cast<int32_t>(i))) boundary.insert(names_[i]);
  }
  for (size_t i = 0; i < names_.size(); ++i)
    while (!IsBoundary(subgraph_, static_cast<int32_t>(i)) && boundary.contains(names_[i]))
      names_[i] += "_inner";
  boundary_names_ = std::make_shared<const std::unordered_set<std::string>>(std::move(boundary));
}

int32_t GraphRaising::SourceOf(int32_t index) const {
  while (same_[static_cast<size_t>(index)] >= 0) index = same_[static_cast<size_t>(index)];
  return index;
}

std::optional<Tensor> GraphRaising::ConstantOf(int32_t index) const {
  index = SourceOf(index);
  const auto& computed = computed_[static_cast<size_t>(index)];
  return computed ? computed : raise::ConstantOf(file_, tensor(index));
}

ir::Type GraphRaising::TypeOf(int32_t index) const {
  const schema::TensorT& of = tensor(index);
  const bool has_rank = of.has_rank || !of.shape.empty() || internal::IsConstant(file_, of);
  return ir::Type::OfTensor(DataTypeOf(of.type),
                            has_rank ? std::optional(ShapeOf(of)) : std::nullopt);
}

// --- values of tensors ---

bool GraphRaising::HasValue(int32_t index) const {
  index = SourceOf(index);
  const Held& it = held_[static_cast<size_t>(index)];
  return it.stored.valid() || it.real.valid() || internal::IsConstant(file_, tensor(index)) ||
         computed_[static_cast<size_t>(index)].has_value();
}

ValueId GraphRaising::StoredOf(int32_t index) {
  index = SourceOf(index);
  Held& it = held(index);
  if (!it.stored.valid())
    if (auto constant = ConstantOf(index))
      it.stored = graph_.AddInitializer(NameOf(index), *std::move(constant));
  return it.stored;
}

ValueId GraphRaising::RealOf(int32_t index) {
  index = SourceOf(index);
  const schema::TensorT& of = tensor(index);
  if (!IsQuantized(of)) return StoredOf(index);
  Held& it = held(index);
  if (!it.real.valid())
    it.real = Dequantize(StoredOf(index), of, of.quantization->quantized_dimension);
  return it.real;
}

ValueId GraphRaising::PermutedOf(int32_t index, const std::vector<int64_t>& permutation) {
  index = SourceOf(index);
  const auto known = permuted_.find({index, permutation});
  if (known != permuted_.end()) return known->second;
  const schema::TensorT& of = tensor(index);
  const auto constant = ConstantOf(index);
  ValueId result;
  if (!constant) {
    result = graph_.AddValue(NameOf(index) + "/permuted");
    graph_.AddNode("Transpose", {RealOf(index)}, {result}, {{"perm", permutation}},
                   graph_.value(result).name);
  } else {
    result = graph_.AddInitializer(NameOf(index), ir::Permuted(*constant, permutation));
    if (IsQuantized(of)) {
      const auto axis = std::ranges::find(permutation, of.quantization->quantized_dimension);
      result = Dequantize(result, of, axis - permutation.begin());
    }
  }
  permuted_.emplace(std::pair(index, permutation), result);
  return result;
}

ValueId GraphRaising::ZeroPoints(const schema::TensorT& tensor) {
  const std::vector<int64_t> values = ZeroPointsOf(tensor);
  const std::string name = tensor.name + "/zero_point";
  switch (tensor.type) {
    case schema::TensorType::UINT8:
      return graph_.AddInitializer(name, ZeroPointTensor<uint8_t>(values));
    case schema::TensorType::INT16:
      return graph_.AddInitializer(name, ZeroPointTensor<int16_t>(values));
    case schema::TensorType::UINT16:
      return graph_.AddInitializer(name, ZeroPointTensor<uint16_t>(values));
    case schema::TensorType::INT4:
      return graph_.AddInitializer(name, Int4Zeros(values.size()));
    default:
      return graph_.AddInitializer(name, ZeroPointTensor<int8_t>(values));
  }
}

ValueId GraphRaising::Dequantize(ValueId stored, const schema::TensorT& of, int64_t axis) {
  const std::vector<float> scales = ScalesOf(of);
  const ValueId scale = graph_.AddInitializer(of.name + "/scale", ScaleTensor(scales));
  const ValueId result = graph_.AddValue(graph_.value(stored).name + "/real");
  std::vector<ir::Attribute> attributes;
  if (scales.size() > 1) attributes.push_back({"axis", axis});
  graph_.AddNode("DequantizeLinear", {stored, scale, ZeroPoints(of)}, {result},
                 std::move(attributes), graph_.value(result).name);
  return result;
}

// ONNX Runtime takes no zero point for 32-bit integers.
ValueId GraphRaising::Dequantize(ValueId stored, const std::vector<float>& scales, int64_t axis,
                                 const std::string& name) {
  const ValueId scale = graph_.AddInitializer(name + "/scale", ScaleTensor(scales));
  const ValueId result = graph_.AddValue(name + "/real");
  std::vector<ir::Attribute> attributes;
  if (scales.size() > 1) attributes.push_back({"axis", axis});
  graph_.AddNode("DequantizeLinear", {stored, scale}, {result}, std::move(attributes),
                 graph_.value(result).name);
  return result;
}

void GraphRaising::GiveName(ValueId id, const std::string& name) {
  std::string candidate = name;
  for (int64_t i = 1; !graph_.Rename(id, candidate); ++i)
    candidate = name + "_" + std::to_string(i);
}

void GraphRaising::Bind(int32_t index, ValueId real) {
  const schema::TensorT& of = tensor(index);
  if (!IsQuantized(of)) return BindStored(index, real);
  const ValueId scale = graph_.AddInitializer(of.name + "/scale", ScaleTensor(ScalesOf(of)));
  const ValueId stored = graph_.AddValue(NameOf(index), TypeOf(index));
  graph_.AddNode("QuantizeLinear", {real, scale, ZeroPoints(of)}, {stored}, {},
                 graph_.value(stored).name);
  held(index).stored = stored;
  bound_.insert(stored);
}

void GraphRaising::BindStored(int32_t index, ValueId stored) {
  if (!graph_.producer(stored).valid() || bound_.contains(stored))
    stored = Copied(stored, index);
  else
    GiveName(stored, NameOf(index));
  held(index).stored = stored;
  bound_.insert(stored);
  graph_.SetType(stored, TypeOf(index));
}

ValueId GraphRaising::Copied(ValueId id, int32_t index) {
  const ValueId copy = graph_.AddValue(NameOf(index), TypeOf(index));
  graph_.AddNode("Identity", {id}, {copy}, {}, graph_.value(copy).name);
  return copy;
}

void GraphRaising::BindConstant(int32_t index, Tensor constant) {
  computed_[static_cast<size_t>(index)] = std::move(constant);
}

void GraphRaising::BindSame(int32_t index, int32_t source) {
  same_[static_cast<size_t>(index)] = source;
}

// Stands for what could not be raised, so that the others are looked at, too.
void GraphRaising::BindNothing(const schema::OperatorT& op) {
  for (const int32_t index : op.outputs)
    if (!HasValue(index)) held(index).stored = graph_.AddValue(NameOf(index), TypeOf(index));
}

// --- operators ---

Status GraphRaising::CheckOperand(int32_t index) const {
  const auto within = [&](const Error& error) {
    return error.Within("tensor '" + tensor(index).name + "'");
  };
  if (const Status known = CheckTensor(file_, tensor(index)); !known.ok())
    return within(known.error());
  return OkStatus();
}

Status GraphRaising::CheckOperands(const Rule& rule, const schema::OperatorT& op) const {
  const size_t most = std::max(rule.most_inputs, rule.inputs);
  if (op.inputs.size() < rule.inputs || op.inputs.size() > most)
    return BadInput("it has " + std::to_string(op.inputs.size()) + " inputs; expected " +
                    std::to_string(rule.inputs) +
                    (most == rule.inputs  ? ""
                     : most == kAnyNumber ? " or more"
                                          : " to " + std::to_string(most)));
  if (op.outputs.size() < rule.outputs)
    return BadInput("it has " + std::to_string(op.outputs.size()) + " outputs; expected " +
                    std::to_string(rule.outputs));
  for (size_t slot = 0; slot < op.inputs.size(); ++slot) {
    const int32_t index = op.inputs[slot];
    if (index < 0) {
      if (slot < rule.inputs) return BadInput("its input " + std::to_string(slot) + " is left out");
      continue;
    }
    EDGEOPT_CHECK_OK(CheckOperand(index));
    if (!HasValue(index))
      return Unsupported("it reads the variable '" + tensor(index).name +
                         "', a state that outlives a run");
  }
  for (const int32_t index : op.outputs) EDGEOPT_CHECK_OK(CheckOperand(index));
  return OkStatus();
}

Status GraphRaising::RaiseOperator(const schema::OperatorT& op) {
  const schema::OperatorCodeT& code = *file_.model.operator_codes[op.opcode_index];
  const Rule* rule = FindRule(code.builtin_code);
  if (rule == nullptr) return Unsupported(WhyNot(code.builtin_code));
  EDGEOPT_CHECK_OK(CheckOperands(*rule, op));
  OperatorRaising raising(*this, *rule, op);
  return rule->raise(raising);
}

Status GraphRaising::AddInputs() {
  for (const int32_t index : subgraph_.inputs) {
    if (const Status known = CheckOperand(index); !known.ok()) return known.error().Within("input");
    if (held(index).stored.valid()) return Unsupported("an input is there twice");
    ir::Type type = ir::Type::OfTensor(DataTypeOf(tensor(index).type), ShapeOf(tensor(index)));
    for (size_t axis = 0; axis < type.shape->size(); ++axis)
      if (!(*type.shape)[axis].value)
        (*type.shape)[axis].symbol = NameOf(index) + "_" + std::to_string(axis);
    const ValueId id = graph_.AddNamedValue(NameOf(index));
    if (!id.valid()) return Unsupported("two inputs are called '" + NameOf(index) + "'");
    graph_.SetType(id, std::move(type));
    graph_.AddInput(id);
    held(index).stored = id;
    bound_.insert(id);
  }
  return OkStatus();
}

// What a model returns has to be made by a node of its own.
Status GraphRaising::AddOutputs() {
  graph_.ReserveNames(nullptr);
  for (const int32_t index : subgraph_.outputs) {
    const bool is_same = same_[static_cast<size_t>(index)] >= 0;
    ValueId id = is_same ? RealOf(index) : StoredOf(index);
    if (is_same || !graph_.producer(id).valid() || graph_.IsOutput(id)) id = Copied(id, index);
    // The name may belong to an input or another output.
    if (!graph_.Rename(id, NameOf(index))) GiveName(id, NameOf(index) + "_output");
    graph_.AddOutput(id);
  }
  return OkStatus();
}

Status GraphRaising::AddOperators() {
  Problems problems;
  for (size_t i = 0; i < subgraph_.operators.size(); ++i) {
    const schema::OperatorT& op = *subgraph_.operators[i];
    if (--budget_.operators < 0)
      return Unsupported("its subgraphs call each other for too many operators");
    const Status raised = RaiseOperator(op);
    if (raised.ok()) continue;
    const std::string where = "operator " + std::to_string(i) + " (" +
                              OperatorName(*file_.model.operator_codes[op.opcode_index]) + ")";
    if (raised.error().code != ErrorCode::kUnsupported) return raised.error().Within(where);
    problems.Add(where, raised.error());
    BindNothing(op);
  }
  return problems.ToStatus(
      "operator", "ONNX",
      "'edgeopt bench' tells whether LiteRT runs the model as it is; else convert it "
      "from its source without them");
}

Status GraphRaising::Run() {
  EDGEOPT_CHECK_OK(AddInputs());
  graph_.ReserveNames(boundary_names_);
  EDGEOPT_CHECK_OK(AddOperators());
  return AddOutputs();
}

Result<std::vector<ValueId>> GraphRaising::RunOn(const std::vector<ValueId>& inputs) {
  if (inputs.size() != subgraph_.inputs.size())
    return BadInput("it has " + std::to_string(subgraph_.inputs.size()) + " inputs and gets " +
                    std::to_string(inputs.size()));
  for (std::string& name : names_) name = subgraph_.name + "/" + name;
  for (size_t i = 0; i < inputs.size(); ++i) {
    EDGEOPT_CHECK_OK(CheckOperand(subgraph_.inputs[i]));
    held(subgraph_.inputs[i]).stored = inputs[i];
    bound_.insert(inputs[i]);
  }
  EDGEOPT_CHECK_OK(AddOperators());
  std::vector<ValueId> outputs;
  for (const int32_t index : subgraph_.outputs)
    outputs.push_back(same_[static_cast<size_t>(index)] >= 0 ? RealOf(index) : StoredOf(index));
  return outputs;
}

Result<std::vector<ValueId>> GraphRaising::RaiseSubgraph(int64_t subgraph, ir::Graph& graph,
                                                         const std::vector<ValueId>& inputs) const {
  if (budget_.depth <= 0) return Unsupported("its subgraphs call each other too deeply");
  --budget_.depth;
  auto outputs =
      GraphRaising(file_, static_cast<size_t>(subgraph), nullptr, graph, budget_).RunOn(inputs);
  ++budget_.depth;
  if (!outputs.ok()) return outputs.error().Within("subgraph " + std::to_string(subgraph));
  return outputs;
}

}  // namespace raise

Status SelectSignature(File& file, const std::string& name) {
  auto& signatures = file.model.signature_defs;
  const auto found = std::ranges::find_if(
      signatures, [&](const auto& signature) { return signature->signature_key == name; });
  if (found == signatures.end()) {
    std::string names;
    for (const auto& signature : signatures)
      names += (names.empty() ? "" : ", ") + signature->signature_key;
    return UsageError("the file has no signature '" + name + "'",
                      names.empty() ? "it has none; leave --signature out" : "it has " + names);
  }
  auto chosen = std::move(*found);
  signatures.clear();
  signatures.push_back(std::move(chosen));
  return OkStatus();
}

bool ComputesInIntegers(const File& file) {
  for (const auto& subgraph : file.model.subgraphs)
    for (const auto& op : subgraph->operators) {
      const auto code = file.model.operator_codes[op->opcode_index]->builtin_code;
      if (code == schema::BuiltinOperator::DEQUANTIZE) continue;
      for (const auto* tensors : {&op->inputs, &op->outputs})
        for (const int32_t index : *tensors)
          if (index >= 0 && raise::IsQuantized(*subgraph->tensors[static_cast<size_t>(index)]))
            return true;
    }
  return false;
}

Result<ir::Model> Raise(const File& file) {
  const schema::SignatureDefT* signature =
      file.model.signature_defs.empty() ? nullptr : file.model.signature_defs.front().get();
  const size_t subgraph = signature == nullptr ? 0 : signature->subgraph_index;
  ir::Model model;
  model.ir_version = raise::kIrVersion;
  model.opset_imports = {{"", raise::kOpset}};
  model.producer_name = "edgeopt";
  model.doc_string = file.model.description;
  const std::string& name = file.model.subgraphs[subgraph]->name;
  model.graph.name = name.empty() ? "main" : name;
  raise::Budget budget;
  for (const auto& it : file.model.subgraphs)
    budget.operators += raise::kMostCalls * static_cast<int64_t>(it->operators.size());
  raise::GraphRaising graph(file, subgraph, signature, model.graph, budget);
  if (const Status raised = graph.Run(); !raised.ok())
    return raised.error().Within("subgraph " + std::to_string(subgraph));
  EDGEOPT_CHECK_OK(ir::Verify(model));
  EDGEOPT_CHECK_OK(InferTypes(model));
  return model;
}

}  // namespace edgeopt::formats::tflite
