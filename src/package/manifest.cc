#include "package/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "report/verdict.h"

namespace edgeopt::package {
namespace fs = std::filesystem;
using nlohmann::json;
using report::Record;
using report::Step;

namespace {

// Far more than a real one: bounds what is parsed of a package that comes from anywhere.
constexpr uintmax_t kMaxManifestBytes = 64 << 20;

json OrNull(const std::string& text) { return text.empty() ? json() : json(text); }

json Ports(const std::vector<Port>& ports) {
  json list = json::array();
  for (const Port& port : ports)
    list.push_back({{"name", port.name}, {"type", port.type}, {"dims", port.dims}});
  return list;
}

json Recipe(const Record& record, const Step& shipped) {
  json recipe = json::array();
  for (const Step* step : record.Chain(shipped))
    recipe.push_back({{"step", step->id},
                      {"kind", step->kind},
                      {"input", step->input},
                      {"parameters", step->parameters},
                      {"output_sha256", step->sha256},
                      {"decision", Name(step->decision)},
                      {"reason", step->reason},
                      {"accepted_because", OrNull(step->accepted_because)},
                      {"warnings", step->warnings}});
  return recipe;
}

json Measurements(const Record& record, const Step& shipped) {
  json list = json::array();
  for (const Step* step : {record.baseline(), &shipped}) {
    if (!step->latency || (step == &shipped && !list.empty() && step == record.baseline()))
      continue;
    const auto under = [&](const char* what) {
      return step->measured_under.is_object() ? step->measured_under.value(what, json()) : json();
    };
    list.push_back({{"variant", step->id},
                    {"model_sha256", step->sha256},
                    {"size_bytes", step->size_bytes},
                    {"latency", report::ToJson(*step->latency)},
                    {"speedup", step->vs_baseline ? report::ToJson(*step->vs_baseline) : json()},
                    {"machine", under("machine")},
                    {"settings", under("settings")},
                    {"label", OrNull(record.latency_label)}});
  }
  return list;
}

json CalibrationOf(const Record& record) {
  const bool held_out = record.held_out_samples > 0;
  const report::DataSource& source = held_out ? record.data : record.calibration;
  if (source.path.empty()) return json();
  return {{"data", source.description},
          {"held_out_of_validation", held_out},
          {"samples", held_out ? record.held_out_samples : source.limit}};
}

json AccuracyOf(const Record& record, const Step& shipped) {
  const report::Verdict verdict = report::Judge(record);
  const auto score = [](const Step& step) {
    return step.accuracy ? report::ToJson(*step.accuracy) : json();
  };
  json floor;
  if (record.baseline()->accuracy) {
    const auto& before = *record.baseline()->accuracy;
    const double margin = record.tolerance_ratio * (before.value == 0 ? 1 : std::abs(before.value));
    floor = before.higher_is_better ? before.value - margin : before.value + margin;
  }
  return {{"metric", record.metric},
          {"metric_parameters", record.metric_parameters},
          {"labels", record.metric_needs_labels},
          {"data", record.data.description},
          {"baseline", score(*record.baseline())},
          {"shipped", score(shipped)},
          {"tolerance_ratio", record.tolerance_ratio},
          {"floor", floor},
          {"pass", verdict.pass},
          {"accepted_because", OrNull(verdict.accepted_because)}};
}

Result<json> Files(const fs::path& folder, const Content& content) {
  json list = json::array();
  std::vector<std::string> names;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    if (it->is_regular_file())
      names.push_back(it->path().lexically_relative(folder).generic_string());
  if (ec) return Unavailable("can't list '" + folder.string() + "': " + ec.message());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (name == kManifestName) continue;
    EDGEOPT_TRY(const std::string hash, Sha256File(folder / name));
    const auto role = content.roles.find(name);
    list.push_back({{"path", name},
                    {"role", role == content.roles.end() ? json("data") : json(role->second)},
                    {"sha256", hash},
                    {"size_bytes", fs::file_size(folder / name)}});
  }
  return list;
}

// A name from a manifest, inside the package.
Result<std::string> SafeName(const json& value, const char* where) {
  if (!value.is_string()) return BadInput(std::string(where) + " is not a text");
  const std::string name = value.get<std::string>();
  const fs::path path(name);
  if (name.empty() || path.is_absolute())
    return BadInput(std::string(where) + " '" + name + "' is no relative name");
  for (const fs::path& part : path)
    if (part == ".." || part == ".")
      return BadInput(std::string(where) + " '" + name + "' leaves the package");
  return name;
}

std::string Complaint(const fs::path& folder, const std::string& name, const json& entry) {
  std::error_code ec;
  const fs::path path = folder / name;
  if (!fs::is_regular_file(fs::symlink_status(path, ec))) return "'" + name + "' is missing";
  if (json(fs::file_size(path, ec)) != entry.value("size_bytes", json()))
    return "'" + name + "' has " + std::to_string(fs::file_size(path, ec)) + " bytes instead of " +
           entry.value("size_bytes", json()).dump();
  const auto hash = Sha256File(path);
  if (!hash.ok()) return "'" + name + "' can't be read: " + hash.error().message;
  if (json(*hash) != entry.value("sha256", json())) return "'" + name + "' has another SHA-256";
  return "";
}

json DeviceOf(const Record& record, const Content& content) {
  json device = {{"name", record.device}, {"title", record.device_title}};
  if (content.dla_core) device["dla_core"] = *content.dla_core;
  return device;
}

// That the variant was measured in; before the measurement, and for the original, the run's.
json RuntimeOf(const Record& record, const Step& shipped) {
  const json& under = shipped.measured_under;
  if (under.is_object() && under.contains("settings") && under["settings"].contains("runtime"))
    return under["settings"]["runtime"];
  return {{"name", record.runtime}, {"version", record.runtime_version}};
}

}  // namespace

Result<json> MakeManifest(const Record& record, const Content& content, const fs::path& folder) {
  const Step* shipped = record.best();
  if (shipped == nullptr)
    return UsageError("there is nothing to package: the baseline is unmeasured");
  EDGEOPT_TRY(const std::string model_hash, Sha256File(folder / content.model_file));
  EDGEOPT_TRY(json files, Files(folder, content));
  json golden = json::array();
  for (const GoldenSample& sample : content.golden)
    golden.push_back({{"inputs", sample.inputs}, {"outputs", sample.outputs}});
  return json{
      {"schema_version", kManifestSchemaVersion},
      {"tool", {{"name", "edgeopt"}, {"version", record.tool_version}}},
      {"runtime", RuntimeOf(record, *shipped)},
      {"created", record.finished_at},
      {"device", DeviceOf(record, content)},
      {"source",
       {{"name", record.model_name},
        {"format", record.source_format},
        {"sha256", record.model_sha256},
        {"size_bytes", record.model_size_bytes}}},
      {"model",
       {{"file", content.model_file},
        {"format", shipped->format()},
        {"variant", shipped->id},
        {"precision", shipped->precision},
        {"sha256", model_hash},
        {"measured_sha256", shipped->sha256},
        {"inputs", Ports(content.inputs)},
        {"outputs", Ports(content.outputs)}}},
      {"recipe", Recipe(record, *shipped)},
      {"calibration", CalibrationOf(record)},
      {"measurements", Measurements(record, *shipped)},
      {"accuracy", AccuracyOf(record, *shipped)},
      {"golden", {{"tolerance_ratio", content.golden_tolerance_ratio}, {"samples", golden}}},
      {"files", files}};
}

Result<json> ReadManifest(const fs::path& folder) {
  const fs::path path = folder / kManifestName;
  std::error_code ec;
  const uintmax_t size = fs::file_size(path, ec);
  if (ec) return BadInput("'" + folder.string() + "' is no package: it has no " + kManifestName);
  if (size > kMaxManifestBytes) return BadInput("'" + path.string() + "' is too large");
  EDGEOPT_TRY(const std::string text, ReadFile(path));
  json manifest = json::parse(text, nullptr, false);
  if (!manifest.is_object() || !manifest.contains("schema_version"))
    return BadInput("'" + path.string() + "' is no manifest of a package");
  if (manifest["schema_version"] != kManifestSchemaVersion)
    return Unsupported("the manifest has schema version " + manifest["schema_version"].dump() +
                           ", this edgeopt reads version " + std::to_string(kManifestSchemaVersion),
                       "use a newer edgeopt");
  return manifest;
}

Result<Content> ContentOf(const json& manifest) {
  Content content;
  try {
    EDGEOPT_TRY(content.model_file, SafeName(manifest.at("model").at("file"), "model.file"));
    content.precision = manifest.at("model").value("precision", "");
    if (const auto device = manifest.find("device");
        device != manifest.end() && device->contains("dla_core"))
      content.dla_core = device->at("dla_core").get<int>();
    for (const json& file : manifest.at("files"))
      content.for_tensorrt |= file.at("role") == kBuildRecipe;
    const json& golden = manifest.at("golden");
    golden.at("tolerance_ratio").get_to(content.golden_tolerance_ratio);
    for (const json& sample : golden.at("samples")) {
      GoldenSample& added = content.golden.emplace_back();
      EDGEOPT_TRY(added.inputs, SafeName(sample.at("inputs"), "golden inputs"));
      EDGEOPT_TRY(added.outputs, SafeName(sample.at("outputs"), "golden outputs"));
    }
  } catch (const json::exception& error) {
    return BadInput(std::string("the manifest: ") + error.what());
  }
  return content;
}

Result<std::vector<std::string>> CheckFiles(const fs::path& folder, const json& manifest) {
  if (!manifest.contains("files") || !manifest["files"].is_array())
    return BadInput("the manifest lists no files");
  std::vector<std::string> complaints;
  std::set<std::string> listed = {kManifestName};
  for (const json& entry : manifest["files"]) {
    if (!entry.is_object()) return BadInput("the manifest's list of files holds no objects");
    EDGEOPT_TRY(const std::string name, SafeName(entry.value("path", json()), "files.path"));
    listed.insert(fs::path(name).generic_string());
    if (std::string complaint = Complaint(folder, name, entry); !complaint.empty())
      complaints.push_back(std::move(complaint));
  }
  std::error_code ec;
  for (fs::recursive_directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    const std::string name = it->path().lexically_relative(folder).generic_string();
    if (!it->is_directory() && !listed.contains(name))
      complaints.push_back("'" + name + "' is not in the manifest");
  }
  return complaints;
}

}  // namespace edgeopt::package
