// YOLOv5 (also v7 and YOLOX after their grid is decoded), raw: [N, 5 + C] with centre x, centre y,
// width, height, objectness and one score per class, all after their sigmoid; a detection's score
// is objectness times class score. Source: ultralytics/yolov5, utils/general.py,
// non_max_suppression. Parameters:
//   multi_label  true (default, as in their evaluation): a box counts for every class above the
//                threshold; false: for its best class
//   normalized   false (default): pixels of the model's input; true: shares of its size
#include "metrics/decoder_inputs.h"

namespace edgeopt::metrics::decoders {
namespace {

constexpr std::string_view kParameters[] = {"multi_label", "normalized"};

class Yolov5 : public Decoder {
 public:
  Yolov5(std::string output, bool multi_label, bool normalized)
      : output_(std::move(output)), multi_label_(multi_label), normalized_(normalized) {}

  Status Decode(const Observation& observation, int64_t sample, float threshold,
                std::vector<Detection>& candidates) const override {
    EDGEOPT_TRY(const Matrix rows, ReadMatrix(observation, output_, sample));
    if (rows.columns < 6)
      return BadInput("decoder 'yolov5' expects rows of 5 + C values, found rows of " +
                      std::to_string(rows.columns) + " in sample " + std::to_string(sample));
    for (int64_t i = 0; i < rows.rows; ++i) {
      const float* const row = rows.values.data() + i * rows.columns;
      if (!(row[4] > threshold)) continue;
      AppendClasses(FromCentre(row[0], row[1], row[2], row[3]), row + 5, rows.columns - 5, 1,
                    row[4], threshold, multi_label_, candidates);
    }
    return OkStatus();
  }
  bool normalized() const override { return normalized_; }

 private:
  std::string output_;
  bool multi_label_, normalized_;
};

Result<std::unique_ptr<Decoder>> MakeYolov5(const Parameters& parameters) {
  EDGEOPT_TRY(const bool multi_label, parameters.Flag("multi_label", true));
  EDGEOPT_TRY(const bool normalized, parameters.Flag("normalized", false));
  return std::unique_ptr<Decoder>(new Yolov5(parameters.Text("output"), multi_label, normalized));
}

}  // namespace

DecoderInfo yolov5() {
  return {"yolov5",    "raw YOLOv5: rows of cx, cy, w, h, objectness, class scores",
          kParameters, true,
          0.6,         300,
          MakeYolov5};
}

}  // namespace edgeopt::metrics::decoders
