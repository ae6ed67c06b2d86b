// Compares two ModelProtos by meaning. Written against onnx.proto, independently of the reader.
#pragma once

#include <string>

#include "onnx/onnx_pb.h"

namespace edgeopt::testing {

// "" when both say the same; else the differences. Not seen: which field of a TensorProto holds the
// data, empty strings and a zero model_version against absent ones, the order of value_info and of
// initializers, value_info that repeats what inputs, outputs or initializers say, negative
// (unknown) dimensions.
std::string Differences(onnx::ModelProto a, onnx::ModelProto b);

onnx::ModelProto LoadProto(const std::string& path);

}  // namespace edgeopt::testing
