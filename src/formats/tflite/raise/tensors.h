// Tensors of a TFLite file in the IR's terms: types, shapes, quantization, constant data.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "formats/tflite/file.h"
#include "ir/tensor.h"
#include "ir/type.h"

namespace edgeopt::formats::tflite::raise {

// kUndefined for strings, resources and what else the IR's operators don't compute with.
ir::DataType DataTypeOf(schema::TensorType type);

// Sizes that are known at run time only have no value.
ir::Shape ShapeOf(const schema::TensorT& tensor);

// An 8-, 16- or 4-bit integer tensor that stands for real numbers.
bool IsQuantized(const schema::TensorT& tensor);
// As vectors of one element, or one per index of the quantized dimension.
std::vector<float> ScalesOf(const schema::TensorT& tensor);
std::vector<int64_t> ZeroPointsOf(const schema::TensorT& tensor);

// Unsupported names what the IR can't hold: an element type, blockwise scales, data in other files.
Status CheckTensor(const File& file, const schema::TensorT& tensor);

// The data in the file, sparse tensors made dense; nullopt of what is computed at run time.
// Requires CheckTensor.
std::optional<ir::Tensor> ConstantOf(const File& file, const schema::TensorT& tensor);

}  // namespace edgeopt::formats::tflite::raise
