// What the answer to `load` says of an engine for a deep learning accelerator.
#include "base/json_object.h"
#include "measure/agent_protocol.h"

namespace edgeopt::measure {

using nlohmann::json;

json ToJson(const runtimes::DlaPlacement& placement) {
  return {{"core", placement.core},
          {"known", placement.known},
          {"on_dla", placement.on_dla},
          {"on_gpu", placement.on_gpu}};
}

Result<runtimes::DlaPlacement> DlaPlacementFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "load: dla"));
  runtimes::DlaPlacement placement;
  EDGEOPT_TRY(const int64_t core, fields.Integer("core", 0, kMaxDlaCore));
  placement.core = static_cast<int>(core);
  EDGEOPT_TRY(placement.known, fields.Bool("known"));
  EDGEOPT_TRY(placement.on_dla, fields.Texts("on_dla"));
  EDGEOPT_TRY(placement.on_gpu, fields.Texts("on_gpu"));
  EDGEOPT_CHECK_OK(fields.Finish());
  return placement;
}

}  // namespace edgeopt::measure
