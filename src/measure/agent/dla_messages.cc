// What the answer to `load` says of an engine for a deep learning accelerator.
#include "measure/agent_protocol.h"
#include "measure/json_fields.h"

namespace edgeopt::measure {
namespace {

using nlohmann::json;

Result<std::vector<std::string>> LayerNames(Fields& fields, const char* name) {
  EDGEOPT_TRY(const json* array, fields.Array(name));
  std::vector<std::string> names;
  for (const json& layer : *array) {
    if (!layer.is_string())
      return BadInput(std::string("load: dla: '") + name + "' is not an array of texts");
    names.push_back(layer.get<std::string>());
  }
  return names;
}

}  // namespace

json ToJson(const runtimes::DlaPlacement& placement) {
  return {{"core", placement.core},
          {"known", placement.known},
          {"on_dla", placement.on_dla},
          {"on_gpu", placement.on_gpu}};
}

Result<runtimes::DlaPlacement> DlaPlacementFrom(const json& value) {
  EDGEOPT_TRY(Fields fields, Fields::Of(value, "load: dla"));
  runtimes::DlaPlacement placement;
  EDGEOPT_TRY(const int64_t core, fields.Integer("core", 0, kMaxDlaCore));
  placement.core = static_cast<int>(core);
  EDGEOPT_TRY(placement.known, fields.Bool("known"));
  EDGEOPT_TRY(placement.on_dla, LayerNames(fields, "on_dla"));
  EDGEOPT_TRY(placement.on_gpu, LayerNames(fields, "on_gpu"));
  EDGEOPT_CHECK_OK(fields.Finish());
  return placement;
}

}  // namespace edgeopt::measure
