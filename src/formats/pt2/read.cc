// ReadPt2: from the archive to the model.
#include <memory>
#include <unordered_set>

#include "formats/onnx/onnx.h"
#include "formats/pt2/archive.h"
#include "formats/pt2/graph_lowering.h"
#include "formats/pt2/program.h"
#include "formats/pt2/pt2.h"
#include "formats/pt2/weights.h"
#include "ir/verifier.h"

namespace edgeopt::formats::pt2 {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kOpset = 17, kIrVersion = 8;
// A graph inside of a program is lowered wherever it is called, and a few that call each other can
// stand for any number of operations.
constexpr int64_t kMostCalls = 16;

constexpr std::string_view kModels = "models/", kJson = ".json";
constexpr std::string_view kOlderProgram = "serialized_exported_program.json";

Status CheckFormat(const Archive& archive) {
  if (archive.Has(kOlderProgram)) {
    std::string version = "2.6 or earlier";
    if (const auto text = archive.Read(kOlderProgram); text.ok()) {
      const json document = json::parse(text->text(), nullptr, false);
      if (const auto given = TextAt(document, "torch_version"); given.ok()) version = *given;
    }
    return Unsupported("it is an exported program of PyTorch " + version +
                           " in the older form, with pickled weights",
                       "load it with PyTorch and save it again with a newer torch.export.save, or "
                       "let PyTorch itself read it");
  }
  if (!archive.Has("archive_format"))
    return BadInput("it is a zip archive, but not one of torch.export.save",
                    "save the model with torch.export.save(torch.export.export(...), FILE)");
  EDGEOPT_TRY(const Buffer format, archive.Read("archive_format"));
  if (format.text() != "pt2")
    return BadInput("its archive has format '" + std::string(format.text().substr(0, 20)) +
                    "'; expected 'pt2'");
  if (!archive.Has("byteorder")) return OkStatus();
  EDGEOPT_TRY(const Buffer order, archive.Read("byteorder"));
  if (order.text() != "little")
    return Unsupported("its weights are in byte order '" + std::string(order.text().substr(0, 20)) +
                       "'; edgeopt reads little");
  return OkStatus();
}

// The only program in the archive.
Result<std::string> ModelName(const Archive& archive) {
  const std::vector<std::string> names = archive.Names(kModels);
  std::vector<std::string> models;
  for (const std::string& name : names)
    if (name.ends_with(kJson) && name.size() > kModels.size() + kJson.size())
      models.push_back(name.substr(kModels.size(), name.size() - kModels.size() - kJson.size()));
  if (models.empty())
    return Unsupported("the archive has no exported program (models/NAME.json)",
                       "packages of AOTInductor hold compiled code; save the exported program");
  if (models.size() > 1)
    return Unsupported("the archive has " + std::to_string(models.size()) +
                           " programs; edgeopt reads those with one",
                       "save the program that is meant in an archive of its own");
  return models.front();
}

// Reads one program into one model.
class Reading {
 public:
  Reading(const Program& program, const Weights& weights)
      : program_(program), weights_(weights), lowering_(program.graph, shared_) {}

  Result<ir::Model> Run() {
    EDGEOPT_CHECK_OK(AddInputs());
    model_.graph.ReserveNames(OutputNames());
    shared_.operations_left = kMostCalls * static_cast<int64_t>(program_.graph.operations.size());
    EDGEOPT_CHECK_OK(lowering_.Run());
    EDGEOPT_CHECK_OK(shared_.problems.ToStatus());
    model_.graph.ReserveNames(nullptr);
    EDGEOPT_CHECK_OK(AddOutputs());
    model_.graph.RemoveUnused();
    model_.graph.name = "main";
    model_.ir_version = kIrVersion;
    model_.opset_imports = {{"", kOpset}};
    model_.producer_name = "pytorch";
    model_.producer_version = program_.torch_version;
    AddRanges();
    return std::move(model_);
  }

 private:
  // No other value may take them.
  std::shared_ptr<const std::unordered_set<std::string>> OutputNames() const {
    std::unordered_set<std::string> names;
    for (const ProgramOutput& output : program_.outputs) names.insert(output.name);
    return std::make_shared<const std::unordered_set<std::string>>(std::move(names));
  }

  Status AddInputs() {
    for (const ProgramInput& input : program_.inputs) {
      if (input.kind == ProgramInput::Kind::kUser) {
        EDGEOPT_CHECK_OK(AddUserInput(input.value));
      } else {
        lowering_.BindState(input.value.tensors.front(), weights_, input.qualified);
      }
    }
    return OkStatus();
  }

  // None and numbers that are no symbols are in the operations already.
  Status AddUserInput(const Argument& argument) {
    std::string name;
    ir::Type type;
    if (argument.kind == Argument::Kind::kTensor) {
      name = argument.tensors.front();
      const TensorFacts* facts = lowering_.FactsOf(name);
      if (facts == nullptr)
        return BadInput("the program does not say what input '" + name + "' is");
      type = ir::Type::OfTensor(facts->type, facts->shape);
    } else if (argument.kind == Argument::Kind::kNumber) {
      const auto* symbol = std::get_if<SymbolName>(&argument.numbers.front());
      if (symbol == nullptr) return OkStatus();
      name = symbol->name;
      type = ir::Type::OfTensor(DataType::kInt64, ir::Shape());
    } else {
      return argument.kind == Argument::Kind::kNone || argument.kind == Argument::Kind::kString
                 ? OkStatus()
                 : Unsupported("an input that is neither tensor nor number");
    }
    const ValueId value = model_.graph.AddNamedValue(name);
    if (!value.valid()) return BadInput("two inputs are called '" + name + "'");
    model_.graph.SetType(value, std::move(type));
    model_.graph.AddInput(value);
    lowering_.BindInput(name, value);
    return OkStatus();
  }

  // What a model returns has to be made by a node of its own.
  Status AddOutputs() {
    ir::Graph& graph = model_.graph;
    for (const ProgramOutput& output : program_.outputs) {
      if (output.value.kind == Argument::Kind::kNone) continue;
      EDGEOPT_TRY(ValueId value, lowering_.OutputOf(output.value));
      if (!graph.producer(value).valid() || graph.IsOutput(value)) {
        const ValueId copy = graph.AddValue(output.name, graph.value(value).type);
        graph.AddNode("Identity", {value}, {copy}, {}, graph.value(copy).name);
        value = copy;
      }
      // The name may belong to an input.
      std::string name = output.name;
      for (int64_t i = 1; graph.value(value).name != name && !graph.Rename(value, name); ++i)
        name = output.name + "_output" + (i == 1 ? "" : std::to_string(i));
      graph.AddOutput(value);
    }
    if (graph.outputs().empty()) return Unsupported("the program returns no tensor");
    return OkStatus();
  }

  void AddRanges() {
    for (const auto& [symbol, range] : program_.ranges) {
      std::string text = range.least ? std::to_string(*range.least) : "0";
      text += range.most ? " to " + std::to_string(*range.most) : " and more";
      model_.metadata.emplace_back("pt2.range." + symbol, text);
    }
  }

  const Program& program_;
  const Weights& weights_;
  ir::Model model_;
  Shared shared_{.graph = model_.graph};
  GraphLowering lowering_;
};

}  // namespace

Result<ir::Model> ParsePt2(const Buffer& bytes) {
  EDGEOPT_TRY(const Archive archive, Archive::Open(bytes));
  EDGEOPT_CHECK_OK(CheckFormat(archive));
  EDGEOPT_TRY(const std::string name, ModelName(archive));
  const std::string entry = std::string(kModels) + name + std::string(kJson);
  EDGEOPT_TRY(const Buffer text, archive.Read(entry));
  const auto program = ParseProgram(text.text());
  if (!program.ok()) return program.error().Within(entry);
  EDGEOPT_TRY(const Weights weights, Weights::Open(archive, name, program->torch_version));
  EDGEOPT_TRY(ir::Model model, Reading(*program, weights).Run());
  EDGEOPT_CHECK_OK(ir::Verify(model));
  EDGEOPT_CHECK_OK(InferTypes(model));
  return model;
}

Result<ir::Model> ReadPt2(const fs::path& path) {
  const std::string where = "'" + path.string() + "'";
  std::error_code ec;
  if (!fs::exists(path, ec))
    return BadInput(where + " does not exist", "check the path of the model");
  if (fs::is_directory(path, ec))
    return BadInput(where + " is a folder, expected a .pt2 file", "name the file inside");
  EDGEOPT_TRY(const Buffer bytes, Buffer::Map(path));
  auto model = ParsePt2(bytes);
  if (!model.ok()) return model.error().Within(where);
  return model;
}

bool IsPt2(const fs::path& path) {
  std::error_code ec;
  if (!fs::is_regular_file(path, ec)) return false;
  const auto bytes = Buffer::Map(path);
  if (!bytes.ok() || !bytes->text().starts_with("PK")) return false;
  const auto archive = Archive::Open(*bytes);
  if (!archive.ok()) return false;
  if (archive->Has(kOlderProgram)) return true;
  if (!archive->Has("archive_format")) return false;
  const auto format = archive->Read("archive_format");
  return format.ok() && format->text() == "pt2";
}

}  // namespace edgeopt::formats::pt2
