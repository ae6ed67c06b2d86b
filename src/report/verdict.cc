#include "report/verdict.h"

#include "report/text.h"

namespace edgeopt::report {
namespace {

// Rounding of scores must not decide.
constexpr double kRoundingSlack = 1e-9;

// What the run stopped at, or else the best.
const Step* Judged(const Record& record) {
  if (record.steps.empty()) return nullptr;
  const Step& last = record.steps.back();
  return last.decision == Decision::kViolated && record.policy != "continue" ? &last
                                                                             : record.best();
}

void JudgeAccuracy(const Record& record, Verdict& verdict) {
  const Step& baseline = *record.baseline();
  if (!baseline.accuracy || !verdict.optimized->accuracy) {
    verdict.failures.push_back("the accuracy is unmeasured");
    return;
  }
  const double loss = RelativeLoss(*baseline.accuracy, *verdict.optimized->accuracy);
  verdict.accuracy_change_ratio = -loss;
  if (!(loss <= record.tolerance_ratio + kRoundingSlack))
    verdict.failures.push_back(record.metric + " changed by " + Percent(-loss) +
                               ", the tolerance is " + Number(record.tolerance_ratio * 100) + " %");
}

void JudgeLatency(const Record& record, Verdict& verdict) {
  if (!verdict.optimized->latency) {
    verdict.failures.push_back("the latency is unmeasured");
    return;
  }
  if (record.latency_target_ms && HasStandIn(record, *verdict.optimized)) {
    verdict.not_judged.push_back("the latency target of " + Number(*record.latency_target_ms) +
                                 " ms: no engine was built; measure on the device with --host");
    return;
  }
  const double p50_ms = verdict.optimized->latency->p50_ms;
  if (record.latency_target_ms && p50_ms > *record.latency_target_ms)
    verdict.failures.push_back("p50 is " + Number(p50_ms) + " ms, the target is " +
                               Number(*record.latency_target_ms) + " ms");
}

std::string Facts(const Record& record, const Step& step) {
  std::string text;
  if (step.vs_baseline) text += Number(step.vs_baseline->ratio) + " times as fast";
  const double size_ratio = static_cast<double>(record.baseline()->size_bytes) /
                            static_cast<double>(std::max<int64_t>(1, step.size_bytes));
  text += (text.empty() ? "" : ", ") + Number(1 / size_ratio * 100) + " % of the size";
  if (record.baseline()->accuracy && step.accuracy)
    text += ", " + record.metric + " " + Score(step.accuracy->value) + " (" +
            Percent(-RelativeLoss(*record.baseline()->accuracy, *step.accuracy)) + ")";
  return text;
}

}  // namespace

Verdict Judge(const Record& record) {
  Verdict verdict;
  verdict.optimized = Judged(record);
  if (verdict.optimized == nullptr) {
    verdict.failures.push_back("the baseline is unmeasured");
    return verdict;
  }
  JudgeAccuracy(record, verdict);
  JudgeLatency(record, verdict);
  verdict.pass = verdict.failures.empty();
  verdict.speedup = verdict.optimized->vs_baseline;
  verdict.compression = static_cast<double>(record.baseline()->size_bytes) /
                        static_cast<double>(std::max<int64_t>(1, verdict.optimized->size_bytes));
  for (const Step* step : record.Chain(*verdict.optimized))
    if (step->decision == Decision::kAccepted) verdict.accepted_because = step->accepted_because;
  return verdict;
}

std::string Recommend(const Record& record, const Verdict& verdict) {
  if (verdict.optimized == nullptr) return "Measure the baseline first.";
  const std::string name = "`" + verdict.optimized->id + "`";
  const Step* best = record.best();
  if (verdict.optimized != best)
    return "Do not ship " + name + ": " + verdict.failures.front() +
           "; try an alternative, or accept it with a reason.";
  if (!verdict.accepted_because.empty())
    return "Ship " + name + " (" + Facts(record, *best) +
           ") only where the accepted loss of accuracy is known.";
  if (!verdict.pass)
    return "Do not ship yet: " + verdict.failures.front() + "; the best variant is " + name +
           (best == record.baseline() ? "." : " (" + Facts(record, *best) + ").");
  if (best == record.baseline())
    return record.latency_target_ms ? "Ship the original: it meets the latency target as it is."
                                    : "Ship the original: no variant was better.";
  std::string open;
  for (const std::string& gate : verdict.not_judged) open += " Not judged: " + gate + ".";
  return "Ship " + name + ": " + Facts(record, *best) + "." + open;
}

}  // namespace edgeopt::report
