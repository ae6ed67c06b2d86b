#include "cli/workflow.h"

#include "base/file.h"
#include "base/utc_time.h"
#include "cli/agents.h"
#include "cli/table.h"
#include "pipeline/alternatives.h"
#include "pipeline/real_world.h"
#include "report/conditions.h"
#include "report/markdown.h"
#include "report/sustained.h"
#include "report/text.h"
#include "report/verdict.h"

namespace edgeopt::cli {
namespace fs = std::filesystem;
using nlohmann::json;
using pipeline::Ending;
using pipeline::State;
using report::Number;
using report::Record;

namespace {

// As the user would type it.
std::string Typed(const fs::path& work) {
  std::error_code ec;
  const fs::path relative = fs::absolute(work).lexically_relative(fs::current_path(ec));
  const bool below = !ec && !relative.empty() && *relative.begin() != "..";
  return (below ? relative : fs::absolute(work)).string();
}

std::vector<report::Suggestion> AlternativesOf(const State& state, const fs::path& work) {
  const report::Step* violation = pipeline::OpenViolation(state);
  if (violation == nullptr) return {};
  return pipeline::Alternatives(state.record, *violation, Typed(work));
}

// The package folder as the report names it: relative to the work folder where it lies in it.
std::string PackageName(const State& state, const fs::path& work) {
  if (state.package_folder.empty()) return "";
  const fs::path relative = fs::path(state.package_folder).lexically_relative(fs::absolute(work));
  const bool below = !relative.empty() && *relative.begin() != "..";
  return below ? relative.string() : state.package_folder;
}

std::string VariantTable(const Record& record) {
  std::vector<std::vector<std::string>> rows;
  for (const report::Step& step : record.steps)
    rows.push_back({step.id,
                    std::string(Name(step.decision)) +
                        (report::ThrottledUnder(step.measured_under).empty() ? "" : ", throttled"),
                    step.output.empty() ? "-" : report::Megabytes(step.size_bytes),
                    step.latency ? Number(step.latency->p50_ms) : "-",
                    step.latency ? Number(step.latency->p95_ms) : "-",
                    step.vs_baseline ? Number(step.vs_baseline->ratio) : "-",
                    step.accuracy ? report::Score(step.accuracy->value) : "-"});
  return Table({"variant", "decision", "MB", "p50 ms", "p95 ms", "speed-up", record.metric}, rows);
}

std::string Suggestions(const std::vector<report::Suggestion>& suggestions) {
  std::string text;
  for (const report::Suggestion& suggestion : suggestions)
    text += "  " + suggestion.what + ":\n    " + suggestion.estimate + "\n";
  return text;
}

std::string Summary(const State& state, const fs::path& work, Ending ending) {
  const Record& record = state.record;
  const report::Verdict verdict = report::Judge(record);
  std::string text = VariantTable(record) + "\n";
  if (!record.latency_label.empty()) text += record.latency_label + "\n";
  if (const std::string where = report::MeasuredOn(record); !where.empty())
    text += "Measured on " + where + "\n";
  if (record.sustained && record.sustained->measured())
    for (const std::string& line : report::SustainedLines(*record.sustained))
      text += "Under sustained load: " + line + "\n";
  text += std::string(verdict.pass ? "PASS" : "FAIL") + ": " + report::Recommend(record, verdict) +
          "\n";
  if (ending == Ending::kViolation) {
    text += "\nAlternatives:\n" + Suggestions(AlternativesOf(state, work));
  } else if (ending == Ending::kTargetMissed) {
    text += "\nBottleneck: " + record.bottleneck->summary + "\nWhat to try:\n" +
            Suggestions(record.bottleneck->suggestions);
  }
  if (!state.package_archive.empty()) text += "Package: " + state.package_archive + "\n";
  return text + "Report: " + (work / "report.md").string() + "\n";
}

std::optional<Error> FailureOf(const State& state, const fs::path& work, Ending ending) {
  if (ending == Ending::kViolation) {
    const report::Step& violation = *pipeline::OpenViolation(state);
    return GateFailed(
        "step '" + violation.id + "' is below the accuracy floor: " + violation.reason,
        "choose an alternative above; nothing is packaged");
  }
  if (ending == Ending::kTargetMissed)
    return GateFailed(state.blockers, "'edgeopt package " + pipeline::ShellQuoted(Typed(work)) +
                                          "' packages the best variant all the same");
  return std::nullopt;
}

// What pre-flight made becomes part of the run. The folders may be on different file systems.
Status MoveMade(const pipeline::Preflight& preflight, const fs::path& work) {
  if (preflight.made_files == nullptr) return OkStatus();
  std::error_code ec;
  fs::copy(preflight.made_files->path(), work, fs::copy_options::recursive, ec);
  if (ec) return CantWrite("can't fill '" + work.string() + "': " + ec.message());
  return OkStatus();
}

}  // namespace

pipeline::AgentStarter AgentsOf(const Context& context) {
  return {context.program, context.runtime_library, context.cache, context.cancel, {},
          context.sink};
}

Result<pipeline::AgentStarter> AgentsOf(const Context& context,
                                        const report::Measuring& measuring) {
  return OpenAgents(context, {measuring.host, measuring.agent_files});
}

void WarnOf(const pipeline::Preflight& preflight, const Context& context) {
  for (const pipeline::PreflightItem& item : preflight.items)
    if (item.level == pipeline::Level::kWarn)
      context.sink->Warn(item.name + ": " + item.finding + "; " + item.remedy);
}

Status StartState(const pipeline::Preflight& preflight, const fs::path& path,
                  const Context& context) {
  WarnOf(preflight, context);
  if (const auto failure = preflight.failure()) return *failure;
  EDGEOPT_TRY(const auto work, pipeline::WorkFolder::Create(path));
  EDGEOPT_CHECK_OK(MoveMade(preflight, work.path()));
  State state;
  state.record = preflight.record;
  state.last_action = "pre-flight";
  state.next_action = "inspect the original";
  return work.Save(state);
}

Result<json> WriteReports(const State& state, const fs::path& work) {
  const Record& record = state.record;
  const report::Input input{record, record.finished_at.empty() ? UtcNow() : record.finished_at,
                            PackageName(state, work), AlternativesOf(state, work)};
  json document = report::Document(input);
  if (record.sustained && record.sustained->measured())
    EDGEOPT_CHECK_OK(WriteFile(work / report::kSustainedPlot,
                               report::SustainedPlot(*record.sustained, record.model_name)));
  EDGEOPT_CHECK_OK(WriteFile(work / "report.md", report::Markdown(input)));
  EDGEOPT_CHECK_OK(WriteFile(work / "report.json",
                             document.dump(1, ' ', false, json::error_handler_t::replace) + "\n"));
  return document;
}

namespace {

// The machine that measures, ready: its clocks are locked, where the user wants that, as long as
// the agent that locked them lives.
struct Prepared {
  pipeline::AgentStarter agents;
  std::unique_ptr<measure::AgentClient> holder;
  measure::Clocks clocks;
};

Result<Prepared> Prepare(const report::Measuring& measuring, const Context& context) {
  Prepared prepared;
  EDGEOPT_TRY(prepared.agents, AgentsOf(context, measuring));
  if (!measuring.lock_clocks) return prepared;
  EDGEOPT_TRY(prepared.holder, prepared.agents.Start());
  measure::ClockLockParams params;
  params.sudo = measuring.sudo;
  params.power_mode = measuring.power_mode;
  EDGEOPT_TRY(prepared.clocks, measure::LockUntilItEnds(*prepared.holder, params));
  if (const std::string label = prepared.clocks.label(); !label.empty()) context.sink->Warn(label);
  return prepared;
}

// What is saved is not lost.
Error Resumable(Error error, const fs::path& work) {
  if (!error.environment) return error;
  error.hint += (error.hint.empty() ? "" : "; ") + std::string("go on with 'edgeopt resume ") +
                pipeline::ShellQuoted(Typed(work)) + "'";
  return error;
}

}  // namespace

Result<Answer> RunAndReport(State state, const pipeline::WorkFolder& work, Context& context) {
  pipeline::RealWorldOptions options;
  Prepared prepared;
  // A run that is finished, or still waits for a decision, runs nothing.
  if (!state.finished && pipeline::OpenViolation(state) == nullptr) {
    auto ready = Prepare(state.record.measuring, context);
    if (!ready.ok()) {
      Error error = ready.error();
      error.environment |= error.code == ErrorCode::kUnavailable;
      return Resumable(std::move(error), work.path());
    }
    prepared = std::move(*ready);
    state.record.clocks = prepared.clocks.state;
  }
  options.agents = prepared.agents;
  options.clocks = prepared.clocks;
  options.sink = context.sink;
  options.cancel = context.cancel;
  options.quiet = context.quiet;
  const pipeline::World world = pipeline::MakeRealWorld(work, options);
  const auto ended = pipeline::RunWorkflow(state, world, *context.sink, context.cancel);
  if (!ended.ok()) return Resumable(ended.error(), work.path());
  const Ending ending = *ended;
  Answer answer;
  EDGEOPT_TRY(answer.document, WriteReports(state, work.path()));
  answer.document["work"] = work.path().string();
  answer.document["package_archive"] =
      state.package_archive.empty() ? json() : json(state.package_archive);
  answer.text = Summary(state, work.path(), ending);
  answer.failure = FailureOf(state, work.path(), ending);
  return answer;
}

}  // namespace edgeopt::cli
