// What the user asked for: the settings of a run before anything was looked at.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "pipeline/source_options.h"
#include "report/record.h"

namespace edgeopt::pipeline {

struct RunOptions {
  std::filesystem::path model;           // a file, a SavedModel's folder, or a callable
  SourceOptions source;                  // of a model in a framework
  std::string device;                    // empty: what the host is, or cpu-generic here
  std::string format;                    // "onnx", "tflite", "any"; empty: the device's
  std::optional<int> dla_core;           // of a Jetson; nullopt: engines are for the GPU
  report::DataSource data, calibration;  // path, kind, labels, images, limit
  std::string preprocessing;             // TOML file
  std::string metric;
  std::map<std::string, std::string> metric_parameters;
  double tolerance_ratio = 0.02;
  std::optional<double> latency_target_ms;
  std::string policy = "stop";
  int threads = 0;  // 0: one per usable CPU of the machine that measures
  report::Measuring measuring;
  // How long the final variant is put under load; nullopt: the default of the machine.
  std::optional<double> sustained_s;
  std::filesystem::path work;  // empty: <model>_edgeopt in the working directory
  std::string tool_version;
};

// The part of a record that these are, with absolute paths: steps run in other processes, maybe in
// another folder, after a restart.
report::Record SettingsOf(const RunOptions& options);

}  // namespace edgeopt::pipeline
