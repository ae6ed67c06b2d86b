// VerifySizes: a model at other input sizes against the original, sample by sample.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "data/generated.h"
#include "data/loader.h"
#include "formats/onnx/onnx.h"
#include "pipeline/samples.h"
#include "pipeline/set_sizes.h"
#include "pipeline/tolerance.h"

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;
using nlohmann::json;
using SampleTensors = std::vector<Tensor>;

// Of an open batch: one sample, and a number that is no power of two.
constexpr int64_t kOpenBatches[] = {1, 3};

constexpr const char* kRemedy =
    "export the model again at these sizes, or with a dynamic batch, and give that file";

Result<std::unique_ptr<runtimes::Session>> LoadForCheck(runtimes::Runtime& runtime,
                                                        const ir::Model& model) {
  EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(model));
  return runtime.LoadBytes(std::as_bytes(std::span(bytes)), {});
}

Error DoesNotRun(const Error& error) {
  if (error.environment || error.code == ErrorCode::kInterrupted) return error;
  return Unsupported("the model does not run at these sizes: " + error.message, kRemedy);
}

// The first `rows` of the first axis.
Result<Tensor> FirstRows(const Tensor& tensor, int64_t rows) {
  ir::Dims dims = tensor.dims();
  if (dims.empty() || dims[0] < rows || ir::BitsOf(tensor.type()) < 8)
    return Unsupported("the first rows of " + std::string(ir::Name(tensor.type())) +
                       ir::ToString(dims) + " can't be told apart");
  if (dims[0] == rows) return tensor;
  const int64_t bytes = tensor.size_bytes() / dims[0] * rows;
  dims[0] = rows;
  EDGEOPT_TRY(Tensor first, Tensor::Make(tensor.type(), std::move(dims),
                                         tensor.data().Slice(0, static_cast<size_t>(bytes))));
  first.name = tensor.name;
  return first;
}

// Along the first axis, which all of them have.
Result<SampleTensors> Joined(const std::vector<SampleTensors>& parts) {
  std::vector<data::Sample> samples;
  std::vector<data::InputSpec> specs;
  for (const SampleTensors& part : parts) samples.push_back({part, {}});
  for (const Tensor& tensor : parts.front()) {
    ir::Dims dims = tensor.dims();
    if (!dims.empty()) dims.front() = -1;
    specs.push_back({tensor.name, tensor.type(), std::move(dims)});
  }
  return data::Stack(samples, specs);
}

// Other kernels for another batch add in another order, as folding does. Between two steps of a
// quantized value, or two float16 numbers, that may decide for either. Not so where ranges are
// those of a whole batch (DynamicQuantizeLinear): that is what the check is for.
double ToleranceOf(const ir::Model& model) {
  const ir::Graph& graph = model.graph;
  for (const ir::NodeId id : graph.nodes())
    if (graph.node(id).Is("QuantizeLinear")) return kIntegerDifference;
  for (const ir::ValueId id : graph.initializers())
    if (graph.value(id).type.element == ir::DataType::kFloat16) return kHalfDifference;
  return kFoldingTolerance;
}

class BatchCheck {
 public:
  BatchCheck(runtimes::Session& reference, runtimes::Session& sized,
             const std::vector<InputChange>& changes, double tolerance)
      : reference_(reference), sized_(sized), tolerance_(tolerance) {
    for (const InputChange& change : changes)
      if (change.batch_changed()) batched_.push_back(change.name);
    for (const runtimes::TensorSpec& spec : reference.inputs())
      if (IsBatched(spec.name) && spec.dims[0] > 0) reference_batch_ = spec.dims[0];
    for (const runtimes::TensorSpec& spec : sized.inputs())
      if (IsBatched(spec.name) && spec.dims[0] > 0) sized_batch_ = spec.dims[0];
  }

  Result<json> Run(const OracleInputs& verification) {
    int64_t data_groups = 0, random_groups = 0;
    for (const int64_t batch : Batches()) {
      if (verification.data != nullptr && verification.data_samples > 0) {
        EDGEOPT_CHECK_OK(Compare(
            batch, [&](int64_t i) { return (*verification.data)(i % verification.data_samples); }));
        data_groups += batch;
      }
      EDGEOPT_CHECK_OK(CompareOnRandom(batch));
      random_groups += batch;
    }
    if (const Status equal = WithinTolerance(differences_, tolerance_); !equal.ok())
      return GateFailed(
          "samples have other outputs in a batch than alone: " + equal.error().message,
          "the model computes across its batch, or fixes it; " + std::string(kRemedy));
    json verified = ToJson(differences_, random_groups, data_groups);
    verified["batches"] = Batches();
    return verified;
  }

 private:
  bool IsBatched(const std::string& name) const {
    return std::ranges::find(batched_, name) != batched_.end();
  }
  std::vector<int64_t> Batches() const {
    if (sized_batch_ > 0) return {sized_batch_};
    return {std::begin(kOpenBatches), std::end(kOpenBatches)};
  }

  // Sizes that the model runs with, one sample each.
  Status CompareOnRandom(int64_t batch) {
    auto specs = FittingSpecs(sized_);
    if (!specs.ok()) return DoesNotRun(specs.error());
    for (data::InputSpec& spec : *specs)
      if (IsBatched(spec.name)) spec.dims[0] = 1;
    data::GenerateOptions options;
    options.samples = batch;
    EDGEOPT_TRY(const auto dataset, data::Generate(*specs, options));
    return Compare(batch, [&](int64_t i) -> Result<SampleTensors> {
      EDGEOPT_TRY(const data::Sample sample, dataset->Load(i));
      return data::ModelInputs(sample, *specs);
    });
  }

  Status Compare(int64_t batch, const measure::SampleSource& source) {
    std::vector<SampleTensors> samples;
    for (int64_t i = 0; i < batch; ++i) {
      EDGEOPT_TRY(SampleTensors sample, source(i));
      samples.push_back(std::move(sample));
    }
    EDGEOPT_TRY(const SampleTensors expected, ByReference(samples));
    EDGEOPT_TRY(const SampleTensors inputs, Together(samples));
    const auto found = sized_.Run(inputs);
    if (!found.ok()) return DoesNotRun(found.error());
    if (expected.size() != found->size()) return BadInput("the number of outputs changed");
    differences_.resize(expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      const auto added = AddDifference(expected[i], (*found)[i], differences_[i]);
      if (!added.ok()) return Unsupported("in a batch " + added.error().message, kRemedy);
    }
    return OkStatus();
  }

  // What has no batch is the first sample's.
  Result<SampleTensors> Together(const std::vector<SampleTensors>& samples) const {
    std::vector<SampleTensors> batched(samples.size());
    for (size_t i = 0; i < samples.size(); ++i)
      std::ranges::copy_if(samples[i], std::back_inserter(batched[i]),
                           [&](const Tensor& tensor) { return IsBatched(tensor.name); });
    EDGEOPT_TRY(const SampleTensors joined, Joined(batched));
    SampleTensors inputs = samples.front();
    for (Tensor& input : inputs)
      if (const Tensor* found = data::Find(joined, input.name)) input = *found;
    return inputs;
  }

  // In batches of the reference's own size, the last one filled up.
  Result<SampleTensors> ByReference(const std::vector<SampleTensors>& samples) {
    const auto count = static_cast<int64_t>(samples.size());
    std::vector<SampleTensors> outputs;
    for (int64_t begin = 0; begin < count; begin += reference_batch_) {
      std::vector<SampleTensors> group;
      for (int64_t i = begin; i < begin + reference_batch_; ++i) {
        group.push_back(samples[static_cast<size_t>(std::min(i, count - 1))]);
        // All samples of one run share what has no batch.
        for (Tensor& tensor : group.back())
          if (!IsBatched(tensor.name)) tensor = *data::Find(samples.front(), tensor.name);
      }
      EDGEOPT_TRY(const SampleTensors inputs, Together(group));
      EDGEOPT_TRY(SampleTensors made, reference_.Run(inputs));
      for (const Tensor& output : made)
        if (output.rank() == 0 || output.dims()[0] != reference_batch_)
          return Unsupported("output '" + output.name + "' is " + ir::ToString(output.dims()) +
                                 " for a batch of " + std::to_string(reference_batch_) +
                                 ": its first axis is not the batch",
                             kRemedy);
      outputs.push_back(std::move(made));
    }
    EDGEOPT_TRY(SampleTensors joined, Joined(outputs));
    for (Tensor& output : joined) {
      EDGEOPT_TRY(output, FirstRows(output, count));
    }
    return joined;
  }

  runtimes::Session &reference_, &sized_;
  const double tolerance_;
  std::vector<std::string> batched_;
  int64_t reference_batch_ = 1, sized_batch_ = 0;
  std::vector<OutputDifference> differences_;
};

// With no change of the batch: on the sizes of `sized`, which the original takes or not.
Result<json> CheckWithoutBatch(const ir::Model& original, const SizedModel& sized,
                               const OracleInputs& verification, runtimes::Session& session,
                               runtimes::Runtime& onnxruntime, Sink& sink) {
  OracleInputs inputs = verification;
  // Data has single samples.
  for (const runtimes::TensorSpec& spec : session.inputs())
    if (!spec.dims.empty() && spec.dims[0] > 1) inputs.data = nullptr;
  const auto oracle = Oracle::Make(session, inputs);
  if (!oracle.ok()) return DoesNotRun(oracle.error());
  if (const Status& random = oracle->random_error(); !random.ok()) {
    if (oracle->data_samples() == 0) return DoesNotRun(random.error());
    sink.Warn("random inputs can't verify these sizes: " + random.error().message);
  }
  if (!sized.fits_original()) {
    json verified = ToJson(*oracle, {});
    verified["against"] = nullptr;
    return verified;
  }
  EDGEOPT_TRY(const auto before, LoadForCheck(onnxruntime, original));
  EDGEOPT_TRY(const auto differences, oracle->Compare(*before));
  if (const Status equal = WithinTolerance(differences, ToleranceOf(original)); !equal.ok())
    return GateFailed("at these sizes the model computes something else: " + equal.error().message,
                      "this is a bug of edgeopt or of the runtime; nothing was written");
  json verified = ToJson(*oracle, differences);
  verified["against"] = "the original";
  return verified;
}

// The sizes of `sized` with the batch that the original has.
AskedSizes WithBatchOf(const SizedModel& sized) {
  AskedSizes asked;
  for (const InputChange& change : sized.inputs) {
    AskedShape& shape = asked.shapes.emplace_back();
    shape.name = change.name;
    shape.dims = change.after;
    if (!shape.dims.empty()) shape.dims[0] = change.before[0];
  }
  return asked;
}

}  // namespace

Result<json> VerifySizes(const ir::Model& original, const SizedModel& sized,
                         const OracleInputs& verification, runtimes::Runtime& onnxruntime,
                         Sink& sink) {
  const auto session = LoadForCheck(onnxruntime, sized.model);
  if (!session.ok()) return DoesNotRun(session.error());
  if (!sized.batch_changed())
    return CheckWithoutBatch(original, sized, verification, **session, onnxruntime, sink);
  EDGEOPT_TRY(const SizedModel at_sizes, SetSizes(original, WithBatchOf(sized)));
  const bool as_it_is = at_sizes.fits_original();
  const auto reference = LoadForCheck(onnxruntime, as_it_is ? original : at_sizes.model);
  if (!reference.ok()) return DoesNotRun(reference.error());
  EDGEOPT_TRY(
      json verified,
      BatchCheck(**reference, **session, sized.inputs, ToleranceOf(original)).Run(verification));
  verified["against"] = as_it_is ? "the original" : "the model of its own batch";
  return verified;
}

}  // namespace edgeopt::pipeline
