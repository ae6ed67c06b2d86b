#include "report/record.h"

#include <algorithm>
#include <cmath>

namespace edgeopt::report {

std::string_view Name(Decision decision) {
  switch (decision) {
    case Decision::kPending:
      return "pending";
    case Decision::kKept:
      return "kept";
    case Decision::kReverted:
      return "reverted";
    case Decision::kViolated:
      return "violated";
    case Decision::kAccepted:
      return "accepted";
    case Decision::kFailed:
      return "failed";
  }
  return "";
}

const Step* Record::Find(std::string_view id) const {
  for (const Step& step : steps)
    if (step.id == id) return &step;
  return nullptr;
}

const Step* Record::basis() const {
  for (const char* kind : {"export-model", "set-sizes"})
    if (const Step* step = Find(kind); step != nullptr && step->in_force()) return step;
  return baseline();
}

std::string Record::source_file() const {
  return imported ? imported->model : resized ? resized->model : "";
}

bool Record::lacks_sizes(const Step& step) const {
  return resized && step.kind == "baseline" && step.output != resized->model;
}

const Step* Record::best() const {
  for (auto step = steps.rbegin(); step != steps.rend(); ++step)
    if (step->in_force()) return &*step;
  return baseline();
}

std::vector<const Step*> Record::Chain(const Step& step) const {
  std::vector<const Step*> chain;
  // An input is an earlier step; the bound keeps an edited file from going round in circles.
  for (const Step* at = &step; at != nullptr && at != baseline() && chain.size() < steps.size();
       at = Find(at->input))
    chain.push_back(at);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

bool IsForTensorRt(const Step& step) { return step.kind.starts_with("tensorrt-"); }

bool HasStandIn(const Record& record, const Step& step) {
  return IsForTensorRt(step) && !record.latency_label.empty() && record.measuring.host.empty();
}

double RelativeLoss(const Accuracy& baseline, const Accuracy& variant) {
  const double scale = baseline.value == 0 ? 1 : std::abs(baseline.value);
  const double loss = (baseline.value - variant.value) / scale;
  return baseline.higher_is_better ? loss : -loss;
}

}  // namespace edgeopt::report
