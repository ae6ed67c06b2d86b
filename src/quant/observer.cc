// Values are taken in chunks that stay in the first-level cache: a vector scan finds the chunk's
// range, which says whether the histogram must grow; a second vector loop turns values into bin
// indices, and a scalar loop counts them. Counters are 32 bits wide and private to one call, so
// that the hot loop touches a small, warm array; the totals are updated once at the end.
#include "quant/observer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "quant/observer_kernels.h"

namespace edgeopt::quant {
namespace {

constexpr size_t kBins = Histogram::kBins;
// 16 KB of floats and 8 KB of indices.
constexpr size_t kChunk = 4096;
// Without a histogram there is no second pass that needs the chunk in the cache; longer chunks save
// reductions.
constexpr size_t kScanChunk = 65536;
// Smaller tensors are cheaper to count without the working counters, which must be cleared and
// added up (measured: break-even near 8000 values).
constexpr size_t kSmall = 8192;
constexpr uint64_t kMaxPending = uint64_t{1} << 30;
constexpr uint32_t kExtremeBits = std::bit_cast<uint32_t>(kExtremeMagnitude);

}  // namespace

// The state of one Observe call.
struct Observer::Batch {
  float min = std::numeric_limits<float>::infinity();
  float max = -std::numeric_limits<float>::infinity();
  bool small = false;
  uint64_t pending = 0;                // values in the working counters
  bool side_used[2] = {false, false};  // positive, negative: counters are cleared and in use
  // Two sets of counters, used in turn: equal neighbours don't wait for each other's store.
  // Positive bins, negative bins (cleared on first use), throw-away bins (see BinIndices).
  alignas(64) uint32_t counters[2][2 * kBins + kMaxLanes];
  alignas(64) uint16_t indices[kChunk + kMaxLanes];

  Batch() {
    for (auto& set : counters) std::memset(set + 2 * kBins, 0, kMaxLanes * sizeof(set[0]));
  }

  void UseSide(bool negative) {
    if (std::exchange(side_used[negative], true)) return;
    for (auto& set : counters) std::memset(set + negative * kBins, 0, kBins * sizeof(set[0]));
  }

  void Count(size_t number) {
    uint32_t* even = counters[0];
    uint32_t* odd = counters[1];
    size_t i = 0;
    for (; i + 4 <= number; i += 4) {
      uint64_t four;  // one load for four indices
      std::memcpy(&four, indices + i, sizeof(four));
      ++even[four & 0xFFFF];
      ++odd[(four >> 16) & 0xFFFF];
      ++even[(four >> 32) & 0xFFFF];
      ++odd[four >> 48];
    }
    for (; i < number; ++i) ++even[indices[i]];
    pending += number;
  }

  void Flush(Histogram& histogram) {
    for (const bool negative : {false, true}) {
      if (!std::exchange(side_used[negative], false)) continue;
      const uint32_t* even = counters[0] + negative * kBins;
      const uint32_t* odd = counters[1] + negative * kBins;
      uint64_t* total = histogram.MutableSide(negative).data();
      for (size_t i = 0; i < kBins; ++i) total[i] += uint64_t{even[i]} + odd[i];
    }
    pending = 0;
  }

  // Without the working counters, for few values.
  void CountDirectly(Histogram& histogram, bool any_positive, bool any_negative, size_t number) {
    uint64_t thrown_away[kMaxLanes] = {};
    uint64_t* sides[3] = {any_positive ? histogram.MutableSide(false).data() : nullptr,
                          any_negative ? histogram.MutableSide(true).data() : nullptr, thrown_away};
    for (size_t i = 0; i < number; ++i) ++sides[indices[i] / kBins][indices[i] % kBins];
  }
};

Observer::Observer(ObserverOptions options) { statistics_.has_histogram = options.histogram; }

void Observer::Observe(std::span<const float> values) {
  Batch batch;
  batch.small = values.size() < kSmall;
  const uint64_t count_before = statistics_.count;
  const size_t chunk = statistics_.has_histogram ? kChunk : kScanChunk;
  for (size_t i = 0; i < values.size(); i += chunk)
    Accept(values.subspan(i, std::min(chunk, values.size() - i)), batch);
  batch.Flush(statistics_.histogram);
  if (statistics_.count == count_before) return;
  statistics_.min = count_before > 0 ? std::min(statistics_.min, batch.min) : batch.min;
  statistics_.max = count_before > 0 ? std::max(statistics_.max, batch.max) : batch.max;
  statistics_.batches.Add(batch.min, batch.max);
}

// Sorts out what is not a number or is a mask; most chunks have none of it.
void Observer::Accept(std::span<const float> values, Batch& batch) {
  const ScanResult scan = Scan(values.data(), values.size());
  if (scan.max_magnitude_bits < kExtremeBits) {
    AcceptOrdinary(values, scan, batch);
    return;
  }
  std::array<float, kChunk> kept;
  size_t number = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::abs(values[i]) < kExtremeMagnitude) {
      kept[number++] = values[i];
    } else {
      ++(std::isfinite(values[i]) ? statistics_.extreme : statistics_.nonfinite);
    }
    if (number > 0 && (number == kChunk || i + 1 == values.size())) {
      AcceptOrdinary({kept.data(), number}, Scan(kept.data(), number), batch);
      number = 0;
    }
  }
}

void Observer::AcceptOrdinary(std::span<const float> values, const ScanResult& scan, Batch& batch) {
  // Adding zero turns -0 into 0.
  batch.min = std::min(batch.min, scan.min + 0.0f);
  batch.max = std::max(batch.max, scan.max + 0.0f);
  statistics_.count += values.size();
  statistics_.zeros += scan.zeros;
  if (!statistics_.has_histogram || scan.zeros == values.size()) return;

  Histogram& histogram = statistics_.histogram;
  const int exponent = Histogram::ExponentFor(std::bit_cast<float>(scan.max_magnitude_bits));
  if (exponent > histogram.exponent()) {
    batch.Flush(histogram);
    histogram.Grow(exponent);
  }
  const float bins_per_unit = std::ldexp(1.0f, Histogram::kBinsLog2 - histogram.exponent());
  const bool zeros_many = scan.zeros > values.size() / 8;
  const size_t number =
      BinIndices(values.data(), values.size(), bins_per_unit, zeros_many, batch.indices);
  if (batch.small) {
    batch.CountDirectly(histogram, scan.max > 0, scan.min < 0, number);
    return;
  }
  if (scan.max > 0) batch.UseSide(false);
  if (scan.min < 0) batch.UseSide(true);
  batch.Count(number);
  if (batch.pending > kMaxPending) batch.Flush(histogram);
}

}  // namespace edgeopt::quant
