// A world without models for the workflow's tests: variants are names, and what they cost and how
// accurate they are is written in a table. A kill is an exception thrown at a chosen call.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pipeline/facts.h"
#include "pipeline/workflow.h"

namespace edgeopt::pipeline {

struct Kill {};

// What the fake says about a variant of a kind.
struct FakeVariant {
  double p50_ms = 10;
  double accuracy = 0.9;
  int64_t size_bytes = 1000;
  std::optional<Error> make_error, measure_error, validate_error;
};

class FakeWorld {
 public:
  FakeWorld() {
    variants_["baseline"] = {10, 0.9, 1000, {}, {}, {}};
    variants_["simplify"] = {9.5, 0.9, 990, {}, {}, {}};
    variants_["static-int8"] = {4, 0.89, 300, {}, {}, {}};
    facts_.macs = facts_.static_macs = 1000;
  }

  FakeVariant& operator[](const std::string& kind) { return variants_[kind]; }
  ModelFacts& facts() { return facts_; }

  // The state as saved last: what a new process would read.
  State Saved() const { return StateFromJson(nlohmann::json::parse(saved_)).value(); }
  bool has_saved() const { return !saved_.empty(); }

  static State NewRun() {
    State state;
    state.record.model_path = "/models/net.onnx";
    state.record.model_name = "net";
    state.record.model_sha256 = "abc";
    state.record.model_size_bytes = 1000;
    state.record.source_format = "onnx";
    state.record.device = "cpu-generic";
    state.record.metric = "top1";
    state.record.data.path = "/data/val";
    state.record.calibration.path = "/data/train";
    return state;
  }

  World Make() {
    World world;
    world.now = [] { return std::string("2025-01-01T00:00:00Z"); };
    world.seconds = [this] { return clock_ += 1.0; };
    world.inspect = [this](const report::Record&) -> Result<nlohmann::json> {
      Called("inspect");
      Done("inspect");
      return ToJson(facts_);
    };
    world.hash_original = [this](const report::Record&) -> Result<std::string> {
      Called("hash");
      return original_hash;
    };
    world.make = [this](const report::Record&, const report::Step& step) -> Result<Made> {
      Called("make " + step.id);
      const FakeVariant& variant = Of(step);
      if (variant.make_error) return *variant.make_error;
      Made made;
      const bool tflite = step.kind.starts_with("tflite");
      made.output = "variants/" + step.id + (tflite ? ".tflite" : ".onnx");
      made.sha256 = "hash of " + step.id;
      made.size_bytes = variant.size_bytes;
      made.precision = step.kind == "static-int8" ? "int8" : "float32";
      made.parameters = step.parameters;
      made.details = details;
      Done("make " + step.id);
      return made;
    };
    world.measure = [this](const report::Record&, const report::Step& step,
                           const report::Step* best) -> Result<Measured> {
      Called("measure " + step.id);
      const FakeVariant& variant = Of(step);
      if (variant.measure_error) return *variant.measure_error;
      Measured measured;
      measured.latency.p50_ms = variant.p50_ms;
      measured.latency.samples = 100;
      if (best != nullptr) {
        measured.vs_baseline = Against(variants_.at("baseline").p50_ms / variant.p50_ms);
        measured.vs_best = Against(Of(*best).p50_ms / variant.p50_ms);
      }
      measured.machine = {{"cpu", "fake"}};
      Done("measure " + step.id);
      return measured;
    };
    world.validate = [this](const report::Record&, const report::Step& step) -> Result<Validated> {
      Called("validate " + step.id);
      const FakeVariant& variant = Of(step);
      if (variant.validate_error) return *variant.validate_error;
      Validated validated;
      validated.accuracy.value = variant.accuracy;
      validated.accuracy.samples = 100;
      Done("validate " + step.id);
      return validated;
    };
    world.find_bottleneck = [this](const report::Record&) -> Result<report::Bottleneck> {
      Called("bottleneck");
      Done("bottleneck");
      return report::Bottleneck{"Conv takes the time", {{"a smaller model", "500 multiply-adds"}}};
    };
    world.sustain = [this](const report::Record& record) -> Result<report::Sustained> {
      Called("sustain");
      if (sustain_error) return *sustain_error;
      report::Sustained load;
      load.step = record.best()->id;
      load.windows = {{0, record.measuring.sustained_s, 100, 4, 5, {}, {}}};
      load.steady_p50_ms = steady_p50_ms;
      Done("sustain " + load.step);
      return load;
    };
    world.package = [this](const report::Record&) -> Result<Packaged> {
      Called("package");
      Done("package");
      return Packaged{"/runs/net_package", "/runs/net_package.tar.zst"};
    };
    world.save = [this](const State& state) -> Status {
      Called("save");
      if (save_error) return *save_error;
      saved_ = ToJson(state).dump();
      Done("save");
      return OkStatus();
    };
    return world;
  }

  std::vector<std::string> done;  // what was finished, saves left out
  int kill_at = -1;               // the call (counted from 0) that ends in a Kill
  int calls = 0;
  std::string original_hash = "abc";
  nlohmann::json details;
  std::optional<Error> save_error, sustain_error;
  double steady_p50_ms = 4;

 private:
  const FakeVariant& Of(const report::Step& step) {
    const auto exact = variants_.find(step.id);
    return exact != variants_.end() ? exact->second : variants_.at(step.kind);
  }
  // A 2 % noise band.
  static report::Speedup Against(double ratio) {
    report::Speedup speedup;
    speedup.ratio = ratio;
    speedup.interval = {ratio * 0.98, ratio * 1.02, 0.95, "fake"};
    return speedup;
  }
  void Called(const std::string&) {
    if (calls++ == kill_at) throw Kill();
  }
  void Done(const std::string& what) {
    if (what != "save") done.push_back(what);
  }

  std::map<std::string, FakeVariant> variants_;
  ModelFacts facts_;
  std::string saved_;
  double clock_ = 0;
};

}  // namespace edgeopt::pipeline
