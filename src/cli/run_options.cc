#include "cli/run_options.h"

#include <CLI/CLI.hpp>
#include <charconv>

namespace edgeopt::cli {
namespace {

// "2%", "2 %" or "0.02".
Result<double> ParseTolerance(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string unit(end, static_cast<size_t>(text.data() + text.size() - end));
  unit.erase(0, unit.find_first_not_of(' '));
  if (error != std::errc() || (!unit.empty() && unit != "%"))
    return UsageError("--tolerance '" + text + "' is neither a percentage nor a ratio",
                      "write for example 2% or 0.02");
  return unit.empty() ? value : value / 100;
}

}  // namespace

void AddRunOptions(CLI::App& app, RunArguments& arguments) {
  app.add_option("model", arguments.model, "the ONNX model; never changed")->required();
  app.add_option("--device", arguments.device, "what it will run on")->type_name("NAME");
  AddDataOptions(app, arguments.data, "--data", "validation data", false, false);
  app.add_option("--metric", arguments.metric, "accuracy metric (edgeopt list metrics)")
      ->type_name("NAME");
  app.add_option("--metric-option", arguments.metric_parameters,
                 "a parameter of the metric, NAME=VALUE")
      ->type_name("N=V");
  app.add_option("--tolerance", arguments.tolerance, "accuracy that may be lost, relative")
      ->type_name("T");
  app.add_option("--latency-target", arguments.latency_target_ms, "stop when p50 is that low")
      ->type_name("MS")
      ->default_str("");
  app.add_option("--calibration", arguments.calibration,
                 "calibration data; else part of --data is kept for it")
      ->type_name("PATH");
  app.add_option("--calibration-samples", arguments.calibration_samples,
                 "how many of them (default 200)")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N")
      ->default_str("");
  app.add_option("--threads", arguments.threads, "threads of the runtime (default: all CPUs)")
      ->check(CLI::Range(0, 1024))
      ->type_name("N")
      ->default_str("");
  app.add_option("--policy", arguments.policy, "below the floor")
      ->check(CLI::IsMember({"stop", "continue"}));
  app.add_option("--work", arguments.work, "work folder (default MODEL_edgeopt)")
      ->type_name("FOLDER");
}

Result<pipeline::RunOptions> ToRunOptions(const RunArguments& arguments) {
  pipeline::RunOptions options;
  options.model = arguments.model;
  options.device = arguments.device;
  options.data.path = arguments.data.path;
  options.data.kind = arguments.data.kind;
  options.data.labels = arguments.data.labels;
  options.data.images = arguments.data.images;
  options.calibration.path = arguments.calibration;
  options.calibration.images = arguments.data.images;
  options.calibration.limit = arguments.calibration_samples;
  options.preprocessing = arguments.data.preprocessing;
  options.metric = arguments.metric;
  for (const std::string& parameter : arguments.metric_parameters) {
    const size_t equals = parameter.find('=');
    if (equals == std::string::npos || equals == 0)
      return UsageError("--metric-option '" + parameter + "' is not NAME=VALUE");
    options.metric_parameters[parameter.substr(0, equals)] = parameter.substr(equals + 1);
  }
  EDGEOPT_TRY(options.tolerance_ratio, ParseTolerance(arguments.tolerance));
  if (arguments.latency_target_ms != 0) options.latency_target_ms = arguments.latency_target_ms;
  options.policy = arguments.policy;
  options.threads = arguments.threads;
  options.work = arguments.work.empty()
                     ? std::filesystem::path(options.model.stem().string() + "_edgeopt")
                     : std::filesystem::path(arguments.work);
  options.tool_version = EDGEOPT_VERSION;
  return options;
}

}  // namespace edgeopt::cli
