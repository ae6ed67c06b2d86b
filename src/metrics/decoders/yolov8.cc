// YOLOv8 (also v9, v11), raw: [4 + C, N] with centre x, centre y, width, height and one score per
// class, after its sigmoid, in columns. Source: ultralytics/ultralytics, utils/ops.py,
// non_max_suppression. Parameters:
//   layout       channels-first (default): [4 + C, N]; channels-last: [N, 4 + C]
//   multi_label  true (default, as in their evaluation): a box counts for every class above the
//                threshold; false: for its best class
//   normalized   false (default): pixels of the model's input; true: shares of its size
#include "metrics/decoder_inputs.h"

namespace edgeopt::metrics::decoders {
namespace {

constexpr std::string_view kParameters[] = {"layout", "multi_label", "normalized"};

class Yolov8 : public Decoder {
 public:
  Yolov8(std::string output, bool channels_last, bool multi_label, bool normalized)
      : output_(std::move(output)),
        channels_last_(channels_last),
        multi_label_(multi_label),
        normalized_(normalized) {}

  Status Decode(const Observation& observation, int64_t sample, float threshold,
                std::vector<Detection>& candidates) const override {
    EDGEOPT_TRY(const Matrix matrix, ReadMatrix(observation, output_, sample));
    const int64_t channels = channels_last_ ? matrix.columns : matrix.rows;
    const int64_t boxes = channels_last_ ? matrix.rows : matrix.columns;
    if (channels < 5)
      return BadInput("decoder 'yolov8' expects " +
                          std::string(channels_last_ ? "[N, 4 + C]" : "[4 + C, N]") + ", found [" +
                          std::to_string(matrix.rows) + ", " + std::to_string(matrix.columns) +
                          "] in sample " + std::to_string(sample),
                      "see the parameter 'layout'");
    const int64_t channel_stride = channels_last_ ? 1 : boxes;
    const int64_t box_stride = channels_last_ ? channels : 1;
    for (int64_t i = 0; i < boxes; ++i) {
      const float* const at = matrix.values.data() + i * box_stride;
      AppendClasses(
          FromCentre(at[0], at[channel_stride], at[2 * channel_stride], at[3 * channel_stride]),
          at + 4 * channel_stride, channels - 4, channel_stride, 1, threshold, multi_label_,
          candidates);
    }
    return OkStatus();
  }
  bool normalized() const override { return normalized_; }

 private:
  std::string output_;
  bool channels_last_, multi_label_, normalized_;
};

Result<std::unique_ptr<Decoder>> MakeYolov8(const Parameters& parameters) {
  EDGEOPT_TRY(const std::string layout,
              parameters.Choice("layout", {"channels-first", "channels-last"}));
  EDGEOPT_TRY(const bool multi_label, parameters.Flag("multi_label", true));
  EDGEOPT_TRY(const bool normalized, parameters.Flag("normalized", false));
  return std::unique_ptr<Decoder>(
      new Yolov8(parameters.Text("output"), layout == "channels-last", multi_label, normalized));
}

}  // namespace

DecoderInfo yolov8() {
  return {
      "yolov8",  "raw YOLOv8: columns of cx, cy, w, h, class scores", kParameters, true, 0.7, 300,
      MakeYolov8};
}

}  // namespace edgeopt::metrics::decoders
