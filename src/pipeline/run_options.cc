#include "pipeline/run_options.h"

namespace edgeopt::pipeline {
namespace {

report::DataSource WithAbsolutePaths(report::DataSource source) {
  for (std::string* path : {&source.path, &source.images, &source.labels})
    if (!path->empty()) *path = std::filesystem::absolute(*path).lexically_normal().string();
  return source;
}

}  // namespace

report::Record SettingsOf(const RunOptions& options) {
  namespace fs = std::filesystem;
  report::Record record;
  record.tool_version = options.tool_version;
  record.model_path = fs::absolute(options.model).lexically_normal().string();
  record.model_name = ModelName(options.model.string());
  record.measuring = options.measuring;
  std::string& files = record.measuring.agent_files;
  if (!files.empty()) files = fs::absolute(files).lexically_normal().string();
  record.data = WithAbsolutePaths(options.data);
  record.calibration = WithAbsolutePaths(options.calibration);
  if (!options.preprocessing.empty())
    record.preprocessing = fs::absolute(options.preprocessing).lexically_normal().string();
  record.metric = options.metric;
  record.metric_parameters = options.metric_parameters;
  record.tolerance_ratio = options.tolerance_ratio;
  record.latency_target_ms = options.latency_target_ms;
  record.policy = options.policy;
  record.dla_core = options.dla_core;
  record.threads = options.threads;
  return record;
}

}  // namespace edgeopt::pipeline
