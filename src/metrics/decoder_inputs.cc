#include "metrics/decoder_inputs.h"

#include "metrics/inputs.h"

namespace edgeopt::metrics {

Result<Matrix> ReadMatrix(const Observation& observation, std::string_view name, int64_t sample) {
  EDGEOPT_TRY(const ir::Tensor* output, FindOutput(observation, name, sample));
  ir::Dims dims = output->dims();
  while (dims.size() > 2 && dims[0] == 1) dims.erase(dims.begin());
  if (dims.size() != 2)
    return BadInput(Describe("output", *output, sample) + " has shape " +
                        ir::ToString(output->dims()) + "; the decoder expects a matrix",
                    "choose another output or another decoder");
  Matrix matrix{dims[0], dims[1], {}};
  EDGEOPT_TRY(matrix.values, Numbers(*output, "output", sample));
  return matrix;
}

Result<std::vector<float>> ReadNumbers(const Observation& observation, std::string_view name,
                                       int64_t sample) {
  EDGEOPT_TRY(const ir::Tensor* output, FindOutput(observation, name, sample));
  return Numbers(*output, "output", sample);
}

Box FromCentre(float x, float y, float width, float height) {
  return {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}

void AppendClasses(const Box& box, const float* scores, int64_t classes, int64_t stride,
                   float factor, float threshold, bool multi_label,
                   std::vector<Detection>& candidates) {
  if (multi_label) {
    for (int64_t c = 0; c < classes; ++c)
      if (const float score = scores[c * stride] * factor; score > threshold)
        candidates.push_back({box, score, c});
    return;
  }
  int64_t best = 0;
  for (int64_t c = 1; c < classes; ++c)
    if (scores[c * stride] > scores[best * stride]) best = c;
  if (const float score = scores[best * stride] * factor; score > threshold)
    candidates.push_back({box, score, best});
}

}  // namespace edgeopt::metrics
