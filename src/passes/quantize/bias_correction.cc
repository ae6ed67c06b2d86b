#include "passes/quantize/bias_correction.h"

namespace edgeopt::passes::quantize {
namespace {

using ir::Dims;
using ir::Node;
using ir::Tensor;

// Where the weight's elements lie, as [outputs, inputs per group, kernel positions].
struct Matrix {
  int64_t outputs = 0, inputs = 0, positions = 1, groups = 1;
  bool transposed = false;  // [inputs, outputs]
  int64_t channels() const { return inputs * groups; }
};

std::optional<Matrix> MatrixOf(const Node& node, const Dims& dims) {
  Matrix matrix;
  if (node.Is("Gemm") && dims.size() == 2) {
    matrix.transposed = node.IntOr("transB", 0) == 0;
    matrix.outputs = dims[matrix.transposed ? 1 : 0];
    matrix.inputs = dims[matrix.transposed ? 0 : 1];
    return matrix;
  }
  if (!node.Is("Conv") || dims.size() < 3) return std::nullopt;
  matrix.groups = node.IntOr("group", 1);
  matrix.outputs = dims[0];
  matrix.inputs = dims[1];
  for (size_t i = 2; i < dims.size(); ++i) matrix.positions *= dims[i];
  if (matrix.groups < 1 || matrix.outputs % matrix.groups != 0) return std::nullopt;
  return matrix;
}

}  // namespace

std::set<std::string> ValuesToAverage(const ir::Graph& graph) {
  std::set<std::string> values;
  for (const ir::NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    const bool is_gemm = node.Is("Gemm") && node.IntOr("transA", 0) == 0;
    if (!is_gemm && !node.Is("Conv")) continue;
    const ir::Value& input = graph.value(node.input(0));
    if (graph.ConstantOf(node.input(1)) && input.type.element == ir::DataType::kFloat32)
      values.insert(input.name);
  }
  return values;
}

std::optional<std::vector<float>> LostMeans(const Node& node, const Tensor& weight,
                                            const QuantizedTensor& quantized, int64_t axis,
                                            const std::vector<float>& means) {
  const auto matrix = MatrixOf(node, weight.dims());
  if (!matrix || static_cast<int64_t>(means.size()) != matrix->channels() ||
      axis != (matrix->transposed ? 1 : 0))
    return std::nullopt;
  const auto exact = weight.as<float>();
  const auto integers = quantized.data.as<int8_t>();
  const auto scales = quantized.scale.as<float>();
  std::vector<float> lost;
  for (int64_t output = 0; output < matrix->outputs; ++output) {
    const float scale = scales[scales.size() == 1 ? 0 : static_cast<size_t>(output)];
    const int64_t group = output / (matrix->outputs / matrix->groups);
    double sum = 0;
    for (int64_t input = 0; input < matrix->inputs; ++input) {
      double error = 0;
      for (int64_t position = 0; position < matrix->positions; ++position) {
        const int64_t at = matrix->transposed
                               ? input * matrix->outputs + output
                               : (output * matrix->inputs + input) * matrix->positions + position;
        const auto index = static_cast<size_t>(at);
        error += double{exact[index]} - double{scale} * integers[index];
      }
      sum += error * means[static_cast<size_t>(group * matrix->inputs + input)];
    }
    lost.push_back(static_cast<float>(sum));
  }
  return lost;
}

}  // namespace edgeopt::passes::quantize
