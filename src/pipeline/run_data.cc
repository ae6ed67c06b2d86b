#include "pipeline/run_data.h"

#include <algorithm>

#include "data/open.h"
#include "devices/device.h"
#include "pipeline/state.h"

namespace edgeopt::pipeline {
namespace {

// Any fixed number: the same samples in every process of a run, and in every run.
constexpr uint64_t kSeed = 1;

Result<data::OpenOptions> OptionsFor(const report::DataSource& source,
                                     const std::filesystem::path& preprocessing,
                                     const std::vector<data::InputSpec>& specs) {
  data::OpenOptions options;
  options.path = source.path;
  options.kind = source.kind;
  options.labels = source.labels;
  options.images = source.images;
  options.limit = source.limit;
  options.inputs = specs;
  if (!preprocessing.empty()) {
    EDGEOPT_TRY(options.preprocessing, data::ReadPreprocessing(preprocessing));
  }
  return options;
}

Result<DatasetPtr> OpenAll(const report::Record& record, const std::vector<data::InputSpec>& specs,
                           const std::filesystem::path& preprocessing) {
  EDGEOPT_TRY(const auto options, OptionsFor(record.data, preprocessing, specs));
  EDGEOPT_TRY(auto opened, data::Open(options));
  return DatasetPtr(std::move(opened));
}

// The samples of a shuffled order from `first` on, `count` of them, in their original order.
DatasetPtr Part(DatasetPtr all, int64_t first, int64_t count) {
  std::vector<int64_t> shuffled = data::ShuffledIndices(all->size(), kSeed);
  std::vector<int64_t> chosen(shuffled.begin() + first, shuffled.begin() + first + count);
  std::sort(chosen.begin(), chosen.end());
  return data::Subset(std::move(all), std::move(chosen));
}

int64_t UsualCalibration(const report::Record& record) {
  const auto device = devices::FindDevice(record.device);
  return device.ok() ? (*device)->calibration.usual : devices::Device().calibration.usual;
}

}  // namespace

int64_t HoldOut(const report::Record& record, int64_t size) {
  return std::min(UsualCalibration(record), size / 5);
}

std::filesystem::path PreprocessingOf(const report::Record& record, const report::Step& step,
                                      const std::filesystem::path& work) {
  const auto own = step.files.find("preprocessing.toml");
  return own != step.files.end() ? InWork(work, own->second)
                                 : std::filesystem::path(record.preprocessing);
}

std::vector<data::InputSpec> AtAskedSizes(const report::Record& record,
                                          std::vector<data::InputSpec> specs) {
  if (!record.resized || !record.resized->inputs.is_array()) return specs;
  for (const nlohmann::json& input : record.resized->inputs)
    for (data::InputSpec& spec : specs) {
      const nlohmann::json sizes = input.value("after", nlohmann::json());
      if (input.value("name", "") != spec.name || sizes.size() != spec.dims.size()) continue;
      for (size_t i = 0; i < spec.dims.size(); ++i)
        if (spec.dims[i] < 0 && sizes[i].is_number_integer())
          spec.dims[i] = sizes[i].get<int64_t>();
    }
  return specs;
}

Result<DatasetPtr> OpenValidation(const report::Record& record,
                                  const std::vector<data::InputSpec>& specs,
                                  const std::filesystem::path& preprocessing) {
  EDGEOPT_TRY(
      DatasetPtr all,
      OpenAll(record, specs,
              preprocessing.empty() ? std::filesystem::path(record.preprocessing) : preprocessing));
  if (record.held_out_samples == 0) return all;
  if (record.held_out_samples >= all->size())
    return BadInput("'" + record.data.path + "' has " + std::to_string(all->size()) + " samples; " +
                    std::to_string(record.held_out_samples) +
                    " were to be held out for calibration");
  const int64_t held_out = record.held_out_samples;
  const int64_t left = all->size() - held_out;
  return Part(std::move(all), held_out, left);
}

Result<DatasetPtr> OpenCalibration(const report::Record& record,
                                   const std::vector<data::InputSpec>& specs, int64_t samples) {
  if (record.held_out_samples > 0) {
    EDGEOPT_TRY(DatasetPtr all, OpenAll(record, specs, record.preprocessing));
    const int64_t count = std::min(record.held_out_samples, all->size());
    return Part(std::move(all), 0, count);
  }
  if (record.calibration.path.empty()) return DatasetPtr();
  EDGEOPT_TRY(auto options, OptionsFor(record.calibration, record.preprocessing, specs));
  options.shuffle_seed = kSeed;
  if (samples > 0)
    options.limit = samples == kAllSamples ? 0 : samples;
  else if (options.limit == 0)
    options.limit = UsualCalibration(record);
  EDGEOPT_TRY(auto opened, data::Open(options));
  return DatasetPtr(std::move(opened));
}

}  // namespace edgeopt::pipeline
