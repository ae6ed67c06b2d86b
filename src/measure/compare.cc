#include "measure/compare.h"

#include <algorithm>
#include <map>
#include <memory>

#include "formats/onnx/onnx.h"
#include "quant/similarity.h"

namespace edgeopt::measure {
namespace {

using ir::Tensor;

bool IsFloat32(const ir::Graph& graph, ir::ValueId id) {
  const ir::Type& type = graph.value(id).type;
  return type.is_tensor() && type.element == ir::DataType::kFloat32;
}

// Float values that nodes of both main graphs make, by name, in the reference's order.
std::vector<std::string> SharedValues(const ir::Model& reference, const ir::Model& other) {
  std::vector<std::string> names;
  for (const ir::NodeId node : reference.graph.nodes())
    for (const ir::ValueId id : reference.graph.node(node).outputs) {
      if (!id.valid() || !IsFloat32(reference.graph, id) || reference.graph.ConstantOf(id))
        continue;
      const ir::ValueId twin = other.graph.Find(reference.graph.value(id).name);
      if (twin.valid() && other.graph.value(twin).producer.valid() && IsFloat32(other.graph, twin))
        names.push_back(reference.graph.value(id).name);
    }
  return names;
}

Result<std::unique_ptr<runtimes::Session>> Load(runtimes::Runtime& runtime, const ir::Model& model,
                                                int threads) {
  EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(model));
  runtimes::SessionOptions options;
  options.threads = threads;
  return runtime.LoadBytes(std::as_bytes(std::span(bytes)), options);
}

ir::Model WithOutputs(ir::Model model, const std::vector<std::string>& names) {
  std::vector<ir::ValueId> outputs;
  for (const std::string& name : names) outputs.push_back(model.graph.Find(name));
  model.graph.SetOutputs(std::move(outputs));
  model.graph.RemoveUnused();
  return model;
}

std::map<std::string, const Tensor*> ByName(const std::vector<Tensor>& tensors) {
  std::map<std::string, const Tensor*> found;
  for (const Tensor& tensor : tensors) found[tensor.name] = &tensor;
  return found;
}

int64_t ArgMax(const Tensor& tensor) {
  const auto values = tensor.as<float>();
  return std::max_element(values.begin(), values.end()) - values.begin();
}

// The two models in the form in which they are run, and what was seen of each value.
class Pair {
 public:
  Pair(std::unique_ptr<runtimes::Session> reference, std::unique_ptr<runtimes::Session> other)
      : reference_(std::move(reference)), other_(std::move(other)) {}

  Status Add(const std::vector<Tensor>& inputs) {
    EDGEOPT_TRY(const auto expected, reference_->Run(inputs));
    EDGEOPT_TRY(const auto found, other_->Run(inputs));
    const auto twins = ByName(found);
    bool first = true;
    for (const Tensor& tensor : expected) {
      if (tensor.type() != ir::DataType::kFloat32) continue;
      const auto twin = twins.find(tensor.name);
      if (twin == twins.end())
        return BadInput("the other model has no output '" + tensor.name + "'");
      if (twin->second->type() != tensor.type() || twin->second->dims() != tensor.dims())
        return BadInput("'" + tensor.name + "' is " + ir::ToString(tensor.dims()) +
                        " in the reference and " + ir::ToString(twin->second->dims()) +
                        " in the other model");
      similarity_[tensor.name].Add(tensor.as<float>(), twin->second->as<float>());
      if (first && tensor.size() > 0) agreements_ += ArgMax(tensor) == ArgMax(*twin->second);
      first = false;
    }
    return OkStatus();
  }

  int64_t agreements() const { return agreements_; }
  const std::map<std::string, quant::Similarity>& similarity() const { return similarity_; }

 private:
  std::unique_ptr<runtimes::Session> reference_, other_;
  std::map<std::string, quant::Similarity> similarity_;
  int64_t agreements_ = 0;
};

Result<Pair> MakePair(runtimes::Runtime& runtime, const ir::Model& reference,
                      const ir::Model& other, int threads) {
  EDGEOPT_TRY(auto a, Load(runtime, reference, threads));
  EDGEOPT_TRY(auto b, Load(runtime, other, threads));
  return Pair(std::move(a), std::move(b));
}

ValueComparison RowOf(const ir::Graph& graph, const std::string& name,
                      const quant::Similarity& seen) {
  ValueComparison row;
  row.name = name;
  const ir::ValueId id = graph.Find(name);
  if (graph.producer(id).valid()) row.made_by = graph.node(graph.producer(id)).op_type;
  row.sqnr_db = seen.sqnr_db();
  row.cosine = seen.cosine();
  row.max_abs_error = seen.max_abs_error();
  return row;
}

}  // namespace

Result<Comparison> Compare(const ir::Model& reference, const ir::Model& other,
                           runtimes::Runtime& runtime, const SampleSource& source, int64_t samples,
                           const CompareOptions& options) {
  if (samples < 1) return BadInput("there is no sample to compare on");
  ir::Model typed_reference = reference, typed_other = other;
  EDGEOPT_CHECK_OK(formats::InferTypes(typed_reference));
  EDGEOPT_CHECK_OK(formats::InferTypes(typed_other));
  std::vector<std::string> layers;
  if (options.layers) layers = SharedValues(typed_reference, typed_other);
  EDGEOPT_TRY(Pair whole, MakePair(runtime, reference, other, options.threads));
  std::unique_ptr<Pair> inside;
  if (!layers.empty()) {
    EDGEOPT_TRY(Pair made, MakePair(runtime, WithOutputs(reference, layers),
                                    WithOutputs(other, layers), options.threads));
    inside = std::make_unique<Pair>(std::move(made));
  }
  if (options.sink != nullptr) options.sink->Start("compare", samples);
  for (int64_t i = 0; i < samples; ++i) {
    if (options.cancel != nullptr && options.cancel->cancelled()) return Interrupted();
    EDGEOPT_TRY(const auto inputs, source(i));
    EDGEOPT_CHECK_OK(whole.Add(inputs));
    if (inside != nullptr) EDGEOPT_CHECK_OK(inside->Add(inputs));
    if (options.sink != nullptr) options.sink->Advance(i + 1);
  }
  if (options.sink != nullptr) options.sink->Finish();
  Comparison comparison;
  comparison.samples = samples;
  comparison.top1_agreements = whole.agreements();
  for (const std::string& name : layers)
    comparison.values.push_back(RowOf(reference.graph, name, inside->similarity().at(name)));
  for (const auto& [name, seen] : whole.similarity()) {
    comparison.values.push_back(RowOf(reference.graph, name, seen));
    comparison.values.back().output = true;
  }
  return comparison;
}

}  // namespace edgeopt::measure
