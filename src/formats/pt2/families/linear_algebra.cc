// Products of matrices.
#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

// input [..., I], weight [O, I], bias [O].
Status Linear(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("input"));
  EDGEOPT_TRY(const Operand weight, op.In("weight"));
  EDGEOPT_TRY(const ValueId bias, op.InOrNone("bias"));
  if (weight.rank() != 2)
    return op.Unsupported("a weight of rank " + std::to_string(weight.rank()));
  if (x.rank() == 2)
    return op.Out(op.Node("Gemm", {x.value, weight.value, bias}, {{"transB", int64_t{1}}}));
  const ValueId product = op.Node("MatMul", {x.value, op.Permuted(weight.value, {1, 0})});
  return op.Out(bias.valid() ? op.Node("Add", {product, bias}) : product);
}

// The names of the two factors differ.
template <const char* kLeft, const char* kRight>
Status Product(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand left, op.In(kLeft));
  EDGEOPT_TRY(const Operand right, op.In(kRight));
  return op.Out(op.Node("MatMul", {left.value, right.value}));
}
constexpr char kSelf[] = "self", kOther[] = "other", kMat2[] = "mat2", kVec[] = "vec",
               kTensor[] = "tensor", kBatch1[] = "batch1", kBatch2[] = "batch2", kMatrix[] = "mat";

// beta * self + alpha * (left x right); with beta 0 self counts for nothing, not even its NaNs.
Status AddMatrixProduct(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Operand left, op.In("mat1"));
  EDGEOPT_TRY(const Operand right, op.In("mat2"));
  EDGEOPT_TRY(const double beta, op.Float("beta", 1));
  EDGEOPT_TRY(const double alpha, op.Float("alpha", 1));
  return op.Out(
      op.Node("Gemm", {left.value, right.value, beta == 0 ? ir::kNoValue : self.value},
              {{"alpha", static_cast<float>(alpha)}, {"beta", static_cast<float>(beta)}}));
}

template <const char* kLeft, const char* kRight>
Status AddProduct(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Operand left, op.In(kLeft));
  EDGEOPT_TRY(const Operand right, op.In(kRight));
  EDGEOPT_TRY(const double beta, op.Float("beta", 1));
  EDGEOPT_TRY(const double alpha, op.Float("alpha", 1));
  ValueId product = op.Node("MatMul", {left.value, right.value});
  if (alpha != 1) product = op.Node("Mul", {product, op.Scalar(alpha, left.type)});
  if (beta == 0) return op.Out(product);
  ValueId added = self.value;
  if (beta != 1) added = op.Node("Mul", {added, op.Scalar(beta, self.type)});
  return op.Out(op.Node("Add", {product, added}));
}

constexpr Rule kRules[] = {
    {.target = "aten.addmm.default", .lower = AddMatrixProduct},
    {.target = "aten.addmv.default", .lower = AddProduct<kMatrix, kVec>},
    {.target = "aten.baddbmm.default", .lower = AddProduct<kBatch1, kBatch2>},
    {.target = "aten.bmm.default", .lower = Product<kSelf, kMat2>},
    {.target = "aten.dot.default", .lower = Product<kSelf, kTensor>},
    {.target = "aten.linear.default", .lower = Linear},
    {.target = "aten.matmul.default", .lower = Product<kSelf, kOther>},
    {.target = "aten.mm.default", .lower = Product<kSelf, kMat2>},
    {.target = "aten.mv.default", .lower = Product<kSelf, kVec>},
};

}  // namespace

Family linear_algebra() { return {"linear_algebra", kRules}; }

}  // namespace edgeopt::formats::pt2
