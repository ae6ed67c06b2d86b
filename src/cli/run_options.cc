#include "cli/run_options.h"

#include <charconv>

#include "cli/duration.h"
#include "cli/parser.h"

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

void AddRunOptions(Parser& parser, RunArguments& arguments) {
  parser.Add("model", arguments.model, "the model, or package.module:callable; never changed")
      .Required();
  parser.Add("--device", arguments.device, "what it will run on (default: HOST, or cpu-generic)")
      .TypeName("NAME");
  AddHostsOptions(parser, arguments.hosts, /*brief=*/true);
  AddConditionOptions(parser, arguments.conditions, /*brief=*/true);
  parser.Add("--power-mode", arguments.power_mode, "of a Jetson, by nvpmodel's number")
      .TypeName("N")
      .WithoutDefault()
      .NonNegative()
      .Rare();
  parser
      .Add("--sustained", arguments.sustained, "load for the final variant (a board: 5m; 0: none)")
      .TypeName("TIME")
      .WithoutDefault()
      .Rare();
  parser.Add("--format", arguments.format, "default: the device's; any: also LiteRT on a CPU")
      .OneOf({"onnx", "tflite", "tensorrt", "any"})
      .WithoutDefault();
  parser.Add("--dla", arguments.dla_core, "of a Jetson: engines for that DLA core")
      .TypeName("CORE")
      .WithoutDefault()
      .NonNegative()
      .Rare();
  AddDataOptions(parser, arguments.data, "--data", "validation data", false, false,
                 /*brief=*/true);
  parser.Add("--metric", arguments.metric, "accuracy metric (edgeopt list metrics)")
      .TypeName("NAME");
  parser
      .Add("--metric-option", arguments.metric_parameters, "a parameter of the metric, NAME=VALUE")
      .TypeName("N=V")
      .Rare();
  parser.Add("--tolerance", arguments.tolerance, "accuracy that may be lost, relative")
      .TypeName("T");
  parser.Add("--latency-target", arguments.latency_target_ms, "stop when p50 is that low")
      .TypeName("MS")
      .WithoutDefault();
  parser
      .Add("--calibration", arguments.calibration,
           "calibration data; else part of --data is kept for it")
      .TypeName("PATH");
  parser
      .Add("--calibration-samples", arguments.calibration_samples, "how many of them (default 200)")
      .NonNegative()
      .TypeName("N")
      .WithoutDefault()
      .Rare();
  parser.Add("--threads", arguments.threads, "threads of the runtime (default: all CPUs)")
      .Between(0, 1024)
      .TypeName("N")
      .WithoutDefault();
  parser.Add("--policy", arguments.policy, "below the floor").OneOf({"stop", "continue"}).Rare();
  parser.Add("--work", arguments.work, "work folder (default MODEL_edgeopt)").TypeName("FOLDER");
  AddSourceOptions(parser, arguments.source);
}

namespace {

Status ReadMeasuring(const RunArguments& arguments, pipeline::RunOptions& options) {
  EDGEOPT_CHECK_OK(CheckHosts(arguments.hosts));
  EDGEOPT_CHECK_OK(CheckConditions(arguments.conditions));
  if (arguments.power_mode >= 0 && !arguments.conditions.lock_clocks)
    return UsageError("--power-mode is for --lock-clocks", "give both, or none");
  const HostArguments host = arguments.hosts.All().front();
  if (host.host.empty() && !host.agent_files.empty())
    return UsageError("--agent-files is for another machine", "name it with --host");
  report::Measuring& measuring = options.measuring;
  measuring.host = host.host;
  measuring.agent_files = host.agent_files;
  measuring.lock_clocks = arguments.conditions.lock_clocks;
  measuring.sudo = arguments.conditions.sudo;
  if (arguments.power_mode >= 0) measuring.power_mode = arguments.power_mode;
  if (arguments.sustained == "0") {
    options.sustained_s = 0;
  } else if (!arguments.sustained.empty()) {
    EDGEOPT_TRY(options.sustained_s, ParseDuration(arguments.sustained, "--sustained"));
  }
  return OkStatus();
}

}  // namespace

Result<pipeline::RunOptions> ToRunOptions(const RunArguments& arguments) {
  pipeline::RunOptions options;
  EDGEOPT_CHECK_OK(ReadMeasuring(arguments, options));
  options.model = arguments.model;
  options.source = ToSourceOptions(arguments.source);
  options.device = arguments.device;
  options.format = arguments.format;
  if (arguments.dla_core >= 0) options.dla_core = arguments.dla_core;
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
                     ? std::filesystem::path(pipeline::ModelName(arguments.model) + "_edgeopt")
                     : std::filesystem::path(arguments.work);
  options.tool_version = EDGEOPT_VERSION;
  return options;
}

}  // namespace edgeopt::cli
