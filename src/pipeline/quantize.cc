#include "pipeline/quantize.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "formats/onnx/onnx.h"
#include "measure/fitting_inputs.h"
#include "measure/profile.h"
#include "passes/quantize/dynamic_int8.h"
#include "passes/quantize/float16.h"
#include "passes/quantize/static_int8.h"
#include "pipeline/fidelity.h"
#include "pipeline/readable_versions.h"
#include "pipeline/static_ranges.h"

namespace edgeopt::pipeline {
namespace {

using nlohmann::json;
namespace pq = passes::quantize;

// Enough samples to rank calibrators by their outputs' SQNR: with more the order rarely changes.
constexpr int64_t kRankingSamples = 32;
// And to tell that the model works, when there is nothing to rank.
constexpr int64_t kConfirmingSamples = 8;
// Below it, ranges depend on chance (the reference tools recommend 100 to 500).
constexpr uint64_t kFewSamples = 100;
// Ranges that differ by more than this between two halves of the data are worth a warning.
constexpr double kUnstableDifference = 0.2;
// Below it the error is a tenth of the signal's power or more. Int8 models that kept their accuracy
// have 15 to 40 dB.
constexpr double kPoorSqnrDb = 10;

class Quantizer {
 public:
  Quantizer(const ir::Model& model, const QuantizeOptions& options, const CalibrationData* data,
            runtimes::Runtime& runtime, Sink& sink, const CancelToken* cancel)
      : model_(model),
        options_(options),
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
    EDGEOPT_CHECK_OK(Confirm());
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
    EDGEOPT_TRY(plan_, pq::PlanStatic(model_, *rules, pq::Exclusions(options_.exclude)));
    EDGEOPT_TRY(const auto candidates, Candidates());
    calibrated_on_ =
        options_.table != nullptr
            ? options_.table->data
            : quant::CalibrationData{
                  data_->description, {}, data_->generated, static_cast<uint64_t>(samples_)};
    WarnAboutData();
    EDGEOPT_CHECK_OK(FindRanges(candidates));
    EDGEOPT_CHECK_OK(ChooseCalibrator(candidates));
    EDGEOPT_TRY(result_.model, Build(*calibrator_));
    ReportStatic(*rules);
    return options_.table != nullptr ? OkStatus() : Tabulate();
  }

  Result<const pq::RuleSet*> Rules() const {
    const pq::RuleSet* rules = pq::FindRuleSet(options_.rules);
    if (rules == nullptr)
      return UsageError("unknown rule set '" + options_.rules + "'", "see 'edgeopt list rules'");
    if (rules->symmetric != wide())
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
    EDGEOPT_TRY(const auto run,
                measure::Calibrate(model_, Observed(), runtime_, data_->source, samples_,
                                   {options_.workers, histogram, Bounded(), &sink_, cancel_,
                                    pq::ValuesToAverage(model_.graph)}));
    WarnAboutInputs(run);
    means_ = run.means;
    EDGEOPT_TRY(ranges_, StaticRanges::Make(model_.graph, plan_, run, candidates,
                                            options_.percentile, options_.workers));
    return OkStatus();
  }

  // What the plan needs; for a table that others will read, what any rule set would.
  std::vector<std::string> Observed() const {
    std::vector<std::string> names = plan_.observe;
    if (!options_.shared_table) return names;
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
    EDGEOPT_TRY(const FidelityReference* reference, Reference());
    double best = -INFINITY;
    for (const quant::Calibrator* candidate : candidates) {
      EDGEOPT_TRY(const ir::Model built, Build(*candidate));
      EDGEOPT_TRY(const Fidelity fidelity, Measure(built, *reference));
      (*result_.report)["candidates"].push_back(
          {{"calibrator", candidate->name}, {"sqnr_db", fidelity.score_db()}});
      if (fidelity.score_db() <= best) continue;
      best = fidelity.score_db();
      calibrator_ = candidate;
    }
    return OkStatus();
  }

  Result<ir::Model> Build(const quant::Calibrator& calibrator) const {
    ir::Model built = model_;
    EDGEOPT_CHECK_OK(pq::QuantizeStatic(built, plan_, ranges_.ParamsOf(calibrator),
                                        {options_.reduced_range, means_}));
    pq::DynamicOptions tables;
    tables.exclusions = pq::Exclusions(options_.exclude);
    EDGEOPT_CHECK_OK(pq::QuantizeTables(built, tables));
    return built;
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
    if (samples_ > 0) {
      EDGEOPT_TRY(options.observed_magnitude, Magnitudes(data_->source, samples_));
    } else if (const auto inputs = RandomInputs(); inputs.ok()) {
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

  // --- proof in the runtime ---

  Result<std::unique_ptr<runtimes::Session>> LoadFloat() {
    EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(model_));
    runtimes::SessionOptions options;
    options.threads = options_.workers;
    return runtime_.LoadBytes(std::as_bytes(std::span(bytes)), options);
  }

  Result<const FidelityReference*> Reference() {
    if (reference_) return &*reference_;
    EDGEOPT_TRY(const auto session, LoadFloat());
    const bool ranks = options_.precision == "int8" && options_.calibrator == "auto";
    const int64_t count = std::min(ranks ? kRankingSamples : kConfirmingSamples, samples_);
    EDGEOPT_TRY(reference_,
                FidelityReference::Make(*session, data_->source, samples_ - count, count, cancel_));
    return &*reference_;
  }

  // Of quantized models; see RuleSet::emulated.
  bool Emulated() const { return plan_.rules != nullptr && plan_.rules->emulated; }

  runtimes::SessionOptions VariantOptions() const {
    runtimes::SessionOptions options;
    options.threads = options_.workers;
    if (Emulated()) options.optimization = runtimes::GraphOptimization::kNone;
    return options;
  }

  Result<Fidelity> Measure(const ir::Model& variant, const FidelityReference& reference) {
    EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(variant));
    const runtimes::SessionOptions options = VariantOptions();
    EDGEOPT_TRY(auto session, runtime_.LoadBytes(std::as_bytes(std::span(bytes)), options));
    return reference.Compare(*session);
  }

  // Loads what was made, runs it, and reads from the runtime's profile which kernels ran.
  Status Confirm() {
    // The float model runs while the quantized one is checked and loaded.
    std::future<Status> float_outputs;
    if (samples_ > 0)
      float_outputs = std::async(std::launch::async, [this]() -> Status {
        EDGEOPT_TRY([[maybe_unused]] const FidelityReference* made, Reference());
        return OkStatus();
      });
    EDGEOPT_CHECK_OK(formats::InferTypes(result_.model));
    EDGEOPT_CHECK_OK(formats::CheckModel(result_.model));
    EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(result_.model));
    runtimes::SessionOptions options = VariantOptions();
    options.profile = !Emulated();
    auto session = runtime_.LoadBytes(std::as_bytes(std::span(bytes)), options);
    if (!session.ok()) return session.error().Within("the quantized model");
    if (float_outputs.valid()) EDGEOPT_CHECK_OK(float_outputs.get());
    const Status ran = samples_ > 0 ? RunOnData(**session) : RunOnRandom(**session);
    if (!ran.ok()) return ran.error().Within("the quantized model");
    if (Emulated()) return OkStatus();
    EDGEOPT_TRY(const auto events, (*session)->EndProfile());
    measure::Profile profile =
        measure::MakeProfile(measure::MeanOfRuns(events), static_cast<int64_t>(events.size()));
    measure::ExplainFloat(result_.model, profile);
    (*result_.report)["kernels"] = measure::ToJson(profile);
    return OkStatus();
  }

  Status RunOnData(runtimes::Session& session) {
    EDGEOPT_TRY(const FidelityReference* reference, Reference());
    EDGEOPT_TRY(const Fidelity fidelity, reference->Compare(session));
    (*result_.report)["fidelity"] = fidelity.ToJson();
    return OkStatus();
  }

  // One sample that the float model runs with.
  Result<std::vector<ir::Tensor>> RandomInputs() {
    EDGEOPT_TRY(const auto original, LoadFloat());
    const auto run = [&original](const std::vector<ir::Tensor>& inputs) -> Status {
      EDGEOPT_TRY(const auto outputs, original->Run(inputs));
      return OkStatus();
    };
    return measure::FittingInputs(original->inputs(), run);
  }

  // Random inputs prove little; but NaN where the float model has none is a failure, and outputs
  // that have nothing in common are worth a warning.
  Status RunOnRandom(runtimes::Session& session) {
    const auto inputs = RandomInputs();
    if (!inputs.ok()) {
      Warn("not run: random inputs do not fit this model (" + inputs.error().message +
           "); give data (--calibration)");
      return OkStatus();
    }
    EDGEOPT_TRY(const auto outputs, session.Run(*inputs));
    const measure::SampleSource source = [&inputs](int64_t) { return *inputs; };
    EDGEOPT_TRY(const auto original, LoadFloat());
    const auto reference = FidelityReference::Make(*original, source, 0, 1, cancel_);
    if (!reference.ok()) {
      Warn("not compared with float: on random inputs " + reference.error().message +
           "; give data (--calibration)");
      return OkStatus();
    }
    EDGEOPT_TRY(const Fidelity compared, reference->Compare(session));
    for (const OutputFidelity& output : compared.outputs)
      if (output.sqnr_db < kPoorSqnrDb)
        Warn("on random inputs output '" + output.name + "' has a signal-to-noise ratio of " +
             std::to_string(std::lround(output.sqnr_db)) +
             " dB against float; measure the accuracy before using this model (edgeopt evaluate, "
             "edgeopt compare)");
    return OkStatus();
  }

  ir::Model model_;
  const QuantizeOptions& options_;
  const CalibrationData* data_;
  runtimes::Runtime& runtime_;
  Sink& sink_;
  const CancelToken* cancel_;
  Quantized result_;
  int64_t samples_ = 0;
  pq::StaticPlan plan_;
  quant::CalibrationData calibrated_on_;
  pq::ChannelMeans means_;  // of the inputs of layers
  StaticRanges ranges_;
  const quant::Calibrator* calibrator_ = nullptr;
  std::optional<FidelityReference> reference_;
};

}  // namespace

Result<Quantized> Quantize(const ir::Model& model, const QuantizeOptions& options,
                           const CalibrationData* data, runtimes::Runtime& runtime, Sink& sink,
                           const CancelToken* cancel) {
  return Quantizer(model, options, data, runtime, sink, cancel).Run();
}

}  // namespace edgeopt::pipeline
