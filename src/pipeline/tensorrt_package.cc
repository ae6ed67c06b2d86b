#include "pipeline/tensorrt_package.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "base/file.h"
#include "package/triton_config.h"
#include "pipeline/alternatives.h"
#include "runtimes/tensorrt/trtexec_flags.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
namespace trt = runtimes::tensorrt;
using nlohmann::json;
using report::Record;
using report::Step;

namespace {

// Releases between which trtexec's command line changes: a name for people, one version of them,
// and NV_TENSORRT_VERSION of all of them as a pattern of the shell (trtexec_version.h).
struct Release {
  const char* name;
  trt::Version version;
  const char* pattern;
};
constexpr Release kReleases[] = {
    {"8.6", {8, 6, 0}, "8[6-9]??"},
    {"9.1 to 10.x", {10, 0, 0}, "9[1-9]??|10????"},
    {"11.x", {11, 0, 0}, "11????"},
};

// The same where DLA comes and goes (CheckDlaTakes).
constexpr Release kDlaReleases[] = {
    {"8.6", {8, 6, 0}, "8[6-9]??"},
    {"9.1 to 10.7", {10, 0, 0}, "9[1-9]??|100[0-7]??"},
    {"10.8 to 11.4.0", {10, 8, 0}, "100[89]??|10[1-9]???|110[0-3]??|110400"},
    {"11.4.1 on", {11, 4, 1}, "11040[1-9]|1104[1-9]?|110[5-9]??|11[1-9]???"},
};

constexpr const char* kScriptHead = R"sh(#!/bin/sh
# Builds a TensorRT engine of this model on the device that will run it: sh build.sh
set -eu
cd "$(dirname "$0")"
trtexec=${TRTEXEC:-$(command -v trtexec || echo /usr/src/tensorrt/bin/trtexec)}
version=$("$trtexec" --help 2>&1 | sed -n 's/.*\[TensorRT v\([0-9]*\)\].*/\1/p' | head -n 1)
case "$version" in
)sh";
constexpr const char* kScriptTail = R"sh(*)
  echo "no known TensorRT: '$version' of '$trtexec'" >&2
  exit 1
  ;;
esac
)sh";

Result<std::string> Triton(const Record& record, const package::Content& content,
                           const std::string& engine) {
  package::TritonModel model;
  model.name = record.model_name;
  model.file = engine.empty() ? content.model_file : engine;
  model.platform =
      engine.empty() ? package::TritonPlatform::kOnnx : package::TritonPlatform::kEngine;
  if (!engine.empty()) model.dla_core = content.dla_core;
  model.inputs = content.inputs;
  model.outputs = content.outputs;
  return package::TritonConfig(model);
}

// Their names in the package; the engine's own is the first that ends so.
Result<std::string> AddEngine(const Step& step, const fs::path& folder, const FetchBuilt& fetch,
                              package::Content& content) {
  if (!fetch) return std::string();
  const fs::path target = folder / "engine";
  std::error_code ec;
  fs::create_directories(target, ec);
  if (ec) return Unavailable("can't make '" + target.string() + "': " + ec.message());
  EDGEOPT_TRY(const std::vector<std::string> names, fetch(step, target));
  if (names.empty()) fs::remove(target, ec);
  std::string engine;
  for (const std::string& name : names) {
    const std::string extension = fs::path(name).extension().string();
    content.roles["engine/" + name] = extension == ".engine"   ? "engine"
                                      : extension == ".timing" ? "timing cache"
                                                               : "engine origin";
    if (extension == ".engine" && engine.empty()) engine = name;
  }
  return engine;
}

}  // namespace

FetchBuilt FetchFromAgent(AgentStarter agents, const Record& record, fs::path work) {
  return [agents = std::move(agents), &record, work = std::move(work)](
             const Step& step, const fs::path& folder) -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    if (RuntimeOf(record, step) != "tensorrt") return names;
    EDGEOPT_TRY(const auto client, LoadStep(agents, record, step, work, /*spin=*/false));
    EDGEOPT_TRY(const auto files, client->BuiltFiles());
    for (const measure::BuiltFile& file : files) {
      if (file.name.empty() || fs::path(file.name).filename() != file.name)
        return BadInput("the agent calls a file of its engine '" + file.name + "'");
      EDGEOPT_CHECK_OK(client->FetchFile(file.name, folder / file.name));
      names.push_back(file.name);
    }
    EDGEOPT_CHECK_OK(client->Shutdown());
    return names;
  };
}

json BuildRecipe(const std::string& model_file, const Step& step,
                 const std::map<std::string, ir::Dims>& shapes, std::optional<int> dla_core) {
  trt::BuildOptions options;
  options.dla_core = dla_core;
  options.onnx_path = model_file;
  options.engine_path = fs::path(model_file).replace_extension(".engine").string();
  options.timing_cache_path = fs::path(model_file).replace_extension(".timing").string();
  options.precisions = {trt::Typing::kGraph, /*float16=*/true, step.precision == "int8"};
  json fixed = json::object();
  for (const auto& [name, dims] : shapes) {
    options.shapes[name] = {dims, dims, dims};
    fixed[name] = dims;
  }
  json builds = json::array();
  for (const Release& release :
       dla_core ? std::span<const Release>(kDlaReleases) : std::span<const Release>(kReleases)) {
    json build = {{"tensorrt", release.name}, {"versions", release.pattern}};
    auto command = trt::BuildCommand(release.version, options);
    if (command.ok()) {
      command->erase(command->begin());  // trtexec itself: where it is, the device knows
      build["arguments"] = *command;
    } else {
      build["problem"] = command.error().ToString();
    }
    builds.push_back(std::move(build));
  }
  json recipe = {{"model", model_file},
                 {"engine", options.engine_path},
                 {"shapes", std::move(fixed)},
                 {"builds", std::move(builds)}};
  if (dla_core) recipe["dla_core"] = *dla_core;
  return recipe;
}

std::string BuildScript(const json& recipe) {
  std::string script = kScriptHead;
  for (const json& build : recipe.at("builds")) {
    script += build.at("versions").get<std::string>() + ")\n";
    if (!build.contains("arguments")) {
      script += "  echo " + ShellQuoted(build.at("problem").get<std::string>()) +
                " >&2\n  exit 1\n  ;;\n";
      continue;
    }
    script += "  exec \"$trtexec\"";
    for (const json& argument : build.at("arguments"))
      script += " \\\n    " + ShellQuoted(argument.get<std::string>());
    script += "\n  ;;\n";
  }
  return script + kScriptTail;
}

Status AddTensorRtFiles(const Record& record, const fs::path& folder,
                        const std::map<std::string, ir::Dims>& shapes, const FetchBuilt& fetch,
                        package::Content& content) {
  const Step& best = *record.best();
  const auto put = [&](const std::string& name, const std::string& text, const char* role) {
    content.roles[name] = role;
    return WriteFile(folder / name, text);
  };
  content.dla_core = record.dla_core;
  const json recipe = BuildRecipe(content.model_file, best, shapes, record.dla_core);
  EDGEOPT_CHECK_OK(put("recipe.json", recipe.dump(1) + "\n", package::kBuildRecipe));
  EDGEOPT_CHECK_OK(put("build.sh", BuildScript(recipe), package::kBuildRecipe));
  EDGEOPT_TRY(const std::string engine, AddEngine(best, folder, fetch, content));
  EDGEOPT_TRY(const std::string triton, Triton(record, content, engine));
  return put("config.pbtxt", triton, "Triton configuration");
}

}  // namespace edgeopt::pipeline
