#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/tflite/lower/graph_lowering.h"
#include "passes/layout/channels_last.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::DataType;
using ir::Dims;
using ir::Node;
using ir::Tensor;

// The numbers that integers stand for; per tensor or along one axis.
Result<Tensor> Dequantized(const Tensor& stored, const Quantization& quantization) {
  EDGEOPT_TRY(const auto integers, stored.ToInts());
  const Dims& dims = stored.dims();
  const size_t channels = quantization.scales.size();
  int64_t inner = 1;
  if (channels > 1)
    for (size_t axis = static_cast<size_t>(quantization.axis) + 1; axis < dims.size(); ++axis)
      inner *= dims[axis];
  std::vector<float> values(integers.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t channel = channels > 1 ? i / static_cast<size_t>(inner) % channels : 0;
    values[i] = static_cast<float>(integers[i] - quantization.zero_points[channel]) *
                quantization.scales[channel];
  }
  return Tensor::Of(dims, values);
}

// As far as T goes. int64's highest is no double; a bias is never near it.
template <typename T>
T RoundTo(double value) {
  constexpr double kLimit = sizeof(T) == 8 ? 0x1p62 : double{std::numeric_limits<int32_t>::max()};
  return static_cast<T>(std::clamp(std::nearbyint(value), -kLimit, kLimit));
}

// As numbers of single precision that were multiplied in another order.
bool SameScales(const Quantization& a, const Quantization& b) {
  return std::ranges::equal(a.scales, b.scales, [](float x, float y) {
    return std::fabs(x - y) <= 4 * std::numeric_limits<float>::epsilon() * std::fabs(x);
  });
}

// Of LOGISTIC, SOFTMAX and TANH (LiteRT's activations.cc).
constexpr float kInt16FixedScale = 1.0f / 32768;

template <typename T>
Tensor ScalarOf(double value) {
  return Tensor::Scalar(static_cast<T>(value));
}

}  // namespace

const Node& NodeLowering::node() const { return graph_.graph().node(id_); }
bool NodeLowering::quantized() const { return graph_.plan(id_).quantized; }
int64_t NodeLowering::opset() const { return graph_.opset(); }
bool NodeLowering::wide() const { return quantized() && graph_.plan(id_).wide; }
FileBuilder& NodeLowering::file() { return graph_.file(); }
const schema::TensorT& NodeLowering::tensor(TensorIndex index) const {
  return graph_.file().tensor(index);
}

const ir::Type& NodeLowering::InType(size_t slot) const {
  return graph_.TypeOf(node().input(slot));
}
const ir::Type& NodeLowering::OutType(size_t index) const {
  return graph_.TypeOf(node().output(index));
}

Result<Dims> NodeLowering::InDims(size_t slot) const {
  auto dims = InType(slot).static_dims();
  if (!dims)
    return Unsupported("the size of input " + std::to_string(slot) + " is " +
                           ir::ToString(InType(slot)) + "; it has to be known here",
                       "fix the sizes of the model's inputs with --shape");
  return *std::move(dims);
}

std::optional<int64_t> NodeLowering::InDim(size_t slot, int64_t axis) const {
  const ir::Type& type = InType(slot);
  if (axis < 0 || axis >= type.rank()) return std::nullopt;
  return (*type.shape)[static_cast<size_t>(axis)].value;
}

bool NodeLowering::IsConstant(size_t slot) const {
  const ir::ValueId input = node().input(slot);
  return input.valid() && (graph_.graph().ConstantOf(input) || graph_.StoredConstantOf(input));
}

std::optional<Tensor> NodeLowering::ConstantIn(size_t slot) const {
  const ir::ValueId input = node().input(slot);
  if (auto constant = graph_.graph().ConstantOf(input)) return constant;
  if (!input.valid()) return std::nullopt;
  const auto stored = graph_.StoredConstantOf(input);
  if (!stored || !stored->quantization) return std::nullopt;
  auto values = Dequantized(stored->tensor, *stored->quantization);
  return values.ok() ? std::optional(*std::move(values)) : std::nullopt;
}

Result<NodeLowering::StoredConstant> NodeLowering::StoredIn(size_t slot) const {
  auto stored = graph_.StoredConstantOf(node().input(slot));
  if (!stored || !stored->quantization)
    return Unsupported("input " + std::to_string(slot) + " has to be a quantized constant");
  return *std::move(stored);
}

Result<std::optional<NodeLowering::StoredConstant>> NodeLowering::IntegerWeightIn(
    size_t slot, int64_t axis) const {
  if (quantized()) {
    EDGEOPT_TRY(StoredConstant stored, StoredIn(slot));
    return std::optional(std::move(stored));
  }
  auto stored = graph_.StoredConstantOf(node().input(slot));
  if (!stored || !stored->quantization || stored->tensor.type() != DataType::kInt8)
    return std::optional<StoredConstant>();
  const Quantization& quantization = *stored->quantization;
  const bool symmetric =
      std::ranges::all_of(quantization.zero_points, [](int64_t zero) { return zero == 0; });
  if (!symmetric || (quantization.scales.size() > 1 && quantization.axis != axis))
    return std::optional<StoredConstant>();
  return stored;
}

Result<std::vector<int64_t>> NodeLowering::IntsIn(size_t slot) const {
  const auto constant = graph_.graph().ConstantOf(node().input(slot));
  if (!constant)
    return Unsupported("input " + std::to_string(slot) + ", '" +
                           graph_.graph().value(node().input(slot)).name +
                           "', is computed at run time; it has to be a constant here",
                       "fix the sizes of the model's inputs with --shape");
  return constant->ToInts();
}

Result<std::optional<std::vector<int64_t>>> NodeLowering::IntsOf(std::string_view attribute,
                                                                 size_t slot) const {
  if (const ir::Attribute* given = node().FindAttribute(attribute)) {
    const auto* list = given->get<std::vector<int64_t>>();
    if (list != nullptr) return std::optional(*list);
  }
  if (!has_input(slot)) return std::optional<std::vector<int64_t>>();
  EDGEOPT_TRY(auto values, IntsIn(slot));
  return std::optional(std::move(values));
}

std::optional<double> NodeLowering::ScalarIn(size_t slot) const {
  const auto constant = ConstantIn(slot);
  if (!constant || constant->size() != 1) return std::nullopt;
  const auto values = constant->ToDoubles();
  return values.ok() ? std::optional(values->front()) : std::nullopt;
}

Result<int64_t> NodeLowering::Axis(int64_t axis, int64_t rank) const {
  if (axis < -rank || axis >= rank)
    return BadInput("its axis is " + std::to_string(axis) + "; expected one of a tensor of rank " +
                    std::to_string(rank));
  return axis < 0 ? axis + rank : axis;
}

Error NodeLowering::Unsupported(std::string reason, std::string remedy) const {
  return edgeopt::Unsupported(std::move(reason), std::move(remedy));
}

// --- tensors ---

Result<TensorIndex> NodeLowering::In(size_t slot) {
  const ir::ValueId input = node().input(slot);
  if (!input.valid()) return kOmitted;
  const bool stored = quantized() && InType(slot).element == DataType::kFloat32 &&
                      graph_.graph().ProducerIf(input, "DequantizeLinear") != nullptr;
  if (!stored) return graph_.TensorOf(input);
  EDGEOPT_TRY(const TensorIndex integers, graph_.StoredTensorOf(input));
  return graph_.plan(id_).rule->same_scale ? Requantized(integers) : integers;
}

Result<TensorIndex> NodeLowering::Requantized(TensorIndex input) {
  EDGEOPT_TRY(const TensorIndex output, graph_.OutputOf(id_, 0));
  const auto &own = tensor(input).quantization, &wanted = tensor(output).quantization;
  if (own->scale == wanted->scale && own->zero_point == wanted->zero_point) return input;
  EDGEOPT_TRY(const TensorIndex fitting, TempLike(output, file().ShapeOf(input), "requantized"));
  file().Add(Op::QUANTIZE, {input}, {fitting}, schema::QuantizeOptionsT{});
  return fitting;
}

Result<TensorIndex> NodeLowering::Out(size_t index) {
  EDGEOPT_TRY(const TensorIndex output, graph_.OutputOf(id_, index));
  const bool pending = graph_.plan(id_).fused != schema::ActivationFunctionType::NONE;
  if (index != 0 || !pending || activation_taken_) return output;
  if (before_activation_ == kOmitted) {
    EDGEOPT_TRY(before_activation_, TempLike(output, file().ShapeOf(output), "before_activation"));
  }
  return before_activation_;
}

Result<TensorIndex> NodeLowering::FixedOut(float scale, int64_t zero_point) {
  EDGEOPT_TRY(const TensorIndex output, Out());
  if (!quantized()) return output;
  const schema::QuantizationParametersT& given = *tensor(output).quantization;
  const Quantization fixed =
      wide() ? Quantization{{kInt16FixedScale}, {0}, 0} : Quantization{{scale}, {zero_point}, 0};
  if (given.scale == fixed.scales && given.zero_point == fixed.zero_points) return output;
  return file().AddTensor(Name("fixed"), wide() ? DataType::kInt16 : DataType::kInt8,
                          file().ShapeOf(output), &fixed);
}

Status NodeLowering::AddRequantization(TensorIndex fixed) {
  EDGEOPT_TRY(const TensorIndex output, Out());
  if (fixed != output) file().Add(Op::QUANTIZE, {fixed}, {output}, schema::QuantizeOptionsT{});
  return OkStatus();
}

schema::ActivationFunctionType NodeLowering::Activation() {
  activation_taken_ = true;
  return graph_.plan(id_).fused;
}

Status NodeLowering::AddActivation() {
  if (before_activation_ == kOmitted) return OkStatus();
  EDGEOPT_TRY(const TensorIndex output, graph_.OutputOf(id_, 0));
  const auto fused = graph_.plan(id_).fused;
  const Op op = fused == schema::ActivationFunctionType::RELU    ? Op::RELU
                : fused == schema::ActivationFunctionType::RELU6 ? Op::RELU6
                                                                 : Op::RELU_N1_TO_1;
  file().Add(op, {before_activation_}, {output});
  return OkStatus();
}

Result<TensorIndex> NodeLowering::IndicesIn(size_t slot, int64_t axis) {
  const auto constant = graph_.graph().ConstantOf(node().input(slot));
  if (!constant) return In(slot);
  EDGEOPT_TRY(const auto indices, constant->ToInts());
  const auto size = InDim(0, axis);
  std::vector<int32_t> positive;
  for (const int64_t index : indices) {
    if (index < 0 && !size)
      return Unsupported("negative indices along an axis of unknown size",
                         "fix the sizes of the model's inputs with --shape");
    positive.push_back(static_cast<int32_t>(index < 0 ? index + *size : index));
  }
  return Constant(Tensor::Of(constant->dims(), positive), "indices");
}

Result<TensorIndex> NodeLowering::In32(size_t slot) {
  if (const auto constant = graph_.graph().ConstantOf(node().input(slot))) {
    EDGEOPT_TRY(const auto values, constant->ToInts());
    std::vector<int32_t> narrowed;
    for (const int64_t value : values)
      narrowed.push_back(static_cast<int32_t>(std::clamp<int64_t>(value, INT32_MIN, INT32_MAX)));
    return Constant(Tensor::Of(constant->dims(), narrowed), "input" + std::to_string(slot));
  }
  EDGEOPT_TRY(const TensorIndex input, In(slot));
  if (InType(slot).element == DataType::kInt32) return input;
  return Cast(input, DataType::kInt32, "input" + std::to_string(slot));
}

Result<TensorIndex> NodeLowering::Constant(const Tensor& tensor, std::string_view what,
                                           const Quantization* quantization) {
  return file().AddConstant(Name(what), tensor, quantization);
}

Result<TensorIndex> NodeLowering::Ints(const std::vector<int64_t>& values, std::string_view what) {
  const std::vector<int32_t> narrowed(values.begin(), values.end());
  return Constant(Tensor::Of({static_cast<int64_t>(narrowed.size())}, narrowed), what);
}

Result<TensorIndex> NodeLowering::Weight(const Tensor& tensor, std::string_view what) {
  return graph_.AddWeight(Name(what), tensor);
}

Result<TensorIndex> NodeLowering::Bias(size_t slot, int64_t channels, TensorIndex weight) {
  const auto constant = has_input(slot) ? ConstantIn(slot) : std::nullopt;
  if (has_input(slot) && !constant) return In(slot);
  const Tensor zeros = Tensor::Of({channels}, std::vector<float>(static_cast<size_t>(channels), 0));
  EDGEOPT_TRY(const Tensor bias, (constant ? *constant : zeros).Reshaped({channels}));
  return graph_.AddBias(Name("bias"), bias, weight);
}

Result<TensorIndex> NodeLowering::IntegerBias(size_t slot, int64_t channels) {
  EDGEOPT_TRY(const TensorIndex input, In(0));
  EDGEOPT_TRY(const StoredConstant weight, StoredIn(1));
  const double input_scale = tensor(input).quantization->scale.front();
  Quantization quantization;
  const std::vector<float>& scales = weight.quantization->scales;
  // The groups of a ConvTranspose share theirs.
  const size_t count = scales.size() == 1 ? 1 : static_cast<size_t>(channels);
  for (size_t i = 0; i < count; ++i)
    quantization.scales.push_back(static_cast<float>(input_scale * scales[i % scales.size()]));
  quantization.zero_points.assign(quantization.scales.size(), 0);
  EDGEOPT_TRY(const Tensor bias, wide() ? BiasIntegers<int64_t>(slot, channels, quantization)
                                        : BiasIntegers<int32_t>(slot, channels, quantization));
  return Constant(bias, "bias", &quantization);
}

template <typename T>
Result<Tensor> NodeLowering::BiasIntegers(size_t slot, int64_t channels,
                                          const Quantization& quantization) const {
  std::vector<T> bias(static_cast<size_t>(channels), 0);
  const auto stored = has_input(slot) ? graph_.StoredConstantOf(node().input(slot)) : std::nullopt;
  if (stored && stored->tensor.type() == DataType::kInt32 && stored->tensor.size() == channels &&
      stored->quantization && SameScales(*stored->quantization, quantization)) {
    bias.assign(stored->tensor.as<int32_t>().begin(), stored->tensor.as<int32_t>().end());
  } else if (has_input(slot)) {
    const auto constant = ConstantIn(slot);
    if (!constant) return Unsupported("a bias computed at run time");
    EDGEOPT_TRY(const auto values, constant->ToDoubles());
    for (size_t i = 0; i < bias.size() && i < values.size(); ++i)
      bias[i] = RoundTo<T>(values[i] / quantization.scales[i % quantization.scales.size()]);
  }
  return Tensor::Of({channels}, bias);
}

Result<TensorIndex> NodeLowering::Element(const Tensor& tensor, int64_t index) {
  const int64_t size = ir::StorageBytes(tensor.type(), 1);
  EDGEOPT_TRY(const Tensor element, Tensor::Make(tensor.type(), {},
                                                 Buffer::Copy(tensor.data().data() + index * size,
                                                              static_cast<size_t>(size))));
  return Constant(element, "element");
}

Result<TensorIndex> NodeLowering::Scalar(double value, DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return Constant(ScalarOf<float>(value), "scalar");
    case DataType::kInt64:
      return Constant(ScalarOf<int64_t>(value), "scalar");
    case DataType::kInt32:
      return Constant(ScalarOf<int32_t>(value), "scalar");
    case DataType::kInt16:
      return Constant(ScalarOf<int16_t>(value), "scalar");
    case DataType::kInt8:
      return Constant(ScalarOf<int8_t>(value), "scalar");
    case DataType::kUint8:
      return Constant(ScalarOf<uint8_t>(value), "scalar");
    case DataType::kBool:
      return Constant(ScalarOf<bool>(value), "scalar");
    default:
      return Unsupported("TFLite does not compute with " + std::string(ir::Name(type)));
  }
}

Result<TensorIndex> NodeLowering::Temp(const ir::Shape& shape, DataType type,
                                       std::string_view what) {
  return file().AddTensor(Name(what), type, shape);
}

Result<TensorIndex> NodeLowering::TempLike(TensorIndex like, const ir::Shape& shape,
                                           std::string_view what) {
  return file().AddTensorLike(Name(what), like, shape);
}

std::string NodeLowering::Name(std::string_view what) const {
  const Node& lowered = node();
  const auto made = std::ranges::find_if(lowered.outputs, &ir::ValueId::valid);
  const std::string& name = lowered.name.empty() ? graph_.graph().value(*made).name : lowered.name;
  return name + "/" + std::string(what);
}

// --- subgraphs ---

const ir::Graph& NodeLowering::graph() const { return graph_.graph(); }

Result<const ir::Graph*> NodeLowering::GraphOf(std::string_view attribute) const {
  const ir::Attribute* given = node().FindAttribute(attribute);
  const auto* subgraph = given != nullptr ? given->get<ir::GraphPtr>() : nullptr;
  if (subgraph == nullptr) return BadInput("it has no graph '" + std::string(attribute) + "'");
  return subgraph->get();
}

Result<TensorIndex> NodeLowering::TensorOf(ir::ValueId id) { return graph_.TensorOf(id); }

Result<std::vector<TensorIndex>> NodeLowering::Lowered(const ir::Graph& graph,
                                                       const std::vector<TensorIndex>& inputs) {
  return GraphLowering(graph, opset(), file(), graph_.options()).RunOn(inputs);
}

// --- operators written often ---

Status NodeLowering::ReshapeTo(TensorIndex input, const ir::Shape& shape, TensorIndex output) {
  // A list of no sizes looks like one that is not known.
  if (shape.empty()) {
    file().Add(Op::SQUEEZE, {input}, {output}, schema::SqueezeOptionsT{});
    return OkStatus();
  }
  std::vector<int64_t> sizes;
  for (const ir::Dim& dim : shape) sizes.push_back(dim.value.value_or(-1));
  if (std::ranges::count(sizes, -1) > 1)
    return Unsupported("more than one size of " + ir::ToString(shape) + " is not known",
                       "fix the sizes of the model's inputs with --shape");
  EDGEOPT_TRY(const TensorIndex target, Ints(sizes, "shape"));
  schema::ReshapeOptionsT options;
  options.new_shape.assign(sizes.begin(), sizes.end());
  file().Add(Op::RESHAPE, {input, target}, {output}, std::move(options));
  return OkStatus();
}

Result<TensorIndex> NodeLowering::Reshape(TensorIndex input, const ir::Shape& shape,
                                          std::string_view what) {
  EDGEOPT_TRY(const TensorIndex output, TempLike(input, shape, what));
  EDGEOPT_CHECK_OK(ReshapeTo(input, shape, output));
  return output;
}

Result<TensorIndex> NodeLowering::AsScalar(TensorIndex input) {
  if (file().ShapeOf(input).empty()) return input;
  return Reshape(input, {}, "scalar");
}

Result<TensorIndex> NodeLowering::Transpose(TensorIndex input,
                                            const std::vector<int64_t>& permutation,
                                            std::string_view what) {
  const ir::Shape shape = file().ShapeOf(input);
  ir::Shape permuted;
  for (const int64_t axis : permutation) permuted.push_back(shape[static_cast<size_t>(axis)]);
  EDGEOPT_TRY(const TensorIndex output, TempLike(input, permuted, what));
  EDGEOPT_TRY(const TensorIndex order, Ints(permutation, "perm"));
  file().Add(Op::TRANSPOSE, {input, order}, {output}, schema::TransposeOptionsT{});
  return output;
}

Result<TensorIndex> NodeLowering::Cast(TensorIndex input, DataType type, std::string_view what) {
  EDGEOPT_TRY(const TensorIndex output, Temp(file().ShapeOf(input), type, what));
  schema::CastOptionsT options;
  options.in_data_type = tensor(input).type;
  options.out_data_type = tensor(output).type;
  file().Add(Op::CAST, {input}, {output}, options);
  return output;
}

const Rule* FindRule(const Node& node) {
  const bool nhwc = node.domain == passes::layout::kNhwcDomain;
  if (!nhwc && !node.domain.empty()) return nullptr;
  for (const Family& family : Table())
    for (const Rule& rule : family.rules)
      if (rule.op_type == node.op_type && (rule.layout == Layout::kNhwc) == nhwc) return &rule;
  return nullptr;
}

bool HasRuleFor(std::string_view op_type) {
  for (const Family& family : Table())
    for (const Rule& rule : family.rules)
      if (rule.op_type == op_type) return true;
  return false;
}

Status CheckTypes(const Rule& rule, DataType type) {
  const bool is_float = type == DataType::kFloat32, is_int32 = type == DataType::kInt32;
  const bool is_int = is_int32 || type == DataType::kInt64, is_bool = type == DataType::kBool;
  const bool is_small =
      type == DataType::kInt8 || type == DataType::kUint8 || type == DataType::kInt16;
  const bool is_stored = is_float || is_int || is_small || is_bool;
  const bool is_other = type == DataType::kFloat16 || type == DataType::kFloat64 ||
                        type == DataType::kUint16 || type == DataType::kUint32;
  const bool known = rule.types == Types::kBool         ? is_bool
                     : rule.types == Types::kFloat      ? is_float
                     : rule.types == Types::kFloatInt32 ? is_float || is_int32
                     : rule.types == Types::kFloatInt   ? is_float || is_int
                     : rule.types == Types::kStorage    ? is_stored
                                                        : is_stored || is_other;
  if (known) return OkStatus();
  return edgeopt::Unsupported("LiteRT does not do this with " + std::string(ir::Name(type)),
                              "export the model in float32");
}

}  // namespace edgeopt::formats::tflite::lower
