// SSD and its relatives, raw: box encodings [N, 4] and class scores [N, C] beside N anchors.
// TensorFlow's box coder (object_detection/box_coders/faster_rcnn_box_coder.py), with the anchor's
// centre xa, ya and size wa, ha and scales sy, sx, sh, sw:
//   y = ty / sy * ha + ya,  x = tx / sx * wa + xa,  h = exp(th / sh) * ha,  w = exp(tw / sw) * wa
// Parameters:
//   boxes, scores  names of the two outputs
//   anchors        path of a .npy file [N, 4]
//   anchor_order   yxhw (default), xywh: centre and size; yxyx, xyxy: corners
//   box_order      yxhw (default) or xywh
//   scales         sy,sx,sh,sw (default 10,10,5,5; the inverse of variances 0.1, 0.1, 0.2, 0.2)
//   activation     sigmoid (default), softmax (over the classes) or none
//   background     index of the class that means "nothing" (default 0), or none; the classes after
//                  it move down by one
//   normalized     true (default): anchors are shares of the model's input; false: its pixels
#include <algorithm>
#include <cmath>

#include "ir/npy.h"
#include "metrics/decoder_inputs.h"

namespace edgeopt::metrics::decoders {
namespace {

constexpr std::string_view kParameters[] = {"boxes",        "scores",     "anchors",
                                            "anchor_order", "box_order",  "scales",
                                            "activation",   "background", "normalized"};
constexpr int64_t kNoBackground = -1;

struct Anchor {
  float y, x, height, width;
};

struct Settings {
  std::string boxes, scores, activation;
  std::vector<Anchor> anchors;
  bool x_first = false;
  float scale_y = 10, scale_x = 10, scale_height = 5, scale_width = 5;
  int64_t background = 0;
  bool normalized = true;
};

void Activate(const std::string& activation, float* scores, int64_t count) {
  if (activation == "sigmoid") {
    for (int64_t c = 0; c < count; ++c) scores[c] = 1 / (1 + std::exp(-scores[c]));
  } else if (activation == "softmax") {
    const float largest = *std::max_element(scores, scores + count);
    float sum = 0;
    for (int64_t c = 0; c < count; ++c) sum += scores[c] = std::exp(scores[c] - largest);
    for (int64_t c = 0; c < count; ++c) scores[c] /= sum;
  }
}

class Ssd : public Decoder {
 public:
  explicit Ssd(Settings settings) : settings_(std::move(settings)) {}

  Status Decode(const Observation& observation, int64_t sample, float threshold,
                std::vector<Detection>& candidates) const override {
    EDGEOPT_TRY(const Matrix boxes, ReadMatrix(observation, settings_.boxes, sample));
    EDGEOPT_TRY(Matrix scores, ReadMatrix(observation, settings_.scores, sample));
    const auto count = static_cast<int64_t>(settings_.anchors.size());
    if (boxes.rows != count || boxes.columns != 4 || scores.rows != count)
      return BadInput("decoder 'ssd' has " + std::to_string(count) + " anchors, but output '" +
                      settings_.boxes + "' is [" + std::to_string(boxes.rows) + ", " +
                      std::to_string(boxes.columns) + "] and '" + settings_.scores + "' [" +
                      std::to_string(scores.rows) + ", " + std::to_string(scores.columns) +
                      "]; expected [" + std::to_string(count) + ", 4] and [" +
                      std::to_string(count) + ", C]");
    if (settings_.background >= scores.columns)
      return UsageError("the parameter 'background' is " + std::to_string(settings_.background) +
                        ", but output '" + settings_.scores + "' has " +
                        std::to_string(scores.columns) + " classes");
    for (int64_t i = 0; i < count; ++i) {
      float* const row = scores.values.data() + i * scores.columns;
      Activate(settings_.activation, row, scores.columns);
      const Box box = DecodeBox(boxes.values.data() + 4 * i, settings_.anchors[i]);
      for (int64_t c = 0; c < scores.columns; ++c) {
        if (c == settings_.background || !(row[c] > threshold)) continue;
        const bool moves = settings_.background != kNoBackground && c > settings_.background;
        candidates.push_back({box, row[c], c - (moves ? 1 : 0)});
      }
    }
    return OkStatus();
  }
  bool normalized() const override { return settings_.normalized; }

 private:
  Box DecodeBox(const float* code, const Anchor& anchor) const {
    const bool x_first = settings_.x_first;
    const float y = code[x_first ? 1 : 0] / settings_.scale_y * anchor.height + anchor.y;
    const float x = code[x_first ? 0 : 1] / settings_.scale_x * anchor.width + anchor.x;
    const float height = std::exp(code[x_first ? 3 : 2] / settings_.scale_height) * anchor.height;
    const float width = std::exp(code[x_first ? 2 : 3] / settings_.scale_width) * anchor.width;
    return FromCentre(x, y, width, height);
  }

  Settings settings_;
};

Result<std::vector<Anchor>> ReadAnchors(const Parameters& parameters) {
  EDGEOPT_TRY(const std::string order,
              parameters.Choice("anchor_order", {"yxhw", "xywh", "yxyx", "xyxy"}));
  EDGEOPT_TRY(const Buffer file, Buffer::Map(parameters.Text("anchors")));
  auto tensor = ir::DecodeNpy(file);
  if (!tensor.ok()) return tensor.error().Within(parameters.Text("anchors"));
  if (tensor->rank() != 2 || tensor->dims()[1] != 4)
    return BadInput(parameters.Text("anchors") + " holds an array " + ir::ToString(tensor->dims()) +
                    "; anchors are [N, 4]");
  EDGEOPT_TRY(const auto values, tensor->ToFloats());
  std::vector<Anchor> anchors;
  for (size_t i = 0; i < values.size(); i += 4) {
    float y = values[i], x = values[i + 1], height = values[i + 2], width = values[i + 3];
    if (order.starts_with('x')) {
      std::swap(x, y);
      std::swap(width, height);
    }
    if (order == "yxyx" || order == "xyxy")  // the last two are the lower right corner
      anchors.push_back({(y + height) / 2, (x + width) / 2, height - y, width - x});
    else
      anchors.push_back({y, x, height, width});
  }
  return anchors;
}

Result<std::unique_ptr<Decoder>> MakeSsd(const Parameters& parameters) {
  for (const char* name : {"boxes", "scores", "anchors"})
    if (parameters.Text(name).empty())
      return UsageError(
          "decoder 'ssd' needs the parameter '" + std::string(name) + "'",
          "give 'boxes' and 'scores' (names of outputs) and 'anchors' (an .npy file)");
  Settings settings;
  settings.boxes = parameters.Text("boxes");
  settings.scores = parameters.Text("scores");
  EDGEOPT_TRY(settings.anchors, ReadAnchors(parameters));
  EDGEOPT_TRY(const std::string box_order, parameters.Choice("box_order", {"yxhw", "xywh"}));
  settings.x_first = box_order == "xywh";
  EDGEOPT_TRY(const auto scales, parameters.Numbers("scales", {10, 10, 5, 5}));
  if (scales.size() != 4 ||
      std::any_of(scales.begin(), scales.end(), [](double s) { return s <= 0; }))
    return parameters.Wrong("scales", "give four numbers above 0");
  settings.scale_y = static_cast<float>(scales[0]);
  settings.scale_x = static_cast<float>(scales[1]);
  settings.scale_height = static_cast<float>(scales[2]);
  settings.scale_width = static_cast<float>(scales[3]);
  EDGEOPT_TRY(settings.activation, parameters.Choice("activation", {"sigmoid", "softmax", "none"}));
  if (parameters.Text("background") == "none") {
    settings.background = kNoBackground;
  } else {
    EDGEOPT_TRY(settings.background, parameters.Integer("background", 0, 0, 1000000));
  }
  EDGEOPT_TRY(settings.normalized, parameters.Flag("normalized", true));
  return std::unique_ptr<Decoder>(new Ssd(std::move(settings)));
}

}  // namespace

DecoderInfo ssd() {
  return {
      "ssd",  "raw SSD: box encodings and class scores beside anchors", kParameters, true, 0.6, 100,
      MakeSsd};
}

}  // namespace edgeopt::metrics::decoders
