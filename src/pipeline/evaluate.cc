#include "pipeline/evaluate.h"

#include <algorithm>
#include <cmath>

#include "data/batched.h"
#include "data/loader.h"
#include "pipeline/golden.h"

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;
using runtimes::TensorSpec;

// Enough to keep all threads of a runtime busy in small models; more only delays the first result.
constexpr int64_t kBatch = 8;
// What a sample may differ alone and in a batch: other kernels sum in another order. Models that
// quantize at run time differ far more, since one scale then serves the whole batch.
constexpr double kBatchTolerance = 1e-5;

bool OnlyBatchIsDynamic(const std::vector<TensorSpec>& specs) {
  return std::all_of(specs.begin(), specs.end(), [](const TensorSpec& spec) {
    return !spec.dims.empty() && spec.dims[0] < 0 &&
           std::all_of(spec.dims.begin() + 1, spec.dims.end(), [](int64_t d) { return d >= 0; });
  });
}

// Rows [index, index + 1) of a tensor whose first axis is the batch.
Result<Tensor> Row(const Tensor& batch, int64_t index, int64_t batch_size) {
  if (batch.rank() == 0 || batch.dims()[0] != batch_size)
    return BadInput("output '" + batch.name + "' has shape " + ir::ToString(batch.dims()) +
                        " for " + std::to_string(batch_size) + " samples",
                    "evaluate with one sample per run");
  ir::Dims dims = batch.dims();
  dims[0] = 1;
  Result<Tensor> row = [&]() -> Result<Tensor> {
    const int64_t count = batch.size() / batch_size;
    if (batch.type() == ir::DataType::kString)
      return Tensor::MakeStrings(dims, {batch.strings().begin() + index * count,
                                        batch.strings().begin() + (index + 1) * count});
    const size_t bytes = batch.data().size() / static_cast<size_t>(batch_size);
    return Tensor::Make(batch.type(), dims,
                        batch.data().Slice(static_cast<size_t>(index) * bytes, bytes));
  }();
  if (row.ok()) row->name = batch.name;
  return row;
}

Result<std::vector<Tensor>> Rows(const std::vector<Tensor>& batch, int64_t index, int64_t size) {
  if (size == 1) return batch;
  std::vector<Tensor> rows;
  for (const Tensor& tensor : batch) {
    EDGEOPT_TRY(Tensor row, Row(tensor, index, size));
    rows.push_back(std::move(row));
  }
  return rows;
}

// "HEIGHTxWIDTH" of an image input; "" when the first input is none.
std::string InputSize(const std::vector<Tensor>& inputs) {
  if (inputs.empty() || inputs[0].rank() != 4) return "";
  const ir::Dims& dims = inputs[0].dims();
  const bool channels_last = dims[3] <= 4 && dims[1] > 4;
  const size_t height = channels_last ? 1 : 2;
  return std::to_string(dims[height]) + "x" + std::to_string(dims[height + 1]);
}

class Evaluator {
 public:
  Evaluator(runtimes::Session& model, runtimes::Session* baseline, const data::Dataset& dataset,
            const EvaluateOptions& options)
      : model_(model),
        baseline_(baseline),
        dataset_(dataset),
        options_(options),
        sink_(options.sink != nullptr ? *options.sink : SilentSink()),
        specs_(InputSpecsOf(model.inputs())) {}

  Result<Evaluated> Run() {
    if (dataset_.size() == 0) return BadInput("the data set is empty");
    EDGEOPT_CHECK_OK(ChooseBatch());
    data::LoaderOptions loader_options;
    loader_options.batch_size = batch_size_;
    loader_options.threads = std::max(1, options_.decode_threads);
    loader_options.prefetch = 2 + loader_options.threads;
    loader_options.inputs = fixed_ ? std::vector<data::InputSpec>() : specs_;
    loader_options.cancel = options_.cancel;
    data::BatchLoader loader(dataset_, data::AllIndices(dataset_.size()), loader_options);
    sink_.Start(options_.label.empty() ? "evaluate" : options_.label, dataset_.size());
    while (true) {
      EDGEOPT_TRY(auto batch, loader.Next());
      if (!batch) break;
      EDGEOPT_CHECK_OK(Take(std::move(*batch)));
    }
    sink_.Finish();
    EDGEOPT_TRY(metrics::Score score, metric_->Finish());
    return Evaluated{std::move(score), batch_size_};
  }

 private:
  Status ChooseBatch() {
    EDGEOPT_TRY(const data::Sample first, dataset_.Load(0));
    const int64_t fixed = data::FixedBatch(specs_, first);
    fixed_ = fixed > 1;
    batch_size_ = fixed_ ? fixed : std::max<int64_t>(1, options_.batch_size);
    if (fixed_ || options_.batch_size != 0) return OkStatus();
    const int64_t candidate = std::min(kBatch, dataset_.size());
    if (candidate > 1 && OnlyBatchIsDynamic(model_.inputs()) &&
        OnlyBatchIsDynamic(model_.outputs()) && BatchGivesTheSame(candidate))
      batch_size_ = candidate;
    return OkStatus();
  }

  // The first samples alone and together; a failure of any kind means no batches.
  bool BatchGivesTheSame(int64_t count) {
    std::vector<data::Sample> samples;
    for (int64_t i = 0; i < count; ++i) {
      auto sample = dataset_.Load(i);
      if (!sample.ok()) return false;
      samples.push_back(std::move(*sample));
    }
    const auto together = RunSamples(samples);
    if (!together.ok()) return false;
    for (const int64_t i : {int64_t{0}, count - 1}) {
      const auto alone = RunSamples({samples[static_cast<size_t>(i)]});
      const auto row = Rows(*together, i, count);
      if (!alone.ok() || !row.ok()) return false;
      const auto difference = CompareGolden(*alone, *row);
      if (!difference.ok() || difference->error_ratio > kBatchTolerance) return false;
    }
    return true;
  }

  Result<std::vector<Tensor>> RunSamples(const std::vector<data::Sample>& samples) {
    std::vector<data::Sample> named;
    for (const data::Sample& sample : samples) {
      EDGEOPT_TRY(auto inputs, data::ModelInputs(sample, specs_));
      named.push_back({std::move(inputs), {}});
    }
    EDGEOPT_TRY(const auto inputs, data::Stack(named, specs_));
    return model_.Run(inputs);
  }

  // A model of fixed batch size gets its last batch filled up with repetitions.
  Status FillUp(data::Batch& batch) {
    const int64_t have = static_cast<int64_t>(batch.indices.size());
    if (!fixed_ || have == batch_size_) return OkStatus();
    std::vector<data::Sample> samples;
    for (int64_t i = 0; i < batch_size_; ++i) {
      const auto index = batch.indices[static_cast<size_t>(std::min(i, have - 1))];
      EDGEOPT_TRY(data::Sample sample, dataset_.Load(index));
      samples.push_back(std::move(sample));
    }
    EDGEOPT_TRY(batch.inputs, data::Stack(samples, specs_));
    return OkStatus();
  }

  Status Take(data::Batch batch) {
    const auto count = static_cast<int64_t>(batch.indices.size());
    EDGEOPT_CHECK_OK(FillUp(batch));
    if (metric_ == nullptr) EDGEOPT_CHECK_OK(MakeMetric(batch.inputs));
    EDGEOPT_TRY(const auto outputs, model_.Run(batch.inputs));
    std::vector<Tensor> references;
    if (baseline_ == &model_) {
      references = outputs;
    } else if (baseline_ != nullptr) {
      EDGEOPT_TRY(references, baseline_->Run(batch.inputs));
    }
    const int64_t rows = fixed_ ? batch_size_ : count;
    for (int64_t i = 0; i < count; ++i) {
      metrics::Observation observation;
      observation.targets = std::move(batch.targets[static_cast<size_t>(i)]);
      EDGEOPT_TRY(observation.outputs, Rows(outputs, i, rows));
      EDGEOPT_TRY(auto reference, Rows(references, i, rows));
      for (Tensor& tensor : reference) {
        tensor.name = "reference:" + tensor.name;
        observation.targets.push_back(std::move(tensor));
      }
      if (const Status updated = metric_->Update(observation); !updated.ok())
        return updated.error().Within(dataset_.SampleName(batch.indices[static_cast<size_t>(i)]));
    }
    done_ += count;
    sink_.Advance(done_);
    return OkStatus();
  }

  Status MakeMetric(const std::vector<Tensor>& inputs) {
    metrics::MetricOptions metric_options;
    metric_options.parameters = options_.metric_parameters;
    if (const std::string size = InputSize(inputs); !size.empty())
      metric_options.parameters.emplace("input_size", size);
    EDGEOPT_TRY(metric_, metrics::Make(options_.metric, metric_options));
    return OkStatus();
  }

  runtimes::Session& model_;
  runtimes::Session* baseline_;
  const data::Dataset& dataset_;
  const EvaluateOptions& options_;
  Sink& sink_;
  std::vector<data::InputSpec> specs_;
  std::unique_ptr<metrics::Metric> metric_;
  int64_t batch_size_ = 1, done_ = 0;
  bool fixed_ = false;
};

}  // namespace

Result<Evaluated> Evaluate(runtimes::Session& model, runtimes::Session* baseline,
                           const data::Dataset& dataset, const EvaluateOptions& options) {
  return Evaluator(model, baseline, dataset, options).Run();
}

std::vector<data::InputSpec> InputSpecsOf(const std::vector<TensorSpec>& inputs) {
  std::vector<data::InputSpec> specs;
  for (const TensorSpec& input : inputs)
    specs.push_back({input.name, input.type, input.dims, !input.dims.empty()});
  return specs;
}

}  // namespace edgeopt::pipeline
