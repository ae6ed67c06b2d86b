// Loads and stores of the last, partial vector of an array. Included inside Highway's per-target
// compilation, hence the unusual guard.
#if defined(EDGEOPT_QUANT_SIMD_TAIL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEOPT_QUANT_SIMD_TAIL_INL_H_
#undef EDGEOPT_QUANT_SIMD_TAIL_INL_H_
#else
#define EDGEOPT_QUANT_SIMD_TAIL_INL_H_
#endif

#include <cstring>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace edgeopt::quant::HWY_NAMESPACE {

// A whole vector, or the `count` values that are left; the lanes behind them are zero.
template <class D, typename T = hwy::HWY_NAMESPACE::TFromD<D>>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> LoadUpTo(D d, const T* from, size_t count) {
  namespace hn = hwy::HWY_NAMESPACE;
  const size_t lanes = hn::Lanes(d);
  if (HWY_LIKELY(count >= lanes)) return hn::LoadU(d, from);
  HWY_ALIGN T padded[HWY_MAX_BYTES / sizeof(T)] = {};
  std::memcpy(padded, from, count * sizeof(T));
  return hn::Load(d, padded);
}

// Stores a whole vector, or its first `count` lanes.
template <class D, typename T = hwy::HWY_NAMESPACE::TFromD<D>>
HWY_INLINE void StoreUpTo(hwy::HWY_NAMESPACE::Vec<D> v, D d, T* to, size_t count) {
  namespace hn = hwy::HWY_NAMESPACE;
  const size_t lanes = hn::Lanes(d);
  if (HWY_LIKELY(count >= lanes)) {
    hn::StoreU(v, d, to);
    return;
  }
  HWY_ALIGN T padded[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(v, d, padded);
  std::memcpy(to, padded, count * sizeof(T));
}

}  // namespace edgeopt::quant::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // EDGEOPT_QUANT_SIMD_TAIL_INL_H_
