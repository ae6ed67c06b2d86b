// How one node becomes TFLite operators: what a rule sees and says. Rules are rows of the tables in
// families/, one file per operator family; the build collects them into Table().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/tflite/lower/file_builder.h"
#include "ir/model.h"

namespace edgeopt::formats::tflite::lower {

class GraphLowering;

// One node in the hands of its rule. In a quantized node (all activations come from a
// DequantizeLinear, all results go into a QuantizeLinear) In and Out are the integer tensors.
class NodeLowering {
 public:
  NodeLowering(GraphLowering& graph, ir::NodeId id) : graph_(graph), id_(id) {}

  const ir::Node& node() const;
  // Of ai.onnx: some defaults depend on it.
  int64_t opset() const;
  bool has_input(size_t slot) const { return node().input(slot).valid(); }
  bool has_output(size_t index) const { return node().output(index).valid(); }

  // --- facts ---
  const ir::Type& InType(size_t slot) const;
  const ir::Type& OutType(size_t index = 0) const;
  int64_t InRank(size_t slot = 0) const { return InType(slot).rank(); }
  int64_t OutRank(size_t index = 0) const { return OutType(index).rank(); }
  // All sizes of the input; Unsupported when one is not known.
  Result<ir::Dims> InDims(size_t slot) const;
  // A size of the input, if known.
  std::optional<int64_t> InDim(size_t slot, int64_t axis) const;
  // The input's constant value: an initializer or Constant; behind a DequantizeLinear, its floats.
  std::optional<ir::Tensor> ConstantIn(size_t slot) const;
  // A list that older opsets give as an attribute and newer ones as an input: nullopt when neither
  // is given. Unsupported when it is computed at run time.
  Result<std::optional<std::vector<int64_t>>> IntsOf(std::string_view attribute, size_t slot) const;
  // An initializer or Constant, perhaps behind a DequantizeLinear.
  bool IsConstant(size_t slot) const;
  // The integers of a constant input; Unsupported when it is computed at run time.
  Result<std::vector<int64_t>> IntsIn(size_t slot) const;
  // The one element of a constant input.
  std::optional<double> ScalarIn(size_t slot) const;
  // `axis` counted from the front; BadInput when it leaves the rank.
  Result<int64_t> Axis(int64_t axis, int64_t rank) const;
  // The integers of the node's weight and how they are quantized: of a quantized node whose input
  // is a constant behind a DequantizeLinear.
  struct StoredConstant {
    ir::Tensor tensor;
    std::optional<Quantization> quantization;
  };
  Result<StoredConstant> StoredIn(size_t slot) const;
  // StoredIn of a quantized node. Of a float one whose kernel quantizes the activations itself
  // (dynamic range): int8 with zero points 0, when the input is such a constant behind a
  // DequantizeLinear, with one scale or one per index of `axis`. nullopt: the weight is float.
  Result<std::optional<StoredConstant>> IntegerWeightIn(size_t slot, int64_t axis) const;
  bool quantized() const;
  // A quantized node whose data is int16.
  bool wide() const;

  // --- tensors ---
  Result<TensorIndex> In(size_t slot);
  Result<TensorIndex> Out(size_t index = 0);
  // Out; of an int8 node a tensor with the scale and zero point that the kernel insists on (of an
  // int16 one 2^-15 and 0), from which AddRequantization leads to Out where that has others.
  Result<TensorIndex> FixedOut(float scale, int64_t zero_point);
  Status AddRequantization(TensorIndex fixed);
  // In, as a shape-like operand: int32 (a constant is converted, else cast).
  Result<TensorIndex> In32(size_t slot);
  // Indices along `axis` of input 0: negative constants count from the end.
  Result<TensorIndex> IndicesIn(size_t slot, int64_t axis);
  // A constant whose name begins with the node's.
  Result<TensorIndex> Constant(const ir::Tensor& tensor, std::string_view what,
                               const Quantization* quantization = nullptr);
  Result<TensorIndex> Ints(const std::vector<int64_t>& values, std::string_view what);  // int32
  // A constant operand of an arithmetic operator, stored as the options say (float16).
  Result<TensorIndex> Weight(const ir::Tensor& tensor, std::string_view what);
  // The float bias beside such a weight, input `slot` or zeros: in float16 where the weight is.
  // XNNPACK (LiteRT 2.1.4) leaves a layer whose weight and bias differ to the builtin kernels.
  Result<TensorIndex> Bias(size_t slot, int64_t channels, TensorIndex weight);
  // The bias of a quantized node, int32 or, beside int16 data, int64: input `slot`, stored or
  // float, or zeros when it is omitted. Its scale is that of input 0 times that of the weight,
  // input 1 (8-bit quantization specification). DEPTHWISE_CONV_2D takes no int32 beside int16, and
  // other kernels would then sum products of 23 bits in 32.
  Result<TensorIndex> IntegerBias(size_t slot, int64_t channels);
  // A scalar that holds one element of a constant.
  Result<TensorIndex> Element(const ir::Tensor& tensor, int64_t index);
  // A scalar of the given type, which is one of the float and integer types.
  Result<TensorIndex> Scalar(double value, ir::DataType type);
  // A tensor between two operators of this node; in a quantized node it is quantized as `like`.
  Result<TensorIndex> Temp(const ir::Shape& shape, ir::DataType type, std::string_view what);
  Result<TensorIndex> TempLike(TensorIndex like, const ir::Shape& shape, std::string_view what);
  const schema::TensorT& tensor(TensorIndex index) const;

  // --- operators ---
  // Takes the activation behind the node, NONE without one: the last operator written does it, and
  // Out() is what comes behind. To be called before Out(); an activation that is not taken becomes
  // an operator of its own.
  schema::ActivationFunctionType Activation();
  // After the rule: that operator.
  Status AddActivation();
  FileBuilder& file();

  // --- subgraphs ---
  // The graph that the node is in, and its subgraph of that attribute.
  const ir::Graph& graph() const;
  Result<const ir::Graph*> GraphOf(std::string_view attribute) const;
  // The tensor of a value of the graph, which a subgraph reads.
  Result<TensorIndex> TensorOf(ir::ValueId id);
  // The nodes of a graph that reads nothing from outside (closed_graph.h), added to the subgraph
  // that is open, in which `inputs` are tensors; returns its outputs, which may be constants or
  // such inputs.
  Result<std::vector<TensorIndex>> Lowered(const ir::Graph& graph,
                                           const std::vector<TensorIndex>& inputs);

  // --- operators written often ---
  Result<TensorIndex> Reshape(TensorIndex input, const ir::Shape& shape, std::string_view what);
  Status ReshapeTo(TensorIndex input, const ir::Shape& shape, TensorIndex output);
  // A tensor of one element without axes: itself where it has none.
  Result<TensorIndex> AsScalar(TensorIndex input);
  Result<TensorIndex> Transpose(TensorIndex input, const std::vector<int64_t>& permutation,
                                std::string_view what);
  Result<TensorIndex> Cast(TensorIndex input, ir::DataType type, std::string_view what);

  // "this form of the operator is not there: REASON".
  Error Unsupported(std::string reason, std::string remedy = {}) const;
  // What belongs to the node is called after it.
  std::string Name(std::string_view what) const;

 private:
  template <typename T>
  Result<ir::Tensor> BiasIntegers(size_t slot, int64_t channels,
                                  const Quantization& quantization) const;
  Result<TensorIndex> Requantized(TensorIndex input);

  GraphLowering& graph_;
  ir::NodeId id_;
  bool activation_taken_ = false;
  TensorIndex before_activation_ = kOmitted;
};

// What a rule may assume of the node's layout.
enum class Layout { kPlain, kNhwc };

// The element types of a node's data that LiteRT computes with; for others its kernels abort, or
// take integers for quantized numbers.
enum class Types {
  kFloat,       // float32
  kFloatInt32,  // and int32
  kFloatInt,    // and int64
  kStorage,     // and int8, uint8, int16, bool: elements that are moved
  kCast,        // and float16, float64, uint16, uint32: elements that are converted
  kBool,
};

struct Rule {
  std::string_view op_type;  // ai.onnx's
  Status (*lower)(NodeLowering&);
  Types types = Types::kFloat;
  size_t typed_input = 0;          // whose type `types` speaks of
  Layout layout = Layout::kPlain;  // kNhwc: data input 0 and output are channels-last
  bool integer = false;            // has integer kernels: may stand between Q and DQ
  bool fuses_activation = false;   // calls Activation()
  int bias_input = -1;             // may be a float constant even in a quantized node
  int weight_input = -1;           // a constant that the int8 kernel takes to be symmetric
  // The integer kernel gives its inputs' elements on, so that inputs and outputs have one scale and
  // zero point: In() requantizes an input that has others.
  bool same_scale = false;
  bool unranked = false;   // asks itself for the ranks that it has to know
  bool int8_only = false;  // has no int16 kernel (LiteRT 2.1.4, or older runtimes)
};

struct Family {
  std::string_view name;
  std::span<const Rule> rules;
};
std::span<const Family> Table();
const Rule* FindRule(const ir::Node& node);
bool HasRuleFor(std::string_view op_type);  // in any layout
// Unsupported names a type that the rule does not know.
Status CheckTypes(const Rule& rule, ir::DataType type);

}  // namespace edgeopt::formats::tflite::lower
