// Detectors that end in their own non-maximum suppression: boxes [N, 4], scores [N] and classes
// [N], with a count of valid ones where the model has it (TensorFlow's and TFLite's
// detection_postprocess, torchvision); or one output [N, 6] with corners, score and class in a row
// (YOLOv10, exports with NMS). Parameters:
//   boxes, scores, classes, count  names of the outputs; or
//   order       what the model's outputs are, in their order (default "boxes,classes,scores,count",
//               TFLite's; a model with fewer outputs has the first ones of it)
//   packed      name of the one output [N, 6]
//   box_order   yxyx (default for separate outputs) or xyxy (default for the packed one)
//   normalized  true: shares of the model's input (default for separate outputs); false: its pixels
#include <algorithm>

#include "metrics/decoder_inputs.h"
#include "metrics/inputs.h"

namespace edgeopt::metrics::decoders {
namespace {

constexpr std::string_view kParameters[] = {"boxes", "scores", "classes",   "count",
                                            "order", "packed", "box_order", "normalized"};

struct Settings {
  std::map<std::string, std::string> names;  // of the outputs, by role
  std::vector<std::string> order;            // roles of the outputs where names are not given
  std::string output;                        // packed
  bool packed = false, x_first = false, normalized = true;
};

class BoxesScoresClasses : public Decoder {
 public:
  explicit BoxesScoresClasses(Settings settings) : settings_(std::move(settings)) {}

  Status Decode(const Observation& observation, int64_t sample, float threshold,
                std::vector<Detection>& candidates) const override {
    if (settings_.packed) return DecodePacked(observation, sample, threshold, candidates);
    EDGEOPT_TRY(const std::string boxes_name, OutputOf("boxes", observation, sample));
    EDGEOPT_TRY(const std::string scores_name, OutputOf("scores", observation, sample));
    EDGEOPT_TRY(const std::string classes_name, OutputOf("classes", observation, sample));
    EDGEOPT_TRY(const Matrix boxes, ReadMatrix(observation, boxes_name, sample));
    EDGEOPT_TRY(const auto scores, ReadNumbers(observation, scores_name, sample));
    EDGEOPT_TRY(const auto classes, ReadNumbers(observation, classes_name, sample));
    const auto rows = static_cast<size_t>(boxes.rows);
    if (boxes.columns != 4 || scores.size() != rows || classes.size() != rows)
      return BadInput("in sample " + std::to_string(sample) + " output '" + boxes_name + "' is [" +
                          std::to_string(boxes.rows) + ", " + std::to_string(boxes.columns) +
                          "], '" + scores_name + "' has " + std::to_string(scores.size()) +
                          " and '" + classes_name + "' " + std::to_string(classes.size()) +
                          " values; expected [N, 4], N scores and N classes",
                      "see the parameters 'boxes', 'scores', 'classes' and 'order'");
    EDGEOPT_TRY(const size_t count, Count(observation, sample, rows));
    for (size_t i = 0; i < count; ++i)
      if (scores[i] > threshold)
        candidates.push_back({ToBox(&boxes.values[4 * i]), scores[i], ClassOf(classes[i])});
    return OkStatus();
  }
  bool normalized() const override { return settings_.normalized; }

 private:
  Status DecodePacked(const Observation& observation, int64_t sample, float threshold,
                      std::vector<Detection>& candidates) const {
    EDGEOPT_TRY(const Matrix rows, ReadMatrix(observation, settings_.output, sample));
    if (rows.columns != 6)
      return BadInput(
          "decoder 'boxes-scores-classes' expects rows of 6 values (corners, score, "
          "class), found rows of " +
          std::to_string(rows.columns) + " in sample " + std::to_string(sample));
    for (int64_t i = 0; i < rows.rows; ++i) {
      const float* const row = rows.values.data() + 6 * i;
      if (row[4] > threshold) candidates.push_back({ToBox(row), row[4], ClassOf(row[5])});
    }
    return OkStatus();
  }

  // The name of the output that has this role.
  Result<std::string> OutputOf(const std::string& role, const Observation& observation,
                               int64_t sample) const {
    if (const auto named = settings_.names.find(role); named != settings_.names.end())
      return named->second;
    const auto place = std::find(settings_.order.begin(), settings_.order.end(), role);
    const auto index = static_cast<size_t>(place - settings_.order.begin());
    if (index >= observation.outputs.size())
      return UsageError("sample " + std::to_string(sample) + " has " +
                            std::to_string(observation.outputs.size()) +
                            " outputs; which of them holds the " + role + " is not known",
                        "name it with the parameter '" + role + "'");
    return observation.outputs[index].name;
  }

  Result<size_t> Count(const Observation& observation, int64_t sample, size_t rows) const {
    const bool named = settings_.names.contains("count");
    // By the default order only where there is a fourth output, and no other output was named.
    if (!named && (!settings_.names.empty() || !OutputOf("count", observation, sample).ok()))
      return rows;
    EDGEOPT_TRY(const std::string name, OutputOf("count", observation, sample));
    EDGEOPT_TRY(const auto values, ReadNumbers(observation, name, sample));
    if (values.size() != 1 || values[0] < 0 || values[0] > static_cast<float>(rows))
      return BadInput("output '" + name + "' of sample " + std::to_string(sample) +
                      " is no count of at most " + std::to_string(rows) + " detections");
    return static_cast<size_t>(values[0]);
  }

  Box ToBox(const float* v) const {
    return settings_.x_first ? Box{v[0], v[1], v[2], v[3]} : Box{v[1], v[0], v[3], v[2]};
  }
  // Classes arrive as floats or integers; out of any range they fit no class of the data set.
  static int64_t ClassOf(float value) {
    return static_cast<int64_t>(std::clamp(value, -1e9f, 1e9f) + (value < 0 ? -0.5f : 0.5f));
  }

  Settings settings_;
};

Result<std::unique_ptr<Decoder>> MakeBoxesScoresClasses(const Parameters& parameters) {
  Settings settings;
  for (const char* role : {"boxes", "scores", "classes", "count"})
    if (parameters.Has(role)) settings.names[role] = parameters.Text(role);
  settings.order = SplitList(parameters.Text("order", "boxes,classes,scores,count"));
  for (const char* role : {"boxes", "scores", "classes"})
    if (std::find(settings.order.begin(), settings.order.end(), role) == settings.order.end())
      return parameters.Wrong("order", "give boxes, scores and classes, and count if there is one");
  settings.packed = parameters.Has("packed");
  settings.output = parameters.Text("packed");
  EDGEOPT_TRY(const std::string box_order, settings.packed
                                               ? parameters.Choice("box_order", {"xyxy", "yxyx"})
                                               : parameters.Choice("box_order", {"yxyx", "xyxy"}));
  settings.x_first = box_order == "xyxy";
  EDGEOPT_TRY(settings.normalized, parameters.Flag("normalized", !settings.packed));
  return std::unique_ptr<Decoder>(new BoxesScoresClasses(std::move(settings)));
}

}  // namespace

DecoderInfo boxes_scores_classes() {
  return {"boxes-scores-classes",
          "boxes, scores and classes after the model's own suppression",
          kParameters,
          false,
          0.6,
          300,
          MakeBoxesScoresClasses};
}

}  // namespace edgeopt::metrics::decoders
