#include "passes/quantize/dynamic_int8.h"

#include <algorithm>
#include <map>
#include <optional>

#include "passes/quantize/constants.h"
#include "passes/quantize/shared_weights.h"

namespace edgeopt::passes::quantize {
namespace {

using ir::Attribute;
using ir::DataType;
using ir::Dims;
using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::Tensor;
using ir::Type;
using ir::ValueId;

// Quantizing a row of K activations costs about as much as K * 8 int8 multiply-adds, so a product
// with fewer columns than this can't gain.
constexpr int64_t kMinColumns = 16;

Attribute IntAttribute(std::string name, int64_t value) {
  return {std::move(name), value, {}, 0, {}};
}

// [rows, columns] -> [columns, rows], float32.
Tensor Transposed(const Tensor& matrix) {
  const int64_t rows = matrix.dims()[0], columns = matrix.dims()[1];
  const auto from = matrix.as<float>();
  std::vector<float> to(from.size());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      to[static_cast<size_t>(c * rows + r)] = from[static_cast<size_t>(r * columns + c)];
  return Tensor::Of({columns, rows}, to);
}

Tensor Scaled(const Tensor& tensor, float factor) {
  std::vector<float> values(tensor.as<float>().begin(), tensor.as<float>().end());
  for (float& value : values) value *= factor;
  return Tensor::Of(tensor.dims(), values);
}

enum class Scope { kAll, kTables };

class GraphQuantizer {
 public:
  GraphQuantizer(Graph& graph, Scope scope, const DynamicOptions& options, DynamicReport& report)
      : graph_(graph), scope_(scope), options_(options), report_(report) {}

  Result<bool> Run() {
    bool changed = false;
    for (const NodeId id : graph_.nodes()) {
      const Node& node = graph_.node(id);
      if (scope_ == Scope::kTables ? !node.Is("Gather") : !IsCandidate(node)) continue;
      DynamicReport::Row row{NodeLabel(graph_, id), node.op_type, false, Obstacle(id)};
      if (row.reason.empty()) {
        const Status done = Quantize(id);
        if (!done.ok()) return done.error().Within("node '" + row.label + "'");
        row.quantized = changed = true;
      }
      report_.rows.push_back(std::move(row));
    }
    if (changed) {
      graph_.RemoveUnused();
      EDGEOPT_CHECK_OK(graph_.SortTopologically());
    }
    return changed;
  }

  bool uses_microsoft_domain() const { return uses_microsoft_domain_; }

 private:
  static bool IsCandidate(const Node& node) {
    static constexpr std::string_view kTypes[] = {"MatMul", "Gemm",   "LSTM", "GRU",
                                                  "RNN",    "Gather", "Conv", "ConvTranspose"};
    return std::any_of(std::begin(kTypes), std::end(kTypes),
                       [&](auto type) { return node.Is(type); });
  }

  std::optional<Tensor> FloatConstant(ValueId id) const {
    auto constant = graph_.ConstantOf(id);
    return constant && constant->type() == DataType::kFloat32 ? constant : std::nullopt;
  }

  std::string Obstacle(NodeId id) const {
    const Node& node = graph_.node(id);
    if (options_.exclusions.Match(graph_, id)) return "excluded by the user";
    if (node.Is("MatMul")) return MatMulObstacle(node);
    if (node.Is("Gemm")) return GemmObstacle(node);
    if (node.Is("LSTM")) return LstmObstacle(node);
    if (node.Is("Gather")) return GatherObstacle(id);
    if (node.Is("Conv") || node.Is("ConvTranspose"))
      return "a dynamically quantized convolution is slower than a float one";
    return "ONNX Runtime has no int8 kernel for " + node.op_type;
  }

  std::string MatMulObstacle(const Node& node) const {
    const auto weight = FloatConstant(node.input(1));
    if (!weight) return "its second operand is not a float32 constant";
    if (weight->rank() != 2) return "its weight has rank " + std::to_string(weight->rank());
    const std::string shared = SharedObstacle(node.input(1));
    return shared.empty() ? ColumnsObstacle(weight->dims()[1]) : shared;
  }

  // A table that Gathers read too may be stored twice: the product with it is what takes the time.
  std::string SharedObstacle(ValueId weight) const {
    return SharedWeightObstacle(graph_, weight, [this](const ir::Use& use) {
      const Node& reader = graph_.node(use.node);
      return ((reader.Is("MatMul") || reader.Is("Gemm")) && use.slot == 1) ||
             (reader.Is("LSTM") && (use.slot == 1 || use.slot == 2)) ||
             (reader.Is("Gather") && use.slot == 0);
    });
  }

  std::string GemmObstacle(const Node& node) const {
    const auto weight = FloatConstant(node.input(1));
    if (!weight || weight->rank() != 2) return "its weight is not a float32 constant of rank 2";
    if (node.IntOr("transA", 0) != 0) return "its first operand is transposed";
    if (node.FloatOr("beta", 1.0f) != 1.0f && node.input(2).valid() &&
        !FloatConstant(node.input(2)))
      return "beta is not 1 and its bias is computed";
    const std::string shared = SharedObstacle(node.input(1));
    if (!shared.empty()) return shared;
    return ColumnsObstacle(weight->dims()[node.IntOr("transB", 0) != 0 ? 0 : 1]);
  }

  static std::string ColumnsObstacle(int64_t columns) {
    if (columns >= kMinColumns) return {};
    return "its " + std::to_string(columns) +
           " output columns are too few to pay for quantizing its input";
  }

  std::string LstmObstacle(const Node& node) const {
    const auto weight = FloatConstant(node.input(1)), recurrence = FloatConstant(node.input(2));
    if (!weight || !recurrence || weight->rank() != 3 || recurrence->rank() != 3)
      return "its weights are not float32 constants of rank 3";
    if (node.IntOr("layout", 0) != 0) return "the int8 kernel has no batch-major layout";
    return {};
  }

  std::string GatherObstacle(NodeId id) const {
    const Node& node = graph_.node(id);
    const auto table = FloatConstant(node.input(0));
    if (!table) return "its table is not a float32 constant";
    if (table->rank() != 2 || node.IntOr("axis", 0) != 0)
      return "its table is not looked up by rows";
    if (table->size_bytes() < options_.min_table_bytes) return "its table is small";
    for (const ir::Use& use : graph_.uses(node.input(0)))
      if (use.slot != 0 || !graph_.node(use.node).Is("Gather"))
        return "its table is also read by " + graph_.Describe(use.node);
    return {};
  }

  Status Quantize(NodeId id) {
    const Node& node = graph_.node(id);
    if (node.Is("LSTM")) return QuantizeLstm(id);
    if (node.Is("Gather")) return QuantizeGather(id);
    return QuantizeProduct(id);
  }

  ValueId NewFloat(const std::string& name) {
    return graph_.AddValue(name, Type::OfTensor(DataType::kFloat32));
  }

  struct QuantizedActivation {
    ValueId data, scale, zero_point;
  };

  // One DynamicQuantizeLinear for all readers of the value.
  const QuantizedActivation& Activation(ValueId value) {
    auto [found, added] = activations_.try_emplace(value);
    if (!added) return found->second;
    const std::string name = graph_.value(value).name;
    QuantizedActivation& made = found->second;
    made.data = graph_.AddValue(name + "_quantized", Type::OfTensor(DataType::kUint8));
    made.scale = NewFloat(name + "_scale");
    made.zero_point = graph_.AddValue(name + "_zero_point", Type::OfTensor(DataType::kUint8));
    graph_.AddNode("DynamicQuantizeLinear", {value}, {made.data, made.scale, made.zero_point}, {},
                   name + "_DynamicQuantizeLinear");
    return made;
  }

  Status QuantizeProduct(NodeId id) {
    const Node node = graph_.node(id);
    const std::string label = NodeLabel(graph_, id);
    Tensor weight = *FloatConstant(node.input(1));
    if (node.Is("Gemm") && node.IntOr("transB", 0) != 0) weight = Transposed(weight);
    if (const float alpha = node.FloatOr("alpha", 1.0f); node.Is("Gemm") && alpha != 1.0f)
      weight = Scaled(weight, alpha);
    EDGEOPT_TRY(const QuantizedTensor quantized, QuantizeWeight(weight, 1, options_.reduced_range));
    const std::string& weight_name = graph_.value(node.input(1)).name;
    const ValueId data = graph_.AddInitializer(weight_name + "_quantized", quantized.data);
    const ValueId weight_scale = graph_.AddInitializer(weight_name + "_scale", quantized.scale);
    const ValueId weight_zero =
        graph_.AddInitializer(weight_name + "_zero_point", quantized.zero_point);

    const QuantizedActivation activation = Activation(node.input(0));
    const bool has_bias = node.Is("Gemm") && node.input(2).valid();
    const ValueId output = node.output(0);
    graph_.RemoveNode(id);
    const ValueId accumulated = graph_.AddValue(label + "_int32", Type::OfTensor(DataType::kInt32));
    graph_.AddNode("MatMulInteger", {activation.data, data, activation.zero_point, weight_zero},
                   {accumulated}, {}, label + "_MatMulInteger");
    const ValueId as_float = NewFloat(label + "_float"), scale = NewFloat(label + "_output_scale");
    graph_.AddNode("Cast", {accumulated}, {as_float},
                   {IntAttribute("to", static_cast<int64_t>(DataType::kFloat32))}, label + "_Cast");
    graph_.AddNode("Mul", {activation.scale, weight_scale}, {scale}, {}, label + "_scale_Mul");
    const ValueId product = has_bias ? NewFloat(label + "_product") : output;
    graph_.AddNode("Mul", {as_float, scale}, {product}, {}, label + "_output_Mul");
    if (has_bias)
      graph_.AddNode("Add", {product, GemmBias(node)}, {output}, {}, label + "_bias_Add");
    return OkStatus();
  }

  ValueId GemmBias(const Node& node) {
    const float beta = node.FloatOr("beta", 1.0f);
    if (beta == 1.0f) return node.input(2);
    return graph_.AddInitializer(graph_.value(node.input(2)).name + "_scaled",
                                 Scaled(*FloatConstant(node.input(2)), beta));
  }

  // com.microsoft.DynamicQuantizeLSTM (onnxruntime docs/ContribOperators.md): W and R transposed to
  // [directions, input, 4 * hidden], int8, one scale per direction and column.
  Status QuantizeLstm(NodeId id) {
    Node node = graph_.node(id);
    std::vector<ValueId> extra;
    for (const size_t slot : {size_t{1}, size_t{2}}) {
      const Tensor weight = *FloatConstant(node.input(slot));
      EDGEOPT_TRY(const QuantizedTensor quantized, QuantizeRecurrent(weight));
      const std::string name = graph_.value(node.input(slot)).name;
      node.inputs[slot] = graph_.AddInitializer(name + "_quantized", quantized.data);
      extra.push_back(graph_.AddInitializer(name + "_scale", quantized.scale));
      extra.push_back(graph_.AddInitializer(name + "_zero_point", quantized.zero_point));
    }
    node.inputs.resize(8, ir::kNoValue);
    node.inputs.insert(node.inputs.end(), extra.begin(), extra.end());
    node.op_type = "DynamicQuantizeLSTM";
    node.domain = "com.microsoft";
    std::erase_if(node.attributes, [](const Attribute& a) { return a.name == "layout"; });
    graph_.RemoveNode(id);
    graph_.AddNode(std::move(node));
    uses_microsoft_domain_ = true;
    return OkStatus();
  }

  Result<QuantizedTensor> QuantizeRecurrent(const Tensor& weight) const {
    const int64_t directions = weight.dims()[0], gates = weight.dims()[1],
                  inputs = weight.dims()[2];
    std::vector<int8_t> data;
    std::vector<float> scales;
    for (int64_t d = 0; d < directions; ++d) {
      const auto part = weight.as<float>().subspan(static_cast<size_t>(d * gates * inputs),
                                                   static_cast<size_t>(gates * inputs));
      const Tensor one =
          Transposed(Tensor::Of({gates, inputs}, std::vector<float>(part.begin(), part.end())));
      EDGEOPT_TRY(const QuantizedTensor quantized, QuantizeWeight(one, 1, options_.reduced_range));
      const auto bytes = quantized.data.as<int8_t>();
      data.insert(data.end(), bytes.begin(), bytes.end());
      const auto row = quantized.scale.as<float>();
      scales.insert(scales.end(), row.begin(), row.end());
    }
    return QuantizedTensor{Tensor::Of({directions, inputs, gates}, data),
                           Tensor::Of({directions, gates}, scales),
                           Tensor::Zeros(DataType::kInt8, {directions, gates})};
  }

  // Gather of int8 rows and of their scales: Cast(rows) * scales.
  Status QuantizeGather(NodeId id) {
    const Node node = graph_.node(id);
    const std::string label = NodeLabel(graph_, id);
    EDGEOPT_TRY(const Table table, QuantizedTable(node.input(0)));
    const ValueId indices = node.input(1), output = node.output(0);
    graph_.RemoveNode(id);
    const ValueId rows = graph_.AddValue(label + "_rows", Type::OfTensor(DataType::kInt8));
    const ValueId scales = NewFloat(label + "_row_scales"),
                  as_float = NewFloat(label + "_rows_float");
    graph_.AddNode("Gather", {table.data, indices}, {rows}, {IntAttribute("axis", 0)},
                   label + "_rows");
    graph_.AddNode("Gather", {table.scales, indices}, {scales}, {IntAttribute("axis", 0)},
                   label + "_scales");
    graph_.AddNode("Cast", {rows}, {as_float},
                   {IntAttribute("to", static_cast<int64_t>(DataType::kFloat32))}, label + "_Cast");
    graph_.AddNode("Mul", {as_float, scales}, {output}, {}, label + "_Mul");
    return OkStatus();
  }

  struct Table {
    ValueId data, scales;
  };

  Result<Table> QuantizedTable(ValueId value) {
    const auto known = tables_.find(value);
    if (known != tables_.end()) return known->second;
    const Tensor table = *FloatConstant(value);
    EDGEOPT_TRY(const QuantizedTensor quantized, QuantizeWeight(table, 0, false));
    EDGEOPT_TRY(const Tensor scales, quantized.scale.Reshaped({table.dims()[0], 1}));
    const std::string& name = graph_.value(value).name;
    const Table made{graph_.AddInitializer(name + "_quantized", quantized.data),
                     graph_.AddInitializer(name + "_row_scales", scales)};
    return tables_[value] = made;
  }

  Graph& graph_;
  const Scope scope_;
  const DynamicOptions& options_;
  DynamicReport& report_;
  std::map<ValueId, QuantizedActivation> activations_;
  std::map<ValueId, Table> tables_;
  bool uses_microsoft_domain_ = false;
};

// ": 3 x Conv: why not, 1 x Gemm: why not", or that there is nothing to quantize.
std::string Summary(const DynamicReport& report) {
  std::map<std::string, int> counts;
  for (const DynamicReport::Row& row : report.rows) ++counts[row.op_type + ": " + row.reason];
  std::string text;
  for (const auto& [reason, count] : counts)
    text += (text.empty() ? ": " : ", ") + std::to_string(count) + " x " + reason;
  return text.empty() ? ": it has no MatMul, Gemm, LSTM or Gather" : text;
}

// Whether anything changed; the report is filled in either case.
Result<bool> QuantizeGraphs(ir::Model& model, Scope scope, const DynamicOptions& options,
                            DynamicReport& report) {
  bool microsoft = false;
  const auto quantize = [&](Graph& graph) -> Result<bool> {
    GraphQuantizer quantizer(graph, scope, options, report);
    auto result = quantizer.Run();
    microsoft |= quantizer.uses_microsoft_domain();
    return result;
  };
  ir::Model quantized = model;
  EDGEOPT_TRY(const bool changed, ir::TransformGraph(quantized.graph, quantize));
  if (microsoft && quantized.OpsetVersion("com.microsoft") == 0)
    quantized.opset_imports.push_back({"com.microsoft", 1});
  if (changed) model = std::move(quantized);
  return changed;
}

}  // namespace

Result<DynamicReport> QuantizeDynamic(ir::Model& model, const DynamicOptions& options) {
  EDGEOPT_CHECK_OK(options.exclusions.CheckAllUsed(model.graph));
  if (model.OpsetVersion() < 11)
    return Unsupported("dynamic quantization needs opset 11, the model has " +
                       std::to_string(model.OpsetVersion()));
  DynamicReport report;
  EDGEOPT_TRY(const bool changed, QuantizeGraphs(model, Scope::kAll, options, report));
  if (!changed)
    return Unsupported("no operator of this model can be quantized dynamically" + Summary(report),
                       "try --precision int8 with calibration data");
  return report;
}

Result<DynamicReport> QuantizeTables(ir::Model& model, const DynamicOptions& options) {
  DynamicReport report;
  EDGEOPT_CHECK_OK(QuantizeGraphs(model, Scope::kTables, options, report));
  return report;
}

}  // namespace edgeopt::passes::quantize
