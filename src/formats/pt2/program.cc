// ParseProgram: versions, the signature, bounds of symbols.
#include "formats/pt2/program.h"

#include "formats/pt2/json.h"
#include "formats/pt2/program_graph.h"
#include "formats/pt2/tree_names.h"

namespace edgeopt::formats::pt2 {
namespace {

constexpr int64_t kSchemaMajor = 8;
// From these depths on the parser leaves members out that no one here reads: they are long.
constexpr int kMetadataDepth = 6;

std::optional<json> ParseJson(std::string_view text) {
  const auto wanted = [](int depth, json::parse_event_t event, json& parsed) {
    if (event != json::parse_event_t::key || depth < kMetadataDepth) return true;
    return parsed != "stack_trace" && parsed != "from_node" && parsed != "source_fn_stack";
  };
  json document = json::parse(text, wanted, /*allow_exceptions=*/false);
  if (document.is_discarded()) return std::nullopt;
  return document;
}

Status CheckVersion(const json& document, const std::string& torch_version) {
  EDGEOPT_TRY(const json* version, ObjectAt(document, "schema_version"));
  EDGEOPT_TRY(const json* major_member, Member(*version, "major"));
  EDGEOPT_TRY(const int64_t major, ToInt(*major_member));
  if (major == kSchemaMajor) return OkStatus();
  return Unsupported(
      "the program has schema version " + std::to_string(major) + " (PyTorch " + torch_version +
          "); edgeopt reads version " + std::to_string(kSchemaMajor),
      major < kSchemaMajor ? "export the model again with a newer PyTorch" : "update edgeopt");
}

// The name and the qualified name of a parameter, buffer or constant.
Result<ProgramInput> ParseState(const json& spec, ProgramInput::Kind kind,
                                std::string_view qualified_key) {
  ProgramInput input;
  input.kind = kind;
  EDGEOPT_TRY(const json* argument, ObjectAt(spec, "arg"));
  EDGEOPT_TRY(std::string name, TextAt(*argument, "name"));
  input.value.kind = Argument::Kind::kTensor;
  input.value.tensors.push_back(std::move(name));
  EDGEOPT_TRY(input.qualified, TextAt(spec, qualified_key));
  return input;
}

Result<std::optional<ProgramInput>> ParseInput(const json& value) {
  using Kind = ProgramInput::Kind;
  EDGEOPT_TRY(const auto alternative, ToUnion(value));
  const auto& [kind, spec] = alternative;
  std::optional<ProgramInput> input;
  if (kind == "user_input") {
    EDGEOPT_TRY(const json* argument, Member(*spec, "arg"));
    input.emplace();
    EDGEOPT_TRY(input->value, ParseArgument(*argument));
  } else if (kind == "parameter") {
    EDGEOPT_TRY(input, ParseState(*spec, Kind::kParameter, "parameter_name"));
  } else if (kind == "buffer") {
    EDGEOPT_TRY(input, ParseState(*spec, Kind::kBuffer, "buffer_name"));
  } else if (kind == "tensor_constant") {
    EDGEOPT_TRY(input, ParseState(*spec, Kind::kConstant, "tensor_constant_name"));
  } else if (kind != "constant_input") {  // whose value the operations have already
    return Unsupported("an input of kind '" + std::string(kind) + "'");
  }
  return input;
}

// What the program does beside returning values.
Error SideEffect(std::string_view kind, const json& spec) {
  std::string what = "an output of kind '" + std::string(kind) + "'";
  for (const char* key : {"buffer_name", "parameter_name"})
    if (const auto name = TextAt(spec, key); name.ok()) what += " ('" + *name + "')";
  return Unsupported("the program changes state: " + what,
                     "ONNX models keep nothing between runs; make it an input and an output");
}

Status ParseSignature(const json& module, Program& program) {
  EDGEOPT_TRY(const json* signature, ObjectAt(module, "signature"));
  EDGEOPT_TRY(const json* inputs, ArrayAt(*signature, "input_specs"));
  for (const json& spec : *inputs) {
    auto input = ParseInput(spec);
    if (!input.ok()) return input.error().Within("the signature's inputs");
    if (*input) program.inputs.push_back(std::move(**input));
  }
  EDGEOPT_TRY(const json* outputs, ArrayAt(*signature, "output_specs"));
  for (const json& value : *outputs) {
    EDGEOPT_TRY(const auto alternative, ToUnion(value));
    const auto& [kind, spec] = alternative;
    // What the caller's own tensor becomes is not part of what the program returns.
    if (kind == "user_input_mutation") continue;
    if (kind != "user_output") return SideEffect(kind, *spec);
    EDGEOPT_TRY(const json* argument, Member(*spec, "arg"));
    auto parsed = ParseArgument(*argument);
    if (!parsed.ok()) return parsed.error().Within("the signature's outputs");
    program.outputs.push_back({{}, std::move(*parsed)});
  }
  return OkStatus();
}

// The tree of what forward() returns, as text; empty when the file has none.
Result<std::string> OutputTree(const json& module) {
  EDGEOPT_TRY(const json* calls, MemberIfAny(module, "module_call_graph"));
  if (calls == nullptr || !calls->is_array()) return std::string();
  for (const json& call : *calls) {
    EDGEOPT_TRY(const json* name, MemberIfAny(call, "fqn"));
    const auto* text = name != nullptr ? name->get_ptr<const json::string_t*>() : nullptr;
    if (text == nullptr || !text->empty()) continue;
    EDGEOPT_TRY(const json* signature, MemberIfAny(call, "signature"));
    if (signature != nullptr) return TextAt(*signature, "out_spec");
  }
  return std::string();
}

Status ParseRanges(const json& document, Program& program) {
  EDGEOPT_TRY(const json* ranges, ObjectAt(document, "range_constraints"));
  for (const auto& [symbol, bounds] : ranges->items()) {
    Range range;
    EDGEOPT_TRY(const json* least, MemberIfAny(bounds, "min_val"));
    EDGEOPT_TRY(const json* most, MemberIfAny(bounds, "max_val"));
    if (least != nullptr) {
      EDGEOPT_TRY(range.least, ToInt(*least));
    }
    if (most != nullptr) {
      EDGEOPT_TRY(range.most, ToInt(*most));
    }
    program.ranges.emplace(symbol, range);
  }
  return OkStatus();
}

Result<Program> ParseDocument(const json& document) {
  Program program;
  EDGEOPT_TRY(const json* version, MemberIfAny(document, "torch_version"));
  program.torch_version = "2.4 or earlier";
  if (version != nullptr) {
    EDGEOPT_TRY(program.torch_version, ToText(*version));
  }
  EDGEOPT_CHECK_OK(CheckVersion(document, program.torch_version));
  EDGEOPT_TRY(const json* module, ObjectAt(document, "graph_module"));
  EDGEOPT_TRY(const json* graph, ObjectAt(*module, "graph"));
  EDGEOPT_TRY(program.graph, ParseGraph(*graph));
  EDGEOPT_CHECK_OK(ParseSignature(*module, program));
  EDGEOPT_TRY(const std::string tree, OutputTree(*module));
  const std::vector<std::string> names = OutputNames(tree, program.outputs.size());
  for (size_t i = 0; i < names.size(); ++i) program.outputs[i].name = names[i];
  EDGEOPT_CHECK_OK(ParseRanges(document, program));
  return program;
}

}  // namespace

Result<Program> ParseProgram(std::string_view text) {
  const auto document = ParseJson(text);
  if (!document)
    return BadInput("the program is not valid JSON", "the file is damaged; export the model again");
  return ParseDocument(*document);
}

}  // namespace edgeopt::formats::pt2
