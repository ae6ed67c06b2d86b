// Batches in order, decoded ahead by threads of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "data/dataset.h"

namespace edgeopt::data {

struct Batch {
  std::vector<int64_t> indices;                  // of the samples, in the data set
  std::vector<ir::Tensor> inputs;                // [N, ...], named; see LoaderOptions::inputs
  std::vector<std::vector<ir::Tensor>> targets;  // per sample
};

struct LoaderOptions {
  int64_t batch_size = 1;
  int threads = 1;
  int prefetch = 2;  // batches ready or in work beyond the one handed out; bounds the memory
  // The model's: inputs are checked against them and come in their order. Empty: not checked.
  std::vector<InputSpec> inputs;
  const CancelToken* cancel = nullptr;  // outlives the loader
};

// Reads the samples `indices` of the data set, which outlives the loader. Used from one thread.
class BatchLoader {
 public:
  BatchLoader(const Dataset& dataset, std::vector<int64_t> indices, const LoaderOptions& options);
  ~BatchLoader();  // waits for the samples in work
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // The next batch, the last one possibly smaller; nullopt after the last. The first error in
  // order, naming the sample; Interrupted when cancelled. After an error every call repeats it.
  Result<std::optional<Batch>> Next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// 0 to count - 1.
std::vector<int64_t> AllIndices(int64_t count);
// Stacks samples of equal inputs along a new first axis, or along the batch axis that they have
// already (see ModelInputs). BadInput where shapes differ.
Result<std::vector<ir::Tensor>> Stack(const std::vector<Sample>& samples,
                                      const std::vector<InputSpec>& specs);

}  // namespace edgeopt::data
