// Watches one tensor while data streams through it. Memory is constant, whatever the number of
// samples; one pass is enough, and no range has to be known before.
#pragma once

#include <span>

#include "quant/statistics.h"

namespace edgeopt::quant {

struct ScanResult;

struct ObserverOptions {
  // Without it only ranges and counts are kept, at the speed of memory.
  bool histogram = true;
};

// Threads: an observer belongs to one thread at a time; different observers are independent.
// Statistics don't depend on which observer saw which values, so work may be split by tensor or by
// sample (one observer for each thread, merged at the end) alike. Only the moving average depends
// on the order of the batches: split by tensor where it matters.
class Observer {
 public:
  explicit Observer(ObserverOptions options = {});

  // The tensor's values in one inference, in any order of elements: one batch. No value at all is
  // no batch. Non-finite and mask-like values are counted and otherwise ignored.
  void Observe(std::span<const float> values);
  // As if `next`'s batches had been observed after this one's.
  void Merge(const Observer& next) { statistics_.Merge(next.statistics_); }

  const TensorStatistics& statistics() const { return statistics_; }

 private:
  struct Batch;
  void Accept(std::span<const float> values, Batch& batch);
  void AcceptOrdinary(std::span<const float> values, const ScanResult& scan, Batch& batch);

  TensorStatistics statistics_;
};

}  // namespace edgeopt::quant
