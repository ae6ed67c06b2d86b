#include "pipeline/convert.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "formats/onnx/onnx.h"
#include "formats/tflite/lower.h"
#include "ir/permute.h"
#include "passes/layout/channels_last.h"
#include "passes/manager.h"
#include "passes/pipelines.h"
#include "passes/quantize/integer_io.h"
#include "pipeline/float_io.h"
#include "pipeline/pass_context.h"
#include "pipeline/tolerance.h"

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;
using nlohmann::json;
using passes::layout::BoundaryChange;

// The lowering rules read operators as they are from here on.
constexpr int64_t kOldestOpset = 13;
// Smaller constants are not worth a DEQUANTIZE of their own.
constexpr int64_t kHalvedFromElements = 256;
bool IsQuantized(const ir::Model& model) {
  return std::ranges::any_of(model.graph.nodes(), [&](ir::NodeId id) {
    return model.graph.node(id).Is("QuantizeLinear");
  });
}

// Tensors whose names have a changed order of axes, in that order.
Oracle::Adapt Permuting(const std::vector<BoundaryChange>& changes) {
  return [changes](std::vector<Tensor> tensors) -> Result<std::vector<Tensor>> {
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
    if (options_.precision == "int8" && IsQuantized(model_))
      Warn("the model is quantized already; it keeps its scales");
    else if (options_.precision == "int8")
      EDGEOPT_CHECK_OK(Quantize());
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
    model_ = original_;
    result_.report = std::make_unique<json>();
    (*result_.report)["nodes_before"] = original_.graph.node_count();
    if (model_.OpsetVersion() < kOldestOpset) {
      EDGEOPT_TRY(model_, formats::InlineFunctions(model_));
      EDGEOPT_TRY(model_, formats::ConvertVersion(model_, kOldestOpset));
    }
    FixDefaults();
    passes::ManagerOptions manager;
    manager.cancel = cancel_;
    EDGEOPT_TRY(const auto run,
                passes::Run(model_, passes::Simplify(), PassContext(onnxruntime_), manager));
    for (const passes::PassReport& pass : run.passes)
      if (!pass.error.empty()) Warn("left out " + pass.name + ": " + pass.error);
    return formats::InferTypes(model_);
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
    quantize.rules = "litert";
    EDGEOPT_TRY(Quantized done, pipeline::Quantize(model_, quantize, options_.calibration,
                                                   onnxruntime_, sink_, cancel_));
    model_ = std::move(done.model);
    (*result_.report)["quantization"] = std::move(*done.report);
    result_.table = std::move(done.table);
    result_.warnings.insert(result_.warnings.end(), done.warnings.begin(), done.warnings.end());
    return formats::InferTypes(model_);
  }

  Status ChangeIo() {
    const auto type = options_.io == "uint8" ? ir::DataType::kUint8 : ir::DataType::kInt8;
    EDGEOPT_TRY(integers_, passes::quantize::MakeIntegerIo(model_, type));
    if (integers_.empty())
      return UsageError(
          "no input or output of this model is quantized, so none can be " + options_.io,
          "use --precision int8, or --io float");
    for (const auto& [name, value] : integers_)
      (*result_.report)["integer_io"][name] = {
          {"type", ir::Name(value.type)}, {"scale", value.scale}, {"zero_point", value.zero_point}};
    return OkStatus();
  }

  Status SolveLayout() {
    using passes::layout::Boundary;
    const Boundary boundary = options_.channels_last ? Boundary::kChannelsLast : Boundary::kKeep;
    EDGEOPT_TRY(const auto layout, passes::layout::ToChannelsLast(model_, boundary, boundary));
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
    const auto& graph = *result_.file.model.subgraphs.front();
    report["operators"] = json::object();
    for (const auto& added : graph.operators) {
      const auto& code = *result_.file.model.operator_codes[added->opcode_index];
      const std::string name = formats::tflite::OperatorName(code);
      report["operators"][name] = report["operators"].value(name, 0) + 1;
    }
    report["nodes_after"] = graph.operators.size();
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
    EDGEOPT_TRY(const auto converted, litert_(std::as_bytes(std::span(bytes))));
    const auto adapt = Permuting(changed_);
    integers.insert(integers_.begin(), integers_.end());
    const auto with_float_io = WithFloatIo(*converted, integers);
    EDGEOPT_TRY(const auto differences, oracle.Compare(*with_float_io, adapt, adapt));
    (*result_.report)["verified"] = ToJson(oracle, differences);
    const double tolerance = quantized                      ? kIntegerTolerance
                             : options_.precision == "fp16" ? kHalfTolerance
                                                            : kFloatTolerance;
    const Status equal = WithinTolerance(differences, tolerance);
    if (!equal.ok())
      return GateFailed("LiteRT does not compute what ONNX Runtime does: " + equal.error().message,
                        "this is a bug of edgeopt or of LiteRT; nothing was written");
    return OkStatus();
  }

  void Warn(std::string text) {
    sink_.Warn(text);
    result_.warnings.push_back(std::move(text));
  }

  const ir::Model& original_;
  const ConvertOptions& options_;
  runtimes::Runtime& onnxruntime_;
  const LoadTflite& litert_;
  Sink& sink_;
  const CancelToken* cancel_;
  ir::Model model_;
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
