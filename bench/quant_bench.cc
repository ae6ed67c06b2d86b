// Speed of the quantization arithmetic, as time per element: what calibration costs beside
// inference.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "quant/calibrator.h"
#include "quant/fake_quant.h"
#include "quant/fp16_range.h"
#include "quant/observer.h"
#include "quant/similarity.h"
#include "quant/weights.h"

namespace edgeopt::quant {
namespace {

enum Kind : int64_t { kNormal, kRelu, kRelu6 };

// About normal values (sums of four uniform ones) with standard deviation 1.2.
std::vector<float> Values(size_t count, int64_t kind) {
  std::vector<float> values(count);
  uint32_t state = 1;
  for (float& value : values) {
    int total = 0;
    for (int i = 0; i < 4; ++i) {
      state = state * 1664525u + 1013904223u;
      total += static_cast<int>(state >> 16);
    }
    value = static_cast<float>(total - 131070) / 32768.0f;
    if (kind == kRelu) value = std::max(value, 0.0f);
    if (kind == kRelu6) value = std::clamp(value * 3 + 1, 0.0f, 6.0f);
  }
  return values;
}

void PerElement(benchmark::State& state, size_t elements) {
  state.counters["time_per_element"] = benchmark::Counter(
      static_cast<double>(elements),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// Many tensors one after another, as after an inference: they come from the last-level cache or
// from memory, not from the first-level one.
void Observe(benchmark::State& state, bool histogram) {
  const auto size = static_cast<size_t>(state.range(1));
  const std::vector<float> values = Values(size_t{4} << 20, state.range(0));
  std::vector<Observer> observers(std::min<size_t>(values.size() / size, 100),
                                  Observer({histogram}));
  for (auto _ : state)
    for (size_t i = 0; i < observers.size(); ++i)
      observers[i].Observe(std::span(values).subspan(i * size, size));
  PerElement(state, observers.size() * size);
}
void ObserveRange(benchmark::State& state) { Observe(state, false); }
void ObserveHistogram(benchmark::State& state) { Observe(state, true); }
BENCHMARK(ObserveRange)->Args({kNormal, 1 << 20})->Args({kNormal, 1280});
BENCHMARK(ObserveHistogram)
    ->ArgsProduct({{kNormal, kRelu, kRelu6}, {1 << 20, 1 << 15, 1280}})
    ->ArgNames({"kind", "size"});
BENCHMARK(ObserveHistogram)->Args({kRelu6, 1 << 20})->Threads(2)->UseRealTime();

void Choose(benchmark::State& state) {
  Observer observer;
  observer.Observe(Values(1 << 20, state.range(1)));
  const Calibrator& calibrator = Table()[static_cast<size_t>(state.range(0))];
  for (auto _ : state)
    benchmark::DoNotOptimize(Calibrate(calibrator, observer.statistics(), {}).ok());
  state.SetLabel(std::string(calibrator.name));
}
BENCHMARK(Choose)->ArgsProduct({benchmark::CreateDenseRange(0, 5, 1), {kNormal, kRelu}});

// A 1x1 convolution of 320 to 1280 channels.
void QuantizeConvWeights(benchmark::State& state) {
  const std::vector<float> weights = Values(1280 * 320, kNormal);
  const WeightOptions options{kInt8WeightScheme, state.range(0) != 0};
  for (auto _ : state)
    benchmark::DoNotOptimize(QuantizeWeights(weights, {1, 1280, 320}, options).ok());
  PerElement(state, weights.size());
}
BENCHMARK(QuantizeConvWeights)->Arg(0)->Arg(1)->ArgName("least_squares");

// A MatMul's weight, channels in the last axis.
void QuantizeMatMulWeights(benchmark::State& state) {
  const std::vector<float> weights = Values(384 * 1536, kNormal);
  for (auto _ : state) benchmark::DoNotOptimize(QuantizeWeights(weights, {384, 1536, 1}).ok());
  PerElement(state, weights.size());
}
BENCHMARK(QuantizeMatMulWeights);

void FakeQuantizeArray(benchmark::State& state) {
  const std::vector<float> values = Values(1 << 18, kNormal);
  std::vector<float> to(values.size());
  const QuantParams params = ParamsFor({-4, 4}, {});
  for (auto _ : state) FakeQuantize(values, params, to.data());
  PerElement(state, values.size());
}
BENCHMARK(FakeQuantizeArray);

void Similar(benchmark::State& state) {
  const std::vector<float> a = Values(1 << 18, kNormal), b = Values(1 << 18, kRelu);
  Similarity similarity;
  for (auto _ : state) similarity.Add(a, b);
  PerElement(state, a.size());
}
BENCHMARK(Similar);

void HalfRangeOf(benchmark::State& state) {
  const std::vector<float> values = Values(1 << 18, kNormal);
  for (auto _ : state) benchmark::DoNotOptimize(MeasureHalfRange(values).overflow);
  PerElement(state, values.size());
}
BENCHMARK(HalfRangeOf);

void ToHalves(benchmark::State& state) {
  const std::vector<float> values = Values(1 << 18, kNormal);
  std::vector<uint16_t> halves(values.size());
  for (auto _ : state) FloatsToHalves(values, halves.data());
  PerElement(state, values.size());
}
BENCHMARK(ToHalves);

void FromHalves(benchmark::State& state) {
  const std::vector<uint16_t> halves(1 << 18, 0x3C01);
  std::vector<float> values(halves.size());
  for (auto _ : state) HalvesToFloats(halves, values.data());
  PerElement(state, values.size());
}
BENCHMARK(FromHalves);

}  // namespace
}  // namespace edgeopt::quant

BENCHMARK_MAIN();
