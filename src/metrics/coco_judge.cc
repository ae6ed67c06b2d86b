#include "metrics/coco_judge.h"

#include <algorithm>

namespace edgeopt::metrics {
namespace {

double Threshold(size_t t) {
  // As numpy.linspace(0.5, 0.95, 10) rounds them.
  constexpr double kStep = (0.95 - 0.5) / 9;
  return t + 1 == kCocoThresholds ? 0.95 : 0.5 + static_cast<double>(t) * kStep;
}

double Area(const Box& box) {
  return (static_cast<double>(box.x2) - box.x1) * (static_cast<double>(box.y2) - box.y1);
}

// Over the union; for a crowd over the detection's own area.
double CocoOverlap(const Box& detection, const Object& object) {
  const double width = static_cast<double>(std::min(detection.x2, object.box.x2)) -
                       std::max(detection.x1, object.box.x1);
  const double height = static_cast<double>(std::min(detection.y2, object.box.y2)) -
                        std::max(detection.y1, object.box.y1);
  if (!(width > 0 && height > 0)) return 0;
  const double both = width * height, own = Area(detection);
  return both / (object.crowd ? own : own + Area(object.box) - both);
}

// One class of one image.
class Judge {
 public:
  Judge(std::vector<const Detection*> detections, std::vector<const Object*> objects,
        uint32_t image)
      : detections_(std::move(detections)), objects_(std::move(objects)), image_(image) {
    if (detections_.size() > kCocoMaxDetections) detections_.resize(kCocoMaxDetections);
    overlaps_.reserve(detections_.size() * objects_.size());
    for (const Detection* detection : detections_)
      for (const Object* object : objects_)
        overlaps_.push_back(CocoOverlap(detection->box, *object));
  }

  void AddTo(JudgedClass& judged) const {
    std::vector<JudgedDetection> results;
    for (const Detection* detection : detections_) results.push_back({detection->score, image_});
    for (size_t area = 0; area < kMaxAreas; ++area) JudgeArea(area, results, judged);
    judged.detections.insert(judged.detections.end(), results.begin(), results.end());
  }

 private:
  void JudgeArea(size_t area, std::vector<JudgedDetection>& results, JudgedClass& judged) const {
    const auto outside = [&](double size) {
      return size < kCocoAreas[area].low || size > kCocoAreas[area].high;
    };
    // Objects that count come first.
    std::vector<size_t> order, ignored;
    for (size_t i = 0; i < objects_.size(); ++i)
      (objects_[i]->crowd || outside(objects_[i]->area) ? ignored : order).push_back(i);
    const size_t counting = order.size();
    order.insert(order.end(), ignored.begin(), ignored.end());
    judged.positives[area] += static_cast<int64_t>(counting);
    if (area == 0 && counting > 0)
      judged.positives_of_images.push_back({image_, static_cast<uint32_t>(counting)});

    std::vector<bool> taken(objects_.size());
    for (size_t t = 0; t < kCocoThresholds; ++t) {
      std::fill(taken.begin(), taken.end(), false);
      const auto bit = static_cast<uint16_t>(1u << t);
      for (size_t d = 0; d < detections_.size(); ++d) {
        const size_t match = BestObject(d, order, counting, taken, Threshold(t));
        if (match == order.size()) {
          if (outside(Area(detections_[d]->box))) results[d].ignored[area] |= bit;
          continue;
        }
        taken[order[match]] = true;
        (match < counting ? results[d].hit : results[d].ignored)[area] |= bit;
      }
    }
  }

  // Position in `order` of the object that detection d takes; order.size() for none.
  size_t BestObject(size_t d, const std::vector<size_t>& order, size_t counting,
                    const std::vector<bool>& taken, double threshold) const {
    double best_overlap = std::min(threshold, 1 - 1e-10);
    size_t best = order.size();
    for (size_t i = 0; i < order.size(); ++i) {
      const size_t object = order[i];
      // A crowd can be taken any number of times.
      if (taken[object] && !objects_[object]->crowd) continue;
      // An object that counts is never left for one that does not.
      if (best < counting && i >= counting) break;
      const double overlap = overlaps_[d * objects_.size() + object];
      if (overlap < best_overlap) continue;  // of equal overlaps the last one wins
      best_overlap = overlap;
      best = i;
    }
    return best;
  }

  std::vector<const Detection*> detections_;
  std::vector<const Object*> objects_;
  uint32_t image_;
  std::vector<double> overlaps_;  // [detections, objects]
};

}  // namespace

void JudgeAsCoco(const std::vector<Detection>& detections, const std::vector<Object>& objects,
                 uint32_t image, JudgedClasses& classes) {
  struct Group {
    std::vector<const Detection*> detections;
    std::vector<const Object*> objects;
  };
  std::map<int64_t, Group> groups;
  for (const Detection& detection : detections)
    groups[detection.class_index].detections.push_back(&detection);
  for (const Object& object : objects) groups[object.class_index].objects.push_back(&object);
  for (auto& [index, group] : groups)
    Judge(std::move(group.detections), std::move(group.objects), image).AddTo(classes[index]);
}

}  // namespace edgeopt::metrics
