// Pascal VOC's mean average precision (the VOC development kit's VOCevaldet): by falling score each
// detection is held against the object of its class that it overlaps most; enough overlap is a hit
// the first time and a false positive after that. Difficult objects neither count nor harm.
// Boxes are continuous coordinates: an annotation of inclusive pixels ends one pixel further.
// Parameters, beside those of metrics/detections.h:
//   year  2010 (default): the area below the precision curve; 2007: 11 points
//   iou   the overlap that is enough (default 0.5)
// Details: "class/N".
#include "metrics/mean_average_precision.h"

namespace edgeopt::metrics {
namespace {

class VocMap : public MeanAveragePrecision {
 public:
  VocMap(DetectionReader reader, Interpolation interpolation, float iou)
      : MeanAveragePrecision(std::move(reader), interpolation, 1), iou_(iou) {}

 private:
  void Judge(const std::vector<Detection>& detections, const std::vector<Object>& objects,
             uint32_t image, JudgedClasses& classes) const override {
    std::map<int64_t, uint32_t> positives;
    for (const Object& object : objects)
      if (!object.difficult) ++positives[object.class_index];
    for (const auto& [index, count] : positives) {
      classes[index].positives[0] += count;
      classes[index].positives_of_images.push_back({image, count});
    }
    std::vector<bool> taken(objects.size());
    for (const Detection& detection : detections) {
      JudgedDetection judged{detection.score, image};
      size_t best = objects.size();
      float best_overlap = 0;
      for (size_t i = 0; i < objects.size(); ++i) {
        if (objects[i].class_index != detection.class_index) continue;
        const float overlap = Overlap(objects[i].box, detection.box);
        if (overlap <= best_overlap) continue;
        best_overlap = overlap;
        best = i;
      }
      if (best < objects.size() && best_overlap >= iou_) {
        if (objects[best].difficult) {
          judged.ignored[0] = 1;
        } else if (!taken[best]) {
          judged.hit[0] = 1;
          taken[best] = true;
        }
      }
      classes[detection.class_index].detections.push_back(judged);
    }
  }

  float iou_;
};

Result<std::unique_ptr<Metric>> MakeMapVoc(const MetricOptions& options) {
  Parameters parameters;
  EDGEOPT_TRY(DetectionReader reader,
              DetectionReader::Make("map-voc", options, {"year", "iou"}, parameters));
  EDGEOPT_TRY(const std::string year, parameters.Choice("year", {"2010", "2007"}));
  EDGEOPT_TRY(const double iou, parameters.Number("iou", 0.5, 0.01, 1));
  return std::unique_ptr<Metric>(
      new VocMap(std::move(reader), year == "2007" ? Interpolation::kPoints11 : Interpolation::kAll,
                 static_cast<float>(iou)));
}

}  // namespace

MetricInfo map_voc() {
  return {"map-voc", "Pascal VOC's mean average precision of detections", true, MakeMapVoc};
}

}  // namespace edgeopt::metrics
