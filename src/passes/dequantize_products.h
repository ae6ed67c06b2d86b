// dequantize-products: products of stored integers as float products.
#pragma once

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::passes {

// QLinearConv and QLinearMatMul become DequantizeLinear - Conv or MatMul - QuantizeLinear;
// ConvInteger and MatMulInteger a float product whose sums are exact. Returns the number of
// operators that were rewritten, in subgraphs too. Requires types.
Result<int64_t> DequantizeProducts(ir::Model& model);

}  // namespace edgeopt::passes
