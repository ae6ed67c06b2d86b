// The facts of one run of the workflow: what was measured and decided, and under which settings.
// The pipeline fills it step by step and keeps it in state.json; reports are printed from it alone.
// A number that is not there was not measured: nothing here has a made-up default.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/statistics.h"

namespace edgeopt::report {

// One model, timed in a process of its own.
struct Latency {
  double p50_ms = 0, p90_ms = 0, p95_ms = 0, p99_ms = 0, mean_ms = 0;
  Interval p50_interval, p95_interval, p99_interval;  // in ms
  int64_t samples = 0;                                // timed runs behind these numbers
  double throughput_per_s = 0;
  double load_ms = 0;
  std::optional<int64_t> peak_memory_bytes;  // above an empty process of the same kind
  int threads = 0;
};

// How many times faster than another model, timed in turns with it.
struct Speedup {
  double ratio = 1;
  Interval interval;
};

// The paired test of a variant's accuracy against the baseline's, on the same samples.
struct PairedDifference {
  std::string method;
  double difference = 0;  // variant - baseline
  Interval interval;
  double p_value = 1;
  int64_t samples = 0;
};

struct Accuracy {
  double value = 0;
  int64_t samples = 0;
  Interval interval;
  bool higher_is_better = true;
  std::string unit;
  std::map<std::string, double> details;
  std::optional<PairedDifference> against_baseline;
};

enum class Decision {
  kPending,   // not decided yet
  kKept,      // the new best
  kReverted,  // slower, or no gain
  kViolated,  // below the accuracy floor
  kAccepted,  // below the floor, and the user said yes
  kFailed     // could not be made, run or validated
};
std::string_view Name(Decision decision);  // "kept"

// The baseline or one variant: one change to its input.
struct Step {
  std::string id;             // "baseline", "simplify", "static-int8", "static-int8-2"
  std::string kind;           // "baseline", "simplify", "dynamic-int8", "static-int8", "fp16"
  nlohmann::json parameters;  // an object: every parameter in force
  std::string input;          // id of the step whose output was changed; empty for the baseline
  std::string output;         // file; relative names are in the work folder
  std::string sha256;
  int64_t size_bytes = 0;
  std::string precision;  // "float32", "int8", "float16"
  std::optional<Latency> latency;
  std::optional<Speedup> vs_baseline, vs_best;  // vs_best: against the best when it was measured
  std::optional<Latency> baseline_alongside;    // the baseline's, in turns with this variant
  std::string best_before;                      // the id of that best
  // Under what it was timed: an object with "machine", "settings" and "conditions" (what the
  // sensors said meanwhile; records of older versions lack it); null until measured.
  nlohmann::json measured_under;
  std::optional<Accuracy> accuracy;
  Decision decision = Decision::kPending;
  std::string reason;
  std::string accepted_because;  // the user's words, of an accepted violation
  std::vector<std::string> warnings;
  std::map<std::string, double> wall_s;  // "make", "measure", "validate"
  nlohmann::json details;                // the report of the command that made it, or null
  // What can be packaged with it, in the work folder: "calibration_table.json" -> file.
  std::map<std::string, std::string> files;

  // Of a baseline that its framework runs: "pytorch" or "tensorflow". Empty: a runtime does.
  std::string framework;

  // Of its output: "onnx" or "tflite", or the framework that runs it.
  std::string_view format() const {
    if (!framework.empty()) return framework;
    return output.ends_with(".tflite") ? "tflite" : "onnx";
  }
  bool in_force() const { return decision == Decision::kKept || decision == Decision::kAccepted; }
};

// Something to read from disk, as the user named it.
struct DataSource {
  std::string path, kind, labels, images;  // as data::OpenOptions; kind "": found from the path
  int64_t limit = 0;                       // use only that many samples; 0: all
  int64_t samples = 0;                     // how many there are; 0: not opened yet
  std::string description;                 // of the opened data set
};

// What to try when the latency target is missed.
struct Suggestion {
  std::string what;      // "half the input resolution, 112 x 112"
  std::string estimate;  // "97 M multiply-adds instead of 385 M; measured 2.6 ms (p50 of 120 runs)"
};
struct Bottleneck {
  std::string summary;  // "Conv takes 81 % of the time; most of it in 'conv_17' (9 %)"
  std::vector<Suggestion> suggestions;
};

// The machine that measures a run's models, and under what, as the user asked for it.
struct Measuring {
  std::string host;         // as typed; empty: this machine
  std::string agent_files;  // folder of the files that go there, absolute; empty: the usual ones
  bool lock_clocks = false;
  bool sudo = false;              // `sudo -n` may be used for that
  std::optional<int> power_mode;  // of a Jetson, by nvpmodel's id; nullopt: the one that is set
  double sustained_s = 0;         // how long the final variant is put under load; 0: it is not
};

// A part of a long run under load. Times are seconds since its warm-up began.
struct LoadWindow {
  double begin_s = 0, end_s = 0;
  int64_t runs = 0;
  double p50_ms = 0, p95_ms = 0;
  std::optional<double> hottest_c;        // of all thermal zones
  std::optional<double> slowest_cpu_mhz;  // the real clock where it is known, else the requested
};

// How the latency of one variant held while the device warmed up (measure/sustained.h).
struct Sustained {
  std::string step;                 // the variant's id
  std::string problem;              // why it could not be measured; empty: it was
  std::vector<LoadWindow> windows;  // empty when there was a problem
  double steady_from_s = 0;         // where the windows at the end begin that are alike
  double steady_p50_ms = 0, steady_p95_ms = 0, steady_p99_ms = 0;
  int64_t steady_runs = 0;
  std::vector<std::string> throttled;  // why it counts as throttled; empty: it does not
  nlohmann::json measured_under;       // as of a step

  bool measured() const { return problem.empty() && !windows.empty(); }
};

// How a source that edgeopt does not read itself became a file that it does.
struct Imported {
  std::string framework, version;  // "pytorch", "2.15.0"
  nlohmann::json source;           // what the framework loads (frameworks/source.h)
  std::string python;              // the user's own interpreter; empty: edgeopt's environment
  std::string model;               // the file, in the work folder: "source/model.onnx"
  std::string sha256;              // of that
  int64_t size_bytes = 0;
  std::string way;          // "natively", or the exporter: "dynamo"
  nlohmann::json attempts;  // array: each way that was tried, and what came of it
  nlohmann::json verified;  // how far it is from the framework's outputs, or null
};

// Input sizes that the user asked for of an ONNX or TFLite source (--shape, --batch).
struct Resized {
  std::string asked;               // as typed: "--shape x=1x3x320x320 --batch 4"
  nlohmann::json inputs;           // array of {"name", "before", "after"}: sizes, names, or -1
  std::vector<std::string> nodes;  // whose constant batch was made to follow the inputs'
  // The original runs at these sizes, and is the baseline; else the model at these sizes is.
  bool original_takes_them = false;
  std::string model;  // the file that edgeopt goes on with, in the work folder: "source/model.onnx"
  std::string sha256;
  int64_t size_bytes = 0;
  nlohmann::json verified;  // docs/formats/state.md
};

// Inputs whose sizes are open, and what that means on the target.
struct DynamicSizes {
  std::string inputs;       // "ids [batch, sequence]"
  std::string target;       // what the target's runtime does with them
  std::string measured_at;  // "ids [1, 128]": the first sample of the validation data
};

struct Record {
  // --- settings ---
  std::string tool_version;
  std::string model_path;  // absolute
  std::string model_name;  // the file's stem
  std::string model_sha256;
  int64_t model_size_bytes = 0;
  std::string source_format;  // "onnx"
  std::string device, device_title;
  std::string format = "onnx";  // of what ships: "onnx", "tflite"; "any": whichever is faster
  // Of a Jetson: engines are built for that deep learning accelerator, the rest runs on the GPU.
  std::optional<int> dla_core;
  std::string
      latency_label;  // "Host Estimate (not target hardware)", or empty on the target itself
  std::string runtime, runtime_version;
  DataSource data, calibration;
  // Samples of `data` kept for calibration and left out of validation; 0 when `calibration` names a
  // data set of its own, or there is none.
  int64_t held_out_samples = 0;
  std::string preprocessing;  // TOML file; empty: none
  std::string metric;
  std::map<std::string, std::string> metric_parameters;
  bool metric_needs_labels = true;  // false: agreement with the baseline
  double tolerance_ratio = 0.02;
  std::optional<double> latency_target_ms;
  std::string policy = "stop";  // "stop" or "continue" at a violation of the floor
  int threads = 0;
  Measuring measuring;

  // --- facts ---
  std::optional<Imported> imported;  // of a source in a framework
  std::optional<Resized> resized;    // of ONNX and TFLite, where other sizes were asked for
  std::optional<DynamicSizes> dynamic_sizes;
  nlohmann::json model_facts;  // what the plan looks at; null until inspected
  // Of the last measurement; before the first one that of the host, if there is one, else null.
  nlohmann::json machine;
  std::string started_at, finished_at;  // UTC, ISO 8601; empty while running
  std::vector<Step> steps;              // the baseline first
  std::vector<std::string> warnings;
  std::map<std::string, std::string> not_tried;  // kind of step -> why it was left out
  std::optional<Bottleneck> bottleneck;
  std::optional<Sustained> sustained;  // of the final variant
  // "locked", "clocks not locked: why", or, when nobody asked, "as they were"; empty: unknown.
  std::string clocks;
  bool original_unchanged = false;  // checked at the end

  const Step* Find(std::string_view id) const;
  const Step* baseline() const { return steps.empty() ? nullptr : &steps.front(); }
  // What everything else is made of: what was exported of a framework's model, or the model at the
  // sizes that were asked for; else the baseline.
  const Step* basis() const;
  // The file that edgeopt reads in the original's place, in the work folder; empty: the original.
  std::string source_file() const;
  // The step is the original, which lacks sizes that were asked for.
  bool lacks_sizes(const Step& step) const;
  // The last step in force; the baseline when no variant is.
  const Step* best() const;
  // The steps that lead from the original to `step`, in order of application, without the baseline.
  std::vector<const Step*> Chain(const Step& step) const;
};

// The step's model is made for a TensorRT engine.
bool IsForTensorRt(const Step& step);
// It is, and ONNX Runtime stands in for TensorRT because this is not the device and none is named:
// what it says of the accuracy counts, its times do not.
bool HasStandIn(const Record& record, const Step& step);

nlohmann::json ToJson(const Record& record);
nlohmann::json ToJson(const Step& step);
nlohmann::json ToJson(const Latency& latency);
nlohmann::json ToJson(const Speedup& speedup);
nlohmann::json ToJson(const Accuracy& accuracy);
// BadInput names the member that is missing or of another type.
Result<Record> RecordFromJson(const nlohmann::json& document);

// How far the variant's score is below the baseline's, relative to the baseline: 0.02 is two per
// cent worse; negative is better. A baseline of 0 counts as 1.
double RelativeLoss(const Accuracy& baseline, const Accuracy& variant);

}  // namespace edgeopt::report
