// Workers take positions in order, at most a window ahead of what was handed out; a ring of slots
// puts the samples back into order.
#include "data/loader.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <new>
#include <numeric>
#include <thread>
#include <utility>

namespace edgeopt::data {
namespace {

// Where the tensor's first axis already is the model's batch axis.
bool HasBatchAxis(const ir::Tensor& tensor, const InputSpec* spec) {
  return spec && spec->has_shape && static_cast<int64_t>(spec->dims.size()) == tensor.rank();
}

Result<ir::Tensor> Concatenate(const std::vector<const ir::Tensor*>& parts, ir::Dims dims) {
  if (parts[0]->type() == ir::DataType::kString) {
    std::vector<std::string> strings;
    for (const ir::Tensor* part : parts)
      strings.insert(strings.end(), part->strings().begin(), part->strings().end());
    return ir::Tensor::MakeStrings(std::move(dims), std::move(strings));
  }
  if (parts.size() == 1) return parts[0]->Reshaped(std::move(dims));
  size_t size = 0;
  for (const ir::Tensor* part : parts) size += part->data().size();
  std::vector<std::byte> bytes(size);
  std::byte* target = bytes.data();
  for (const ir::Tensor* part : parts)
    target = std::copy_n(part->data().data(), part->data().size(), target);
  return ir::Tensor::Make(parts[0]->type(), std::move(dims), Buffer::Own(std::move(bytes)));
}

Result<ir::Tensor> StackInput(const std::vector<const ir::Tensor*>& parts, const InputSpec* spec) {
  const ir::Tensor& first = *parts[0];
  const bool batched = HasBatchAxis(first, spec);
  for (const ir::Tensor* part : parts) {
    if (part->type() == first.type() && part->dims() == first.dims()) continue;
    return BadInput("input '" + first.name + "' has shape " + ir::ToString(part->dims()) +
                        " in one sample and " + ir::ToString(first.dims()) +
                        " in another of the same batch",
                    "use batch size 1, or bring the samples to one size");
  }
  const auto count = static_cast<int64_t>(parts.size());
  ir::Dims dims = first.dims();
  if (!batched) {
    dims.insert(dims.begin(), count);
  } else if (count > 1) {
    if (dims.empty() || (spec->dims[0] >= 0 && spec->dims[0] != dims[0] * count))
      return BadInput("input '" + first.name + "' has no batch axis to stack " +
                          std::to_string(count) + " samples along",
                      "use batch size 1");
    dims[0] *= count;
  }
  EDGEOPT_TRY(ir::Tensor stacked, Concatenate(parts, std::move(dims)));
  stacked.name = first.name;
  return stacked;
}

}  // namespace

Result<std::vector<ir::Tensor>> Stack(const std::vector<Sample>& samples,
                                      const std::vector<InputSpec>& specs) {
  std::vector<ir::Tensor> stacked;
  if (samples.empty()) return stacked;
  for (size_t i = 0; i < samples[0].inputs.size(); ++i) {
    const std::string& name = samples[0].inputs[i].name;
    std::vector<const ir::Tensor*> parts;
    for (const Sample& sample : samples) {
      const ir::Tensor* part = Find(sample.inputs, name);
      if (!part) return BadInput("a sample has no input '" + name + "'");
      parts.push_back(part);
    }
    const auto spec = std::find_if(specs.begin(), specs.end(),
                                   [&](const InputSpec& other) { return other.name == name; });
    EDGEOPT_TRY(ir::Tensor input, StackInput(parts, spec == specs.end() ? nullptr : &*spec));
    stacked.push_back(std::move(input));
  }
  return stacked;
}

std::vector<int64_t> AllIndices(int64_t count) {
  std::vector<int64_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

struct BatchLoader::State {
  const Dataset& dataset;
  const std::vector<int64_t> indices;
  const LoaderOptions options;
  const size_t window;  // samples loaded or in work at once

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::optional<Result<Sample>>> slots;  // position % window; under the mutex
  size_t taken = 0, handed_out = 0;                  // positions; under the mutex
  bool stop = false;                                 // under the mutex
  std::optional<Error> error;
  std::vector<std::thread> threads;

  State(const Dataset& from, std::vector<int64_t> which, const LoaderOptions& how)
      : dataset(from),
        indices(std::move(which)),
        options(how),
        window(static_cast<size_t>(std::max<int64_t>(how.batch_size, 1)) *
               static_cast<size_t>(std::max(how.prefetch, 0) + 1)) {
    slots.resize(window);
  }

  bool Cancelled() const { return options.cancel && options.cancel->cancelled(); }

  // The sample with its inputs in the model's order, without the batch axis that stacking adds.
  Result<Sample> LoadOne(int64_t index) const {
    if (Cancelled()) return Interrupted();
    EDGEOPT_TRY(Sample sample, dataset.Load(index));
    if (options.inputs.empty()) return sample;
    auto inputs = ModelInputs(sample, options.inputs);
    if (!inputs.ok()) return inputs.error().Within(dataset.SampleName(index));
    std::vector<ir::Tensor> ordered;
    for (const InputSpec& spec : options.inputs) {
      const ir::Tensor* input = Find(sample.inputs, spec.name);
      ordered.push_back(input ? *input : sample.inputs[0]);
      ordered.back().name = spec.name;
    }
    sample.inputs = std::move(ordered);
    return sample;
  }

  void Work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock,
                   [&] { return stop || taken == indices.size() || taken < handed_out + window; });
      if (stop || taken == indices.size()) return;
      const size_t position = taken++;
      lock.unlock();
      std::optional<Result<Sample>> loaded;
      try {
        loaded = LoadOne(indices[position]);
      } catch (const std::bad_alloc&) {
        loaded = Unavailable(dataset.SampleName(indices[position]) + ": not enough memory",
                             "use a smaller batch size or fewer threads");
      }
      lock.lock();
      slots[position % window] = std::move(loaded);
      changed.notify_all();
    }
  }

  void Stop() {
    {
      const std::lock_guard lock(mutex);
      stop = true;
    }
    changed.notify_all();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }

  // Waits for the next samples; the first error among them in order.
  Result<std::vector<Sample>> Take(size_t count) {
    std::vector<Sample> samples;
    std::unique_lock lock(mutex);
    for (size_t i = 0; i < count; ++i) {
      auto& slot = slots[handed_out % window];
      changed.wait(lock, [&] { return slot.has_value(); });
      Result<Sample> loaded = *std::move(std::exchange(slot, std::nullopt));
      ++handed_out;
      changed.notify_all();
      if (!loaded.ok()) return loaded.error();
      samples.push_back(*std::move(loaded));
    }
    return samples;
  }

  Result<std::optional<Batch>> Next() {
    if (Cancelled()) return Interrupted();
    const size_t first = handed_out;
    if (first == indices.size()) return std::optional<Batch>();
    const size_t count = std::min(static_cast<size_t>(std::max<int64_t>(options.batch_size, 1)),
                                  indices.size() - first);
    EDGEOPT_TRY(std::vector<Sample> samples, Take(count));
    Batch batch;
    batch.indices.assign(indices.begin() + static_cast<ptrdiff_t>(first),
                         indices.begin() + static_cast<ptrdiff_t>(first + count));
    auto inputs = Stack(samples, options.inputs);
    if (!inputs.ok())
      return inputs.error().Within(dataset.SampleName(batch.indices.front()) + " and after");
    batch.inputs = *std::move(inputs);
    for (Sample& sample : samples) batch.targets.push_back(std::move(sample.targets));
    return std::optional<Batch>(std::move(batch));
  }
};

BatchLoader::BatchLoader(const Dataset& dataset, std::vector<int64_t> indices,
                         const LoaderOptions& options)
    : state_(std::make_unique<State>(dataset, std::move(indices), options)) {
  for (int i = 0; i < std::max(options.threads, 1); ++i)
    state_->threads.emplace_back([state = state_.get()] { state->Work(); });
}

BatchLoader::~BatchLoader() { state_->Stop(); }

Result<std::optional<Batch>> BatchLoader::Next() {
  if (state_->error) return *state_->error;
  auto batch = state_->Next();
  if (!batch.ok()) {
    state_->error = batch.error();
    state_->Stop();
  }
  return batch;
}

}  // namespace edgeopt::data
