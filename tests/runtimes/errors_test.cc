// Messages are those that ONNX Runtime 1.31.1 gave, verbatim.
#include "runtimes/onnxruntime/errors.h"

#include <gtest/gtest.h>

namespace edgeopt::runtimes::ort {
namespace {

TEST(Tidy, LeavesOutSourceLocationsAndSignatures) {
  EXPECT_EQ(
      Tidy("Non-zero status code returned while running ConstantOfShape node. Name:'cos' Status "
           "Message: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* "
           "onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed "
           "to allocate memory for requested buffer of size 4398046511104\n"),
      "Non-zero status code returned while running ConstantOfShape node. Name:'cos' Status "
      "Message: Failed to allocate memory for requested buffer of size 4398046511104");
  EXPECT_EQ(
      Tidy("/onnxruntime_src/onnxruntime/core/graph/model_load_utils.h:46 void "
           "onnxruntime::model_load_utils::ValidateOpsetForDomain(const "
           "std::unordered_map<std::__cxx11::basic_string<char>, int>&, const "
           "onnxruntime::logging::Logger&, bool, const std::string&, int) ONNX Runtime only "
           "*guarantees* support for models stamped with official released onnx opset versions."),
      "ONNX Runtime only *guarantees* support for models stamped with official released onnx "
      "opset versions.");
  EXPECT_EQ(
      Tidy("Node:r Output:y [ShapeInferenceError] "
           "/onnxruntime_src/onnxruntime/core/providers/cpu/tensor/reshape_helper.h:47 "
           "onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, "
           "onnxruntime::TensorShapeVector&, bool) input_shape_size == size was false. The input "
           "tensor cannot be reshaped to the requested shape. Input shape:{4}, requested "
           "shape:{5}\n"),
      "Node:r Output:y [ShapeInferenceError] input_shape_size == size was false. The input tensor "
      "cannot be reshaped to the requested shape. Input shape:{4}, requested shape:{5}");
}

TEST(Tidy, LeavesOutWhatTheCallerKnows) {
  EXPECT_EQ(Tidy("Load model from /models/a b.onnx failed:Protobuf parsing failed."),
            "Protobuf parsing failed.");
  EXPECT_EQ(Tidy("[ONNXRuntimeError] : 10 : INVALID_GRAPH : Cycle detected: f:\n Rec\n"),
            "Cycle detected: f: Rec");
}

TEST(Tidy, KeepsOtherTextAndItsOwnLimits) {
  EXPECT_EQ(Tidy("Got: 3 Expected: 4 (axis 1) [N, C]"), "Got: 3 Expected: 4 (axis 1) [N, C]");
  EXPECT_EQ(Tidy(""), "");
  EXPECT_EQ(Tidy("see /onnxruntime_src/a.cc"), "see");
  EXPECT_EQ(Tidy("/onnxruntime_src/a.cc:1 f(int"), "");
  EXPECT_EQ(Tidy("[ONNXRuntimeError] : cut"), "cut");
  EXPECT_EQ(Tidy(std::string(5000, 'x')).size(), 603U);
}

TEST(LoadError, TellsWrongModelsFromUnsupportedOnes) {
  EXPECT_EQ(LoadError(ORT_INVALID_GRAPH, "Error No Op registered for X").code,
            ErrorCode::kUnsupported);
  EXPECT_EQ(LoadError(ORT_FAIL, "Fatal error: a:X(-1) is not a registered function/op").code,
            ErrorCode::kUnsupported);
  EXPECT_EQ(LoadError(ORT_FAIL, "Node (c) Op (Conv) [ShapeInferenceError] pads").code,
            ErrorCode::kBadInput);
  EXPECT_EQ(LoadError(ORT_FAIL, "External data path validation failed").code, ErrorCode::kBadInput);
  EXPECT_EQ(LoadError(ORT_INVALID_PROTOBUF, "x").code, ErrorCode::kBadInput);
  EXPECT_EQ(LoadError(ORT_NOT_IMPLEMENTED, "x").code, ErrorCode::kUnsupported);
  EXPECT_EQ(LoadError(ORT_EP_FAIL, "x").code, ErrorCode::kUnavailable);
}

TEST(RunError, MemoryIsTheMachineAndTheRestTheData) {
  EXPECT_EQ(RunError(ORT_RUNTIME_EXCEPTION, "Failed to allocate memory for").code,
            ErrorCode::kUnavailable);
  EXPECT_EQ(RunError(ORT_RUNTIME_EXCEPTION, "cannot be reshaped").code, ErrorCode::kBadInput);
  EXPECT_EQ(RunError(ORT_NOT_IMPLEMENTED, "x").code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace edgeopt::runtimes::ort
