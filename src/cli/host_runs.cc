#include "cli/host_runs.h"

#include <cctype>
#include <chrono>
#include <filesystem>
#include <optional>
#include <set>

#include "base/subprocess.h"
#include "cli/each_host.h"
#include "cli/source_arguments.h"
#include "cli/table.h"
#include "cli/workflow.h"
#include "pipeline/real_world.h"
#include "report/text.h"

namespace edgeopt::cli {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::chrono::milliseconds kLook{100};
constexpr std::chrono::seconds kPatienceForTheEnd{60};

// One host's run.
struct HostRun {
  std::string host;
  fs::path work;
  std::optional<Error> error;  // why it ended, or did not begin
  std::optional<Subprocess> child;
  std::string output;  // what the child has answered until now
  std::string told;    // the last action that was noted
  json document;       // its answer; null when there is none
};

// Looks at everything and leaves a folder from which 'edgeopt resume' runs.
Status BeginRun(pipeline::RunOptions options, HostRun& run, const Context& context) {
  options.measuring.host = run.host;
  options.work = run.work;
  const pipeline::Preflight preflight = pipeline::RunPreflight(
      options,
      pipeline::MakePreflightWorld(AgentsOf(context, options.measuring), ImportToolsOf(context)),
      SilentSink(), context.cancel);
  return StartState(preflight, run.work, context);
}

Status StartChild(HostRun& run, const Context& context) {
  std::vector<std::string> argv = {context.program.string(), "resume", run.work.string(), "--json",
                                   "--quiet"};
  if (!context.runtime_library.empty()) {
    argv.emplace_back("--runtime-library");
    argv.push_back(context.runtime_library.string());
  }
  EDGEOPT_TRY(run.child, Subprocess::Start({.argv = std::move(argv)}));
  run.child->CloseInput();
  return OkStatus();
}

void NoteProgress(HostRun& run, const Context& context) {
  const auto state = pipeline::ReadState(run.work);
  if (!state.ok() || state->last_action == run.told) return;
  run.told = state->last_action;
  context.sink->Note("'" + run.host + "': " + run.told);
}

void ReadEnd(HostRun& run) {
  const auto status = run.child->Wait(kPatienceForTheEnd);
  run.document = json::parse(run.output, nullptr, false);
  if (run.document.is_discarded()) run.document = json();
  run.error = pipeline::ErrorIn(run.document);
  if (!run.error && (!status.ok() || !status->ok() || run.document.is_null()))
    run.error = Unavailable("the run ended with " +
                                (status.ok() ? status->ToString() : status.error().message) + " " +
                                run.child->error_output(),
                            "go on with 'edgeopt resume " + run.work.string() + "'");
  run.child.reset();
}

// Until all children have ended.
Status WaitForAll(std::vector<HostRun>& runs, const Context& context) {
  for (bool running = true; running;) {
    running = false;
    for (HostRun& run : runs) {
      if (!run.child) continue;
      running = true;
      if (context.cancel != nullptr && context.cancel->cancelled()) return Interrupted();
      const auto line = run.child->ReadLine(kLook);
      if (!line.ok()) {
        NoteProgress(run, context);  // nothing yet
      } else if (line->has_value()) {
        run.output += **line + "\n";
      } else {
        ReadEnd(run);
      }
    }
  }
  return OkStatus();
}

// The members of a report that the table shows; what a failed run lacks is "-".
std::vector<std::string> SummaryRow(const HostRun& run) {
  std::vector<std::string> row = {run.host};
  const auto verdict = run.document.is_object() ? run.document.find("verdict") : run.document.end();
  const bool has_report = run.document.is_object() && verdict != run.document.end();
  if (!has_report) {
    row.resize(9, "-");
    row.back() = run.error ? run.error->message : "";
    return row;
  }
  const std::string variant =
      (*verdict)["variant"].is_string() ? (*verdict)["variant"].get<std::string>() : "-";
  json shipped, baseline;
  for (const json& trade_off : run.document["trade_offs"]) {
    if (baseline.is_null()) baseline = trade_off;
    if (trade_off["variant"] == variant) shipped = trade_off;
  }
  const auto number = [](const json& object, const char* name) {
    const json value = object.is_object() ? object.value(name, json()) : json();
    return value.is_number() ? report::Number(value.get<double>()) : std::string("-");
  };
  const json& record = run.document["record"];
  row.push_back(record["device"].get<std::string>());
  row.push_back(verdict->value("pass", false) ? "PASS" : "FAIL");
  row.push_back(variant);
  row.push_back(number(baseline, "latency_p50_ms"));
  row.push_back(number(shipped, "latency_p50_ms"));
  row.push_back(number(shipped, "speedup"));
  row.push_back(number(shipped, "accuracy"));
  row.push_back(record["latency_label"].get<std::string>());
  return row;
}

json Entry(const HostRun& run) {
  json entry = run.document.is_object() ? run.document : json::object();
  entry["host"] = run.host;
  entry["work"] = run.work.string();
  if (run.error)
    entry["error"] = {{"code", static_cast<int>(run.error->code)},
                      {"message", run.error->message},
                      {"hint", run.error->hint}};
  return entry;
}

Answer Summarize(const std::vector<HostRun>& runs) {
  Answer answer;
  std::vector<std::vector<std::string>> rows;
  std::vector<HostFailure> failures;
  std::string reports;
  for (const HostRun& run : runs) {
    rows.push_back(SummaryRow(run));
    answer.document["hosts"].push_back(Entry(run));
    if (run.error) failures.push_back({run.host, *run.error});
    if (run.document.is_object() && run.document.contains("verdict"))
      reports += "Report: " + (run.work / "report.md").string() + "\n";
  }
  answer.text =
      Table({"host", "device", "", "variant", "baseline ms", "p50 ms", "speed-up", "accuracy", ""},
            rows) +
      reports;
  answer.failure = Worst(failures);
  return answer;
}

}  // namespace

std::string HostAsFileName(const std::string& host) {
  std::string name;
  for (const char c : host)
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                    std::string_view("@._-").find(c) != std::string_view::npos
                ? c
                : '_';
  return name.empty() || name.front() == '.' ? "_" + name : name;
}

Result<Answer> RunOnHosts(const pipeline::RunOptions& options,
                          const std::vector<std::string>& hosts, Context& context) {
  std::vector<HostRun> runs;
  std::set<fs::path> folders;
  for (const std::string& host : hosts) {
    runs.emplace_back();
    runs.back().host = host;
    runs.back().work = fs::absolute(options.work / HostAsFileName(host));
    if (!folders.insert(runs.back().work).second)
      return UsageError(
          "the runs of two hosts would have the same folder '" + runs.back().work.string() + "'",
          "run one of them by itself, with another --work");
  }
  OnEachHost(hosts, context, [&](size_t i, Context& own) {
    const Status begun = BeginRun(options, runs[i], own);
    if (!begun.ok()) runs[i].error = begun.error();
  });
  for (HostRun& run : runs) {
    if (run.error) continue;
    if (const Status started = StartChild(run, context); !started.ok()) run.error = started.error();
  }
  EDGEOPT_CHECK_OK(WaitForAll(runs, context));
  return Summarize(runs);
}

}  // namespace edgeopt::cli
