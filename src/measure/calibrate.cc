#include "measure/calibrate.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "formats/onnx/onnx.h"
#include "quant/observer.h"

namespace edgeopt::measure {
namespace {

using quant::Observer;
using quant::TensorStatistics;

// The model with the observed values as its outputs, and nothing computed beyond them.
struct Probe {
  ir::Model model;
  std::map<std::string, std::string> maxima;  // output name -> the value whose maxima it holds
  std::map<std::string, std::string> means;   // the same of [N, channels, 1 ...] means
};

bool IsImageLike(const ir::Type& type) {
  return type.is_tensor() && type.element == ir::DataType::kFloat32 && type.rank() >= 3;
}

// The runtime averages in its own layout, without writing the values out.
void AddMeans(Probe& probe, const std::set<std::string>& averaged,
              std::vector<ir::ValueId>& outputs) {
  ir::Graph& graph = probe.model.graph;
  for (const std::string& name : averaged) {
    const ir::ValueId id = graph.Find(name);
    if (!id.valid()) continue;
    const ir::Type type = graph.value(id).type;
    if (!type.is_tensor() || type.element != ir::DataType::kFloat32 || type.rank() < 2) continue;
    const ir::ValueId means = graph.AddValue(name + "_means");
    graph.AddNode(type.rank() == 2 ? "Identity" : "GlobalAveragePool", {id}, {means});
    probe.means[graph.value(means).name] = name;
    outputs.push_back(means);
  }
}

Result<Probe> MakeProbe(const ir::Model& model, const std::vector<std::string>& observe,
                        const std::set<std::string>& bounded,
                        const std::set<std::string>& averaged) {
  Probe probe{model, {}, {}};
  ir::Graph& graph = probe.model.graph;
  std::vector<ir::ValueId> outputs;
  for (const std::string& name : observe) {
    ir::ValueId id = graph.Find(name);
    if (!id.valid()) return Internal("no value '" + name + "' to observe");
    if (graph.IsInput(id)) continue;
    if (bounded.count(name) > 0 && IsImageLike(graph.value(id).type)) {
      const ir::ValueId maxima = graph.AddValue(name + "_maxima");
      graph.AddNode("GlobalMaxPool", {id}, {maxima});
      probe.maxima[graph.value(maxima).name] = name;
      id = maxima;
    }
    outputs.push_back(id);
  }
  AddMeans(probe, averaged, outputs);
  graph.SetOutputs(std::move(outputs));
  graph.RemoveUnused();
  return probe;
}

// Of a value, per channel.
struct Sums {
  std::vector<double> sums;
  int64_t count = 0;

  // [N, channels, 1 ...].
  void Add(const ir::Tensor& tensor) {
    const auto values = tensor.as<float>();
    const auto channels = static_cast<size_t>(tensor.dims()[1]);
    // Channels that are no fixed number have no means.
    if (sums.empty()) sums.assign(channels, 0);
    if (sums.size() != channels) return sums.assign(channels, NAN);
    for (size_t i = 0; i < values.size(); ++i) sums[i % channels] += values[i];
    count += tensor.dims()[0];
  }
};

// Consecutive samples, observed in their order (the moving average depends on it).
struct Half {
  int64_t first = 0, end = 0;
  std::map<std::string, Observer> observers;
  std::map<std::string, Sums> sums;
};

class Run {
 public:
  Run(runtimes::Session* session, const Probe& probe, const std::vector<std::string>& observe,
      const SampleSource& source, const CalibrationOptions& options)
      : session_(session),
        probe_(probe),
        source_(source),
        options_(options),
        observed_(observe.begin(), observe.end()) {}

  Status Observe(Half& half) {
    for (int64_t index = half.first; index < half.end; ++index) {
      if (stop_.load() || (options_.cancel != nullptr && options_.cancel->cancelled()))
        return Interrupted();
      Status done = ObserveSample(index, half);
      if (!done.ok()) {
        stop_.store(true);
        return done.error().Within("calibration sample " + std::to_string(index));
      }
      Advance();
    }
    return OkStatus();
  }

 private:
  Status ObserveSample(int64_t index, Half& half) {
    EDGEOPT_TRY(const std::vector<ir::Tensor> inputs, source_(index));
    EDGEOPT_CHECK_OK(ObserveAll(inputs, half));
    if (session_ == nullptr) return OkStatus();  // only inputs are observed
    EDGEOPT_TRY(const std::vector<ir::Tensor> outputs, session_->Run(inputs));
    return ObserveAll(outputs, half);
  }

  Status ObserveAll(const std::vector<ir::Tensor>& tensors, Half& half) {
    for (const ir::Tensor& tensor : tensors) {
      if (const auto maxima = probe_.maxima.find(tensor.name); maxima != probe_.maxima.end()) {
        ObserveMaxima(tensor, ObserverOf(maxima->second, half));
        continue;
      }
      if (const auto means = probe_.means.find(tensor.name); means != probe_.means.end()) {
        half.sums[means->second].Add(tensor);
        continue;
      }
      if (observed_.count(tensor.name) == 0) continue;
      if (tensor.type() != ir::DataType::kFloat32)
        return BadInput("'" + tensor.name + "' is " + std::string(Name(tensor.type())) +
                        ", not float32");
      ObserverOf(tensor.name, half).Observe(tensor.as<float>());
    }
    return OkStatus();
  }

  Observer& ObserverOf(const std::string& name, Half& half) const {
    return half.observers.try_emplace(name, quant::ObserverOptions{options_.histogram})
        .first->second;
  }

  // One batch, as Observe makes one of each tensor; its minimum is the bound.
  static void ObserveMaxima(const ir::Tensor& tensor, Observer& observer) {
    const auto maxima = tensor.as<float>();
    std::vector<float> values(maxima.begin(), maxima.end());
    values.push_back(0);
    observer.Observe(values);
  }

  void Advance() {
    const std::lock_guard lock(progress_);
    ++done_;
    if (options_.sink != nullptr) options_.sink->Advance(done_);
  }

  runtimes::Session* session_;
  const Probe& probe_;
  const SampleSource& source_;
  const CalibrationOptions& options_;
  const std::set<std::string> observed_;
  std::atomic<bool> stop_{false};
  std::mutex progress_;
  int64_t done_ = 0;
};

// The halves run side by side when there are two workers or more: no worker waits for another, and
// what is observed does not depend on their number.
Status ObserveHalves(Run& run, Half& first, Half& second, int workers) {
  if (workers < 2) {
    EDGEOPT_CHECK_OK(run.Observe(first));
    return run.Observe(second);
  }
  Status first_done;
  std::thread other([&] { first_done = run.Observe(first); });
  const Status second_done = run.Observe(second);
  other.join();
  // The half that failed by itself explains more than the one that was stopped because of it.
  if (!first_done.ok() && first_done.error().code != ErrorCode::kInterrupted) return first_done;
  if (!second_done.ok()) return second_done;
  return first_done;
}

std::map<std::string, TensorStatistics> Collected(const Half& half) {
  std::map<std::string, TensorStatistics> statistics;
  for (const auto& [name, observer] : half.observers) statistics[name] = observer.statistics();
  return statistics;
}

std::map<std::string, std::vector<float>> MeansOf(const Half& first, const Half& second) {
  std::map<std::string, std::vector<float>> all;
  for (const auto& [name, sums] : first.sums) {
    const auto other = second.sums.find(name);
    const bool both = other != second.sums.end() && other->second.sums.size() == sums.sums.size();
    const auto count = static_cast<double>(sums.count + (both ? other->second.count : 0));
    std::vector<float> means;
    for (size_t i = 0; i < sums.sums.size(); ++i)
      means.push_back(
          static_cast<float>((sums.sums[i] + (both ? other->second.sums[i] : 0)) / count));
    if (std::all_of(means.begin(), means.end(), [](float mean) { return std::isfinite(mean); }))
      all[name] = std::move(means);
  }
  return all;
}

Status CheckObserved(const std::map<std::string, TensorStatistics>& statistics) {
  for (const auto& [name, seen] : statistics)
    if (seen.count == 0 && seen.nonfinite + seen.extreme > 0)
      return BadInput("'" + name + "' holds only NaN, infinities or masks on the calibration data",
                      "check the model on this data, or exclude the operators around it");
  return OkStatus();
}

}  // namespace

std::map<std::string, TensorStatistics> CalibrationRun::Whole() const {
  std::map<std::string, TensorStatistics> whole = first_half;
  for (const auto& [name, statistics] : second_half) {
    auto [found, added] = whole.try_emplace(name, statistics);
    if (!added) found->second.Merge(statistics);
  }
  return whole;
}

Result<CalibrationRun> Calibrate(const ir::Model& model, const std::vector<std::string>& observe,
                                 runtimes::Runtime& runtime, const SampleSource& source,
                                 int64_t samples, const CalibrationOptions& options) {
  if (samples < 1) return BadInput("the calibration data is empty", "give at least 100 samples");
  EDGEOPT_TRY(
      const Probe probe,
      MakeProbe(model, observe, options.histogram ? std::set<std::string>() : options.bounded,
                options.averaged));
  std::unique_ptr<runtimes::Session> session;
  if (!probe.model.graph.outputs().empty()) {
    EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(probe.model));
    runtimes::SessionOptions session_options;
    session_options.threads =
        std::max(1, options.workers / 2);  // each half runs inferences of its own
    session_options.arena = false;         // every observed value is an output: nothing to reuse
    EDGEOPT_TRY(session, runtime.LoadBytes(std::as_bytes(std::span(bytes)), session_options));
  }
  if (options.sink != nullptr) options.sink->Start("calibrate", samples);
  Half first{0, (samples + 1) / 2, {}, {}}, second{(samples + 1) / 2, samples, {}, {}};
  Run run(session.get(), probe, observe, source, options);
  EDGEOPT_CHECK_OK(ObserveHalves(run, first, second, options.workers));
  if (options.sink != nullptr) options.sink->Finish();
  CalibrationRun result{samples, Collected(first), Collected(second), MeansOf(first, second)};
  EDGEOPT_CHECK_OK(CheckObserved(result.Whole()));
  return result;
}

}  // namespace edgeopt::measure
