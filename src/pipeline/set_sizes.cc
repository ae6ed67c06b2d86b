#include "pipeline/set_sizes.h"

#include <algorithm>
#include <set>

#include "formats/onnx/onnx.h"
#include "passes/symbolic_types.h"

namespace edgeopt::pipeline {
namespace {

// No exporter's name for a size.
constexpr const char* kProbe = "edgeopt_batch";

// Types that follow from others. Sequences and their like keep theirs, which have no sizes of their
// own that matter.
bool ForgetTypes(ir::Graph& graph, bool is_main) {
  bool changed = false;
  const std::set<ir::ValueId> inputs(graph.inputs().begin(), graph.inputs().end());
  for (size_t i = 0; i < graph.value_bound(); ++i) {
    const ir::ValueId id{static_cast<int32_t>(i)};
    if (!graph.alive(id)) continue;
    const ir::Value& value = graph.value(id);
    const bool is_given = is_main && inputs.contains(id);
    if (is_given || value.initializer || value.sparse_initializer || !value.type.shape) continue;
    graph.SetType(id, ir::Type::OfTensor(value.type.element));
    changed = true;
  }
  return changed;
}

Status ForgetTypes(ir::Model& model) {
  EDGEOPT_CHECK_OK(ir::TransformGraphs(model, [&model](ir::Graph& graph) -> Result<bool> {
    return ForgetTypes(graph, &graph == &model.graph);
  }));
  return OkStatus();
}

Status InferAgain(ir::Model& model) {
  EDGEOPT_CHECK_OK(ForgetTypes(model));
  EDGEOPT_CHECK_OK(formats::InferTypes(model));
  passes::Context context;
  context.infer_types = formats::InferTypes;
  return passes::RefineTypes(model, context);
}

// Makes a model follow a batch that its file fixes.
class BatchFollower {
 public:
  BatchFollower(ir::Model& model, const std::vector<InputChange>& changes)
      : model_(model), probe_(model) {
    for (const InputChange& change : changes) {
      if (!change.batch_changed() || !change.before[0].value) continue;
      batch_ = *change.before[0].value;
      const ir::ValueId id = probe_.graph.Find(change.name);
      ir::Type type = probe_.graph.value(id).type;
      type.shape->front() = ir::Dim::Symbol(kProbe);
      probe_.graph.SetType(id, std::move(type));
    }
  }

  Result<std::vector<std::string>> Run() {
    // Behind each Reshape that is made to follow, others may become provable.
    while (batch_ > 0) {
      EDGEOPT_CHECK_OK(InferAgain(probe_));
      if (!FollowOnce()) break;
    }
    return std::move(followed_);
  }

 private:
  bool FollowOnce() {
    bool any = false;
    for (const ir::NodeId id : probe_.graph.nodes()) {
      const auto target = NewTarget(id);
      if (!target) continue;
      followed_.push_back(probe_.graph.Describe(id));
      // The same nodes and values in both.
      for (ir::Graph* graph : {&probe_.graph, &model_.graph})
        graph->SetInput(id, 1, graph->AddInitializer("shape", *target));
      any = true;
    }
    return any;
  }

  // Equal counts of elements, and an equal first factor: what is behind the batch is a sample's.
  std::optional<ir::Tensor> NewTarget(ir::NodeId id) const {
    const ir::Graph& graph = probe_.graph;
    const ir::Node& node = graph.node(id);
    if (!node.Is("Reshape")) return std::nullopt;
    const auto& data = graph.value(node.input(0)).type.shape;
    const auto target = graph.ConstantOf(node.input(1));
    if (!data || data->empty() || data->front().symbol != kProbe || !target) return std::nullopt;
    auto sizes = target->ToInts();
    if (!sizes.ok() || sizes->empty() || sizes->front() != batch_) return std::nullopt;
    const bool zero_copies = node.IntOr("allowzero", 0) == 0;
    const bool is_open = std::ranges::find(*sizes, -1) != sizes->end();
    if (!zero_copies && is_open) return std::nullopt;
    sizes->front() = zero_copies ? 0 : -1;
    return ir::Tensor::Of<int64_t>({static_cast<int64_t>(sizes->size())}, *sizes);
  }

  ir::Model& model_;
  ir::Model probe_;
  int64_t batch_ = 0;
  std::vector<std::string> followed_;
};

// Inferred on a copy: the file keeps no types of values inside.
Status SetOutputTypes(ir::Model& model) {
  ir::Model inferred = model;
  EDGEOPT_CHECK_OK(InferAgain(inferred));
  EDGEOPT_CHECK_OK(ForgetTypes(model));
  for (const ir::ValueId id : model.graph.outputs())
    if (!model.graph.value(id).initializer) model.graph.SetType(id, inferred.graph.value(id).type);
  return OkStatus();
}

}  // namespace

bool SizedModel::fits_original() const {
  return std::ranges::all_of(inputs, [](const InputChange& input) { return input.fits_before(); });
}

bool SizedModel::batch_changed() const {
  return std::ranges::any_of(inputs,
                             [](const InputChange& input) { return input.batch_changed(); });
}

Result<SizedModel> SetSizes(const ir::Model& model, const AskedSizes& asked) {
  SizedModel sized;
  sized.model = model;
  EDGEOPT_TRY(sized.inputs, ApplySizes(sized.model, asked));
  if (sized.inputs.empty()) return sized;
  EDGEOPT_TRY(sized.followed, BatchFollower(sized.model, sized.inputs).Run());
  EDGEOPT_CHECK_OK(SetOutputTypes(sized.model));
  return sized;
}

}  // namespace edgeopt::pipeline
