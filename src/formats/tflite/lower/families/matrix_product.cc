// MatMul and Gemm. With a constant second operand they are FULLY_CONNECTED, whose weights are
// [outputs, inputs]; else BATCH_MATMUL.
#include "formats/tflite/lower/compose.h"
#include "ir/permute.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Dims;
using ir::Tensor;

// The weight as [outputs, inputs]; `transposed`: it already is.
Result<TensorIndex> Weight(NodeLowering& node, bool transposed) {
  EDGEOPT_TRY(auto integers, node.IntegerWeightIn(1, transposed ? 0 : 1));
  if (integers) {
    Tensor weight = integers->tensor;
    if (!transposed) weight = ir::Permuted(integers->tensor, {1, 0});
    integers->quantization->axis = 0;
    return node.Constant(weight, "weights", &*integers->quantization);
  }
  EDGEOPT_TRY(const Tensor weight, transposed ? Result<Tensor>(*node.ConstantIn(1))
                                              : ir::Permuted(*node.ConstantIn(1), {1, 0}));
  return node.Weight(weight, "weights");
}

Status FullyConnected(NodeLowering& node, TensorIndex weight, TensorIndex bias) {
  schema::FullyConnectedOptionsT options;
  options.keep_num_dims = node.InRank() > 2;
  // Of float data and int8 weights: the data's range need not be symmetric.
  const bool integers = node.tensor(weight).type == schema::TensorType::INT8;
  options.asymmetric_quantize_inputs = integers && !node.quantized();
  options.fused_activation_function = node.Activation();
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  node.file().Add(Op::FULLY_CONNECTED, {input, weight, bias}, {output}, options);
  return OkStatus();
}

Status BatchMatMul(NodeLowering& node, TensorIndex output, bool transpose_right = false,
                   bool transpose_left = false) {
  EDGEOPT_TRY(const TensorIndex left, node.In(0));
  EDGEOPT_TRY(const TensorIndex right, node.In(1));
  schema::BatchMatMulOptionsT options;
  options.adj_x = transpose_left;
  options.adj_y = transpose_right;
  node.file().Add(Op::BATCH_MATMUL, {left, right}, {output}, options);
  return OkStatus();
}

bool HasMatrix(const NodeLowering& node) { return node.IsConstant(1) && node.InRank(1) == 2; }

// A vector on the left is a row, one on the right a column; its axis is not in the result.
Status VectorProduct(NodeLowering& node) {
  if (node.quantized())
    return node.Unsupported("an int8 vector", "make it a matrix with a Reshape");
  Composer c(node);
  TensorIndex left = c.In(0), right = c.In(1);
  const auto with_one = [&](TensorIndex vector, bool in_front) {
    ir::Shape shape = node.file().ShapeOf(vector);
    shape.insert(in_front ? shape.begin() : shape.end(), ir::Dim::Of(1));
    return c.Reshape(vector, shape);
  };
  if (node.InRank(0) == 1) left = with_one(left, true);
  if (node.InRank(1) == 1) right = with_one(right, false);
  return c.FinishReshape(c.MatMul(left, right));
}

Status MatMul(NodeLowering& node) {
  if (HasMatrix(node) && node.InRank(0) >= 2) {
    const int64_t outputs = *node.InDim(1, 1);
    EDGEOPT_TRY(const TensorIndex weight, Weight(node, false));
    EDGEOPT_TRY(const TensorIndex bias,
                node.quantized() ? node.IntegerBias(2, outputs) : Result<TensorIndex>(kOmitted));
    return FullyConnected(node, weight, bias);
  }
  if (node.InRank(0) < 2 || node.InRank(1) < 2) return VectorProduct(node);
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  return BatchMatMul(node, output);
}

// alpha * A' B' + beta * C: alpha and beta go into constants, or are operators of their own.
class GemmLowering {
 public:
  explicit GemmLowering(NodeLowering& node)
      : node_(node),
        alpha_(node.node().FloatOr("alpha", 1)),
        beta_(node.node().FloatOr("beta", 1)),
        transpose_left_(node.node().IntOr("transA", 0) != 0),
        transpose_right_(node.node().IntOr("transB", 0) != 0) {}

  Status Run() {
    if (HasMatrix(node_) && !transpose_left_ && alpha_ == 1 && beta_ == 1 && BiasIsVector())
      return Connected();
    if (node_.quantized()) return node_.Unsupported("int8 with transA, alpha or beta");
    return General();
  }

 private:
  int64_t outputs() const { return *node_.InDim(1, transpose_right_ ? 0 : 1); }

  // [outputs] or [1, outputs] or one element for all.
  bool BiasIsVector() const {
    if (!node_.has_input(2)) return true;
    const auto bias = node_.ConstantIn(2);
    return bias && bias->size() == outputs() && bias->rank() <= 2 &&
           (bias->rank() < 2 || bias->dims()[0] == 1);
  }

  Status Connected() {
    EDGEOPT_TRY(const TensorIndex weight, Weight(node_, transpose_right_));
    EDGEOPT_TRY(const TensorIndex bias, Bias(weight));
    return FullyConnected(node_, weight, bias);
  }

  Result<TensorIndex> Bias(TensorIndex weight) {
    if (node_.quantized()) return node_.IntegerBias(2, outputs());
    if (!node_.has_input(2)) return kOmitted;
    return node_.Bias(2, outputs(), weight);
  }

  Status General() {
    const ir::Shape& shape = *node_.OutType().shape;
    const bool add = node_.has_input(2) && beta_ != 0;
    // BATCH_MATMUL has no activation.
    const auto activation =
        alpha_ != 1 || add ? node_.Activation() : schema::ActivationFunctionType::NONE;
    EDGEOPT_TRY(const TensorIndex output, node_.Out());
    TensorIndex product = output;
    if (alpha_ != 1 || add) {
      EDGEOPT_TRY(product, node_.TempLike(output, shape, "product"));
    }
    EDGEOPT_CHECK_OK(BatchMatMul(node_, product, transpose_right_, transpose_left_));
    if (alpha_ != 1) {
      EDGEOPT_TRY(product, Scaled(product, alpha_, add ? kOmitted : output, activation));
    }
    if (!add) return OkStatus();
    EDGEOPT_TRY(TensorIndex addend, node_.In(2));
    if (beta_ != 1) {
      EDGEOPT_TRY(addend, Scaled(addend, beta_, kOmitted, schema::ActivationFunctionType::NONE));
    }
    schema::AddOptionsT options;
    options.fused_activation_function = activation;
    node_.file().Add(Op::ADD, {product, addend}, {output}, options);
    return OkStatus();
  }

  Result<TensorIndex> Scaled(TensorIndex tensor, float factor, TensorIndex output,
                             schema::ActivationFunctionType activation) {
    EDGEOPT_TRY(const TensorIndex scalar, node_.Scalar(factor, ir::DataType::kFloat32));
    schema::MulOptionsT options;
    if (output == kOmitted) {
      EDGEOPT_TRY(output, node_.TempLike(tensor, node_.file().ShapeOf(tensor), "scaled"));
    } else {
      options.fused_activation_function = activation;
    }
    node_.file().Add(Op::MUL, {tensor, scalar}, {output}, options);
    return output;
  }

  NodeLowering& node_;
  float alpha_, beta_;
  bool transpose_left_, transpose_right_;
};

Status Gemm(NodeLowering& node) { return GemmLowering(node).Run(); }

constexpr Rule kRules[] = {
    {.op_type = "Gemm",
     .lower = Gemm,
     .integer = true,
     .fuses_activation = true,
     .bias_input = 2,
     .weight_input = 1},
    {.op_type = "MatMul", .lower = MatMul, .integer = true, .weight_input = 1},
};

}  // namespace

Family matrix_product() { return {"matrix_product", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
