#include "data/generated.h"

#include <cmath>
#include <numbers>
#include <random>

#include "base/half.h"
#include "base/hash.h"

namespace edgeopt::data {
namespace {

// Random numbers that are the same with every standard library.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t Bits() { return engine_(); }
  // Above 0, at most 1.
  double Uniform() { return (static_cast<double>(engine_() >> 11) + 1) * 0x1p-53; }
  // Box and Muller, Annals of Mathematical Statistics 29 (1958) 610.
  double Normal() {
    const double radius = std::sqrt(-2 * std::log(Uniform()));
    return radius * std::cos(2 * std::numbers::pi * Uniform());
  }

 private:
  std::mt19937_64 engine_;
};

template <typename T, typename Draw>
Buffer Values(int64_t count, Draw draw) {
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = static_cast<T>(draw());
  return Buffer::FromVector(values);
}

Result<Buffer> Draw(ir::DataType type, int64_t count, Random& random) {
  const auto normal = [&] { return random.Normal(); };
  const auto small = [&] { return random.Bits() & 1; };
  switch (type) {
    case ir::DataType::kFloat32:
      return Values<float>(count, normal);
    case ir::DataType::kFloat64:
      return Values<double>(count, normal);
    case ir::DataType::kFloat16:
      return Values<uint16_t>(count,
                              [&] { return FloatToHalf(static_cast<float>(random.Normal())); });
    case ir::DataType::kBfloat16:
      return Values<uint16_t>(count,
                              [&] { return FloatToBfloat16(static_cast<float>(random.Normal())); });
    case ir::DataType::kUint8:
      return Values<uint8_t>(count, [&] { return random.Bits() >> 56; });
    case ir::DataType::kInt8:
    case ir::DataType::kBool:
      return Values<uint8_t>(count, small);
    case ir::DataType::kInt16:
    case ir::DataType::kUint16:
      return Values<uint16_t>(count, small);
    case ir::DataType::kInt32:
    case ir::DataType::kUint32:
      return Values<uint32_t>(count, small);
    case ir::DataType::kInt64:
    case ir::DataType::kUint64:
      return Values<uint64_t>(count, small);
    default:
      return Unsupported("random data of type " + std::string(ir::Name(type)) + " can't be made",
                         "give real data");
  }
}

class Generated : public Dataset {
 public:
  Generated(std::vector<InputSpec> specs, GenerateOptions options)
      : specs_(std::move(specs)), options_(options) {}

  int64_t size() const override { return options_.samples; }
  Result<Sample> Load(int64_t index) const override {
    Sample sample;
    Random random(options_.seed + 0x9E3779B97F4A7C15u * (static_cast<uint64_t>(index) + 1));
    for (const InputSpec& spec : specs_) {
      const ir::Dims dims = SampleDims(spec);
      EDGEOPT_TRY(const int64_t count, ir::ElementCount(dims));
      auto buffer = Draw(spec.type, count, random);
      if (!buffer.ok()) return buffer.error().Within("input '" + spec.name + "'");
      EDGEOPT_TRY(ir::Tensor input, ir::Tensor::Make(spec.type, dims, *buffer));
      input.name = spec.name;
      sample.inputs.push_back(std::move(input));
    }
    return sample;
  }
  std::string SampleName(int64_t index) const override {
    return "generated sample " + std::to_string(index);
  }
  Result<std::string> ContentHash(int64_t index) const override {
    EDGEOPT_TRY(const Sample sample, Load(index));
    Sha256 hash;
    for (const ir::Tensor& input : sample.inputs) hash.Update(input.data().bytes());
    return hash.Finish();
  }
  Result<std::vector<int64_t>> Classes(int64_t) const override { return std::vector<int64_t>(); }
  bool labelled() const override { return false; }
  std::string Describe() const override {
    return "generated random data: " + std::to_string(options_.samples) + " samples, seed " +
           std::to_string(options_.seed);
  }

 private:
  // Without the batch axis; a first axis of fixed size other than 1 is none, so that stays.
  ir::Dims SampleDims(const InputSpec& spec) const {
    ir::Dims dims;
    for (size_t i = 0; i < spec.dims.size(); ++i)
      if (i > 0 || spec.dims[i] > 1) dims.push_back(spec.dims[i] < 0 ? 1 : spec.dims[i]);
    return dims;
  }

  std::vector<InputSpec> specs_;
  GenerateOptions options_;
};

}  // namespace

Result<std::unique_ptr<Dataset>> Generate(std::span<const InputSpec> inputs,
                                          const GenerateOptions& options) {
  for (const InputSpec& spec : inputs)
    if (!spec.has_shape)
      return Unsupported("input '" + spec.name + "' has no declared shape to generate data for",
                         "give real data");
  auto dataset =
      std::make_unique<Generated>(std::vector<InputSpec>(inputs.begin(), inputs.end()), options);
  if (options.samples > 0) EDGEOPT_CHECK_OK(dataset->Load(0));
  return std::unique_ptr<Dataset>(std::move(dataset));
}

}  // namespace edgeopt::data
