// edgeopt inspect MODEL
#include <memory>

#include "cli/command.h"
#include "cli/table.h"
#include "formats/onnx/onnx.h"
#include "ops/inspection.h"
#include "pipeline/open_model.h"
#include "report/text.h"

namespace edgeopt::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string model;
  bool nodes = false, text = false, full = false;
  std::vector<std::string> sizes;
};

Result<ops::CostOptions> ParseSizes(const std::vector<std::string>& entries) {
  ops::CostOptions options;
  for (const std::string& entry : entries) {
    const size_t equals = entry.find('=');
    const int64_t size = equals == std::string::npos ? 0 : std::atoll(entry.c_str() + equals + 1);
    if (size < 1)
      return UsageError("--dim '" + entry + "' is not NAME=SIZE with a size of 1 or more",
                        "for example --dim batch=1");
    options.sizes[entry.substr(0, equals)] = size;
  }
  return options;
}

json Ports(const std::vector<ops::Inspection::Port>& ports) {
  json rows = json::array();
  for (const auto& port : ports)
    rows.push_back({{"name", port.name}, {"type", ir::ToString(port.type)}});
  return rows;
}

json Document(const ir::Model& model, const ops::Inspection& seen) {
  json document = {{"ir_version", model.ir_version},
                   {"producer", model.producer_name},
                   {"inputs", Ports(seen.inputs)},
                   {"outputs", Ports(seen.outputs)},
                   {"nodes", model.graph.node_count()},
                   {"macs", seen.cost.macs},
                   {"parameters", seen.cost.parameters},
                   {"parameter_bytes", seen.cost.parameter_bytes},
                   {"peak_activation_bytes", seen.cost.peak_activation_bytes},
                   {"assumptions", seen.cost.assumptions},
                   {"metadata", json::object()},
                   {"operators", json::array()},
                   {"hard_to_quantize", json::array()}};
  for (const auto& import : model.opset_imports)
    document["opsets"][import.domain.empty() ? "ai.onnx" : import.domain] = import.version;
  for (const auto& [key, value] : model.metadata) document["metadata"][key] = value;
  for (const auto& row : seen.operators)
    document["operators"].push_back({{"op_type", row.op_type},
                                     {"count", row.count},
                                     {"macs", row.macs},
                                     {"parameters", row.parameters},
                                     {"parameter_bytes", row.parameter_bytes}});
  for (const auto& row : seen.parameters)
    document["parameter_types"].push_back({{"type", ir::Name(row.type)},
                                           {"tensors", row.tensors},
                                           {"elements", row.elements},
                                           {"bytes", row.bytes}});
  for (const auto& node : seen.cost.nodes)
    document["node_costs"].push_back({{"name", node.label},
                                      {"op_type", node.op_type},
                                      {"macs", node.macs},
                                      {"parameters", node.parameters},
                                      {"output_bytes", node.output_bytes}});
  for (const auto& finding : seen.hard_to_quantize)
    document["hard_to_quantize"].push_back(
        {{"node", finding.node}, {"op_type", finding.op_type}, {"reason", finding.reason}});
  return document;
}

std::string Heading(const ir::Model& model, const ops::Inspection& seen) {
  std::string text;
  for (const auto& import : model.opset_imports)
    text += (text.empty() ? "opset " : ", ") + (import.domain.empty() ? "ai.onnx" : import.domain) +
            " " + std::to_string(import.version);
  text += "; IR version " + std::to_string(model.ir_version);
  if (!model.producer_name.empty())
    text += "; made by " + model.producer_name + " " + model.producer_version;
  text += "\n" + std::to_string(model.graph.node_count()) + " nodes, " + Count(seen.cost.macs) +
          " multiply-adds, " + Count(seen.cost.parameters) + " parameters (" +
          report::Megabytes(seen.cost.parameter_bytes) + " MB), " +
          report::Megabytes(seen.cost.peak_activation_bytes) + " MB of activations at once\n";
  for (const std::string& assumption : seen.cost.assumptions)
    text += "assumed: " + assumption + "\n";
  return text;
}

std::string Section(const std::string& title, const std::vector<std::string>& header,
                    const std::vector<std::vector<std::string>>& rows) {
  return rows.empty() ? "" : "\n" + title + "\n" + Table(header, rows);
}

std::string Text(const ir::Model& model, const ops::Inspection& seen, bool nodes) {
  std::string text = Heading(model, seen);
  std::vector<std::vector<std::string>> rows;
  for (const auto& port : seen.inputs)
    rows.push_back({"input", port.name, ir::ToString(port.type)});
  for (const auto& port : seen.outputs)
    rows.push_back({"output", port.name, ir::ToString(port.type)});
  text += Section("Interface", {"", "name", "type"}, rows);
  rows.clear();
  for (const auto& row : seen.operators)
    rows.push_back({row.op_type, std::to_string(row.count), Count(row.macs), Count(row.parameters),
                    report::Megabytes(row.parameter_bytes)});
  text += Section("Operators", {"type", "count", "MACs", "parameters", "MB"}, rows);
  rows.clear();
  for (const auto& row : seen.parameters)
    rows.push_back({std::string(ir::Name(row.type)), std::to_string(row.tensors),
                    Count(row.elements), report::Megabytes(row.bytes)});
  text += Section("Parameters", {"type", "tensors", "elements", "MB"}, rows);
  rows.clear();
  for (const auto& node : seen.cost.nodes)
    rows.push_back({node.label, node.op_type, Count(node.macs), Count(node.parameters)});
  if (nodes) text += Section("Nodes", {"name", "type", "MACs", "parameters"}, rows);
  rows.clear();
  for (const auto& finding : seen.hard_to_quantize)
    rows.push_back({finding.node, finding.op_type, finding.reason});
  text += Section("May be hard to quantize", {"name", "type", "why"}, rows);
  rows.clear();
  for (const auto& [key, value] : model.metadata)
    rows.push_back({key, value.size() > 60 ? value.substr(0, 57) + "..." : value});
  return text + Section("Metadata", {"key", "value"}, rows);
}

// Why work with this model would fail. It is shown all the same: here is where one looks then.
std::vector<std::string> Problems(const ir::Model& model) {
  std::vector<std::string> problems;
  for (const Status& status :
       {formats::CheckModel(model, formats::CheckDepth::kTypes), pipeline::CheckWeights(model)})
    if (!status.ok()) problems.push_back(status.error().message);
  return problems;
}

Result<Answer> Execute(const Options& options) {
  EDGEOPT_TRY(const ops::CostOptions sizes, ParseSizes(options.sizes));
  EDGEOPT_TRY(const ir::Model model, pipeline::ReadModel(options.model));
  if (options.text || options.full) {
    const std::string text = formats::PrintText(model, {options.full ? -1 : 16});
    return Answer{text, {{"text", text}}, {}};
  }
  const ops::Inspection seen = formats::Inspect(model, sizes);
  json document = Document(model, seen);
  document["problems"] = Problems(model);
  std::string text = Text(model, seen, options.nodes);
  for (const json& problem : document["problems"])
    text += "\nproblem: " + problem.get<std::string>() + "\n";
  return Answer{std::move(text), std::move(document), {}};
}

}  // namespace

Command inspect() {
  return {"inspect", "Show interface, operators, cost, what is hard to quantize", Group::kModel,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            parser.Add("model", options->model, "the model, ONNX or TFLite").Required();
            parser.Add("--dim", options->sizes, "count a named dimension as NAME=SIZE");
            parser.AddFlag("--nodes", options->nodes, "list every node");
            parser.AddFlag("--text", options->text,
                           "print the graph in ONNX's text syntax, long constants left out");
            parser.AddFlag("--full", options->full, "the same with all constants");
            return [options](Context&) { return Execute(*options); };
          },
          "  edgeopt inspect model.onnx --nodes"};
}

}  // namespace edgeopt::cli
