// The two vector loops of the observer, chosen at run time for the best instruction set of the CPU.
#pragma once

#include <cstddef>
#include <cstdint>

namespace edgeopt::quant {

struct ScanResult {
  // Meaningless when a NaN is among the values; max_magnitude_bits tells.
  float min;
  float max;
  // The largest |x| as the bits of a float: infinities and NaN compare above every number.
  uint32_t max_magnitude_bits;
  uint32_t zeros;
};

// Smallest, largest, largest magnitude and number of zeros. Requires 0 < count <= 2^30.
ScanResult Scan(const float* values, size_t count);

// Room behind the indices that a vector may write, and number of throw-away bins for zeros.
inline constexpr size_t kMaxLanes = 64;

// One bin index per value: floor(|x| * bins_per_unit), plus Histogram::kBins for negative values.
// Zeros become 2 * kBins + lane: bins of their own, to throw away, spread so that a run of zeros
// doesn't serialize on one counter - or, with `zeros_many`, are left out where the instruction set
// can do it cheaply. Returns the number of indices. `indices` has room for count + kMaxLanes.
// Requires |x| * bins_per_unit < kBins for every value.
size_t BinIndices(const float* values, size_t count, float bins_per_unit, bool zeros_many,
                  uint16_t* indices);

}  // namespace edgeopt::quant
