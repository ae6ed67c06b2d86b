#include "measure/compare.h"

#include <algorithm>
#include <map>

#include "ir/permute.h"
#include "quant/similarity.h"

namespace edgeopt::measure {
namespace {

using ir::Tensor;

std::map<std::string, const Tensor*> ByName(const std::vector<Tensor>& tensors) {
  std::map<std::string, const Tensor*> found;
  for (const Tensor& tensor : tensors) found[tensor.name] = &tensor;
  return found;
}

int64_t ArgMax(const Tensor& tensor) {
  const auto values = tensor.as<float>();
  return std::max_element(values.begin(), values.end()) - values.begin();
}

double Distance(const Tensor& a, const Tensor& b) {
  quant::Similarity similarity;
  similarity.Add(a.as<float>(), b.as<float>());
  return -similarity.sqnr_db();
}

// What was seen of the values that a pair hands out.
class Observation {
 public:
  explicit Observation(const SessionPair& pair) : pair_(pair) {}

  Status Add(const std::vector<Tensor>& inputs) {
    EDGEOPT_TRY(const auto expected, pair_.reference.Run(inputs));
    EDGEOPT_TRY(const auto found, pair_.other.Run(inputs));
    const auto twins = ByName(found);
    bool first = true;
    for (const Tensor& tensor : expected) {
      if (tensor.type() != ir::DataType::kFloat32) continue;
      const auto twin = twins.find(tensor.name);
      if (twin == twins.end())
        return BadInput("the other model has no output '" + tensor.name + "'");
      EDGEOPT_TRY(const Tensor ordered, InOrderOf(tensor, *twin->second));
      similarity_[tensor.name].Add(tensor.as<float>(), ordered.as<float>());
      if (first && tensor.size() > 0) agreements_ += ArgMax(tensor) == ArgMax(ordered);
      first = false;
    }
    return OkStatus();
  }

  int64_t agreements() const { return agreements_; }
  const std::map<std::string, quant::Similarity>& similarity() const { return similarity_; }

 private:
  // Sizes alone do not tell the order of [1, 8, 8, 8]: the first sample does.
  Result<Tensor> InOrderOf(const Tensor& tensor, const Tensor& twin) {
    const auto moves = ir::ChannelMoves(twin.dims(), tensor.dims());
    if (moves.empty() || twin.type() != tensor.type())
      return BadInput("'" + tensor.name + "' is " + ir::ToString(tensor.dims()) +
                      " in the reference and " + ir::ToString(twin.dims()) + " in the other model");
    const auto [known, is_new] = moves_.try_emplace(tensor.name, moves.front());
    if (is_new)
      known->second = *std::min_element(moves.begin(), moves.end(), [&](auto& a, auto& b) {
        return Distance(tensor, ir::Permuted(twin, a)) < Distance(tensor, ir::Permuted(twin, b));
      });
    if (std::is_sorted(known->second.begin(), known->second.end())) return twin;
    return ir::Permuted(twin, known->second);
  }

  SessionPair pair_;
  std::map<std::string, std::vector<int64_t>> moves_;  // of the other model's values
  std::map<std::string, quant::Similarity> similarity_;
  int64_t agreements_ = 0;
};

ValueComparison RowOf(const Comparands& comparands, const std::string& name,
                      const quant::Similarity& seen) {
  ValueComparison row;
  row.name = name;
  if (const auto made_by = comparands.made_by.find(name); made_by != comparands.made_by.end())
    row.made_by = made_by->second;
  row.sqnr_db = seen.sqnr_db();
  row.cosine = seen.cosine();
  row.max_abs_error = seen.max_abs_error();
  return row;
}

}  // namespace

Result<Comparison> Compare(const Comparands& comparands, const SampleSource& source,
                           int64_t samples, const CompareOptions& options) {
  if (samples < 1) return BadInput("there is no sample to compare on");
  Observation whole(comparands.whole);
  std::optional<Observation> inside;
  if (comparands.inside) inside.emplace(*comparands.inside);
  if (options.sink != nullptr) options.sink->Start("compare", samples);
  for (int64_t i = 0; i < samples; ++i) {
    if (options.cancel != nullptr && options.cancel->cancelled()) return Interrupted();
    EDGEOPT_TRY(const auto inputs, source(i));
    EDGEOPT_CHECK_OK(whole.Add(inputs));
    if (inside) EDGEOPT_CHECK_OK(inside->Add(inputs));
    if (options.sink != nullptr) options.sink->Advance(i + 1);
  }
  if (options.sink != nullptr) options.sink->Finish();
  Comparison comparison;
  comparison.samples = samples;
  comparison.top1_agreements = whole.agreements();
  for (const std::string& name : comparands.layers)
    if (const auto seen = inside->similarity().find(name); seen != inside->similarity().end())
      comparison.values.push_back(RowOf(comparands, name, seen->second));
  for (const auto& [name, seen] : whole.similarity()) {
    comparison.values.push_back(RowOf(comparands, name, seen));
    comparison.values.back().output = true;
  }
  return comparison;
}

}  // namespace edgeopt::measure
