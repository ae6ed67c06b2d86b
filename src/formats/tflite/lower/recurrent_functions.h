// The functions that LSTM, GRU and RNN apply, named by their attribute `activations`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {

struct RecurrentFunction {
  TensorIndex (*apply)(Composer&, TensorIndex x, float alpha, float beta) = nullptr;
  float alpha = 0, beta = 0;
  TensorIndex operator()(Composer& c, TensorIndex x) const { return apply(c, x, alpha, beta); }
};

// Those of all directions, one direction after the other; `defaults` are those of one. Unsupported
// names one that ONNX does not define; BadInput: the list has another length.
Result<std::vector<RecurrentFunction>> RecurrentFunctionsOf(
    const NodeLowering& node, const std::vector<std::string>& defaults, int64_t directions);

}  // namespace edgeopt::formats::tflite::lower
