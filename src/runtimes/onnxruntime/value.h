// Tensors in and out of ONNX Runtime, without copying their elements (strings excepted).
#pragma once

#include <string>
#include <vector>

#include "ir/tensor.h"
#include "runtimes/onnxruntime/library.h"

namespace edgeopt::runtimes::ort {

using ValueHandle = Handle<OrtValue>;

// ONNX Runtime's number of the type and back; kUndefined for one it does not have.
ONNXTensorElementDataType ToOrt(ir::DataType type);
ir::DataType FromOrt(ONNXTensorElementDataType type);

// A view of the tensor, valid while `tensor` lives. Unsupported for a type that it does not have.
Result<ValueHandle> ViewOf(const LibraryPtr& library, const ir::Tensor& tensor);
// A sequence of views. Unsupported when there is none: the interface can't make an empty sequence.
Result<ValueHandle> SequenceOf(const LibraryPtr& library,
                               const std::vector<const ir::Tensor*>& tensors);

// Appends what the value holds: a tensor called `name`, the tensors of a sequence called "name[0]"
// and so on, nothing for an empty optional. Unsupported for maps and sparse tensors.
Status AppendTensors(const LibraryPtr& library, ValueHandle value, const std::string& name,
                     std::vector<ir::Tensor>& tensors);

}  // namespace edgeopt::runtimes::ort
