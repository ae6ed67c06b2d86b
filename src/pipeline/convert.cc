#include "pipeline/convert.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "formats/onnx/onnx.h"
#include "formats/tflite/lower.h"
#include "ir/permute.h"
#include "measure/compare.h"
#include "passes/dequantize_products.h"
#include "passes/layout/channels_last.h"
#include "passes/manager.h"
#include "passes/pipelines.h"
#include "passes/quantize/integer_io.h"
#include "passes/quantize/weight_int8.h"
#include "passes/scan_to_loop.h"
#include "passes/unroll_loops.h"
#include "passes/widen_floats.h"
#include "passes/widen_integers.h"
#include "pipeline/float_io.h"
#include "pipeline/infer_types.h"
#include "pipeline/inner_values.h"
#include "pipeline/int16_check.h"
#include "pipeline/matched_session.h"
#include "pipeline/pass_context.h"
#include "pipeline/readable_versions.h"
#include "pipeline/tolerance.h"

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;
using nlohmann::json;
using passes::layout::BoundaryChange;

// The lowering rules read operators as they are from here on.
constexpr int64_t kOldestOpset = 13;
// Definitions of operators use operators that are defined in turn: three deep in ONNX 1.23.
constexpr int kDeepestDefinition = 8;
// Smaller constants are not worth a DEQUANTIZE of their own.
constexpr int64_t kHalvedFromElements = 256;
// LiteRT quantizes the activations of int8 weights while it runs, which no model says: one layer
// gives some 40 dB, fifty in a row some 20. Below 10 dB the error is a third of the signal.
constexpr double kDynamicFloorDb = 10;

// Of a signal-to-noise ratio: noise by signal.
double FromDb(double sqnr_db) { return std::sqrt(std::pow(10, -sqnr_db / 10)); }

bool IsQuantized(const ir::Model& model) {
  return std::ranges::any_of(model.graph.nodes(), [&](ir::NodeId id) {
    return model.graph.node(id).Is("QuantizeLinear");
  });
}

// An operator multiplies float data by int8 weights.
bool HasDynamicRange(const formats::tflite::File& file) {
  using Type = formats::tflite::schema::TensorType;
  for (const auto& graph : file.model.subgraphs)
    for (const auto& node : graph->operators) {
      bool floats = false, integers = false;
      for (const int32_t input : node->inputs) {
        if (input < 0) continue;
        const Type type = graph->tensors[static_cast<size_t>(input)]->type;
        floats = floats || type == Type::FLOAT32;
        integers = integers || type == Type::INT8;
      }
      if (floats && integers) return true;
    }
  return false;
}

// A float64 tensor in float32.
Status Narrow(Tensor& tensor) {
  if (tensor.type() != ir::DataType::kFloat64) return OkStatus();
  EDGEOPT_TRY(const auto floats, tensor.ToFloats());
  Tensor narrowed = Tensor::Of(tensor.dims(), floats);
  narrowed.name = std::move(tensor.name);
  tensor = std::move(narrowed);
  return OkStatus();
}

// Tensors as the converted model takes and gives them: no float64, and those whose names have a
// changed order of axes in that order.
Oracle::Adapt Fitting(const std::vector<BoundaryChange>& changes) {
  return [changes](std::vector<Tensor> tensors) -> Result<std::vector<Tensor>> {
    for (Tensor& tensor : tensors) EDGEOPT_CHECK_OK(Narrow(tensor));
    for (Tensor& tensor : tensors)
      for (const BoundaryChange& change : changes) {
        if (change.name != tensor.name) continue;
        Tensor permuted = ir::Permuted(tensor, change.perm);
        permuted.name = std::move(tensor.name);
        tensor = std::move(permuted);
      }
    return tensors;
  };
}

class Converter {
 public:
  Converter(const ir::Model& model, const ConvertOptions& options, runtimes::Runtime& onnxruntime,
            const LoadTflite& litert, Sink& sink, const CancelToken* cancel)
      : original_(model),
        options_(options),
        onnxruntime_(onnxruntime),
        litert_(litert),
        sink_(sink),
        cancel_(cancel) {}

  Result<Converted> Run() {
    EDGEOPT_CHECK_OK(Prepare());
    const bool calibrates = options_.precision == "int8" || options_.precision == "int16x8";
    if (calibrates && IsQuantized(model_))
      Warn("the model is quantized already; it keeps its scales");
    else if (calibrates)
      EDGEOPT_CHECK_OK(Quantize());
    else if (options_.precision == "dynamic-int8")
      EDGEOPT_CHECK_OK(QuantizeWeights());
    reference_ = model_;
    if (options_.io != "float") EDGEOPT_CHECK_OK(ChangeIo());
    EDGEOPT_CHECK_OK(SolveLayout());
    EDGEOPT_CHECK_OK(Lower());
    EDGEOPT_CHECK_OK(Verify());
    return std::move(result_);
  }

 private:
  // The model as simple as it gets, in a known opset, with types.
  Status Prepare() {
    // Of no concern to whoever gets a TFLite model: no warning.
    EDGEOPT_TRY(original_, InReadableVersions(original_, [](auto) {}));
    model_ = original_;
    result_.report = std::make_unique<json>();
    (*result_.report)["nodes_before"] = original_.graph.node_count();
    EDGEOPT_TRY(model_, formats::InlineFunctions(model_));
    if (model_.OpsetVersion() < kOldestOpset) {
      EDGEOPT_TRY(model_, formats::ConvertVersion(model_, kOldestOpset));
    }
    FixDefaults();
    EDGEOPT_TRY(widened_, passes::WidenFloats(model_));
    if (widened_.any)
      Warn(
          "float16 and float64 are computed in float32; inputs and outputs of float64 are float32");
    EDGEOPT_CHECK_OK(Simplify());
    return Rewrite();
  }

  Status Simplify() {
    passes::ManagerOptions manager;
    manager.cancel = cancel_;
    passes::Context context = PassContext(onnxruntime_);
    context.infer_types = InferAllTypes;
    EDGEOPT_TRY(const auto run, passes::Run(model_, passes::Simplify(), context, manager));
    for (const passes::PassReport& pass : run.passes)
      if (!pass.error.empty()) Warn("left out " + pass.name + ": " + pass.error);
    return InferTypesAfresh(model_);
  }

  // Operators without a rule of their own become what ONNX defines them to be; Scans, short loops,
  // products of stored integers, and arithmetic of narrow ones, what the rules know.
  Status Rewrite() {
    const auto has_none = [](const ir::Node& node) { return !formats::tflite::HasRule(node); };
    for (int depth = 0; depth < kDeepestDefinition; ++depth) {
      EDGEOPT_TRY(const int64_t expanded, formats::ExpandOperators(model_, has_none));
      if (expanded != 0) EDGEOPT_CHECK_OK(InferAllTypes(model_));
      EDGEOPT_TRY(const int64_t scans, passes::ScanToLoop(model_));
      EDGEOPT_TRY(const int64_t loops, passes::UnrollLoops(model_));
      if (scans + loops != 0) EDGEOPT_CHECK_OK(InferAllTypes(model_));
      EDGEOPT_TRY(const int64_t products, passes::DequantizeProducts(model_));
      EDGEOPT_TRY(const int64_t widened, passes::WidenIntegers(model_));
      if (expanded + scans + loops + products + widened == 0) break;
      EDGEOPT_CHECK_OK(Simplify());
    }
    return OkStatus();
  }

  // TFLite has no inputs with default values.
  void FixDefaults() {
    ir::Graph& graph = model_.graph;
    std::vector<ir::ValueId> inputs;
    for (const ir::ValueId id : graph.inputs()) {
      if (!graph.value(id).initializer) {
        inputs.push_back(id);
      } else if (model_.ir_version >= 4) {
        // Before, every weight had to be an input.
        Warn("input '" + graph.value(id).name + "' became a constant, its default value");
      }
    }
    graph.SetInputs(std::move(inputs));
  }

  Status Quantize() {
    QuantizeOptions quantize = options_.quantize;
    quantize.precision = options_.precision;
    quantize.rules = options_.precision == "int16x8" ? "litert-int16x8" : "litert";
    quantize.load = [this](const ir::Model& quantized) { return LoadQuantized(quantized); };
    EDGEOPT_TRY(Quantized done, pipeline::Quantize(model_, quantize, options_.calibration,
                                                   onnxruntime_, sink_, cancel_));
    model_ = std::move(done.model);
    (*result_.report)["quantization"] = std::move(*done.report);
    result_.table = std::move(done.table);
    result_.warnings.insert(result_.warnings.end(), done.warnings.begin(), done.warnings.end());
    return InferAllTypes(model_);
  }

  // In LiteRT, as it would be written but for the order of its inputs' and outputs' axes.
  Result<std::unique_ptr<runtimes::Session>> LoadQuantized(ir::Model model) const {
    using passes::layout::Boundary;
    EDGEOPT_CHECK_OK(InferAllTypes(model));
    EDGEOPT_TRY([[maybe_unused]] const auto layout,
                passes::layout::ToChannelsLast(model, Boundary::kKeep, Boundary::kKeep));
    EDGEOPT_TRY(const auto file, formats::tflite::Lower(model, {}));
    EDGEOPT_TRY(const std::string bytes, formats::tflite::SerializeTflite(file));
    return litert_(std::as_bytes(std::span(bytes)));
  }

  Status QuantizeWeights() {
    EDGEOPT_TRY(const auto done,
                passes::quantize::QuantizeWeightsToInt8(
                    model_, passes::quantize::Exclusions(options_.quantize.exclude)));
    if (done.nodes.empty())
      Warn("no weights became int8: none is large enough, or of such an operator");
    json& report = (*result_.report)["int8_weights"];
    report = {{"nodes", done.nodes}, {"skipped", json::array()}};
    for (const auto& skip : done.skips)
      report["skipped"].push_back(
          {{"name", skip.node}, {"op_type", skip.op_type}, {"reason", skip.reason}});
    return InferAllTypes(model_);
  }

  Status ChangeIo() {
    const auto type = options_.io == "uint8" ? ir::DataType::kUint8 : ir::DataType::kInt8;
    EDGEOPT_TRY(integers_, passes::quantize::MakeIntegerIo(model_, type));
    if (integers_.empty())
      return UsageError(
          "no input or output of this model is quantized to 8 bits, so none can be " + options_.io,
          "use --precision int8, or --io float");
    for (const auto& [name, value] : integers_)
      (*result_.report)["integer_io"][name] = {
          {"type", ir::Name(value.type)}, {"scale", value.scale}, {"zero_point", value.zero_point}};
    return OkStatus();
  }

  Status SolveLayout() {
    using passes::layout::Boundary;
    const auto boundary = [](bool channels_last) {
      return channels_last ? Boundary::kChannelsLast : Boundary::kKeep;
    };
    EDGEOPT_TRY(const auto layout,
                passes::layout::ToChannelsLast(model_, boundary(options_.channels_last_inputs),
                                               boundary(options_.channels_last_outputs)));
    json& report = *result_.report;
    report["transposes"] = layout.transposes;
    report["transposed_bytes"] = layout.transposed_bytes;
    report["changed_order"] = json::array();
    for (const BoundaryChange& change : layout.changed)
      report["changed_order"].push_back({{"name", change.name}, {"permutation", change.perm}});
    changed_ = layout.changed;
    return OkStatus();
  }

  Status Lower() {
    formats::tflite::LowerOptions lower;
    if (options_.precision == "fp16") lower.float16_from_elements = kHalvedFromElements;
    EDGEOPT_TRY(result_.file, formats::tflite::Lower(model_, lower));
    json& report = *result_.report;
    report["operators"] = json::object();
    size_t count = 0;
    for (const auto& graph : result_.file.model.subgraphs) {
      count += graph->operators.size();
      for (const auto& added : graph->operators) {
        const auto& code = *result_.file.model.operator_codes[added->opcode_index];
        const std::string name = formats::tflite::OperatorName(code);
        report["operators"][name] = report["operators"].value(name, 0) + 1;
      }
    }
    report["nodes_after"] = count;
    return OkStatus();
  }

  Status Verify() {
    // A quantized model is to be what its Q/DQ form is; how far that is from float is told beside.
    const bool quantized = IsQuantized(reference_);
    EDGEOPT_TRY(const std::string reference_bytes,
                formats::SerializeOnnx(quantized ? reference_ : original_));
    // Its int8 kernels saturate on some CPUs; LiteRT's do not.
    runtimes::SessionOptions session;
    if (quantized) session.optimization = runtimes::GraphOptimization::kNone;
    EDGEOPT_TRY(const auto loaded,
                onnxruntime_.LoadBytes(std::as_bytes(std::span(reference_bytes)), session));
    // Integers that stand for numbers are compared as these.
    auto integers = QuantizedOutputs(reference_);
    const auto reference = WithFloatIo(*loaded, integers);
    EDGEOPT_TRY(const Oracle oracle, Oracle::Make(*reference, options_.verification));
    if (const Status& random = oracle.random_error(); !random.ok()) {
      // What can't be verified is not written.
      if (oracle.data_samples() == 0)
        return BadInput(
            "no random inputs fit this model, so it can't be verified: " + random.error().message,
            "give data with --calibration, or sizes with --shape");
      Warn("random inputs can't verify this model: " + random.error().message);
    }
    EDGEOPT_TRY(const std::string bytes, formats::tflite::SerializeTflite(result_.file));
    const auto converted = litert_(std::as_bytes(std::span(bytes)));
    if (!converted.ok()) return Explained(converted.error());
    const auto adapt = Fitting(changed_);
    integers.insert(integers_.begin(), integers_.end());
    const auto with_float_io = WithFloatIo(**converted, integers);
    const auto compared = oracle.Compare(*with_float_io, adapt, adapt);
    if (!compared.ok()) return Explained(compared.error());
    const std::vector<OutputDifference>& differences = *compared;
    (*result_.report)["verified"] = ToJson(oracle, differences);
    const bool dynamic = HasDynamicRange(result_.file);
    const bool wide = quantized && HasInt16Activations(reference_);
    const bool half = options_.precision == "fp16" || widened_.half;
    const double tolerance = quantized ? kIntegerDifference
                             : half    ? kHalfDifference
                                       : kFloatDifference;
    const Status equal = dynamic ? AboveSqnr(differences, kDynamicFloorDb)
                         : wide  ? CloseInInt16(differences, reference_)
                                 : WithinTolerance(differences, tolerance);
    if (!equal.ok())
      return GateFailed("LiteRT does not compute what ONNX Runtime does: " + equal.error().message +
                            WhereItBegins(oracle, quantized ? reference_ : original_, session,
                                          dynamic ? FromDb(kDynamicFloorDb)
                                          : wide  ? FromDb(kInt16FloorDb)
                                                  : tolerance),
                        "this is a bug of edgeopt or of LiteRT; nothing was written");
    return OkStatus();
  }

  // LiteRT's plan for open sizes gives up on some graphs, and says no more than that it does.
  Error Explained(Error error) const {
    for (const ir::ValueId id : model_.graph.inputs())
      if (const ir::Type& type = model_.graph.value(id).type; !type.static_dims())
        error.hint = "input '" + model_.graph.value(id).name + "' is " + ir::ToString(type) +
                     ": fix its sizes with --shape";
    return error;
  }

  // "; the first layer that differs is 'conv3' (Conv)"; empty where the layers can't be compared:
  // the failure itself is what counts.
  std::string WhereItBegins(const Oracle& oracle, const ir::Model& reference,
                            const runtimes::SessionOptions& session, double tolerance) const {
    const auto found = FirstDifference(oracle, reference, session, tolerance);
    if (!found.ok() || found->empty()) return {};
    return "; the first layer that differs is " + *found;
  }

  Result<std::string> FirstDifference(const Oracle& oracle, const ir::Model& reference,
                                      const runtimes::SessionOptions& session,
                                      double tolerance) const {
    EDGEOPT_TRY(const auto values, InnerValuesOf(reference));
    SharedValues shared = Share(values, InnerValuesOf(result_.file));
    if (shared.reference.empty()) return std::string();
    EDGEOPT_TRY(const std::string model,
                formats::SerializeOnnx(WithOutputs(reference, shared.reference)));
    EDGEOPT_TRY(const auto expected,
                onnxruntime_.LoadBytes(std::as_bytes(std::span(model)), session));
    EDGEOPT_TRY(const auto changed, WithOutputs(result_.file, shared.other));
    EDGEOPT_TRY(const std::string bytes, formats::tflite::SerializeTflite(changed));
    EDGEOPT_TRY(const auto raw, litert_(std::as_bytes(std::span(bytes))));
    Integers integers = IntegersOf(raw->inputs());
    integers.merge(IntegersOf(raw->outputs()));
    const auto found = WithFloatIo(*raw, std::move(integers));
    EDGEOPT_TRY(const auto matched, MatchedTo(*found, *expected));
    measure::Comparands comparands{{*expected, *matched}, {}, {}, std::move(shared.made_by)};
    const auto source = [&](int64_t i) -> Result<std::vector<Tensor>> {
      return oracle.inputs()[static_cast<size_t>(i)];
    };
    EDGEOPT_TRY(const auto compared,
                measure::Compare(comparands, source, static_cast<int64_t>(oracle.inputs().size())));
    for (const std::string& name : shared.reference)
      for (const auto& row : compared.values)
        if (row.name == name && row.sqnr_db < -20 * std::log10(tolerance))
          return "'" + name + "' (" + row.made_by + ")";
    return std::string();
  }

  void Warn(std::string text) {
    sink_.Warn(text);
    result_.warnings.push_back(std::move(text));
  }

  ir::Model original_;
  const ConvertOptions& options_;
  runtimes::Runtime& onnxruntime_;
  const LoadTflite& litert_;
  Sink& sink_;
  const CancelToken* cancel_;
  ir::Model model_;
  passes::WidenedFloats widened_;
  ir::Model reference_;  // what the conversion proper starts from
  std::map<std::string, passes::quantize::IntegerValue> integers_;
  std::vector<BoundaryChange> changed_;
  Converted result_;
};

}  // namespace

Result<Converted> Convert(const ir::Model& model, const ConvertOptions& options,
                          runtimes::Runtime& onnxruntime, const LoadTflite& litert, Sink& sink,
                          const CancelToken* cancel) {
  return Converter(model, options, onnxruntime, litert, sink, cancel).Run();
}

}  // namespace edgeopt::pipeline
