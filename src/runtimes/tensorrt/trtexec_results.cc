#include "runtimes/tensorrt/trtexec_results.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/half.h"
#include "runtimes/tensorrt/exported_json.h"

namespace edgeopt::runtimes::tensorrt {
namespace {

using nlohmann::json;

// Ten years: what is longer is no measurement, and anything shorter fits into 64 bits of ns.
constexpr double kLongestMs = 3.2e11;

Result<double> Milliseconds(const json& object, const char* name, const std::string& what) {
  const json* member = Member(object, name);
  const auto number = member == nullptr ? std::nullopt : NumberOf(*member);
  if (!number || !(*number >= 0) || *number > kLongestMs)
    return BadInput("trtexec's " + what + ": '" + name + "' is no time in milliseconds");
  return *number;
}

int64_t Nanoseconds(double ms) { return std::llround(ms * 1e6); }

// "1x3x224x224"; "" and "scalar" are scalars.
std::optional<ir::Dims> ParseDimensions(const std::string& text) {
  ir::Dims dims;
  if (text.empty() || text == "scalar") return dims;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data();; ++at) {
    int64_t dim = 0;
    const auto parsed = std::from_chars(at, end, dim);
    if (parsed.ec != std::errc() || dim < 0) return std::nullopt;
    dims.push_back(dim);
    at = parsed.ptr;
    if (at == end) return dims;
    if (*at != 'x') return std::nullopt;
  }
}

std::optional<std::vector<double>> Numbers(const json& list) {
  std::vector<double> numbers;
  if (!list.is_array()) return std::nullopt;
  numbers.reserve(list.size());
  for (const json& item : list) {
    const auto number = NumberOf(item);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

// nullopt when one of them is no integer that T holds.
template <typename T>
std::optional<Buffer> Integers(const std::vector<double>& numbers) {
  std::vector<T> values;
  values.reserve(numbers.size());
  for (const double number : numbers) {
    // The limit of int64 is not exact as a double, so it is left out.
    if (!(number >= static_cast<double>(std::numeric_limits<T>::min()) &&
          number < static_cast<double>(std::numeric_limits<T>::max()) + 1) ||
        number != std::floor(number))
      return std::nullopt;
    values.push_back(static_cast<T>(number));
  }
  return Buffer::FromVector(values);
}

std::optional<Buffer> Elements(const std::vector<double>& numbers, ir::DataType type) {
  switch (type) {
    case ir::DataType::kFloat32:
      return Buffer::FromVector(std::vector<float>(numbers.begin(), numbers.end()));
    case ir::DataType::kFloat16: {
      std::vector<uint16_t> halves;
      halves.reserve(numbers.size());
      for (const double number : numbers) halves.push_back(FloatToHalf(static_cast<float>(number)));
      return Buffer::FromVector(halves);
    }
    case ir::DataType::kInt8:
      return Integers<int8_t>(numbers);
    case ir::DataType::kInt32:
      return Integers<int32_t>(numbers);
    case ir::DataType::kInt64:
      return Integers<int64_t>(numbers);
    case ir::DataType::kBool: {
      std::vector<uint8_t> flags;
      for (const double number : numbers) {
        if (number != 0 && number != 1) return std::nullopt;
        flags.push_back(number != 0);
      }
      return Buffer::FromVector(flags);
    }
    default:
      return std::nullopt;
  }
}

bool IsPrinted(ir::DataType type) {
  switch (type) {
    case ir::DataType::kFloat32:
    case ir::DataType::kFloat16:
    case ir::DataType::kInt8:
    case ir::DataType::kInt32:
    case ir::DataType::kInt64:
    case ir::DataType::kBool:
      return true;
    default:
      return false;
  }
}

Result<ir::Tensor> ParseOutput(const json& item, const std::map<std::string, ir::DataType>& types) {
  const std::string name = TextOf(item, "name");
  const json* values = Member(item, "values");
  const auto dims = ParseDimensions(TextOf(item, "dimensions"));
  if (name.empty() || values == nullptr || !dims)
    return BadInput("trtexec's outputs: one lacks a name, dimensions or values");
  const auto found = types.find(name);
  const ir::DataType type = found == types.end() ? ir::DataType::kFloat32 : found->second;
  if (!IsPrinted(type))
    return Unsupported("trtexec does not print output '" + name + "' of type " +
                           std::string(ir::Name(type)) + " as numbers",
                       "cast the output to float32 in the model");
  const auto numbers = Numbers(*values);
  if (!numbers) return BadInput("trtexec's outputs: '" + name + "' holds what is no number");
  auto elements = Elements(*numbers, type);
  if (!elements)
    return BadInput("trtexec's outputs: '" + name + "' holds what is no " +
                    std::string(ir::Name(type)));
  auto tensor = ir::Tensor::Make(type, *dims, std::move(*elements));
  if (!tensor.ok()) return tensor.error().Within("trtexec's outputs: '" + name + "'");
  tensor->name = name;
  return tensor;
}

}  // namespace

Result<QueryTimes> ParseTimes(std::string_view text) {
  const std::string what = "file of times";
  EDGEOPT_TRY(const json queries, ParseExported(text, what));
  if (!queries.is_array() || queries.empty())
    return BadInput("trtexec's " + what + " is no list of queries");
  QueryTimes times;
  for (const json& query : queries) {
    EDGEOPT_TRY(const double start, Milliseconds(query, "startH2dMs", what));
    EDGEOPT_TRY(const double latency, Milliseconds(query, "latencyMs", what));
    EDGEOPT_TRY(const double compute, Milliseconds(query, "computeMs", what));
    times.start_ns.push_back(Nanoseconds(start));
    times.latency_ns.push_back(Nanoseconds(latency));
    times.compute_ns.push_back(Nanoseconds(compute));
  }
  return times;
}

Result<LayerTimes> ParseLayerTimes(std::string_view text) {
  const std::string what = "profile";
  EDGEOPT_TRY(const json rows, ParseExported(text, what));
  const json* count = rows.is_array() && !rows.empty() ? Member(rows[0], "count") : nullptr;
  if (count == nullptr || !count->is_number_integer() || count->get<int64_t>() < 1)
    return BadInput("trtexec's " + what + " does not begin with the count of its runs");
  LayerTimes times;
  times.runs = count->get<int64_t>();
  for (size_t i = 1; i < rows.size(); ++i) {
    LayerTime layer;
    layer.name = TextOf(rows[i], "name");
    if (layer.name.empty())
      return BadInput("trtexec's " + what + ": layer " + std::to_string(i) + " has no name");
    EDGEOPT_TRY(const double mean, Milliseconds(rows[i], "averageMs", what));
    EDGEOPT_TRY(const double median, Milliseconds(rows[i], "medianMs", what));
    layer.mean_us = mean * 1000;
    layer.median_us = median * 1000;
    times.layers.push_back(std::move(layer));
  }
  return times;
}

Result<std::vector<ir::Tensor>> ParseOutputs(std::string_view text,
                                             const std::map<std::string, ir::DataType>& types) {
  EDGEOPT_TRY(const json items, ParseExported(text, "file of outputs"));
  if (!items.is_array() || items.empty())
    return BadInput("trtexec's file of outputs is no list of outputs");
  std::vector<ir::Tensor> outputs;
  for (const json& item : items) {
    EDGEOPT_TRY(ir::Tensor output, ParseOutput(item, types));
    outputs.push_back(std::move(output));
  }
  return outputs;
}

}  // namespace edgeopt::runtimes::tensorrt
