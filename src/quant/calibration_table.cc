#include "quant/calibration_table.h"

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

namespace edgeopt::quant {
namespace {

using nlohmann::json;

constexpr std::string_view kKind = "calibration-table";

// ---- Writing

json SideToJson(const std::vector<uint64_t>& side, size_t used, size_t bins) {
  const size_t merged = Histogram::kBins / bins;
  json counts = json::array();
  for (size_t i = 0; i < used; i += merged) {
    const auto begin = side.begin() + static_cast<ptrdiff_t>(i);
    counts.push_back(std::accumulate(begin, begin + static_cast<ptrdiff_t>(merged), uint64_t{0}));
  }
  return counts;
}

json HistogramToJson(const Histogram& histogram, size_t bins) {
  return {{"exponent", histogram.exponent()},
          {"bins", bins},
          {"positive", SideToJson(histogram.positive(), histogram.Used(false), bins)},
          {"negative", SideToJson(histogram.negative(), histogram.Used(true), bins)}};
}

json TensorToJson(const CalibratedTensor& tensor, size_t histogram_bins) {
  const TensorStatistics& seen = tensor.statistics;
  const BatchRanges& batches = seen.batches;
  json ranges = json::object();
  for (const auto& [name, range] : tensor.ranges) ranges[name] = {range.min, range.max};
  json result = {{"min", seen.min},
                 {"max", seen.max},
                 {"count", seen.count},
                 {"zeros", seen.zeros},
                 {"nonfinite", seen.nonfinite},
                 {"extreme", seen.extreme},
                 {"batches",
                  {{"count", batches.batches},
                   {"first", {batches.first_min, batches.first_max}},
                   {"moving", {batches.moving_min, batches.moving_max}},
                   {"sum", {batches.sum_min, batches.sum_max}}}},
                 {"ranges", std::move(ranges)},
                 {"half_difference", tensor.half_difference}};
  if (seen.has_histogram && histogram_bins > 0)
    result["histogram"] = HistogramToJson(seen.histogram, histogram_bins);
  return result;
}

// ---- Reading

Error Bad(const std::string& where, const std::string& expected) {
  return BadInput("calibration table: " + where + " is not " + expected);
}

// The field of an object, with its place for error messages.
struct Field {
  const json* value;
  std::string where;
};

Result<Field> Get(const Field& object, const char* key) {
  if (!object.value->is_object()) return Bad(object.where, "an object");
  const auto found = object.value->find(key);
  const std::string where = (object.where.empty() ? "" : object.where + ".") + key;
  if (found == object.value->end()) return BadInput("calibration table: " + where + " is missing");
  return Field{&*found, where};
}

Result<double> Number(const Field& field) {
  if (!field.value->is_number() || !std::isfinite(field.value->get<double>()))
    return Bad(field.where, "a number");
  return field.value->get<double>();
}

Result<uint64_t> Count(const Field& field) {
  if (!field.value->is_number_unsigned()) return Bad(field.where, "a count");
  return field.value->get<uint64_t>();
}

Result<std::string> Text(const Field& object, const char* key) {
  EDGEOPT_TRY(const Field field, Get(object, key));
  if (!field.value->is_string()) return Bad(field.where, "a text");
  return field.value->get<std::string>();
}

Result<uint64_t> CountOf(const Field& object, const char* key) {
  EDGEOPT_TRY(const Field field, Get(object, key));
  return Count(field);
}

// [min, max], in order.
Result<std::pair<double, double>> Pair(const Field& field) {
  if (!field.value->is_array() || field.value->size() != 2) return Bad(field.where, "[min, max]");
  EDGEOPT_TRY(const double min, Number({&(*field.value)[0], field.where + "[0]"}));
  EDGEOPT_TRY(const double max, Number({&(*field.value)[1], field.where + "[1]"}));
  if (min > max) return Bad(field.where, "[min, max] with min <= max");
  return std::pair{min, max};
}

Result<Range> RangeFrom(const Field& field) {
  EDGEOPT_TRY(const auto pair, Pair(field));
  const Range range{static_cast<float>(pair.first), static_cast<float>(pair.second)};
  if (!std::isfinite(range.min) || !std::isfinite(range.max))
    return Bad(field.where, "inside the range of a float");
  return range;
}

Result<BatchRanges> BatchesFrom(const Field& object) {
  BatchRanges batches;
  EDGEOPT_TRY(batches.batches, CountOf(object, "count"));
  const auto read = [&](const char* key, double& min, double& max) -> Status {
    EDGEOPT_TRY(const Field field, Get(object, key));
    EDGEOPT_TRY(const auto pair, Pair(field));
    std::tie(min, max) = pair;
    return OkStatus();
  };
  EDGEOPT_CHECK_OK(read("first", batches.first_min, batches.first_max));
  EDGEOPT_CHECK_OK(read("moving", batches.moving_min, batches.moving_max));
  EDGEOPT_CHECK_OK(read("sum", batches.sum_min, batches.sum_max));
  return batches;
}

// Fills a side and returns the sum of its counts.
Result<uint64_t> ReadSide(const Field& object, const char* key, size_t bins, bool negative,
                          Histogram& histogram) {
  EDGEOPT_TRY(const Field side, Get(object, key));
  if (!side.value->is_array() || side.value->size() > bins)
    return Bad(side.where, "a list of at most " + std::to_string(bins) + " counts");
  const size_t spread = Histogram::kBins / bins;
  uint64_t total = 0;
  for (size_t i = 0; i < side.value->size(); ++i) {
    EDGEOPT_TRY(const uint64_t count,
                Count({&(*side.value)[i], side.where + "[" + std::to_string(i) + "]"}));
    if (count > UINT64_MAX - total) return Bad(side.where, "countable in 64 bits");
    total += count;
    std::vector<uint64_t>& to = histogram.MutableSide(negative);
    for (size_t k = 0; k < spread; ++k)
      to[i * spread + k] = count / spread + (k < count % spread ? 1 : 0);
  }
  return total;
}

Result<Histogram> HistogramFrom(const Field& object, uint64_t expected) {
  EDGEOPT_TRY(const Field exponent_field, Get(object, "exponent"));
  const json& exponent = *exponent_field.value;
  if (!exponent.is_number_integer() || exponent < Histogram::kMinExponent ||
      exponent > Histogram::kMaxExponent)
    return Bad(exponent_field.where, "an integer from -100 to 100");
  EDGEOPT_TRY(const uint64_t bins, CountOf(object, "bins"));
  if (!std::has_single_bit(bins) || bins > Histogram::kBins)
    return Bad(object.where + ".bins", "a power of two up to 4096");
  Histogram histogram;
  histogram.Grow(exponent.get<int>());
  EDGEOPT_TRY(const uint64_t positive, ReadSide(object, "positive", bins, false, histogram));
  EDGEOPT_TRY(const uint64_t negative, ReadSide(object, "negative", bins, true, histogram));
  if (positive > expected || negative != expected - positive)
    return Bad(object.where, "complete: its counts don't add up to count - zeros");
  return histogram;
}

Result<TensorStatistics> StatisticsFrom(const Field& object) {
  TensorStatistics seen;
  const auto read_float = [&](const char* key, float& to) -> Status {
    EDGEOPT_TRY(const Field field, Get(object, key));
    EDGEOPT_TRY(const double value, Number(field));
    to = static_cast<float>(value);
    if (!(std::abs(to) < kExtremeMagnitude)) return Bad(field.where, "below 1e30");
    return OkStatus();
  };
  EDGEOPT_CHECK_OK(read_float("min", seen.min));
  EDGEOPT_CHECK_OK(read_float("max", seen.max));
  if (seen.min > seen.max) return Bad(object.where + ".min", "at most max");
  EDGEOPT_TRY(seen.count, CountOf(object, "count"));
  EDGEOPT_TRY(seen.zeros, CountOf(object, "zeros"));
  if (seen.zeros > seen.count) return Bad(object.where + ".zeros", "at most count");
  EDGEOPT_TRY(seen.nonfinite, CountOf(object, "nonfinite"));
  EDGEOPT_TRY(seen.extreme, CountOf(object, "extreme"));
  EDGEOPT_TRY(const Field batches, Get(object, "batches"));
  EDGEOPT_TRY(seen.batches, BatchesFrom(batches));
  if (object.value->contains("histogram")) {
    EDGEOPT_TRY(const Field histogram, Get(object, "histogram"));
    EDGEOPT_TRY(seen.histogram, HistogramFrom(histogram, seen.count - seen.zeros));
    seen.has_histogram = true;
  }
  return seen;
}

Result<CalibratedTensor> TensorFrom(const Field& object) {
  CalibratedTensor tensor;
  EDGEOPT_TRY(tensor.statistics, StatisticsFrom(object));
  EDGEOPT_TRY(const Field ranges, Get(object, "ranges"));
  if (!ranges.value->is_object()) return Bad(ranges.where, "an object");
  for (const auto& [name, value] : ranges.value->items()) {
    EDGEOPT_TRY(tensor.ranges[name], RangeFrom({&value, ranges.where + "." + name}));
  }
  EDGEOPT_TRY(const Field differences, Get(object, "half_difference"));
  if (!differences.value->is_object()) return Bad(differences.where, "an object");
  for (const auto& [name, value] : differences.value->items()) {
    EDGEOPT_TRY(tensor.half_difference[name], Number({&value, differences.where + "." + name}));
  }
  return tensor;
}

Result<CalibrationData> DataFrom(const Field& object) {
  CalibrationData data;
  EDGEOPT_TRY(data.description, Text(object, "description"));
  EDGEOPT_TRY(data.sha256, Text(object, "sha256"));
  EDGEOPT_TRY(const Field generated, Get(object, "generated"));
  if (!generated.value->is_boolean()) return Bad(generated.where, "true or false");
  data.generated = generated.value->get<bool>();
  EDGEOPT_TRY(data.samples, CountOf(object, "samples"));
  return data;
}

}  // namespace

Result<std::string> ToJson(const CalibrationTable& table, size_t histogram_bins) {
  if (histogram_bins > Histogram::kBins || (histogram_bins & (histogram_bins - 1)) != 0)
    return Internal(std::to_string(histogram_bins) + " histogram bins are no power of two");
  json tensors = json::object();
  for (const auto& [name, tensor] : table.tensors)
    tensors[name] = TensorToJson(tensor, histogram_bins);
  json document = {{"schema_version", CalibrationTable::kSchemaVersion},
                   {"kind", kKind},
                   {"model_sha256", table.model_sha256},
                   {"data",
                    {{"description", table.data.description},
                     {"sha256", table.data.sha256},
                     {"generated", table.data.generated},
                     {"samples", table.data.samples}}},
                   {"calibrator", table.calibrator},
                   {"tensors", std::move(tensors)}};
  if (!table.means.empty()) document["means"] = table.means;
  if (!table.rules.empty()) {
    document["rules"] = table.rules;
    document["percentile"] = table.percentile;
  }
  try {
    return document.dump();
  } catch (const json::exception&) {
    return BadInput("calibration table: a name or description is not UTF-8");
  }
}

namespace {

Result<std::map<std::string, std::vector<float>>> MeansFrom(const Field& object) {
  if (!object.value->is_object()) return Bad(object.where, "an object");
  std::map<std::string, std::vector<float>> means;
  for (const auto& [name, list] : object.value->items()) {
    const std::string where = object.where + "." + name;
    if (!list.is_array()) return Bad(where, "a list");
    for (size_t i = 0; i < list.size(); ++i) {
      EDGEOPT_TRY(const double mean, Number({&list[i], where + "[" + std::to_string(i) + "]"}));
      if (!(std::abs(mean) < kExtremeMagnitude)) return Bad(where, "below 1e30");
      means[name].push_back(static_cast<float>(mean));
    }
  }
  return means;
}

}  // namespace

Result<CalibrationTable> CalibrationTableFromJson(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return BadInput("calibration table: not JSON");
  const Field root{&document, ""};
  if (!document.is_object()) return BadInput("calibration table: not a JSON object");
  EDGEOPT_TRY(const std::string kind, Text(root, "kind"));
  if (kind != kKind) return Bad("kind", "\"" + std::string(kKind) + "\"");
  EDGEOPT_TRY(const uint64_t version, CountOf(root, "schema_version"));
  if (version != CalibrationTable::kSchemaVersion) {
    return Unsupported("calibration table: schema version " + std::to_string(version) +
                           ", this program knows " +
                           std::to_string(CalibrationTable::kSchemaVersion),
                       "calibrate again");
  }
  CalibrationTable table;
  EDGEOPT_TRY(table.model_sha256, Text(root, "model_sha256"));
  EDGEOPT_TRY(const Field data, Get(root, "data"));
  EDGEOPT_TRY(table.data, DataFrom(data));
  EDGEOPT_TRY(table.calibrator, Text(root, "calibrator"));
  if (document.contains("rules")) {
    EDGEOPT_TRY(table.rules, Text(root, "rules"));
    EDGEOPT_TRY(const Field percentile, Get(root, "percentile"));
    EDGEOPT_TRY(table.percentile, Number(percentile));
  }
  if (document.contains("means")) {
    EDGEOPT_TRY(const Field means, Get(root, "means"));
    EDGEOPT_TRY(table.means, MeansFrom(means));
  }
  EDGEOPT_TRY(const Field tensors, Get(root, "tensors"));
  if (!tensors.value->is_object()) return Bad(tensors.where, "an object");
  for (const auto& [name, value] : tensors.value->items()) {
    EDGEOPT_TRY(table.tensors[name], TensorFrom({&value, "tensors." + name}));
  }
  return table;
}

}  // namespace edgeopt::quant
