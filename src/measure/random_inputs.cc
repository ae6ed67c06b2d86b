#include "measure/random_inputs.h"

#include <cstring>
#include <random>

#include "base/half.h"

namespace edgeopt::measure {
namespace {

using ir::DataType;

constexpr int64_t kMaxElements = int64_t{1} << 30;

ir::Dims FixedDims(const runtimes::TensorSpec& spec, const RandomInputOptions& options) {
  ir::Dims dims = spec.dims;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] >= 0) continue;
    dims[i] = 1;
    const auto by_place = options.sizes.find(spec.name + ":" + std::to_string(i));
    const auto by_symbol = i < spec.symbols.size() && !spec.symbols[i].empty()
                               ? options.sizes.find(spec.symbols[i])
                               : options.sizes.end();
    if (by_place != options.sizes.end())
      dims[i] = by_place->second;
    else if (by_symbol != options.sizes.end())
      dims[i] = by_symbol->second;
  }
  return dims;
}

// A size for a dimension that no input has is a typing error, and measures something else.
Status CheckSizes(std::span<const runtimes::TensorSpec> specs, const RandomInputOptions& options) {
  for (const auto& [key, size] : options.sizes) {
    bool used = false;
    for (const runtimes::TensorSpec& spec : specs)
      for (size_t i = 0; i < spec.dims.size() && spec.dims.size() == spec.symbols.size(); ++i)
        used |= spec.dims[i] < 0 &&
                (key == spec.symbols[i] || key == spec.name + ":" + std::to_string(i));
    if (!used)
      return UsageError("no input has a dimension '" + key + "' that is decided at run time");
    if (size < 0) return UsageError("dimension '" + key + "' can't be " + std::to_string(size));
  }
  return OkStatus();
}

// The top 24 bits as a float in [0, 1): the same on every standard library, unlike its
// distributions.
float Uniform(std::mt19937_64& engine) { return static_cast<float>(engine() >> 40) * 0x1p-24f; }

template <typename T>
Buffer Filled(int64_t count, T (*make)(std::mt19937_64&), std::mt19937_64& engine) {
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = make(engine);
  return Buffer::FromVector(values);
}

template <typename T>
T Bit(std::mt19937_64& engine) {
  return static_cast<T>(engine() >> 63);
}

Result<Buffer> RandomData(DataType type, int64_t count, std::mt19937_64& engine) {
  switch (type) {
    case DataType::kFloat32:
      return Filled<float>(count, Uniform, engine);
    case DataType::kFloat64:
      return Filled<double>(
          count, [](std::mt19937_64& e) { return static_cast<double>(Uniform(e)); }, engine);
    case DataType::kFloat16:
      return Filled<uint16_t>(
          count, [](std::mt19937_64& e) { return FloatToHalf(Uniform(e)); }, engine);
    case DataType::kBfloat16:
      return Filled<uint16_t>(
          count, [](std::mt19937_64& e) { return FloatToBfloat16(Uniform(e)); }, engine);
    case DataType::kBool:
      return Filled<uint8_t>(count, Bit<uint8_t>, engine);
    case DataType::kInt32:
    case DataType::kUint32:
      return Filled<uint32_t>(count, Bit<uint32_t>, engine);
    case DataType::kInt64:
    case DataType::kUint64:
      return Filled<uint64_t>(count, Bit<uint64_t>, engine);
    default:
      break;
  }
  if (!ir::IsInteger(type)) return Unsupported("no random numbers of " + std::string(Name(type)));
  std::vector<uint8_t> bytes(static_cast<size_t>(ir::StorageBytes(type, count)));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(engine() >> 56);
  return Buffer::FromVector(bytes);
}

}  // namespace

Result<std::vector<ir::Tensor>> RandomInputs(std::span<const runtimes::TensorSpec> specs,
                                             const RandomInputOptions& options) {
  EDGEOPT_CHECK_OK(CheckSizes(specs, options));
  std::mt19937_64 engine(options.seed);
  std::vector<ir::Tensor> inputs;
  for (const runtimes::TensorSpec& spec : specs) {
    const ir::Dims dims = FixedDims(spec, options);
    auto count = ir::ElementCount(dims);
    if (!count.ok()) return count.error().Within("input '" + spec.name + "'");
    if (*count > kMaxElements)
      return BadInput("input '" + spec.name + "' would have the shape " + ir::ToString(dims),
                      "give smaller sizes for its dimensions");
    Result<ir::Tensor> tensor = ir::Tensor();
    if (spec.type == DataType::kString) {
      tensor = ir::Tensor::MakeStrings(dims, std::vector<std::string>(static_cast<size_t>(*count)));
    } else {
      auto data = RandomData(spec.type, *count, engine);
      if (!data.ok()) return data.error().Within("input '" + spec.name + "'");
      tensor = ir::Tensor::Make(spec.type, dims, std::move(data).value());
    }
    if (!tensor.ok()) return tensor.error().Within("input '" + spec.name + "'");
    tensor->name = spec.sequence ? spec.name + "[0]" : spec.name;
    inputs.push_back(std::move(tensor).value());
  }
  return inputs;
}

}  // namespace edgeopt::measure
