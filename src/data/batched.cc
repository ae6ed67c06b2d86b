#include "data/batched.h"

#include <algorithm>
#include <span>

#include "base/hash.h"
#include "data/loader.h"

namespace edgeopt::data {
namespace {

class Batched : public Dataset {
 public:
  Batched(std::shared_ptr<const Dataset> base, int64_t batch, std::vector<InputSpec> inputs)
      : base_(std::move(base)), batch_(batch), inputs_(std::move(inputs)) {}

  int64_t size() const override { return (base_->size() + batch_ - 1) / batch_; }

  Result<Sample> Load(int64_t index) const override {
    std::vector<Sample> samples;
    for (int64_t i = 0; i < batch_; ++i) {
      const int64_t at = std::min(index * batch_ + i, base_->size() - 1);
      EDGEOPT_TRY(const Sample sample, base_->Load(at));
      // Named and in the model's order, each [1, ...].
      EDGEOPT_TRY(std::vector<ir::Tensor> tensors, ModelInputs(sample, inputs_));
      samples.push_back({std::move(tensors), {}});
    }
    EDGEOPT_TRY(std::vector<ir::Tensor> stacked, Stack(samples, inputs_));
    return Sample{std::move(stacked), {}};
  }

  std::string SampleName(int64_t index) const override {
    return base_->SampleName(index * batch_) + " and the " + std::to_string(batch_ - 1) +
           " samples after it";
  }

  Result<std::string> ContentHash(int64_t index) const override {
    std::string all;
    for (int64_t i = index * batch_; i < std::min((index + 1) * batch_, base_->size()); ++i) {
      EDGEOPT_TRY(const std::string hash, base_->ContentHash(i));
      all += hash;
    }
    return Sha256Hex(std::as_bytes(std::span(all)));
  }

  bool labelled() const override { return false; }
  int64_t class_count() const override { return base_->class_count(); }
  const std::vector<std::string>& class_names() const override { return base_->class_names(); }
  const std::vector<int64_t>& class_ids() const override { return base_->class_ids(); }
  const Preprocessing* preprocessing() const override { return base_->preprocessing(); }
  std::string Describe() const override {
    return base_->Describe() + ", in batches of " + std::to_string(batch_);
  }

 private:
  std::shared_ptr<const Dataset> base_;
  int64_t batch_;
  std::vector<InputSpec> inputs_;
};

}  // namespace

int64_t FixedBatch(const std::vector<InputSpec>& inputs, const Sample& sample) {
  if (inputs.empty() || sample.inputs.empty() || inputs[0].dims.empty()) return 1;
  const ir::Tensor* first = Find(sample.inputs, inputs[0].name);
  if (first == nullptr) first = &sample.inputs[0];
  const bool has_batch_axis = static_cast<int64_t>(inputs[0].dims.size()) == first->rank() + 1;
  return has_batch_axis ? std::max<int64_t>(1, inputs[0].dims[0]) : 1;
}

std::shared_ptr<const Dataset> InBatches(std::shared_ptr<const Dataset> data,
                                         const std::vector<InputSpec>& inputs) {
  if (data == nullptr || data->size() == 0) return data;
  const auto first = data->Load(0);
  const int64_t batch = first.ok() ? FixedBatch(inputs, *first) : 1;
  if (batch == 1) return data;
  return std::make_shared<const Batched>(std::move(data), batch, inputs);
}

}  // namespace edgeopt::data
