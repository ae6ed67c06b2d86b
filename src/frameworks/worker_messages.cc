#include "frameworks/worker_messages.h"

#include "measure/agent_protocol.h"

namespace edgeopt::frameworks {
namespace {

using nlohmann::json;

constexpr int64_t kMaxAxes = 64;
constexpr double kMaxSeconds = 1e9;

// null and a missing field: not known.
Result<std::optional<int64_t>> Count(const json& answer, JsonObject& fields, const char* name) {
  if (!fields.Has(name)) return std::optional<int64_t>();
  if (answer.at(name).is_null()) return std::optional<int64_t>();
  EDGEOPT_TRY(const int64_t count, fields.Integer(name, 0, measure::kMaxId));
  return std::optional<int64_t>(count);
}

Result<DynamicAxes> AxesIn(JsonObject& fields, const char* name) {
  EDGEOPT_TRY(const json* object, fields.Object(name));
  DynamicAxes axes;
  for (const auto& [input, array] : object->items()) {
    if (!array.is_array()) return BadInput(std::string(name) + ": '" + input + "' is no array");
    std::vector<int64_t>& row = axes[input];
    for (const json& value : array) {
      const auto axis = IntegerIn(value, 0, kMaxAxes);
      if (!axis) return BadInput(std::string(name) + ": '" + input + "' has what is no axis");
      row.push_back(*axis);
    }
  }
  return axes;
}

// Of values before the one at `place`.
Result<std::vector<size_t>> PlacesIn(const json& array, size_t place) {
  if (!array.is_array()) return BadInput("made_of: an element is no array");
  std::vector<size_t> places;
  for (const json& value : array) {
    const auto earlier = IntegerIn(value, 0, static_cast<int64_t>(place) - 1);
    if (!earlier) return BadInput("made_of: what is no earlier value");
    places.push_back(static_cast<size_t>(*earlier));
  }
  return places;
}

}  // namespace

Result<Description> DescriptionFrom(const json& answer) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(answer, "describe"));
  Description description;
  EDGEOPT_TRY(description.version, fields.Text("version"));
  EDGEOPT_TRY(description.class_name, fields.Text("class"));
  EDGEOPT_TRY(const json* inputs, fields.Array("inputs"));
  EDGEOPT_TRY(const json* outputs, fields.Array("outputs"));
  // The specs are those of `load`.
  EDGEOPT_TRY(
      measure::LoadedModel model,
      measure::LoadedModelFrom({{"inputs", *inputs}, {"outputs", *outputs}, {"load_ns", 0}}));
  description.inputs = std::move(model.inputs);
  description.outputs = std::move(model.outputs);
  EDGEOPT_TRY(description.parameters, Count(answer, fields, "parameters"));
  EDGEOPT_TRY(description.signatures, fields.Texts("signatures"));
  EDGEOPT_TRY(description.dynamic, AxesIn(fields, "dynamic"));
  EDGEOPT_TRY(description.warnings, fields.Texts("warnings"));
  return description;
}

json ToJson(const ExportRequest& request) {
  json axes = json::object();
  for (const auto& [input, row] : request.dynamic_axes) axes[input] = row;
  json params = {{"format", request.format},
                 {"output", request.output.string()},
                 {"exporter", request.exporter},
                 {"dynamic_axes", std::move(axes)}};
  if (request.opset > 0) params["opset"] = request.opset;
  return params;
}

Result<Exported> ExportedFrom(const json& answer) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(answer, "export"));
  Exported exported;
  EDGEOPT_TRY(exported.exporter, fields.Text("exporter"));
  EDGEOPT_TRY(exported.producer, fields.Text("producer"));
  EDGEOPT_TRY(const auto opset, Count(answer, fields, "opset"));
  exported.opset = opset.value_or(0);
  EDGEOPT_TRY(exported.seconds, fields.Number("seconds", 0, kMaxSeconds));
  EDGEOPT_TRY(exported.warnings, fields.Texts("warnings"));
  return exported;
}

Result<InsideValues> InsideValuesFrom(const json& answer, std::vector<ir::Tensor> tensors) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(answer, "inside"));
  InsideValues inside;
  EDGEOPT_TRY(inside.complete, fields.Bool("complete"));
  EDGEOPT_TRY(std::vector<std::string> kinds, fields.Texts("kinds"));
  EDGEOPT_TRY(const json* made_of, fields.Array("made_of"));
  if (kinds.size() != tensors.size() || made_of->size() != tensors.size())
    return BadInput("'tensors', 'kinds' and 'made_of' are not of one length");
  for (size_t i = 0; i < tensors.size(); ++i) {
    const std::string& name = tensors[i].name;
    if (!ir::IsFloatingPoint(tensors[i].type())) return BadInput("'" + name + "' is not of floats");
    EDGEOPT_TRY(std::vector<size_t> places, PlacesIn((*made_of)[i], i));
    inside.values.push_back({std::move(kinds[i]), std::move(places), std::move(tensors[i])});
  }
  return inside;
}

}  // namespace edgeopt::frameworks
