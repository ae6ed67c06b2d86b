// The messages `describe`, `export` and `inside` of a worker (docs/agent-protocol.md). What it
// answers is read as untrusted: BadInput for what does not follow the document. Internal to
// frameworks/.
#pragma once

#include <nlohmann/json.hpp>

#include "base/json_object.h"
#include "base/result.h"
#include "frameworks/worker.h"

namespace edgeopt::frameworks {

Result<Description> DescriptionFrom(const nlohmann::json& answer);
nlohmann::json ToJson(const ExportRequest& request);
Result<Exported> ExportedFrom(const nlohmann::json& answer);
// The answer without its tensors, and these.
Result<InsideValues> InsideValuesFrom(const nlohmann::json& answer,
                                      std::vector<ir::Tensor> tensors);

}  // namespace edgeopt::frameworks
