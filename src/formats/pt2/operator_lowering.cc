// Arguments and facts; what it takes to make nodes is in operator_nodes.cc.
#include <algorithm>
#include <cmath>

#include "formats/pt2/graph_lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

// They say where and how a tensor lies in memory.
constexpr std::string_view kNeutralArguments[] = {"device", "layout", "memory_format",
                                                  "non_blocking", "pin_memory"};

}  // namespace

const Rule* FindRule(std::string_view target) {
  static const auto kRules = [] {
    std::map<std::string_view, const Rule*> rules;
    for (const Family& family : Table())
      for (const Rule& rule : family.rules) rules.emplace(rule.target, &rule);
    return rules;
  }();
  const auto found = kRules.find(target);
  return found == kRules.end() ? nullptr : found->second;
}

std::optional<std::vector<int64_t>> KnownInts(const Sizes& sizes) {
  std::vector<int64_t> ints;
  for (const Size& size : sizes) {
    if (!std::holds_alternative<int64_t>(size)) return std::nullopt;
    ints.push_back(std::get<int64_t>(size));
  }
  return ints;
}

Error OperatorLowering::Unsupported(std::string reason) const {
  return edgeopt::Unsupported(std::move(reason));
}

Error OperatorLowering::WrongKind(std::string_view name, std::string_view expected) const {
  return BadInput("its argument '" + std::string(name) + "' is not " + std::string(expected));
}

std::string OperatorLowering::onnx() const { return std::string(rule_.onnx); }

// --- arguments ---

const Argument* OperatorLowering::Find(std::string_view name) const {
  for (const NamedArgument& argument : operation_.arguments)
    if (argument.name == name)
      return argument.value.kind == Argument::Kind::kNone ? nullptr : &argument.value;
  return nullptr;
}

const Argument* OperatorLowering::Read(std::string_view name) {
  Ignore(name);
  return Find(name);
}

bool OperatorLowering::Has(std::string_view name) const { return Find(name) != nullptr; }

bool OperatorLowering::IsNumber(std::string_view name) const {
  const Argument* argument = Find(name);
  return argument != nullptr && argument->kind == Argument::Kind::kNumber;
}

void OperatorLowering::Ignore(std::string_view name) { read_.push_back(name); }
void OperatorLowering::IgnoreAll() { ignores_all_ = true; }

const NamedArgument* OperatorLowering::FirstUnread() const {
  if (ignores_all_) return nullptr;
  for (const NamedArgument& argument : operation_.arguments)
    if (argument.value.kind != Argument::Kind::kNone &&
        std::ranges::count(read_, argument.name) == 0 &&
        std::ranges::count(kNeutralArguments, argument.name) == 0)
      return &argument;
  return nullptr;
}

Result<Operand> OperatorLowering::OperandOf(const std::string& tensor) const {
  const TensorFacts* facts = graph_.FactsOf(tensor);
  if (facts == nullptr) return BadInput("the program does not say what '" + tensor + "' is");
  EDGEOPT_TRY(const ValueId value, graph_.ValueOf(tensor));
  return Operand{value, facts->type, facts->shape};
}

Result<std::optional<Operand>> OperatorLowering::InIfAny(std::string_view name) {
  const Argument* argument = Read(name);
  if (argument == nullptr) return std::optional<Operand>();
  if (argument->kind != Argument::Kind::kTensor) return WrongKind(name, "a tensor");
  EDGEOPT_TRY(Operand operand, OperandOf(argument->tensors.front()));
  return std::optional(std::move(operand));
}

Result<Operand> OperatorLowering::In(std::string_view name) {
  EDGEOPT_TRY(auto operand, InIfAny(name));
  if (!operand) return BadInput("its argument '" + std::string(name) + "' is missing");
  return std::move(*operand);
}

Result<ValueId> OperatorLowering::InOrNone(std::string_view name) {
  EDGEOPT_TRY(const auto operand, InIfAny(name));
  return operand ? operand->value : ir::kNoValue;
}

Result<std::vector<std::optional<Operand>>> OperatorLowering::InListIfAny(std::string_view name) {
  const Argument* argument = Read(name);
  if (argument == nullptr) return BadInput("its argument '" + std::string(name) + "' is missing");
  if (argument->kind != Argument::Kind::kTensors) return WrongKind(name, "a list of tensors");
  std::vector<std::optional<Operand>> operands;
  for (const std::string& tensor : argument->tensors) {
    operands.emplace_back();
    if (tensor.empty()) continue;
    EDGEOPT_TRY(operands.back(), OperandOf(tensor));
  }
  return operands;
}

Result<std::vector<Operand>> OperatorLowering::InList(std::string_view name) {
  EDGEOPT_TRY(auto given, InListIfAny(name));
  std::vector<Operand> operands;
  for (auto& operand : given) {
    if (!operand) return WrongKind(name, "a list of tensors alone");
    operands.push_back(std::move(*operand));
  }
  return operands;
}

Result<ValueId> OperatorLowering::NumberFrom(std::string_view name, const Number& number,
                                             DataType type) {
  if (const auto* integer = std::get_if<int64_t>(&number))
    return type == DataType::kInt64 ? Scalar64(*integer)
                                    : Scalar(static_cast<double>(*integer), type);
  if (const auto* real = std::get_if<double>(&number)) return Scalar(*real, type);
  if (const auto* truth = std::get_if<bool>(&number)) return Scalar(*truth ? 1 : 0, type);
  EDGEOPT_TRY(const Size size, SizeFrom(name, number));
  return Cast(Value(size), type);
}

Result<ValueId> OperatorLowering::InAs(std::string_view name, DataType type) {
  if (IsNumber(name)) return NumberFrom(name, Read(name)->numbers.front(), type);
  EDGEOPT_TRY(const Operand operand, In(name));
  return As(operand, type);
}

Result<ValueId> OperatorLowering::NumberAs(std::string_view name, DataType type, double fallback) {
  if (!Has(name)) return Scalar(fallback, type);
  return InAs(name, type);
}

// --- numbers ---

Result<const Number*> OperatorLowering::ReadNumber(std::string_view name) {
  const Argument* argument = Read(name);
  if (argument == nullptr) return nullptr;
  if (argument->kind != Argument::Kind::kNumber) return WrongKind(name, "a number");
  const Number& number = argument->numbers.front();
  if (std::holds_alternative<SymbolName>(number))
    return Unsupported("its argument '" + std::string(name) +
                       "' depends on a size that is known in a run only");
  return &number;
}

Result<int64_t> OperatorLowering::Int(std::string_view name, int64_t fallback) {
  EDGEOPT_TRY(const Number* number, ReadNumber(name));
  if (number == nullptr) return fallback;
  if (const auto* truth = std::get_if<bool>(number)) return int64_t{*truth};
  if (const auto* integer = std::get_if<int64_t>(number)) return *integer;
  return WrongKind(name, "an integer");
}

Result<double> OperatorLowering::Float(std::string_view name, double fallback) {
  EDGEOPT_TRY(const Number* number, ReadNumber(name));
  if (number == nullptr) return fallback;
  if (const auto* real = std::get_if<double>(number)) return *real;
  if (const auto* integer = std::get_if<int64_t>(number)) return static_cast<double>(*integer);
  return std::get<bool>(*number) ? 1.0 : 0.0;
}

Result<bool> OperatorLowering::Bool(std::string_view name, bool fallback) {
  EDGEOPT_TRY(const Number* number, ReadNumber(name));
  if (number == nullptr) return fallback;
  if (const auto* truth = std::get_if<bool>(number)) return *truth;
  return WrongKind(name, "a boolean");
}

Result<std::string> OperatorLowering::String(std::string_view name, std::string fallback) {
  const Argument* argument = Read(name);
  if (argument == nullptr) return fallback;
  if (argument->kind != Argument::Kind::kString) return WrongKind(name, "a string");
  return argument->text;
}

Result<Size> OperatorLowering::SizeFrom(std::string_view name, const Number& number) const {
  if (const auto* integer = std::get_if<int64_t>(&number)) return Size(*integer);
  if (const auto* truth = std::get_if<bool>(&number)) return Size(int64_t{*truth});
  const auto* symbol = std::get_if<SymbolName>(&number);
  if (symbol == nullptr)
    return Unsupported("its argument '" + std::string(name) + "' is a fraction, not an integer");
  EDGEOPT_TRY(const ValueId value, graph_.ValueOf(symbol->name));
  return Size(value);
}

Result<std::optional<Size>> OperatorLowering::SizeIfAny(std::string_view name) {
  const Argument* argument = Read(name);
  if (argument == nullptr) return std::optional<Size>();
  if (argument->kind != Argument::Kind::kNumber) return WrongKind(name, "a number");
  EDGEOPT_TRY(const Size size, SizeFrom(name, argument->numbers.front()));
  return std::optional(size);
}

Result<Size> OperatorLowering::SizeOr(std::string_view name, int64_t fallback) {
  EDGEOPT_TRY(const auto size, SizeIfAny(name));
  return size.value_or(Size(fallback));
}

Result<std::optional<Sizes>> OperatorLowering::SizesIfAny(std::string_view name) {
  const Argument* argument = Read(name);
  if (argument == nullptr) return std::optional<Sizes>();
  // An empty list of which the exporter did not know the type is one of tensors.
  const bool empty = argument->kind == Argument::Kind::kTensors && argument->tensors.empty();
  if (!empty && argument->kind != Argument::Kind::kNumber &&
      argument->kind != Argument::Kind::kNumbers)
    return WrongKind(name, "a list of integers");
  Sizes sizes;
  for (const Number& number : argument->numbers) {
    EDGEOPT_TRY(const Size size, SizeFrom(name, number));
    sizes.push_back(size);
  }
  return std::optional(std::move(sizes));
}

Result<Sizes> OperatorLowering::SizesOf(std::string_view name) {
  EDGEOPT_TRY(auto sizes, SizesIfAny(name));
  if (!sizes) return BadInput("its argument '" + std::string(name) + "' is missing");
  return std::move(*sizes);
}

Result<std::vector<int64_t>> OperatorLowering::Ints(std::string_view name,
                                                    std::vector<int64_t> fallback) {
  EDGEOPT_TRY(const auto sizes, SizesIfAny(name));
  if (!sizes) return fallback;
  auto ints = KnownInts(*sizes);
  if (!ints)
    return Unsupported("its argument '" + std::string(name) +
                       "' depends on a size that is known in a run only");
  return std::move(*ints);
}

Result<std::vector<int64_t>> OperatorLowering::Ints(std::string_view name, size_t count,
                                                    std::vector<int64_t> fallback) {
  EDGEOPT_TRY(auto ints, Ints(name, fallback));
  if (ints.empty()) return fallback;
  if (ints.size() == 1) ints.resize(count, ints.front());
  if (ints.size() != count)
    return BadInput("its argument '" + std::string(name) + "' has " + std::to_string(ints.size()) +
                    " elements; expected " + std::to_string(count));
  return ints;
}

Result<std::vector<double>> OperatorLowering::Floats(std::string_view name,
                                                     std::vector<double> fallback) {
  const Argument* argument = Read(name);
  if (argument == nullptr) return fallback;
  std::vector<double> reals;
  for (const Number& number : argument->numbers) {
    if (const auto* real = std::get_if<double>(&number)) {
      reals.push_back(*real);
    } else if (const auto* integer = std::get_if<int64_t>(&number)) {
      reals.push_back(static_cast<double>(*integer));
    } else {
      return WrongKind(name, "a list of numbers that are known");
    }
  }
  return reals;
}

Result<std::vector<bool>> OperatorLowering::Bools(std::string_view name,
                                                  std::vector<bool> fallback) {
  const Argument* argument = Read(name);
  if (argument == nullptr) return fallback;
  std::vector<bool> bools;
  for (const Number& number : argument->numbers) {
    const auto* truth = std::get_if<bool>(&number);
    if (truth == nullptr) return WrongKind(name, "a list of booleans");
    bools.push_back(*truth);
  }
  return bools;
}

Result<std::optional<DataType>> OperatorLowering::TypeIfAny(std::string_view name) {
  const Argument* argument = Read(name);
  if (argument == nullptr) return std::optional<DataType>();
  if (argument->kind != Argument::Kind::kType) return WrongKind(name, "a type");
  return std::optional(argument->type);
}

// --- axes ---

Result<int64_t> OperatorLowering::Axis(int64_t axis, int64_t rank) const {
  rank = std::max<int64_t>(rank, 1);
  if (axis < -rank || axis >= rank)
    return BadInput("its axis " + std::to_string(axis) + " leaves the rank, " +
                    std::to_string(rank));
  return axis < 0 ? axis + rank : axis;
}

Result<int64_t> OperatorLowering::AxisOf(std::string_view name, int64_t fallback, int64_t rank) {
  EDGEOPT_TRY(const int64_t axis, Int(name, fallback));
  return Axis(axis, rank);
}

Result<std::vector<int64_t>> OperatorLowering::AxesOf(std::string_view name, int64_t rank) {
  EDGEOPT_TRY(auto axes, Ints(name, {}));
  if (axes.empty()) {
    for (int64_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
    return axes;
  }
  for (int64_t& axis : axes) {
    EDGEOPT_TRY(axis, Axis(axis, rank));
  }
  return axes;
}

// --- by position ---

Result<Size> OperatorLowering::SizeAt(size_t position) {
  if (position >= operation_.arguments.size())
    return BadInput("it has no argument " + std::to_string(position));
  const NamedArgument& argument = operation_.arguments[position];
  Ignore(argument.name);
  if (argument.value.kind != Argument::Kind::kNumber) return WrongKind(argument.name, "a number");
  return SizeFrom(argument.name, argument.value.numbers.front());
}

Status OperatorLowering::RunGraph(size_t position, size_t first) {
  IgnoreAll();
  const auto& arguments = operation_.arguments;
  if (position >= arguments.size() || arguments[position].value.graph == nullptr)
    return BadInput("its argument " + std::to_string(position) + " is not a graph");
  const ProgramGraph& program = *arguments[position].value.graph;
  if (arguments.size() - std::min(first, arguments.size()) != program.inputs.size())
    return BadInput("its graph has " + std::to_string(program.inputs.size()) +
                    " inputs, and it has another number of operands");
  GraphLowering inner(program, graph_.shared());
  for (size_t i = 0; i < program.inputs.size(); ++i)
    EDGEOPT_CHECK_OK(graph_.BindInner(inner, program.inputs[i], arguments[first + i].value));
  EDGEOPT_CHECK_OK(inner.Run());
  if (program.outputs.size() != output_count())
    return BadInput("its graph has " + std::to_string(program.outputs.size()) +
                    " outputs, and it has another number of them");
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    if (operation_.outputs[i].kind == Produced::Kind::kNothing) continue;
    EDGEOPT_TRY(const ValueId value, inner.OutputOf(program.outputs[i]));
    EDGEOPT_CHECK_OK(Out(value, i));
  }
  return OkStatus();
}

// --- results ---

const TensorFacts* OperatorLowering::OutFacts(size_t index) const {
  return index < operation_.outputs.size() ? graph_.FactsOf(operation_.outputs[index].name)
                                           : nullptr;
}
DataType OperatorLowering::OutType(size_t index) const {
  const TensorFacts* facts = OutFacts(index);
  return facts == nullptr ? DataType::kInt64 : facts->type;
}
ir::Shape OperatorLowering::OutShape(size_t index) const {
  const TensorFacts* facts = OutFacts(index);
  return facts == nullptr ? ir::Shape() : facts->shape;
}
int64_t OperatorLowering::OutRank(size_t index) const {
  return static_cast<int64_t>(OutShape(index).size());
}

bool OperatorLowering::OutUnused(size_t index) const {
  return index >= operation_.outputs.size() || !graph_.IsUsed(operation_.outputs[index].name);
}

Status OperatorLowering::Out(ValueId value, size_t index) {
  if (index >= operation_.outputs.size())
    return BadInput("it has " + std::to_string(operation_.outputs.size()) +
                    " outputs; expected more than " + std::to_string(index));
  const Produced& output = operation_.outputs[index];
  if (output.kind != Produced::Kind::kNothing) graph_.Bind(output.name, value);
  return OkStatus();
}

Status OperatorLowering::OutCast(ValueId value, DataType type, size_t index) {
  return Out(type == OutType(index) ? value : Cast(value, OutType(index)), index);
}

}  // namespace edgeopt::formats::pt2
