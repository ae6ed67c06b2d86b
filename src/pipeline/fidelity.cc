#include "pipeline/fidelity.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "quant/similarity.h"

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;

const Tensor* FindByName(const std::vector<Tensor>& tensors, const std::string& name) {
  for (const Tensor& tensor : tensors)
    if (tensor.name == name) return &tensor;
  return nullptr;
}

bool HasNan(const Tensor& tensor) {
  if (tensor.type() != ir::DataType::kFloat32) return false;
  const auto values = tensor.as<float>();
  return std::any_of(values.begin(), values.end(), [](float value) { return std::isnan(value); });
}

int64_t ArgMax(const Tensor& tensor) {
  const auto values = tensor.as<float>();
  return std::max_element(values.begin(), values.end()) - values.begin();
}

Status CheckReference(const std::vector<Tensor>& outputs, int64_t sample) {
  for (const Tensor& output : outputs)
    if (HasNan(output))
      return BadInput("output '" + output.name + "' of the float model is NaN on sample " +
                          std::to_string(sample),
                      "check the model and the data: 'edgeopt evaluate' shows whether it works");
  return OkStatus();
}

Status CheckAgainst(const Tensor& expected, const Tensor* found) {
  if (found == nullptr) return BadInput("the variant has no output '" + expected.name + "'");
  if (found->type() != expected.type() || found->dims() != expected.dims())
    return BadInput("output '" + expected.name + "' was " + std::string(Name(expected.type())) +
                    ir::ToString(expected.dims()) + " and is " + std::string(Name(found->type())) +
                    ir::ToString(found->dims()));
  if (HasNan(*found)) return BadInput("output '" + expected.name + "' of the variant holds NaN");
  return OkStatus();
}

// JSON has no infinity: equal outputs are null, and "exact" says so.
nlohmann::json Decibel(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

}  // namespace

double Fidelity::score_db() const {
  if (outputs.empty()) return 0;
  double sum = 0;
  for (const OutputFidelity& output : outputs) sum += std::clamp(output.sqnr_db, -200.0, 200.0);
  return sum / static_cast<double>(outputs.size());
}

nlohmann::json Fidelity::ToJson() const {
  nlohmann::json json = {{"samples", samples}, {"top1_agreements", top1_agreements}};
  for (const OutputFidelity& output : outputs)
    json["outputs"].push_back({{"name", output.name},
                               {"sqnr_db", Decibel(output.sqnr_db)},
                               {"exact", output.max_abs_error == 0},
                               {"cosine", output.cosine},
                               {"max_abs_error", output.max_abs_error}});
  return json;
}

Result<FidelityReference> FidelityReference::Make(runtimes::Session& reference,
                                                  const measure::SampleSource& source,
                                                  int64_t first, int64_t count,
                                                  const CancelToken* cancel) {
  FidelityReference made;
  made.source_ = &source;
  made.first_ = first;
  for (int64_t i = 0; i < count; ++i) {
    if (cancel != nullptr && cancel->cancelled()) return Interrupted();
    EDGEOPT_TRY(const auto inputs, source(first + i));
    EDGEOPT_TRY(auto outputs, reference.Run(inputs));
    EDGEOPT_CHECK_OK(CheckReference(outputs, first + i));
    std::erase_if(outputs, [](const Tensor& t) { return t.type() != ir::DataType::kFloat32; });
    made.outputs_.push_back(std::move(outputs));
  }
  return made;
}

Result<Fidelity> FidelityReference::Compare(runtimes::Session& variant) const {
  Fidelity fidelity;
  std::vector<quant::Similarity> similarity;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    EDGEOPT_TRY(const auto inputs, (*source_)(first_ + static_cast<int64_t>(i)));
    EDGEOPT_TRY(const auto outputs, variant.Run(inputs));
    similarity.resize(outputs_[i].size());
    for (size_t k = 0; k < outputs_[i].size(); ++k) {
      const Tensor& expected = outputs_[i][k];
      const Tensor* found = FindByName(outputs, expected.name);
      EDGEOPT_CHECK_OK(CheckAgainst(expected, found));
      similarity[k].Add(expected.as<float>(), found->as<float>());
      if (k == 0 && expected.size() > 0)
        fidelity.top1_agreements += ArgMax(expected) == ArgMax(*found);
    }
    ++fidelity.samples;
  }
  for (size_t k = 0; k < similarity.size(); ++k)
    fidelity.outputs.push_back({outputs_[0][k].name, similarity[k].sqnr_db(),
                                similarity[k].cosine(), similarity[k].max_abs_error()});
  return fidelity;
}

}  // namespace edgeopt::pipeline
