// InferTypes: ONNX's shape inference, its results merged into the IR.
#include <exception>
#include <set>
#include <string_view>
#include <unordered_map>

#include "formats/onnx/onnx.h"
#include "formats/onnx/proto.h"
#include "onnx/shape_inference/implementation.h"
#include "ops/shape_arithmetic.h"

namespace edgeopt::formats {
namespace {

using ir::Type;

// Data propagation represents a one-dimensional value by one object per element; beyond this length
// none is a shape, and a hostile length would take all memory.
constexpr int64_t kLongestShape = 1 << 16;

void HideLongVectors(google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>* infos) {
  for (onnx::ValueInfoProto& info : *infos) {
    if (!info.type().tensor_type().has_shape()) continue;
    auto& shape = *info.mutable_type()->mutable_tensor_type()->mutable_shape();
    if (shape.dim_size() == 1 && shape.dim(0).dim_value() > kLongestShape)
      shape.mutable_dim(0)->clear_value();
  }
}

// Inference stops at the first node whose domain is not imported, instead of passing it over.
void ImportAllDomains(const onnx::GraphProto& graph, std::set<std::string>& domains) {
  for (const onnx::NodeProto& node : graph.node()) {
    domains.insert(node.domain());
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.has_g()) ImportAllDomains(attribute.g(), domains);
      for (const onnx::GraphProto& subgraph : attribute.graphs())
        ImportAllDomains(subgraph, domains);
    }
  }
}

void ImportAllDomains(onnx::ModelProto& model) {
  std::set<std::string> missing;
  ImportAllDomains(model.graph(), missing);
  for (const auto& import : model.opset_import()) {
    missing.erase(import.domain());
    if (import.domain() == "ai.onnx") missing.erase("");
  }
  for (const std::string& domain : missing) {
    auto* import = model.add_opset_import();
    import->set_domain(domain);
    import->set_version(1);
  }
}

// `known` made more precise by `inferred`; a contradiction is decided for `known`.
Type Refined(const Type& known, const Type& inferred) {
  if (known.kind == Type::Kind::kNone) {
    Type type = inferred;
    type.denotation = known.denotation;
    return type;
  }
  if (known.kind != inferred.kind) return known;
  Type type = known;
  if (type.element == ir::DataType::kUndefined) type.element = inferred.element;
  if (type.element != inferred.element) return known;
  if (!type.inner.empty() && !inferred.inner.empty())
    type.inner[0] = Refined(type.inner[0], inferred.inner[0]);
  else if (type.inner.empty())
    type.inner = inferred.inner;
  if (!type.shape) {
    type.shape = inferred.shape;
  } else if (inferred.shape && inferred.shape->size() == type.shape->size()) {
    for (size_t i = 0; i < type.shape->size(); ++i) {
      ir::Dim& dim = (*type.shape)[i];
      const ir::Dim& better = (*inferred.shape)[i];
      if (dim.value || (!better.value && !dim.symbol.empty())) continue;
      dim.value = better.value;
      dim.symbol = better.symbol;
    }
  }
  return type;
}

class TypeMerger {
 public:
  // Returns whether a type changed, in the graph or in a subgraph.
  bool Merge(const onnx::GraphProto& proto, ir::Graph& graph) const {
    bool changed = false;
    for (const auto* infos : {&proto.value_info(), &proto.output()})
      for (const onnx::ValueInfoProto& info : *infos) changed |= MergeValue(info, graph);
    const std::vector<ir::NodeId> nodes = graph.nodes();
    for (size_t i = 0; i < nodes.size(); ++i)
      if (graph.node(nodes[i]).has_subgraphs())
        changed |= MergeSubgraphs(proto.node(static_cast<int>(i)), graph, nodes[i]);
    return changed;
  }

 private:
  static bool MergeValue(const onnx::ValueInfoProto& info, ir::Graph& graph) {
    const ir::ValueId id = graph.Find(info.name());
    const auto inferred = internal::TypeFromProto(info.type());
    if (!id.valid() || !inferred.ok() || inferred->kind == Type::Kind::kNone) return false;
    Type type = Refined(graph.value(id).type, *inferred);
    if (type == graph.value(id).type) return false;
    graph.SetType(id, std::move(type));
    return true;
  }

  bool MergeSubgraphs(const onnx::NodeProto& proto, ir::Graph& graph, ir::NodeId id) const {
    bool any = false;
    // ToProto keeps the order of the attributes.
    for (int i = 0; i < proto.attribute_size(); ++i) {
      ir::Attribute attribute = graph.node(id).attributes[static_cast<size_t>(i)];
      bool changed = false;
      if (auto* one = std::get_if<ir::GraphPtr>(&attribute.value))
        changed = MergeSubgraph(proto.attribute(i).g(), *one);
      if (auto* many = std::get_if<std::vector<ir::GraphPtr>>(&attribute.value))
        for (size_t j = 0; j < many->size(); ++j)
          changed |= MergeSubgraph(proto.attribute(i).graphs(static_cast<int>(j)), (*many)[j]);
      if (changed) graph.SetAttribute(id, std::move(attribute));
      any |= changed;
    }
    return any;
  }

  bool MergeSubgraph(const onnx::GraphProto& proto, ir::GraphPtr& subgraph) const {
    ir::Graph copy = *subgraph;
    if (!Merge(proto, copy)) return false;
    subgraph = std::make_shared<const ir::Graph>(std::move(copy));
    return true;
  }
};

// --- constants that ONNX's data propagation does not see ---

void MakeConstant(const ir::Tensor& value, onnx::NodeProto& node) {
  node.set_op_type("Constant");
  node.clear_input();
  node.clear_attribute();
  auto& attribute = *node.add_attribute();
  attribute.set_name("value");
  attribute.set_type(onnx::AttributeProto::TENSOR);
  internal::TensorToProto(value, internal::FillData, *attribute.mutable_t());
}

// Evaluates shape computations and puts their results into the proto, subgraphs included. Returns
// the number of new results.
size_t FoldShapes(const ir::Graph& graph, onnx::GraphProto& proto, ops::KnownValues& known) {
  const std::vector<ir::NodeId> evaluated = ops::EvaluateShapes(graph, known);
  const std::set<ir::NodeId> folded(evaluated.begin(), evaluated.end());
  size_t count = evaluated.size();
  const std::vector<ir::NodeId> nodes = graph.nodes();
  for (size_t i = 0; i < nodes.size(); ++i) {
    const ir::Node& node = graph.node(nodes[i]);
    onnx::NodeProto& to = *proto.mutable_node(static_cast<int>(i));
    if (folded.count(nodes[i]) > 0) MakeConstant(known.at(graph.value(node.outputs[0]).name), to);
    for (size_t j = 0; j < node.attributes.size() && node.has_subgraphs(); ++j) {
      ops::KnownValues inner = known;
      if (const auto* one = node.attributes[j].get<ir::GraphPtr>())
        count += FoldShapes(**one, *to.mutable_attribute(static_cast<int>(j))->mutable_g(), inner);
    }
  }
  return count;
}

// Whether a result has a size that inference could not tell or had to invent a name for.
bool HasUnknownSizes(const ir::Graph& graph) {
  for (const ir::NodeId id : graph.nodes())
    for (const ir::ValueId output : graph.node(id).outputs) {
      if (!output.valid()) continue;
      const Type& type = graph.value(output).type;
      if (type.kind == Type::Kind::kNone || (type.is_tensor() && !type.shape)) return true;
      if (!type.shape) continue;
      for (const ir::Dim& dim : *type.shape)
        if (!dim.value && (dim.symbol.empty() || dim.symbol.rfind("unk__", 0) == 0)) return true;
    }
  return false;
}

void RunInference(onnx::ModelProto& proto) {
  onnx::shape_inference::DataValueMap values;
  const onnx::ShapeInferenceOptions options(/*check_type=*/false, /*error_mode=*/0,
                                            /*data_prop=*/true);
  try {
    onnx::shape_inference::InferShapes(proto, onnx::OpSchemaRegistry::Instance(), options, &values);
  } catch (const std::exception&) {
    // It gave up at a node that it can't treat; what it found before that node counts.
  }
}

}  // namespace

Status InferTypes(ir::Model& model) {
  internal::Shell shell;
  onnx::ModelProto proto = internal::ToProto(model, {.fill = shell.Filler()});
  ImportAllDomains(proto);
  HideLongVectors(proto.mutable_graph()->mutable_input());
  HideLongVectors(proto.mutable_graph()->mutable_value_info());
  HideLongVectors(proto.mutable_graph()->mutable_output());
  // Each round can make shapes known from which the next one computes further; all models met so
  // far end after two.
  constexpr int kMostRounds = 8;
  ops::KnownValues known;
  FoldShapes(model.graph, *proto.mutable_graph(), known);
  for (int round = 0; round < kMostRounds; ++round) {
    RunInference(proto);
    TypeMerger().Merge(proto.graph(), model.graph);
    if (!HasUnknownSizes(model.graph)) break;
    if (FoldShapes(model.graph, *proto.mutable_graph(), known) == 0) break;
  }
  return OkStatus();
}

}  // namespace edgeopt::formats
