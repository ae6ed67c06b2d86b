#include "formats/pt2/program_graph.h"

namespace edgeopt::formats::pt2 {
namespace {

// Graphs inside of graphs: a program has few of them, a hostile one any number.
constexpr int kDeepestGraph = 8;

Result<ProgramGraph> ParseGraphAt(const json& value, int depth);

// --- arguments ---

Result<std::string> TensorName(const json& value) { return TextAt(value, "name"); }

// The schema's OptionalTensorArgument: "" for None.
Result<std::string> OptionalTensorName(const json& value) {
  EDGEOPT_TRY(const auto alternative, ToUnion(value));
  if (alternative.first == "as_none") return std::string();
  if (alternative.first == "as_tensor") return TensorName(*alternative.second);
  return BadInput("expected a tensor or None, found '" + std::string(alternative.first) + "'");
}

Result<Number> IntNumber(const json& value) {
  EDGEOPT_TRY(const int64_t number, ToInt(value));
  return Number(number);
}
Result<Number> FloatNumber(const json& value) {
  EDGEOPT_TRY(const double number, ToDouble(value));
  return Number(number);
}
Result<Number> BoolNumber(const json& value) {
  EDGEOPT_TRY(const bool number, ToBool(value));
  return Number(number);
}

// SymIntArgument, SymFloatArgument, SymBoolArgument: a name or a value.
Result<Number> SymbolicNumber(const json& value) {
  EDGEOPT_TRY(const auto alternative, ToUnion(value));
  const auto& [kind, content] = alternative;
  if (kind == "as_int") return IntNumber(*content);
  if (kind == "as_float") return FloatNumber(*content);
  if (kind == "as_bool") return BoolNumber(*content);
  if (kind != "as_name")
    return BadInput("expected a symbolic number, found '" + std::string(kind) + "'");
  EDGEOPT_TRY(std::string name, ToText(*content));
  return Number(SymbolName{std::move(name)});
}

using ParseNumber = Result<Number> (*)(const json&);
using ParseName = Result<std::string> (*)(const json&);

Result<Argument> NumbersArgument(Argument::Kind kind, const json& value, ParseNumber parse) {
  Argument argument;
  argument.kind = kind;
  if (kind == Argument::Kind::kNumber) {
    EDGEOPT_TRY(Number number, parse(value));
    argument.numbers.push_back(std::move(number));
    return argument;
  }
  if (!value.is_array()) return BadInput("expected an array of numbers");
  for (const json& element : value) {
    EDGEOPT_TRY(Number number, parse(element));
    argument.numbers.push_back(std::move(number));
  }
  return argument;
}

Result<Argument> TensorsArgument(Argument::Kind kind, const json& value, ParseName parse) {
  Argument argument;
  argument.kind = kind;
  if (kind == Argument::Kind::kTensor) {
    EDGEOPT_TRY(std::string name, parse(value));
    if (name.empty()) argument.kind = Argument::Kind::kNone;
    argument.tensors.push_back(std::move(name));
    return argument;
  }
  if (!value.is_array()) return BadInput("expected an array of tensors");
  for (const json& element : value) {
    EDGEOPT_TRY(std::string name, parse(element));
    argument.tensors.push_back(std::move(name));
  }
  return argument;
}

struct NumberKind {
  std::string_view name;
  Argument::Kind kind;
  ParseNumber parse;
};
constexpr NumberKind kNumberKinds[] = {
    {"as_int", Argument::Kind::kNumber, IntNumber},
    {"as_ints", Argument::Kind::kNumbers, IntNumber},
    {"as_float", Argument::Kind::kNumber, FloatNumber},
    {"as_floats", Argument::Kind::kNumbers, FloatNumber},
    {"as_bool", Argument::Kind::kNumber, BoolNumber},
    {"as_bools", Argument::Kind::kNumbers, BoolNumber},
    {"as_sym_int", Argument::Kind::kNumber, SymbolicNumber},
    {"as_sym_ints", Argument::Kind::kNumbers, SymbolicNumber},
    {"as_sym_float", Argument::Kind::kNumber, SymbolicNumber},
    {"as_sym_floats", Argument::Kind::kNumbers, SymbolicNumber},
    {"as_sym_bool", Argument::Kind::kNumber, SymbolicNumber},
    {"as_sym_bools", Argument::Kind::kNumbers, SymbolicNumber},
};

struct TensorKind {
  std::string_view name;
  Argument::Kind kind;
  ParseName parse;
};
constexpr TensorKind kTensorKinds[] = {
    {"as_tensor", Argument::Kind::kTensor, TensorName},
    {"as_tensors", Argument::Kind::kTensors, TensorName},
    {"as_optional_tensor", Argument::Kind::kTensor, OptionalTensorName},
    {"as_optional_tensors", Argument::Kind::kTensors, OptionalTensorName},
};

Result<Argument> ParseArgumentAt(const json& value, int depth) {
  EDGEOPT_TRY(const auto alternative, ToUnion(value));
  const auto& [kind, content] = alternative;
  for (const NumberKind& it : kNumberKinds)
    if (it.name == kind) return NumbersArgument(it.kind, *content, it.parse);
  for (const TensorKind& it : kTensorKinds)
    if (it.name == kind) return TensorsArgument(it.kind, *content, it.parse);
  Argument argument;
  if (kind == "as_none") return argument;
  if (kind == "as_string") {
    argument.kind = Argument::Kind::kString;
    EDGEOPT_TRY(argument.text, ToText(*content));
  } else if (kind == "as_scalar_type") {
    argument.kind = Argument::Kind::kType;
    EDGEOPT_TRY(argument.type, ToDataType(*content));
  } else if (kind == "as_device" || kind == "as_layout" || kind == "as_memory_format") {
    argument.kind = Argument::Kind::kNeutral;
  } else if (kind == "as_graph") {
    argument.kind = Argument::Kind::kGraph;
    EDGEOPT_TRY(const json* graph, ObjectAt(*content, "graph"));
    EDGEOPT_TRY(ProgramGraph parsed, ParseGraphAt(*graph, depth + 1));
    argument.graph = std::make_shared<const ProgramGraph>(std::move(parsed));
  } else {
    argument.kind = Argument::Kind::kUnsupported;
    argument.text = kind;
  }
  return argument;
}

// --- operations ---

Status AddOutputs(const json& value, std::vector<Produced>& outputs) {
  EDGEOPT_TRY(const Argument argument, ParseArgumentAt(value, kDeepestGraph));
  switch (argument.kind) {
    case Argument::Kind::kTensor:
    case Argument::Kind::kTensors:
      for (const std::string& name : argument.tensors)
        outputs.push_back(
            {name.empty() ? Produced::Kind::kNothing : Produced::Kind::kTensor, name});
      return OkStatus();
    case Argument::Kind::kNumber: {
      const auto* symbol = std::get_if<SymbolName>(&argument.numbers.front());
      if (symbol == nullptr) {
        outputs.push_back({});
      } else {
        outputs.push_back({Produced::Kind::kSymbol, symbol->name});
      }
      return OkStatus();
    }
    case Argument::Kind::kNone:
      outputs.push_back({});
      return OkStatus();
    default:
      return Unsupported("an output of a kind that is neither tensor nor number");
  }
}

// The path in the last entry of "key,path,type;key,path,type".
std::string ModulePath(const json& operation) {
  const auto metadata = MemberIfAny(operation, "metadata");
  if (!metadata.ok() || *metadata == nullptr) return {};
  const auto stack = TextAt(**metadata, "nn_module_stack");
  if (!stack.ok()) return {};
  const std::string_view last = std::string_view(*stack).substr(stack->rfind(';') + 1);
  const size_t begin = last.find(',');
  if (begin == std::string_view::npos) return {};
  const size_t end = last.find(',', begin + 1);
  return std::string(last.substr(begin + 1, end == std::string_view::npos ? end : end - begin - 1));
}

Status ParseOperationInto(const json& value, int depth, Operation& operation) {
  operation.module_path = ModulePath(value);
  EDGEOPT_TRY(const json* inputs, ArrayAt(value, "inputs"));
  for (const json& input : *inputs) {
    NamedArgument argument;
    EDGEOPT_TRY(argument.name, TextAt(input, "name"));
    EDGEOPT_TRY(const json* content, Member(input, "arg"));
    auto parsed = ParseArgumentAt(*content, depth);
    if (!parsed.ok()) return parsed.error().Within("argument '" + argument.name + "'");
    argument.value = std::move(*parsed);
    operation.arguments.push_back(std::move(argument));
  }
  EDGEOPT_TRY(const json* outputs, ArrayAt(value, "outputs"));
  for (const json& output : *outputs) EDGEOPT_CHECK_OK(AddOutputs(output, operation.outputs));
  return OkStatus();
}

// --- graphs ---

Result<TensorFacts> ParseFacts(const json& value) {
  TensorFacts facts;
  EDGEOPT_TRY(const json* type, Member(value, "dtype"));
  EDGEOPT_TRY(facts.type, ToDataType(*type));
  EDGEOPT_TRY(const json* sizes, ArrayAt(value, "sizes"));
  for (const json& size : *sizes) {
    EDGEOPT_TRY(ir::Dim dim, ToDim(size));
    facts.shape.push_back(std::move(dim));
  }
  return facts;
}

Status ParseArguments(const json& graph, const char* key, int depth,
                      std::vector<Argument>& arguments) {
  EDGEOPT_TRY(const json* values, ArrayAt(graph, key));
  for (const json& value : *values) {
    auto argument = ParseArgumentAt(value, depth);
    if (!argument.ok()) return argument.error().Within(std::string("the graph's ") + key);
    arguments.push_back(std::move(*argument));
  }
  return OkStatus();
}

Result<ProgramGraph> ParseGraphAt(const json& value, int depth) {
  if (depth > kDeepestGraph) return Unsupported("graphs lie inside each other too deeply");
  ProgramGraph graph;
  EDGEOPT_CHECK_OK(ParseArguments(value, "inputs", depth, graph.inputs));
  EDGEOPT_CHECK_OK(ParseArguments(value, "outputs", depth, graph.outputs));
  EDGEOPT_TRY(const json* tensors, ObjectAt(value, "tensor_values"));
  for (const auto& [name, content] : tensors->items()) {
    auto facts = ParseFacts(content);
    if (!facts.ok()) return facts.error().Within("tensor '" + name + "'");
    graph.tensors.emplace(name, std::move(*facts));
  }
  EDGEOPT_TRY(const json* nodes, ArrayAt(value, "nodes"));
  graph.operations.reserve(nodes->size());
  for (const json& node : *nodes) {
    Operation operation;
    EDGEOPT_TRY(operation.target, TextAt(node, "target"));
    if (const Status parsed = ParseOperationInto(node, depth, operation); !parsed.ok())
      return parsed.error().Within("operation " + std::to_string(graph.operations.size()) + " (" +
                                   operation.target + ")");
    graph.operations.push_back(std::move(operation));
  }
  return graph;
}

}  // namespace

Result<Argument> ParseArgument(const json& value) { return ParseArgumentAt(value, kDeepestGraph); }

Result<ProgramGraph> ParseGraph(const json& value) { return ParseGraphAt(value, 0); }

}  // namespace edgeopt::formats::pt2
