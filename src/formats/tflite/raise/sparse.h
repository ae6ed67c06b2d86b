// Sparse constants with their zeros.
#pragma once

#include "base/buffer.h"
#include "formats/tflite/file.h"

namespace edgeopt::formats::tflite::raise {

// All elements of a tensor of which `data` has those that its sparsity stores. Requires a verified
// tensor of elements of whole bytes.
Buffer Densified(const schema::TensorT& tensor, const Buffer& data);

}  // namespace edgeopt::formats::tflite::raise
