#include "pipeline/set_sizes.h"

#include <algorithm>
#include <set>

#include "formats/onnx/onnx.h"
#include "ops/operator.h"
#include "passes/symbolic_types.h"

namespace edgeopt::pipeline {
namespace {

// A batch that no other size is a multiple of: a prime above the sides, channels and lengths that
// models have.
constexpr int64_t kProbe = 1000003;

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

// Where a Reshape's target has the batch. In row-major order the data's elements are counted by
// digits; the batch is one of them, and stays at its place. That place is told where it is an axis
// of the target, or where nothing is before it: at the border of two other axes it may belong to
// either, and stays unknown.
class BatchPlace {
 public:
  BatchPlace(const ir::Shape& data, std::vector<int64_t> target, int64_t batch)
      : data_(data), target_(std::move(target)), batch_(batch) {}

  // The target that follows; nullopt where it does already, or the place is not told.
  std::optional<std::vector<int64_t>> NewTarget() {
    if (data_.empty() || target_.empty()) return std::nullopt;
    // Whatever the other sizes are: equal counts, and an equal first factor.
    if (data_.front().value == kProbe && target_.front() == batch_) {
      target_.front() = 0;
      return target_;
    }
    const auto dims = ir::ToDims(data_);
    if (!dims || !Resolve(*dims)) return std::nullopt;
    const auto place = Place(*dims);
    if (!place || target_[*place] <= 0) return std::nullopt;
    const bool copied =
        *place < dims->size() && (*dims)[*place] == kProbe && resolved_[*place] == batch_;
    for (size_t i = 0; i < target_.size(); ++i)
      if (target_[i] < 0) target_[i] = resolved_[i];
    target_[*place] = copied ? 0 : -1;
    return target_;
  }

 private:
  // The target in numbers, with the file's batch. False where that is no whole number, or it
  // follows.
  bool Resolve(const ir::Dims& dims) {
    resolved_ = target_;
    int64_t known = 1;
    std::optional<size_t> open;
    for (size_t i = 0; i < resolved_.size(); ++i) {
      if (resolved_[i] == 0) {
        if (i >= dims.size() || dims[i] % kProbe == 0) return false;
        resolved_[i] = dims[i];
      }
      if (resolved_[i] < 0) {
        open = i;
      } else {
        known = ops::SaturatingMultiply(known, resolved_[i]);
      }
    }
    const int64_t total = ops::SaturatingMultiply(ops::Elements(dims) / kProbe, batch_);
    if (known <= 0 || total % known != 0) return false;
    if (open) resolved_[*open] = total / known;
    return open || total == known;
  }

  std::optional<size_t> Place(const ir::Dims& dims) const {
    const auto has_batch = [](int64_t size) { return size > 0 && size % kProbe == 0; };
    const auto axis = std::ranges::find_if(dims, has_batch);
    if (std::ranges::count_if(dims, has_batch) != 1 || has_batch(*axis / kProbe))
      return std::nullopt;
    const int64_t before = ops::Elements(ir::Dims(dims.begin(), axis));
    if (before == 1 && resolved_.front() % batch_ == 0) return 0;
    int64_t passed = 1;
    for (size_t i = 0; i < resolved_.size(); ++i) {
      if (passed == before && resolved_[i] == batch_) return i;
      passed = ops::SaturatingMultiply(passed, resolved_[i]);
    }
    return std::nullopt;
  }

  const ir::Shape& data_;
  std::vector<int64_t> target_, resolved_;
  const int64_t batch_;
};

// Makes a model follow a batch that its file fixes. The probe is the model with a batch of kProbe:
// a size in it that is a multiple of that has the batch.
class BatchFollower {
 public:
  BatchFollower(ir::Model& model, const std::vector<InputChange>& changes)
      : model_(model), probe_(model) {
    for (const InputChange& change : changes) {
      if (!change.batch_changed() || !change.before[0].value) continue;
      batch_ = *change.before[0].value;
      asked_ = change.after[0];
      const ir::ValueId id = probe_.graph.Find(change.name);
      ir::Type type = probe_.graph.value(id).type;
      type.shape->front() = ir::Dim::Of(kProbe);
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

  // Inference loses the batch behind a Reshape to -1; the probe has it still.
  void NameOutputs() const {
    ir::Graph& graph = model_.graph;
    for (size_t i = 0; batch_ > 0 && i < graph.outputs().size(); ++i) {
      const ir::ValueId id = graph.outputs()[i];
      const auto& probed = probe_.graph.value(probe_.graph.outputs()[i]).type.shape;
      ir::Type type = graph.value(id).type;
      if (!probed || !type.is_tensor()) continue;
      if (!type.shape) type.shape = ir::Shape(probed->size());
      if (type.shape->size() != probed->size()) continue;
      for (size_t axis = 0; axis < probed->size(); ++axis)
        if (ir::Dim& dim = (*type.shape)[axis]; !dim.value && (*probed)[axis].value == kProbe)
          dim = asked_;
      graph.SetType(id, std::move(type));
    }
  }

 private:
  bool FollowOnce() {
    bool any = false;
    for (const ir::NodeId id : probe_.graph.nodes()) {
      const auto target = NewTarget(id);
      if (!target) continue;
      followed_.push_back(probe_.graph.Describe(id));
      // The same nodes and values in both.
      for (ir::Graph* graph : {&probe_.graph, &model_.graph}) {
        const ir::ValueId old = graph->node(id).input(1);
        graph->SetInput(id, 1, graph->AddInitializer("shape", *target));
        const bool is_left = graph->value(old).initializer && graph->IsUnused(old);
        if (is_left && !graph->IsInput(old)) graph->RemoveValue(old);
        graph->RemoveAttribute(id, "allowzero");
      }
      any = true;
    }
    return any;
  }

  std::optional<ir::Tensor> NewTarget(ir::NodeId id) const {
    const ir::Graph& graph = probe_.graph;
    const ir::Node& node = graph.node(id);
    if (!node.Is("Reshape")) return std::nullopt;
    const auto& data = graph.value(node.input(0)).type.shape;
    const auto constant = graph.ConstantOf(node.input(1));
    if (!data || !constant) return std::nullopt;
    auto sizes = constant->ToInts();
    if (!sizes.ok()) return std::nullopt;
    const bool zero_copies = node.IntOr("allowzero", 0) == 0;
    if (!zero_copies && std::ranges::find(*sizes, 0) != sizes->end()) return std::nullopt;
    const auto target = BatchPlace(*data, std::move(*sizes), batch_).NewTarget();
    if (!target) return std::nullopt;
    return ir::Tensor::Of<int64_t>({static_cast<int64_t>(target->size())}, *target);
  }

  ir::Model& model_;
  ir::Model probe_;
  int64_t batch_ = 0;  // of the file; 0: it fixes none
  ir::Dim asked_;
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
  BatchFollower follower(sized.model, sized.inputs);
  EDGEOPT_TRY(sized.followed, follower.Run());
  EDGEOPT_CHECK_OK(SetOutputTypes(sized.model));
  follower.NameOutputs();
  return sized;
}

}  // namespace edgeopt::pipeline
