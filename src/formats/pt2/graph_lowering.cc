#include "formats/pt2/graph_lowering.h"

#include <algorithm>

namespace edgeopt::formats::pt2 {
namespace {

constexpr std::string_view kOperators = "torch.ops.";

std::string_view WithoutPrefix(std::string_view target) {
  if (target.starts_with(kOperators)) target.remove_prefix(kOperators.size());
  return target;
}

// "aten.relu_.default" gives "aten.relu.default"; empty for an operator that is not in place
// ("aten.__and__.Tensor" is not).
std::string PlainForm(std::string_view target) {
  const size_t overload = target.rfind('.');
  if (overload == std::string_view::npos || overload < 3 || target[overload - 1] != '_' ||
      target[overload - 2] == '_')
    return {};
  return std::string(target.substr(0, overload - 1)) + std::string(target.substr(overload));
}

// The first tensor of an operation, which views view and in-place operators change.
const std::string* FirstTensor(const Operation& operation) {
  for (const NamedArgument& argument : operation.arguments)
    if (argument.value.kind == Argument::Kind::kTensor) return &argument.value.tensors.front();
  return nullptr;
}

// The tensor whose memory output `index` of a view lies in.
const std::string* ViewedBy(const Operation& operation, size_t index) {
  if (const std::string* first = FirstTensor(operation)) return first;
  for (const NamedArgument& argument : operation.arguments)
    if (argument.value.kind == Argument::Kind::kTensors && index < argument.value.tensors.size())
      return &argument.value.tensors[index];
  return nullptr;
}

}  // namespace

GraphLowering::GraphLowering(const ProgramGraph& program, Shared& shared)
    : program_(program), shared_(shared) {
  for (size_t i = 0; i < program.operations.size(); ++i)
    NoteUses(i, program.operations[i].arguments);
  std::vector<NamedArgument> outputs;
  for (const Argument& output : program.outputs) outputs.push_back({{}, output});
  NoteUses(program.operations.size(), outputs);
}

void GraphLowering::NoteUses(size_t position, const std::vector<NamedArgument>& arguments) {
  for (const NamedArgument& argument : arguments) {
    for (const std::string& name : argument.value.tensors) last_use_[name] = position;
    for (const Number& number : argument.value.numbers)
      if (const auto* symbol = std::get_if<SymbolName>(&number)) last_use_[symbol->name] = position;
  }
}

// --- names ---

void GraphLowering::BindInput(const std::string& name, ValueId value, bool frozen) {
  values_[name] = value;
  bound_.insert(value);
  aliases_.Own(name, frozen);
}

void GraphLowering::BindState(const std::string& name, const Weights& weights,
                              const std::string& qualified) {
  states_[name] = {&weights, qualified};
  aliases_.Own(name, /*frozen=*/true);
}

Result<ValueId> GraphLowering::ValueOf(const std::string& name) {
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  const auto state = states_.find(name);
  if (state == states_.end()) return BadInput("nothing makes '" + name + "' before it is read");
  EDGEOPT_TRY(ir::Tensor tensor, state->second.weights->Read(state->second.qualified));
  const TensorFacts* facts = FactsOf(name);
  if (facts == nullptr || tensor.type() != facts->type ||
      ir::ToShape(tensor.dims()) != facts->shape)
    return BadInput("'" + state->second.qualified + "' is " +
                    ir::ToString(ir::Type::OfTensor(tensor.type(), ir::ToShape(tensor.dims()))) +
                    " in the archive, and of another type or shape in the program");
  const ValueId value = graph().AddInitializer(state->second.qualified, std::move(tensor));
  values_[name] = value;
  bound_.insert(value);
  return value;
}

const TensorFacts* GraphLowering::FactsOf(const std::string& name) const {
  const auto found = program_.tensors.find(name);
  return found == program_.tensors.end() ? nullptr : &found->second;
}

void GraphLowering::Bind(const std::string& name, ValueId value) {
  values_[name] = value;
  // Inputs, constants and values of other names keep theirs.
  if (!graph().producer(value).valid() || !bound_.insert(value).second) return;
  const TensorFacts* facts = FactsOf(name);
  if (facts != nullptr) graph().SetType(value, ir::Type::OfTensor(facts->type, facts->shape));
  graph().Rename(value, name);  // or it keeps its name, where another value has this one
}

Result<ValueId> GraphLowering::OutputOf(const Argument& output) {
  if (output.kind == Argument::Kind::kTensor) return ValueOf(output.tensors.front());
  if (output.kind != Argument::Kind::kNumber)
    return Unsupported("an output that is neither tensor nor number");
  const Number& number = output.numbers.front();
  if (const auto* symbol = std::get_if<SymbolName>(&number)) return ValueOf(symbol->name);
  if (const auto* real = std::get_if<double>(&number))
    return graph().AddInitializer("constant", ir::Tensor::Scalar(static_cast<float>(*real)));
  if (const auto* truth = std::get_if<bool>(&number))
    return graph().AddInitializer("constant", ir::Tensor::Scalar(*truth));
  return graph().AddInitializer("constant", ir::Tensor::Scalar(std::get<int64_t>(number)));
}

Status GraphLowering::BindInner(GraphLowering& inner, const Argument& to, const Argument& from) {
  if (to.kind == Argument::Kind::kNone) return OkStatus();
  EDGEOPT_TRY(const ValueId value, OutputOf(from));
  if (to.kind == Argument::Kind::kTensor) {
    inner.BindInput(to.tensors.front(), value, /*frozen=*/true);
  } else if (to.kind == Argument::Kind::kNumber) {
    if (const auto* symbol = std::get_if<SymbolName>(&to.numbers.front()))
      inner.BindInput(symbol->name, value);
  } else {
    return Unsupported("a graph whose input is neither tensor nor number");
  }
  return OkStatus();
}

std::string GraphLowering::NodeName(const Operation& operation, const std::string& op_type) {
  std::string path = operation.module_path;
  if (path.empty() && !operation.outputs.empty()) path = operation.outputs.front().name;
  const std::string name = path.empty() ? op_type : path + "/" + op_type;
  std::string unique = name;
  for (int64_t i = 1; !shared_.node_names.insert(unique).second; ++i)
    unique = name + "_" + std::to_string(i);
  return unique;
}

// --- operations ---

Status GraphLowering::Run() {
  for (size_t i = 0; i < program_.operations.size(); ++i) {
    const Operation& operation = program_.operations[i];
    if (--shared_.operations_left < 0)
      return Unsupported("its graphs call each other for too many operations");
    const Status lowered = Lower(operation, i);
    if (!lowered.ok()) {
      const std::string target(WithoutPrefix(operation.target));
      if (lowered.error().code != ErrorCode::kUnsupported)
        return lowered.error().Within("operation " + std::to_string(i) + " (" + target + ")");
      shared_.problems.AddRefused(target, lowered.error());
      BindNothing(operation);
    }
    NoteStorage(operation);
  }
  return OkStatus();
}

Status GraphLowering::Lower(const Operation& operation, size_t position) {
  const std::string_view target = WithoutPrefix(operation.target);
  if (const Rule* rule = FindRule(target)) return Apply(*rule, operation);
  const std::string plain = PlainForm(target);
  if (const Rule* rule = plain.empty() ? nullptr : FindRule(plain))
    return ApplyInPlace(*rule, operation, position);
  shared_.problems.AddMissing(std::string(target));
  BindNothing(operation);
  return OkStatus();
}

Status GraphLowering::Apply(const Rule& rule, const Operation& operation) {
  OperatorLowering lowering(*this, rule, operation);
  EDGEOPT_CHECK_OK(rule.lower(lowering));
  if (const NamedArgument* unread = lowering.FirstUnread())
    return Unsupported("its argument '" + unread->name + "' is not supported here");
  return CheckOutputs(operation);
}

Status GraphLowering::CheckOutputs(const Operation& operation) const {
  for (const Produced& output : operation.outputs)
    if (output.kind != Produced::Kind::kNothing && IsUsed(output.name) &&
        !values_.contains(output.name))
      return Internal("the rule did not make '" + output.name + "'");
  return OkStatus();
}

// The result is the new content of the tensor, by whatever name it is read from here on. Names that
// see the same memory in another way (views) would have to change, too.
Status GraphLowering::ApplyInPlace(const Rule& rule, const Operation& operation, size_t position) {
  const std::string* self = FirstTensor(operation);
  if (self == nullptr || operation.outputs.size() != 1)
    return Unsupported("an in-place operator of this form");
  if (aliases_.IsFrozen(*self))
    return Unsupported("it changes '" + *self + "' in place, which outlasts the run");
  EDGEOPT_TRY(const ValueId before, ValueOf(*self));
  std::vector<std::string> same;
  for (const std::string& name : aliases_.Sharing(*self)) {
    const auto last = last_use_.find(name);
    if (name == *self || last == last_use_.end() || last->second <= position) continue;
    const auto value = values_.find(name);
    if (value == values_.end() || value->second != before)
      return Unsupported("it changes a part of '" + name + "' in place",
                         "write the model without assignments to slices and views");
    same.push_back(name);
  }
  EDGEOPT_CHECK_OK(Apply(rule, operation));
  const std::string& result = operation.outputs.front().name;
  const TensorFacts *old_facts = FactsOf(*self), *new_facts = FactsOf(result);
  if (old_facts == nullptr || new_facts == nullptr || old_facts->shape != new_facts->shape ||
      old_facts->type != new_facts->type)
    return Unsupported("it changes the shape of its tensor in place");
  const auto after = values_.find(result);
  if (after == values_.end()) return OkStatus();
  values_[*self] = after->second;
  for (const std::string& name : same) values_[name] = after->second;
  return OkStatus();
}

// So that the operations behind it can be looked at, too; the model is not used.
void GraphLowering::BindNothing(const Operation& operation) {
  for (const Produced& output : operation.outputs)
    if (output.kind != Produced::Kind::kNothing && !values_.contains(output.name))
      values_[output.name] = graph().AddValue(output.name);
}

void GraphLowering::NoteStorage(const Operation& operation) {
  const std::string_view target = WithoutPrefix(operation.target);
  const bool shares = IsView(target) || !PlainForm(target).empty();
  for (size_t i = 0; i < operation.outputs.size(); ++i) {
    const Produced& output = operation.outputs[i];
    if (output.kind != Produced::Kind::kTensor) continue;
    const std::string* base = shares ? ViewedBy(operation, i) : nullptr;
    if (base != nullptr) {
      aliases_.Share(output.name, *base);
    } else {
      // What a graph inside the program returns may lie in the memory of anything.
      aliases_.Own(output.name, target.starts_with("higher_order."));
    }
  }
}

}  // namespace edgeopt::formats::pt2
