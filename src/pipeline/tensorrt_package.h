// What a package for TensorRT holds besides the model: how an engine is built from it, the engine
// that was measured, and Triton's configuration.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "package/manifest.h"
#include "pipeline/agents.h"
#include "pipeline/packager.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// By an agent that loads the step's model once more: its engine is in the cache there. The record
// must outlive it.
FetchBuilt FetchFromAgent(AgentStarter agents, const report::Record& record,
                          std::filesystem::path work);

// trtexec's arguments by TensorRT release, for an engine of `model_file` in which each input with
// symbolic dimensions has the shape of `shapes`: {"model", "shapes", "builds": [{"tensorrt",
// "arguments"}]}. A release that can't build it has "problem" instead of "arguments". `dla_core`:
// as of report::Record.
nlohmann::json BuildRecipe(const std::string& model_file, const report::Step& step,
                           const std::map<std::string, ir::Dims>& shapes,
                           std::optional<int> dla_core = {});
// The same as a POSIX shell script: it asks trtexec for its version and runs it.
std::string BuildScript(const nlohmann::json& recipe);

// Puts recipe.json, build.sh, config.pbtxt and, where `fetch` has them, the engine's files below
// engine/ into the package in `folder`, whose model, inputs and outputs `content` names; adds their
// roles.
Status AddTensorRtFiles(const report::Record& record, const std::filesystem::path& folder,
                        const std::map<std::string, ir::Dims>& shapes, const FetchBuilt& fetch,
                        package::Content& content);

}  // namespace edgeopt::pipeline
