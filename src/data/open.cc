#include "data/open.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "data/files.h"

namespace edgeopt::data {
namespace {

class SubsetOf : public Dataset {
 public:
  SubsetOf(std::shared_ptr<const Dataset> base, std::vector<int64_t> indices)
      : base_(std::move(base)), indices_(std::move(indices)) {}

  int64_t size() const override { return static_cast<int64_t>(indices_.size()); }
  Result<Sample> Load(int64_t index) const override { return base_->Load(Of(index)); }
  std::string SampleName(int64_t index) const override { return base_->SampleName(Of(index)); }
  Result<std::string> ContentHash(int64_t index) const override {
    return base_->ContentHash(Of(index));
  }
  Result<std::vector<int64_t>> Classes(int64_t index) const override {
    return base_->Classes(Of(index));
  }
  bool labelled() const override { return base_->labelled(); }
  int64_t class_count() const override { return base_->class_count(); }
  const std::vector<std::string>& class_names() const override { return base_->class_names(); }
  const std::vector<int64_t>& class_ids() const override { return base_->class_ids(); }
  const Preprocessing* preprocessing() const override { return base_->preprocessing(); }
  std::string Describe() const override {
    return std::to_string(size()) + " samples of " + base_->Describe();
  }

 private:
  int64_t Of(int64_t index) const { return indices_[static_cast<size_t>(index)]; }
  std::shared_ptr<const Dataset> base_;
  std::vector<int64_t> indices_;
};

std::string KindNames() {
  std::string names;
  for (const KindInfo& kind : Table())
    names += (names.empty() ? "" : ", ") + std::string(kind.name);
  return names;
}

Result<const KindInfo*> FindKind(const OpenOptions& options) {
  const auto table = Table();
  if (!options.kind.empty()) {
    for (const KindInfo& kind : table)
      if (kind.name == options.kind) return &kind;
    return UsageError("unknown data set kind '" + options.kind + "'",
                      "known kinds: " + KindNames());
  }
  std::error_code why;
  if (!std::filesystem::exists(ParseSplit(options.path).path, why))
    return BadInput("the data set '" + options.path + "' does not exist");
  const KindInfo* found = nullptr;
  for (const KindInfo& kind : table)
    if ((!found || kind.rank < found->rank) && kind.matches(options)) found = &kind;
  if (found) return found;
  return BadInput("'" + options.path + "' looks like no data set that edgeopt knows",
                  "known kinds: " + KindNames() + " (docs/datasets.md)");
}

// Float images of whole numbers up to 255 were probably never scaled.
bool LooksRaw(const ir::Tensor& tensor) {
  if (tensor.type() != ir::DataType::kFloat32 || tensor.rank() < 2) return false;
  float largest = 0;
  for (const float value : tensor.as<float>()) {
    if (!(value >= 0 && value <= 255) || value != static_cast<float>(static_cast<int>(value)))
      return false;
    largest = std::max(largest, value);
  }
  return largest > 128;
}

Status CheckSample(const Dataset& dataset, int64_t index, const OpenOptions& options) {
  EDGEOPT_TRY(const Sample sample, dataset.Load(index));
  const Preprocessing* preprocessing = dataset.preprocessing();
  for (const InputSpec& spec : options.inputs) {
    const InputPreprocessing* rule = preprocessing ? preprocessing->For(spec.name) : nullptr;
    const ir::Tensor* input = Find(sample.inputs, spec.name);
    if (!input && sample.inputs.size() == 1) input = sample.inputs.data();
    if (rule && input) {
      EDGEOPT_CHECK_OK(Check(*rule, *input, spec, preprocessing->source));
    } else if (input && options.sink && index == 0 && LooksRaw(*input)) {
      options.sink->Warn("the data for model input '" + spec.name +
                         "' are whole numbers up to 255: if the model was trained on scaled "
                         "values, scale them the same way");
    }
  }
  const auto inputs = ModelInputs(sample, options.inputs);
  return inputs.ok() ? OkStatus() : Status(inputs.error());
}

// The first sample, and two more in case that the first is all black.
Status CheckSamples(const Dataset& dataset, const OpenOptions& options) {
  if (options.inputs.empty()) return OkStatus();
  for (const int64_t index : std::set<int64_t>{0, dataset.size() / 2, dataset.size() - 1}) {
    const Status status = CheckSample(dataset, index, options);
    // Errors of loading name the sample already; those of fitting do not.
    if (!status.ok()) {
      const std::string name = dataset.SampleName(index);
      const bool named = status.error().message.find(name) != std::string::npos;
      return named ? status.error() : status.error().Within(name);
    }
  }
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<Dataset>> Open(const OpenOptions& options) {
  EDGEOPT_TRY(const KindInfo* kind, FindKind(options));
  EDGEOPT_TRY(std::unique_ptr<Dataset> dataset, kind->open(options));
  if (dataset->size() == 0)
    return BadInput("the data set '" + options.path + "' is empty (" + dataset->Describe() + ")");
  const bool cut = options.limit > 0 && options.limit < dataset->size();
  if (cut || options.shuffle_seed) {
    std::vector<int64_t> indices;
    if (options.shuffle_seed) {
      indices = ShuffledIndices(dataset->size(), *options.shuffle_seed);
    } else {
      indices.resize(static_cast<size_t>(dataset->size()));
      std::iota(indices.begin(), indices.end(), 0);
    }
    if (cut) indices.resize(static_cast<size_t>(options.limit));
    dataset = Subset(std::move(dataset), std::move(indices));
  }
  EDGEOPT_CHECK_OK(CheckSamples(*dataset, options));
  return dataset;
}

std::unique_ptr<Dataset> Subset(std::shared_ptr<const Dataset> base, std::vector<int64_t> indices) {
  return std::make_unique<SubsetOf>(std::move(base), std::move(indices));
}

std::vector<int64_t> ShuffledIndices(int64_t count, uint64_t seed) {
  std::vector<int64_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  std::mt19937_64 random(seed);
  // The standard's distributions differ between libraries; the bias of a modulo of 64 bits is
  // below 2^-32 for any data set.
  for (size_t i = indices.size(); i > 1; --i) std::swap(indices[i - 1], indices[random() % i]);
  return indices;
}

}  // namespace edgeopt::data
