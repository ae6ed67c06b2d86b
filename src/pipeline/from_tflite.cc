#include "pipeline/from_tflite.h"

#include <nlohmann/json.hpp>

#include "formats/onnx/onnx.h"
#include "formats/tflite/raise.h"
#include "passes/layout/channels_last.h"
#include "passes/manager.h"
#include "passes/pipelines.h"
#include "pipeline/float_io.h"
#include "pipeline/pass_context.h"
#include "pipeline/tolerance.h"

namespace edgeopt::pipeline {
namespace {

using nlohmann::json;

class RaisedPreparation {
 public:
  RaisedPreparation(Raised& raised, runtimes::Runtime& onnxruntime, Sink& sink,
                    const CancelToken* cancel)
      : raised_(raised), onnxruntime_(onnxruntime), sink_(sink), cancel_(cancel) {}

  // What the layout leaves behind is simpler again.
  Status Run() {
    EDGEOPT_CHECK_OK(Simplify());
    EDGEOPT_CHECK_OK(passes::layout::RemoveTransposes(raised_.model));
    return Simplify();
  }

 private:
  Status Simplify() {
    passes::ManagerOptions manager;
    manager.cancel = cancel_;
    EDGEOPT_CHECK_OK(formats::InferTypes(raised_.model));
    EDGEOPT_TRY(const auto run,
                passes::Run(raised_.model, passes::Simplify(), PassContext(onnxruntime_), manager));
    for (const passes::PassReport& pass : run.passes) {
      if (pass.error.empty()) continue;
      raised_.warnings.push_back("left out " + pass.name + ": " + pass.error);
      sink_.Warn(raised_.warnings.back());
    }
    return formats::InferTypes(raised_.model);
  }

  Raised& raised_;
  runtimes::Runtime& onnxruntime_;
  Sink& sink_;
  const CancelToken* cancel_;
};

int64_t CountTransposes(const ir::Graph& graph) {
  int64_t count = 0;
  for (const ir::NodeId id : graph.nodes()) count += graph.node(id).Is("Transpose") ? 1 : 0;
  return count;
}

}  // namespace

Result<Raised> RaiseModel(const formats::tflite::File& file, const AskedSizes& asked,
                          runtimes::Runtime& onnxruntime, Sink& sink, const CancelToken* cancel) {
  Raised raised;
  EDGEOPT_TRY(raised.model, formats::tflite::Raise(file));
  EDGEOPT_CHECK_OK(ApplySizes(raised.model, OpenOnesOf(raised.model, asked)));
  for (const auto& subgraph : file.model.subgraphs)
    raised.operators += static_cast<int64_t>(subgraph->operators.size());
  raised.in_integers = formats::tflite::ComputesInIntegers(file);
  EDGEOPT_CHECK_OK(RaisedPreparation(raised, onnxruntime, sink, cancel).Run());
  raised.transposes = CountTransposes(raised.model.graph);
  return raised;
}

Status VerifyRaised(const Raised& raised, const OracleInputs& verification,
                    runtimes::Runtime& onnxruntime, runtimes::Session& litert, Sink& sink,
                    json& verified) {
  EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(raised.model));
  // ONNX Runtime's int8 kernels saturate on some CPUs; LiteRT's do not.
  runtimes::SessionOptions session;
  if (raised.in_integers) session.optimization = runtimes::GraphOptimization::kNone;
  EDGEOPT_TRY(const auto made, onnxruntime.LoadBytes(std::as_bytes(std::span(bytes)), session));
  const auto integers = QuantizedOutputs(raised.model);
  const auto variant = WithFloatIo(*made, integers), original = WithFloatIo(litert, integers);
  // Its sizes may be fixed where the file's are not, so that it says what inputs look like.
  EDGEOPT_TRY(const Oracle oracle, Oracle::Make(*variant, verification));
  if (const Status& random = oracle.random_error(); !random.ok()) {
    if (oracle.data_samples() == 0)
      return BadInput(
          "no random inputs fit this model, so it can't be verified: " + random.error().message,
          "give data with --calibration, or sizes with --shape");
    sink.Warn("random inputs can't verify this model: " + random.error().message);
  }
  EDGEOPT_TRY(const auto differences, oracle.Compare(*original));
  verified = ToJson(oracle, differences);
  const Status equal =
      WithinTolerance(differences, raised.in_integers ? kIntegerDifference : kFloatDifference);
  if (!equal.ok())
    return GateFailed("ONNX Runtime does not compute what LiteRT does: " + equal.error().message,
                      "this is a bug of edgeopt or of a runtime; nothing was written");
  return OkStatus();
}

}  // namespace edgeopt::pipeline
