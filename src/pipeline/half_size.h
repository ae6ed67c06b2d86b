// The same model at half its input resolution, for estimating what a smaller input would bring.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::pipeline {

struct HalfSize {
  ir::Model model;                // takes half the height and width
  std::string input;              // the image input that was halved
  int64_t height = 0, width = 0;  // of it, after halving
  std::vector<ir::Dims> dims;     // of all inputs, in order, batch 1
};

// Some input looks like an image: [N, C, H, W] or [N, H, W, C] with 1, 3 or 4 channels.
bool TakesImage(const std::vector<ir::Dims>& sample_dims);

// `sample_dims`: the dimensions of one sample's inputs, in the order of the graph's inputs that
// have no default. Unsupported, with the reason, when no input looks like an image, its size is
// odd or too small to be halved, or shape inference finds that the graph does not allow it. Whether
// the graph really runs, only running it tells.
Result<HalfSize> AtHalfSize(const ir::Model& model, const std::vector<ir::Dims>& sample_dims);

}  // namespace edgeopt::pipeline
