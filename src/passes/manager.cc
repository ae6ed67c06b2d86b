#include "passes/manager.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "ir/verifier.h"
#include "passes/symbolic_types.h"

namespace edgeopt::passes {
namespace {

using ir::Graph;
using ir::Model;
using ir::Type;
using ir::ValueId;

class Stopwatch {
 public:
  double ElapsedMs() const {
    return std::chrono::duration<double, std::milli>(Clock::now() - start_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

bool MadeByStandardOperator(const Graph& graph, ValueId id) {
  const ir::NodeId producer = graph.producer(id);
  return producer.valid() && graph.node(producer).domain.empty();
}

template <typename Fn>
void ForEachValue(const Graph& graph, Fn fn) {
  for (size_t i = 0; i < graph.value_bound(); ++i)
    if (const ValueId id{static_cast<int32_t>(i)}; graph.alive(id)) fn(id);
}

std::vector<Type> TypesOf(const Graph& graph, const std::vector<ValueId>& ids) {
  std::vector<Type> types;
  for (const ValueId id : ids) types.push_back(graph.value(id).type);
  return types;
}

// Forgets what inference can find out; the subgraphs' too.
Status DropInferable(Model& model) {
  const auto drop = [](Graph& graph) -> Result<bool> {
    bool any = false;
    ForEachValue(graph, [&](ValueId id) {
      if (!MadeByStandardOperator(graph, id) || graph.IsOutput(id)) return;
      any |= graph.value(id).type.kind != Type::Kind::kNone;
      graph.SetType(id, {});
    });
    return any;
  };
  const auto dropped = ir::TransformGraph(model.graph, drop);
  return dropped.ok() ? OkStatus() : Status(dropped.error());
}

class Runner {
 public:
  Runner(Model& model, std::span<const Pass* const> pipeline, const Context& context,
         const ManagerOptions& options)
      : model_(model), context_(context), options_(options) {
    for (const Pass* pass : pipeline)
      if (std::find(options.disabled.begin(), options.disabled.end(), pass->name) ==
          options.disabled.end())
        rows_.push_back({pass, PassReport{std::string(pass->name)}, -1});
  }

  Result<RunReport> Run() {
    const Stopwatch total;
    EDGEOPT_CHECK_OK(CheckNames());
    Model working = model_;
    const std::vector<Type> output_types = TypesOf(working.graph, working.graph.outputs());
    EDGEOPT_CHECK_OK(InferFromInputs(working));
    while (report_.rounds < options_.max_rounds && !report_.converged) {
      const int64_t before = version_;
      EDGEOPT_CHECK_OK(Round(working));
      report_.converged = version_ == before;
    }
    EDGEOPT_CHECK_OK(DropInferable(working));
    for (size_t i = 0; i < output_types.size(); ++i)
      working.graph.SetType(working.graph.outputs()[i], output_types[i]);
    model_ = std::move(working);
    for (Row& row : rows_) report_.passes.push_back(std::move(row.report));
    report_.total_ms = total.ElapsedMs();
    return std::move(report_);
  }

 private:
  struct Row {
    const Pass* pass;
    PassReport report;
    int64_t unchanged_at;  // the version of the model that the pass last found nothing in
  };

  Status CheckNames() const {
    for (const std::string& name : options_.disabled)
      if (!Find(name))
        return UsageError("there is no pass '" + name + "'", "'edgeopt list passes' names them");
    return OkStatus();
  }

  // A file's types of intermediate values may be stale (its inputs were edited): they count only
  // where inference finds nothing.
  Status InferFromInputs(Model& model) {
    std::vector<std::pair<ValueId, Type>> given;
    ForEachValue(model.graph, [&](ValueId id) {
      if (!MadeByStandardOperator(model.graph, id)) return;
      given.emplace_back(id, model.graph.value(id).type);
      model.graph.SetType(id, {});
    });
    EDGEOPT_CHECK_OK(Infer(model));
    bool any = false;
    for (auto& [id, type] : given) {
      if (model.graph.value(id).type.kind != Type::Kind::kNone || type.kind == Type::Kind::kNone)
        continue;
      model.graph.SetType(id, std::move(type));
      any = true;
    }
    return any ? Infer(model) : OkStatus();
  }

  Status Infer(Model& model) {
    if (!context_.infer_types) return OkStatus();
    const Stopwatch time;
    EDGEOPT_CHECK_OK(context_.infer_types(model));
    EDGEOPT_CHECK_OK(RefineTypes(model, context_));
    report_.inference_ms += time.ElapsedMs();
    inferred_at_ = version_;
    return OkStatus();
  }

  Status Round(Model& working) {
    ++report_.rounds;
    if (inferred_at_ != version_) EDGEOPT_CHECK_OK(Infer(working));
    for (Row& row : rows_) {
      if (options_.cancel && options_.cancel->cancelled()) return Interrupted();
      if (row.unchanged_at == version_ || !row.report.error.empty()) continue;
      const Status status = RunPass(row, working);
      if (!status.ok() && status.error().code == ErrorCode::kInterrupted) return status;
      if (!status.ok()) row.report.error = status.error().ToString();
      if (row.pass->refines_types && inferred_at_ != version_ && row.unchanged_at != version_)
        EDGEOPT_CHECK_OK(Infer(working));
    }
    return OkStatus();
  }

  Status RunPass(Row& row, Model& working) {
    const Stopwatch time;
    Model copy = working;
    auto outcome = row.pass->run(copy, context_);
    ++row.report.runs;
    row.report.time_ms += time.ElapsedMs();
    if (!outcome.ok()) return outcome.error();
    row.report.skipped = std::move(outcome->skipped);
    if (!outcome->changed()) {
      row.unchanged_at = version_;
      return OkStatus();
    }
    EDGEOPT_CHECK_OK(ir::Verify(copy));
    if (options_.check) EDGEOPT_CHECK_OK(options_.check(working, copy));
    row.report.rewrites += outcome->rewrites;
    working = std::move(copy);
    ++version_;
    return OkStatus();
  }

  Model& model_;
  const Context& context_;
  const ManagerOptions& options_;
  std::vector<Row> rows_;
  RunReport report_;
  int64_t version_ = 0;  // counts committed changes
  int64_t inferred_at_ = -1;
};

}  // namespace

const Pass* Find(std::string_view name) {
  for (const Pass& pass : Table())
    if (pass.name == name) return &pass;
  return nullptr;
}

int64_t RunReport::rewrites() const {
  return std::accumulate(passes.begin(), passes.end(), int64_t{0},
                         [](int64_t sum, const PassReport& pass) { return sum + pass.rewrites; });
}

Result<RunReport> Run(Model& model, std::span<const Pass* const> pipeline, const Context& context,
                      const ManagerOptions& options) {
  return Runner(model, pipeline, context, options).Run();
}

}  // namespace edgeopt::passes
