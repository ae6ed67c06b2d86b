#include "metrics/detections.h"

#include <algorithm>

#include "metrics/inputs.h"
#include "metrics/nms.h"

namespace edgeopt::metrics {
namespace {

// Ultralytics' cap before suppression; keeps a detector that fires everywhere from taking minutes.
constexpr size_t kMaxCandidates = 30000;

Result<const DecoderInfo*> FindDecoder(const Parameters& parameters) {
  std::string known;
  for (const DecoderInfo& info : decoders::Table()) {
    if (info.name == parameters.Text("decoder")) return &info;
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  return parameters.Wrong("decoder", "say what the detector's outputs mean; decoders: " + known);
}

// An optional target with one flag per object.
Result<std::vector<int64_t>> Flags(const Observation& observation, std::string_view name,
                                   int64_t count, int64_t sample) {
  const ir::Tensor* target = FindTarget(observation, name);
  if (!target) return std::vector<int64_t>(static_cast<size_t>(count), 0);
  return Integers(*target, count, sample);
}

}  // namespace

Result<std::vector<Object>> ReadObjects(const Observation& observation, int64_t sample) {
  EDGEOPT_TRY(const ir::Tensor* target, NeedTarget(observation, "boxes", sample));
  if (target->rank() != 2 || target->dims()[1] != 4)
    return BadInput(Describe("target", *target, sample) + " has shape " +
                    ir::ToString(target->dims()) + "; expected [N, 4]");
  const int64_t count = target->dims()[0];
  EDGEOPT_TRY(const auto boxes, Numbers(*target, "target", sample));
  EDGEOPT_TRY(const ir::Tensor* class_target, NeedTarget(observation, "classes", sample));
  EDGEOPT_TRY(const auto classes, Integers(*class_target, count, sample));
  EDGEOPT_TRY(const auto crowd, Flags(observation, "crowd", count, sample));
  EDGEOPT_TRY(const auto difficult, Flags(observation, "difficult", count, sample));
  const ir::Tensor* area_target = FindTarget(observation, "area");
  std::vector<float> areas;
  if (area_target) {
    EDGEOPT_TRY(areas, Numbers(*area_target, "target", sample));
    if (static_cast<int64_t>(areas.size()) != count)
      return BadInput(Describe("target", *area_target, sample) + " has " +
                      std::to_string(areas.size()) + " elements for " + std::to_string(count) +
                      " boxes");
  }
  std::vector<Object> objects(static_cast<size_t>(count));
  for (size_t i = 0; i < objects.size(); ++i) {
    const float* const box = &boxes[4 * i];
    if (box[2] < box[0] || box[3] < box[1])
      return BadInput(Describe("target", *target, sample) + ": box " + std::to_string(i) +
                          " ends before it begins",
                      "boxes are x1, y1, x2, y2");
    const double own_area =
        (static_cast<double>(box[2]) - box[0]) * (static_cast<double>(box[3]) - box[1]);
    objects[i] = {{box[0], box[1], box[2], box[3]},
                  classes[i],
                  crowd[i] != 0,
                  difficult[i] != 0,
                  areas.empty() ? own_area : static_cast<double>(areas[i])};
  }
  return objects;
}

Result<DetectionReader> DetectionReader::Make(std::string_view owner, const MetricOptions& options,
                                              std::vector<std::string_view> own,
                                              Parameters& parameters) {
  own.insert(own.end(), {"decoder", "score_threshold", "nms", "nms_iou", "max_detections",
                         "class_offset", "class_ids"});
  // First with any parameter, to find the decoder, which says which ones there are.
  std::vector<std::string_view> any = own;
  for (const auto& [name, value] : options.parameters) any.push_back(name);
  EDGEOPT_TRY(parameters, Parameters::Make(owner, options, std::move(any)));
  EDGEOPT_TRY(const DecoderInfo* info, FindDecoder(parameters));
  own.insert(own.end(), info->parameters.begin(), info->parameters.end());
  EDGEOPT_TRY(parameters, Parameters::Make(owner, options, std::move(own)));

  DetectionReader reader;
  reader.decoder_name_ = info->name;
  EDGEOPT_TRY(reader.decoder_, info->make(parameters));
  EDGEOPT_TRY(const double threshold, parameters.Number("score_threshold", 0.001, 0, 1));
  reader.score_threshold_ = static_cast<float>(threshold);
  EDGEOPT_TRY(reader.suppress_, parameters.Flag("nms", info->suppress));
  EDGEOPT_TRY(const double iou, parameters.Number("nms_iou", info->suppress_iou, 0, 1));
  reader.suppress_iou_ = static_cast<float>(iou);
  EDGEOPT_TRY(const int64_t max_detections,
              parameters.Integer("max_detections", info->max_detections, 1, 1000000));
  reader.max_detections_ = static_cast<size_t>(max_detections);
  EDGEOPT_TRY(reader.class_offset_, parameters.Integer("class_offset", 0, -1000000, 1000000));
  EDGEOPT_TRY(reader.class_ids_, parameters.Numbers("class_ids", {}));
  EDGEOPT_TRY(reader.input_size_, InputSize(parameters));
  return reader;
}

Result<std::vector<Detection>> DetectionReader::Read(const Observation& observation,
                                                     int64_t sample) const {
  std::vector<Detection> detections;
  EDGEOPT_CHECK_OK(decoder_->Decode(observation, sample, score_threshold_, detections));
  if (suppress_) {
    if (detections.size() > kMaxCandidates) KeepBest(detections, kMaxCandidates);
    detections = Suppress(std::move(detections), suppress_iou_, max_detections_);
  } else {
    KeepBest(detections, max_detections_);
  }
  EDGEOPT_CHECK_OK(ToOriginal(observation, sample, detections));
  EDGEOPT_CHECK_OK(MapClasses(sample, detections));
  return detections;
}

Status DetectionReader::ToOriginal(const Observation& observation, int64_t sample,
                                   std::vector<Detection>& detections) const {
  EDGEOPT_TRY(const ImageSize original, OriginalSize(observation, sample));
  EDGEOPT_TRY(const auto transform, TransformOf(observation, sample));
  const auto width = static_cast<float>(original.width),
             height = static_cast<float>(original.height);
  // original = decoded * factor - shift.
  float factor_x = width, factor_y = height, shift_x = 0, shift_y = 0;
  if (transform) {
    if (decoder_->normalized() && !input_size_)
      return UsageError("decoder '" + decoder_name_ +
                            "' gives boxes as shares of the model's input, whose size is not known",
                        "give the parameter 'input_size', for example 320x320");
    const double unit_x = decoder_->normalized() ? static_cast<double>(input_size_->width) : 1.0;
    const double unit_y = decoder_->normalized() ? static_cast<double>(input_size_->height) : 1.0;
    factor_x = static_cast<float>(unit_x / transform->scale_x);
    factor_y = static_cast<float>(unit_y / transform->scale_y);
    shift_x = static_cast<float>(transform->offset_x / transform->scale_x);
    shift_y = static_cast<float>(transform->offset_y / transform->scale_y);
  } else if (!decoder_->normalized()) {
    return NeedTarget(observation, "image_transform", sample).error();
  }
  for (Detection& detection : detections) {
    Box& box = detection.box;
    box = {std::clamp(box.x1 * factor_x - shift_x, 0.0f, width),
           std::clamp(box.y1 * factor_y - shift_y, 0.0f, height),
           std::clamp(box.x2 * factor_x - shift_x, 0.0f, width),
           std::clamp(box.y2 * factor_y - shift_y, 0.0f, height)};
  }
  return OkStatus();
}

Status DetectionReader::MapClasses(int64_t sample, std::vector<Detection>& detections) const {
  for (Detection& detection : detections) {
    const int64_t own = detection.class_index;
    if (class_ids_.empty()) {
      detection.class_index = own + class_offset_;
    } else if (own >= 0 && own < static_cast<int64_t>(class_ids_.size())) {
      detection.class_index = static_cast<int64_t>(class_ids_[static_cast<size_t>(own)]);
    } else {
      return BadInput("a detection in sample " + std::to_string(sample) + " is of class " +
                          std::to_string(own) + "; the parameter 'class_ids' has " +
                          std::to_string(class_ids_.size()) + " entries",
                      "give one entry for each class of the model");
    }
  }
  return OkStatus();
}

}  // namespace edgeopt::metrics
