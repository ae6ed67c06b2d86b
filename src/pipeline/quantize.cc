#include "pipeline/quantize.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/parallel.h"
#include "formats/onnx/onnx.h"
#include "passes/quantize/dynamic_int8.h"
#include "passes/quantize/static_int8.h"
#include "pipeline/mixed_precision.h"
#include "pipeline/quantized_proof.h"
#include "pipeline/readable_versions.h"
#include "pipeline/static_ranges.h"

namespace edgeopt::pipeline {
namespace {

using nlohmann::json;
namespace pq = passes::quantize;

// Below it, ranges depend on chance (the reference tools recommend 100 to 500).
constexpr uint64_t kFewSamples = 100;
// Ranges that differ by more than this between two halves of the data are worth a warning.
constexpr double kUnstableDifference = 0.2;

class Quantizer {
 public:
  Quantizer(const ir::Model& model, const QuantizeOptions& options, const CalibrationData* data,
            runtimes::Runtime& runtime, Sink& sink, const CancelToken* cancel)
      : model_(model),
        options_(options),
        exclude_(options.exclude),
        data_(data),
        runtime_(runtime),
        sink_(sink),
        cancel_(cancel) {}

  Result<Quantized> Run() {
    EDGEOPT_CHECK_OK(Prepare());
    if (IsStatic())
      EDGEOPT_CHECK_OK(Static());
    else if (options_.precision == "dynamic-int8")
      EDGEOPT_CHECK_OK(Dynamic());
    else if (options_.precision == "fp16")
      EDGEOPT_CHECK_OK(Float16());
    else
      return UsageError("unknown precision '" + options_.precision + "'",
                        "use int8, int16x8, dynamic-int8 or fp16");
    if (!proof_) proof_.emplace(Proof());
    EDGEOPT_CHECK_OK(proof_->Confirm(result_.model, *result_.report,
                                     [this](std::string text) { Warn(std::move(text)); }));
    return std::move(result_);
  }

 private:
  bool wide() const { return options_.precision == "int16x8"; }
  bool IsStatic() const { return options_.precision == "int8" || wide(); }

  Status Prepare() {
    result_.report = std::make_unique<json>();
    result_.table = std::make_unique<json>();
    json& report = *result_.report;
    report["precision"] = options_.precision;
    report["excluded"] = options_.exclude;
    if (options_.samples < 0) return UsageError("--samples must not be negative");
    if (data_ != nullptr) {
      samples_ =
          options_.samples == 0 ? data_->available : std::min(options_.samples, data_->available);
      if (samples_ < options_.samples)
        Warn("only " + std::to_string(samples_) + " of " + std::to_string(options_.samples) +
             " samples asked for are there");
    }
    EDGEOPT_TRY(model_, InReadableVersions(model_, [this](auto text) { Warn(text); }));
    // Per-channel DequantizeLinear came with opset 13, int16 with 21, DynamicQuantizeLinear
    // with 11.
    const int64_t opset = model_.OpsetVersion();
    if ((IsStatic() && opset < (wide() ? 21 : 13)) ||
        (options_.precision == "dynamic-int8" && opset < 11)) {
      const int64_t wanted = wide() ? 21 : 13;
      EDGEOPT_TRY(model_, formats::ConvertVersion(model_, wanted));
      // Opset 21 came with IR version 10.
      if (wide()) model_.ir_version = std::max<int64_t>(model_.ir_version, 10);
      report["opset_converted_to"] = wanted;
    }
    return formats::InferTypes(model_);
  }

  void Warn(std::string text) {
    sink_.Warn(text);
    result_.warnings.push_back(std::move(text));
  }

  // --- static int8 and int16x8 ---

  Status Static() {
    if (options_.table == nullptr && (data_ == nullptr || samples_ == 0))
      return UsageError("static " + options_.precision + " needs calibration data",
                        "add --calibration DATA, or a table of an earlier run with --table FILE");
    EDGEOPT_TRY(const pq::RuleSet* rules, Rules());
    EDGEOPT_TRY(plan_, pq::PlanStatic(model_, *rules, pq::Exclusions(exclude_)));
    EDGEOPT_TRY(const auto candidates, Candidates());
    calibrated_on_ =
        options_.table != nullptr
            ? options_.table->data
            : quant::CalibrationData{
                  data_->description, {}, data_->generated, static_cast<uint64_t>(samples_)};
    WarnAboutData();
    EDGEOPT_CHECK_OK(FindRanges(candidates));
    EDGEOPT_CHECK_OK(ChooseCalibrator(candidates));
    if (options_.target_sqnr_db) EDGEOPT_CHECK_OK(LeaveSensitiveInFloat(*rules));
    EDGEOPT_TRY(result_.model, Build(plan_, exclude_, *calibrator_));
    ReportStatic(*rules);
    return options_.table != nullptr ? OkStatus() : Tabulate();
  }

  Result<const pq::RuleSet*> Rules() const {
    const pq::RuleSet* rules = pq::FindRuleSet(options_.rules);
    if (rules == nullptr)
      return UsageError("unknown rule set '" + options_.rules + "'", "see 'edgeopt list rules'");
    if ((rules->activation_type == ir::DataType::kInt16) != wide())
      return UsageError("rule set '" + options_.rules + "' is for --precision " +
                            (wide() ? "int8" : "int16x8") + ", not for " + options_.precision,
                        wide()
                            ? "choose litert-int16x8"
                            : "use 'edgeopt convert MODEL -o OUT.tflite --precision int16x8', or "
                              "another rule set of 'edgeopt list rules'");
    return rules;
  }

  Status FindRanges(const std::vector<const quant::Calibrator*>& candidates) {
    if (options_.table != nullptr) {
      EDGEOPT_TRY(ranges_, StaticRanges::FromTable(model_.graph, plan_, *options_.table, candidates,
                                                   options_.percentile, options_.workers));
      means_ = options_.table->means;
      return OkStatus();
    }
    const bool histogram =
        options_.shared_table ||
        std::any_of(candidates.begin(), candidates.end(),
                    [](const quant::Calibrator* c) { return c->needs_histogram; });
    EDGEOPT_TRY(run_, measure::Calibrate(model_, Observed(), runtime_, data_->source, samples_,
                                         {options_.workers, histogram, Bounded(), &sink_, cancel_,
                                          pq::ValuesToAverage(model_.graph)}));
    WarnAboutInputs(run_);
    means_ = run_.means;
    EDGEOPT_TRY(ranges_, StaticRanges::Make(model_.graph, plan_, run_, candidates,
                                            options_.percentile, options_.workers));
    return OkStatus();
  }

  // What the plan needs; for a table that others will read, what any rule set would. With further
  // layers in float other values may carry Q/DQ, unless they stand on inputs only.
  std::vector<std::string> Observed() const {
    std::vector<std::string> names = plan_.observe;
    const bool replanned = options_.target_sqnr_db && !plan_.rules->inputs_only;
    if (!options_.shared_table && !replanned) return names;
    std::set<std::string> known(names.begin(), names.end());
    for (const std::string& name : pq::ObservedByAnyRules(model_))
      if (known.insert(name).second) names.push_back(name);
    return names;
  }

  // See measure::CalibrationOptions.
  std::set<std::string> Bounded() const {
    std::set<std::string> names;
    for (const auto& [value, bounds] : plan_.bounds)
      if (bounds.low == 0 && std::isfinite(bounds.high))
        names.insert(model_.graph.value(value).name);
    return names;
  }

  Result<std::vector<const quant::Calibrator*>> Candidates() const {
    std::vector<const quant::Calibrator*> candidates;
    std::string name = options_.calibrator;
    if (name == "auto" && wide()) name = "minmax";
    if (name == "auto" && options_.table != nullptr) {
      name = options_.table->calibrator;
      if (name.empty())
        return BadInput("the calibration table names no calibrator",
                        "choose one with --calibrator; 'edgeopt list calibrators' has them");
    }
    if (name != "auto") {
      EDGEOPT_TRY(const quant::Calibrator* one, quant::FindCalibrator(name));
      candidates.push_back(one);
      return candidates;
    }
    for (const quant::Calibrator& calibrator : quant::Table()) candidates.push_back(&calibrator);
    return candidates;
  }

  void WarnAboutData() {
    if (calibrated_on_.generated)
      Warn("calibration on generated data: the ranges, and so the accuracy, are a guess");
    if (calibrated_on_.samples < kFewSamples)
      Warn("only " + std::to_string(calibrated_on_.samples) +
           " calibration samples; ranges settle with " + std::to_string(kFewSamples) + " or more");
  }

  void WarnAboutInputs(const measure::CalibrationRun& run) {
    const auto whole = run.Whole();
    for (const ir::ValueId input : model_.graph.inputs())
      if (const auto seen = whole.find(model_.graph.value(input).name);
          seen != whole.end() && seen->second.nonfinite > 0)
        Warn("input '" + seen->first + "' of the calibration data holds NaN or infinity " +
             std::to_string(seen->second.nonfinite) + " times; those values are left out");
  }

  Status ChooseCalibrator(const std::vector<const quant::Calibrator*>& candidates) {
    calibrator_ = candidates.front();
    if (candidates.size() == 1) return OkStatus();
    proof_.emplace(Proof());
    EDGEOPT_CHECK_OK(proof_->RunFloat());
    std::vector<std::optional<Result<double>>> scores(candidates.size());
    ParallelFor(static_cast<int64_t>(candidates.size()), options_.workers, [&](int64_t i) {
      const auto index = static_cast<size_t>(i);
      scores[index] = Score(*candidates[index]);
    });
    double best = -INFINITY;
    for (size_t i = 0; i < candidates.size(); ++i) {
      EDGEOPT_TRY(const double score, *scores[i]);
      (*result_.report)["candidates"].push_back(
          {{"calibrator", candidates[i]->name}, {"sqnr_db", score}});
      if (score <= best) continue;
      best = score;
      calibrator_ = candidates[i];
    }
    return OkStatus();
  }

  Result<double> Score(const quant::Calibrator& candidate) const {
    if (cancel_ != nullptr && cancel_->cancelled()) return Interrupted();
    EDGEOPT_TRY(const ir::Model built, Build(plan_, exclude_, candidate));
    return proof_->Score(built);
  }

  Result<ir::Model> Build(const pq::StaticPlan& plan, const std::vector<std::string>& exclude,
                          const quant::Calibrator& calibrator) const {
    ir::Model built = model_;
    EDGEOPT_CHECK_OK(pq::QuantizeStatic(built, plan, ranges_.ParamsOf(calibrator),
                                        {options_.reduced_range, means_}));
    pq::DynamicOptions tables;
    tables.exclusions = pq::Exclusions(exclude);
    EDGEOPT_CHECK_OK(pq::QuantizeTables(built, tables));
    return built;
  }

  // --- mixed precision ---

  Status LeaveSensitiveInFloat(const pq::RuleSet& rules) {
    if (options_.table != nullptr || samples_ == 0)
      return UsageError("which layers harm the outputs is found on calibration data",
                        "add --calibration DATA, or name the layers with --exclude");
    std::vector<MixedLayer> layers;
    for (const pq::Decision& decision : plan_.decisions)
      if (decision.quantized) layers.push_back({decision.label, decision.op_type, {}});
    if (!proof_) proof_.emplace(Proof());
    EDGEOPT_CHECK_OK(proof_->RunFloat());
    // A few samples rank layers; how close all of them come is measured as fidelity is.
    QuantizedProof brief = Proof(/*ranks=*/false);
    EDGEOPT_CHECK_OK(brief.RunFloat());
    sink_.Start("sensitivity of layers", 0);
    const auto with = [&](const QuantizedProof& proof) -> MixedScore {
      return [this, &proof, &rules](const std::vector<std::string>& more) {
        return ScoreWithout(more, rules, proof);
      };
    };
    const auto choice = ChooseMixed(std::move(layers), *options_.target_sqnr_db, with(brief),
                                    with(*proof_), options_.workers);
    sink_.Finish();
    if (!choice.ok()) return choice.error();
    (*result_.report)["mixed"] = choice->ToJson(*options_.target_sqnr_db);
    for (std::string& name : choice->names()) exclude_.push_back(std::move(name));
    (*result_.report)["excluded"] = exclude_;
    // From here on as if the user had excluded them.
    EDGEOPT_TRY(plan_, pq::PlanStatic(model_, rules, pq::Exclusions(exclude_)));
    EDGEOPT_TRY(ranges_, StaticRanges::Make(model_.graph, plan_, run_, {calibrator_},
                                            options_.percentile, options_.workers));
    return OkStatus();
  }

  // nullopt when nothing is left in int8. Called from several threads.
  Result<std::optional<double>> ScoreWithout(const std::vector<std::string>& more,
                                             const pq::RuleSet& rules,
                                             const QuantizedProof& proof) const {
    if (cancel_ != nullptr && cancel_->cancelled()) return Interrupted();
    std::vector<std::string> exclude = exclude_;
    exclude.insert(exclude.end(), more.begin(), more.end());
    const auto plan = pq::PlanStatic(model_, rules, pq::Exclusions(exclude));
    if (!plan.ok() && plan.error().code == ErrorCode::kUnsupported) return std::optional<double>();
    if (!plan.ok()) return plan.error();
    EDGEOPT_TRY(const ir::Model built, Build(*plan, exclude, *calibrator_));
    EDGEOPT_TRY(const double score, proof.Score(built));
    return std::optional<double>(score);
  }

  void ReportStatic(const pq::RuleSet& rules) {
    json& report = *result_.report;
    report["rules"] = rules.name;
    report["calibrator"] = calibrator_->name;
    report["samples"] = calibrated_on_.samples;
    report["generated_data"] = calibrated_on_.generated;
    report["from_table"] = options_.table != nullptr;
    report["reduced_range"] = options_.reduced_range;
    const std::string integers(pq::IntegersOf(rules));
    int64_t quantized = 0;
    for (const pq::Decision& decision : plan_.decisions) {
      quantized += decision.quantized;
      report["nodes"].push_back({{"name", decision.label},
                                 {"op_type", decision.op_type},
                                 {integers, decision.quantized},
                                 {"reason", decision.reason}});
    }
    report[integers + "_nodes"] = quantized;
  }

  // How stable the ranges are, and the table for the package.
  Status Tabulate() {
    EDGEOPT_TRY(const auto stability, ranges_.Stability(*calibrator_, options_.workers));
    if (!stability.empty()) {
      const auto& worst = stability.front();
      (*result_.report)["range_stability"] = {{"largest_half_difference", worst.difference},
                                              {"value", worst.name}};
      if (worst.difference > kUnstableDifference)
        Warn("the range of '" + worst.name + "' differs by " +
             std::to_string(std::lround(worst.difference * 100)) +
             " % between two halves of the data; more samples would settle it");
    }
    quant::CalibrationTable table = ranges_.Table(*calibrator_, stability);
    table.data = calibrated_on_;
    table.means = means_;
    table.model_sha256 = options_.model_sha256;
    EDGEOPT_TRY(const std::string text, quant::ToJson(table));
    *result_.table = json::parse(text);
    return OkStatus();
  }

  // --- dynamic int8 and float16 ---

  Status Dynamic() {
    result_.model = model_;
    pq::DynamicOptions options;
    options.exclusions = pq::Exclusions(options_.exclude);
    options.reduced_range = options_.reduced_range;
    EDGEOPT_TRY(const pq::DynamicReport report, pq::QuantizeDynamic(result_.model, options));
    int64_t quantized = 0;
    for (const auto& row : report.rows) {
      quantized += row.quantized;
      (*result_.report)["nodes"].push_back({{"name", row.label},
                                            {"op_type", row.op_type},
                                            {"int8", row.quantized},
                                            {"reason", row.reason}});
    }
    (*result_.report)["int8_nodes"] = quantized;
    (*result_.report)["reduced_range"] = options.reduced_range;
    return OkStatus();
  }

  Status Float16() {
    result_.model = model_;
    pq::Float16Options options;
    options.exclusions = pq::Exclusions(options_.exclude);
    options.quantized = options_.quantized_part;
    if (samples_ > 0) {
      EDGEOPT_TRY(options.observed_magnitude, Magnitudes(data_->source, samples_));
    } else if (const auto inputs = Proof().RandomInputs(); inputs.ok()) {
      Warn(
          "float16 ends at 65504; which values go beyond was seen on random inputs only: give data "
          "(--calibration)");
      const measure::SampleSource source = [&inputs](int64_t) { return *inputs; };
      EDGEOPT_TRY(options.observed_magnitude, Magnitudes(source, 1));
    } else {
      Warn(
          "float16 ends at 65504; whether values go beyond is not known without data "
          "(--calibration)");
    }
    EDGEOPT_TRY(const pq::Float16Report report, pq::ConvertFloat16(result_.model, options));
    json& out = *result_.report;
    out["float16_nodes"] = report.converted_nodes;
    out["underflowed_weights"] = report.underflowed_weights;
    out["nodes"] = json::array();
    for (const auto& kept : report.kept)
      out["nodes"].push_back({{"name", kept.label},
                              {"op_type", kept.op_type},
                              {"float16", false},
                              {"reason", kept.reason}});
    return OkStatus();
  }

  // Largest magnitude of every float32 value that a node makes. Infinities count as out of range.
  Result<std::map<std::string, float>> Magnitudes(const measure::SampleSource& source,
                                                  int64_t samples) {
    std::vector<std::string> names;
    for (const ir::NodeId id : model_.graph.nodes())
      for (const ir::ValueId output : model_.graph.node(id).outputs)
        if (output.valid() && model_.graph.value(output).type.is_tensor() &&
            model_.graph.value(output).type.element == ir::DataType::kFloat32)
          names.push_back(model_.graph.value(output).name);
    EDGEOPT_TRY(const auto run,
                measure::Calibrate(model_, names, runtime_, source, samples,
                                   {options_.workers, false, {}, &sink_, cancel_, {}}));
    std::map<std::string, float> magnitudes;
    for (const auto& [name, seen] : run.Whole())
      magnitudes[name] = seen.extreme > 0 ? INFINITY : std::max(-seen.min, seen.max);
    return magnitudes;
  }

  // What was made, in the runtime.
  QuantizedProof Proof() {
    return Proof(options_.precision == "int8" && options_.calibrator == "auto");
  }
  QuantizedProof Proof(bool ranks) {
    ProofOptions proof;
    if (data_ != nullptr && samples_ > 0) proof.source = &data_->source;
    proof.samples = samples_;
    proof.ranks = ranks;
    proof.emulated = (plan_.rules != nullptr && plan_.rules->emulated) ||
                     options_.quantized_part != pq::QuantizedPart::kCasts;
    proof.load = options_.load;
    proof.workers = options_.workers;
    proof.cancel = cancel_;
    return {model_, runtime_, std::move(proof)};
  }

  ir::Model model_;
  const QuantizeOptions& options_;
  std::vector<std::string> exclude_;  // those of the options, and what was found to be sensitive
  const CalibrationData* data_;
  runtimes::Runtime& runtime_;
  Sink& sink_;
  const CancelToken* cancel_;
  Quantized result_;
  int64_t samples_ = 0;
  pq::StaticPlan plan_;
  quant::CalibrationData calibrated_on_;
  pq::ChannelMeans means_;       // of the inputs of layers
  measure::CalibrationRun run_;  // nothing from a table
  StaticRanges ranges_;
  const quant::Calibrator* calibrator_ = nullptr;
  std::optional<QuantizedProof> proof_;  // made when the plan is known
};

}  // namespace

Result<Quantized> Quantize(const ir::Model& model, const QuantizeOptions& options,
                           const CalibrationData* data, runtimes::Runtime& runtime, Sink& sink,
                           const CancelToken* cancel) {
  return Quantizer(model, options, data, runtime, sink, cancel).Run();
}

}  // namespace edgeopt::pipeline
