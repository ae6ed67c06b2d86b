// A TFLite file of one operator, run in LiteRT, against its ONNX form in ONNX Runtime.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "formats/tflite/lower/file_builder.h"
#include "pipeline/from_tflite.h"
#include "support/litert.h"
#include "support/ort.h"

namespace edgeopt::pipeline::operators {

using formats::tflite::lower::FileBuilder;
using formats::tflite::lower::Op;
using formats::tflite::lower::Quantization;
using formats::tflite::lower::TensorIndex;
using ir::DataType;
using ir::Dims;
using ir::Tensor;
namespace schema = formats::tflite::schema;
using schema::ActivationFunctionType;
using schema::Padding;

// A tensor of the operator.
struct Operand {
  Dims dims;
  DataType type = DataType::kFloat32;
  std::optional<Tensor> constant;
  std::optional<Quantization> quantization;
};

inline Operand F(Dims dims) { return {std::move(dims)}; }
inline Operand I(Dims dims, DataType type = DataType::kInt32) { return {std::move(dims), type}; }
inline Operand B(Dims dims) { return {std::move(dims), DataType::kBool}; }
// int8, one scale for all.
inline Operand Q(Dims dims, float scale = 0.05f, int64_t zero_point = 3) {
  return {std::move(dims), DataType::kInt8, {}, Quantization{{scale}, {zero_point}}};
}

template <typename T>
inline Operand Const(Dims dims, const std::vector<T>& values) {
  return {dims, ir::DataTypeOf<T>(), Tensor::Of(dims, values)};
}
inline Operand Ints(const std::vector<int32_t>& values) {
  return Const<int32_t>({static_cast<int64_t>(values.size())}, values);
}
inline Operand Int(int32_t value) { return Const<int32_t>({}, {value}); }

inline std::mt19937& Random() {
  static std::mt19937 random(11);
  return random;
}

inline std::vector<float> Numbers(size_t count) {
  std::vector<float> numbers(count);
  for (float& number : numbers) number = std::normal_distribution<float>()(Random());
  return numbers;
}

inline Operand Weights(const Dims& dims) {
  return Const<float>(dims, Numbers(static_cast<size_t>(*ir::ElementCount(dims))));
}

inline Tensor RandomTensor(DataType type, const Dims& dims) {
  const auto count = static_cast<size_t>(*ir::ElementCount(dims));
  const auto integers = [&]<typename T>(int low, int high, T) {
    std::vector<T> numbers(count);
    for (T& number : numbers)
      number =
          static_cast<T>(low + static_cast<int>(Random()() % static_cast<unsigned>(high - low)));
    return Tensor::Of(dims, numbers);
  };
  switch (type) {
    case DataType::kInt8:
      return integers(-128, 128, int8_t{});
    case DataType::kUint8:
      return integers(0, 256, uint8_t{});
    case DataType::kInt16:
      return integers(-3000, 3000, int16_t{});
    case DataType::kInt32:
      return integers(-4, 5, int32_t{});
    case DataType::kInt64:
      return integers(-4, 5, int64_t{});
    case DataType::kBool: {
      auto made = Tensor::Make(DataType::kBool, dims, integers(0, 2, uint8_t{}).data());
      return *made;
    }
    default:
      return Tensor::Of(dims, Numbers(count));
  }
}

// Of integers: a value between two steps may go either way.
inline constexpr double kOneStep = 1;

class Case {
 public:
  template <typename Options>
  Case(Op op, const Options& options, const std::vector<Operand>& inputs,
       const std::vector<Operand>& outputs) {
    const auto in = Inputs(inputs), out = Outputs(outputs);
    file_.Add(op, in, out, options);
    Finish(op);
  }
  Case(Op op, const std::vector<Operand>& inputs, const std::vector<Operand>& outputs) {
    const auto in = Inputs(inputs), out = Outputs(outputs);
    file_.Add(op, in, out);
    Finish(op);
  }

  // LiteRT's own kernels: what XNNPACK rounds otherwise is no question here. The reference ones
  // lack some operators, and normalize across other channels than these.
  void Expect(double tolerance) {
    const auto bytes = formats::tflite::SerializeTflite(built_);
    ASSERT_TRUE(bytes.ok()) << name_ << ": " << bytes.error().ToString();
    runtimes::SessionOptions session;
    session.kernels = runtimes::KernelMode::kBuiltin;
    const auto litert = testing::LiteRt()->LoadBytes(std::as_bytes(std::span(*bytes)), session);
    ASSERT_TRUE(litert.ok()) << name_ << ": " << litert.error().ToString();
    const auto expected = (*litert)->Run(fed_);
    ASSERT_TRUE(expected.ok()) << name_ << ": " << expected.error().ToString();
    const auto raised = RaiseModel(built_, {}, *testing::OnnxRuntime(), SilentSink(), nullptr);
    ASSERT_TRUE(raised.ok()) << name_ << ": " << raised.error().ToString();
    const std::string where = name_ + "\n" + formats::PrintText(raised->model);
    const auto found = testing::RunModel(raised->model, fed_, runtimes::GraphOptimization::kNone);
    ASSERT_TRUE(found.ok()) << where << found.error().ToString();
    const auto difference = testing::Compare(*expected, *found);
    EXPECT_EQ(difference.mismatch, "") << where;
    const bool steps = tolerance >= kOneStep;
    EXPECT_LE(steps ? difference.max_abs : std::min(difference.max_abs, difference.max_rel),
              tolerance)
        << where;
  }

 private:
  TensorIndex Add(const Operand& operand, const std::string& name) {
    const Quantization* quantization = operand.quantization ? &*operand.quantization : nullptr;
    return operand.constant
               ? *file_.AddConstant(name, *operand.constant, quantization)
               : *file_.AddTensor(name, operand.type, ir::ToShape(operand.dims), quantization);
  }

  std::vector<TensorIndex> Inputs(const std::vector<Operand>& inputs) {
    std::vector<TensorIndex> indices;
    std::vector<std::pair<std::string, TensorIndex>> named;
    for (const Operand& input : inputs) {
      const std::string name = "x" + std::to_string(indices.size());
      indices.push_back(Add(input, name));
      if (input.constant) continue;
      named.emplace_back(name, indices.back());
      fed_.push_back(RandomTensor(input.type, input.dims));
      fed_.back().name = name;
    }
    file_.SetInputs(named);
    return indices;
  }

  std::vector<TensorIndex> Outputs(const std::vector<Operand>& outputs) {
    std::vector<TensorIndex> indices;
    std::vector<std::pair<std::string, TensorIndex>> named;
    for (const Operand& output : outputs) {
      const std::string name = "y" + std::to_string(indices.size());
      indices.push_back(Add(output, name));
      named.emplace_back(name, indices.back());
    }
    file_.SetOutputs(named);
    return indices;
  }

  void Finish(Op op) {
    name_ = formats::tflite::OperatorName(op);
    built_ = std::move(file_).Finish();
  }

  FileBuilder file_{"test"};
  formats::tflite::File built_;
  std::vector<Tensor> fed_;
  std::string name_;
};

inline constexpr double kFloat = 1e-5;

template <typename Options>
void Same(Op op, const Options& options, const std::vector<Operand>& inputs,
          const std::vector<Operand>& outputs, double tolerance = kFloat) {
  Case(op, options, inputs, outputs).Expect(tolerance);
}
inline void Same(Op op, const std::vector<Operand>& inputs, const std::vector<Operand>& outputs,
                 double tolerance = kFloat) {
  Case(op, inputs, outputs).Expect(tolerance);
}

inline schema::Conv2DOptionsT Conv(
    Padding padding, int stride, int dilation = 1,
    ActivationFunctionType activation = ActivationFunctionType::NONE) {
  schema::Conv2DOptionsT options;
  options.padding = padding;
  options.stride_h = options.stride_w = stride;
  options.dilation_h_factor = options.dilation_w_factor = dilation;
  options.fused_activation_function = activation;
  return options;
}

}  // namespace edgeopt::pipeline::operators
