#include "pipeline/real_world.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "base/subprocess.h"
#include "base/utc_time.h"
#include "formats/onnx/onnx.h"
#include "pipeline/facts.h"
#include "pipeline/measure_step.h"
#include "pipeline/open_model.h"
#include "pipeline/run_machine.h"
#include "pipeline/sustain_step.h"
#include "pipeline/tensorrt_package.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using nlohmann::json;
using report::Record;
using report::Step;

namespace {

// A step may take long on a large model; whether it is alive shows by its progress on stderr.
constexpr std::chrono::hours kStepPatience{24};
constexpr std::chrono::milliseconds kPoll{100};

// What a child with --json answered: its document, or its error.
Result<json> Answer(const std::string& text, const ExitStatus& status, const std::string& what) {
  const json document = json::parse(text, nullptr, false);
  if (const auto error = ErrorIn(document)) return *error;
  if (!status.ok()) return Unavailable(what + " ended with " + status.ToString());
  if (!document.is_object()) return Internal(what + " gave no answer");
  return document;
}

// Runs this program on something, its progress passed through to standard error.
Result<json> RunSelf(std::vector<std::string> argv, const std::string& what,
                     const CancelToken* cancel) {
  EDGEOPT_TRY(Subprocess child, Subprocess::Start({std::move(argv), {}, {}, false}));
  child.CloseInput();
  std::string text;
  const auto deadline = std::chrono::steady_clock::now() + kStepPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (cancel != nullptr && cancel->cancelled()) return Interrupted();
    auto line = child.ReadLine(kPoll);
    if (!line.ok()) continue;  // nothing yet
    if (!line->has_value()) break;
    text += **line + "\n";
  }
  EDGEOPT_TRY(const ExitStatus status, child.Wait(std::chrono::seconds(60)));
  return Answer(text, status, what);
}

// Sub-folder of variants/ that an unfinished attempt works in. Removed before each attempt, so that
// nothing of a killed one is taken for a result; a child that survived its parent then fails.
fs::path AttemptFolder(const fs::path& work, const Step& step) {
  return work / "variants" / (".making-" + step.id);
}

// Moves what the child wrote to its final place; the child chose names that no step of the record
// has. A file there is a leftover of a run that was killed before it could save, and is replaced.
Status MoveIn(const fs::path& attempt, const fs::path& variants) {
  std::error_code ec;
  for (fs::directory_iterator it(attempt, ec), end; !ec && it != end; it.increment(ec)) {
    fs::rename(it->path(), variants / it->path().filename(), ec);
    if (ec) break;
  }
  if (ec) return CantWrite("can't fill '" + variants.string() + "': " + ec.message());
  return OkStatus();
}

Result<Made> ReadMade(const json& answer) {
  Made made;
  try {
    made.output = "variants/" + answer.at("output").get<std::string>();
    for (const auto& [what, name] : answer.at("files").items())
      made.files[what] = "variants/" + name.get<std::string>();
    answer.at("sha256").get_to(made.sha256);
    answer.at("size_bytes").get_to(made.size_bytes);
    answer.at("precision").get_to(made.precision);
    answer.at("warnings").get_to(made.warnings);
    made.parameters = answer.at("parameters");
    made.details = answer.at("details");
  } catch (const json::exception& error) {
    return Internal(std::string("a step's answer: ") + error.what());
  }
  return made;
}

Result<Made> MakeInChild(const Step& step, const fs::path& work, const RealWorldOptions& options) {
  const fs::path attempt = AttemptFolder(work, step);
  std::error_code ec;
  fs::remove_all(attempt, ec);
  fs::create_directories(attempt, ec);
  if (ec) return CantWrite("can't make '" + attempt.string() + "': " + ec.message());
  std::vector<std::string> argv = {options.agents.program.string(),
                                   "make-variant",
                                   work.string(),
                                   step.id,
                                   attempt.string(),
                                   "--json"};
  if (options.quiet) argv.push_back("--quiet");
  if (!options.agents.runtime_library.empty()) {
    argv.push_back("--runtime-library");
    argv.push_back(options.agents.runtime_library.string());
  }
  const auto answer = RunSelf(std::move(argv), "step '" + step.id + "'", options.cancel);
  const Status moved = answer.ok() ? MoveIn(attempt, work / "variants") : OkStatus();
  fs::remove_all(attempt, ec);
  if (!answer.ok()) return answer.error();
  EDGEOPT_CHECK_OK(moved);
  return ReadMade(*answer);
}

Result<json> InspectOriginal(const Record& record, const fs::path& work) {
  const std::string source = record.source_file();
  EDGEOPT_TRY(ir::Model model,
              ReadModel(InWork(work, source.empty() ? record.model_path : source)));
  EDGEOPT_CHECK_OK(formats::InferTypes(model));
  return ToJson(InspectFacts(model, Float16Gains(RunMachine(record))));
}

Result<std::string> HashOriginal(const Record& record) {
  if (!record.imported) return Sha256File(record.model_path);
  EDGEOPT_TRY(const frameworks::Source source, frameworks::SourceFromJson(record.imported->source));
  return HashOf(source);
}

}  // namespace

World MakeRealWorld(const WorkFolder& work, const RealWorldOptions& options) {
  World world;
  Sink* sink = options.sink != nullptr ? options.sink : &SilentSink();
  const fs::path folder = work.path();
  world.now = [] { return UtcNow(); };
  world.seconds = [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  };
  world.inspect = [folder](const Record& record) { return InspectOriginal(record, folder); };
  world.hash_original = HashOriginal;
  world.make = [folder, options](const Record&, const Step& step) {
    return MakeInChild(step, folder, options);
  };
  world.measure = [folder, options, sink](const Record& record, const Step& step,
                                          const Step* best) {
    return MeasureStep(record, step, best, folder, options.agents, options.clocks, *sink);
  };
  world.validate = [folder, options, sink](const Record& record, const Step& step) {
    return ValidateStep(record, step, folder, options.agents, *sink, options.cancel);
  };
  world.find_bottleneck = [folder, options, sink](const Record& record) {
    return FindBottleneck(record, folder, options.agents, *sink);
  };
  world.sustain = [folder, options, sink](const Record& record) {
    return SustainBest(record, folder, options.agents, options.clocks, *sink);
  };
  world.package = [folder, options](const Record& record) {
    return BuildPackage(
        record, folder, DefaultPackageFolder(record, folder), /*replaceable=*/true,
        RunInAgent(options.agents, SessionOptionsOf(record, *record.best(), /*spin=*/false),
                   RuntimeOf(record, *record.best())),
        FetchFromAgent(options.agents, record, folder));
  };
  world.save = [&work](const State& state) { return work.Save(state); };
  return world;
}

std::optional<Error> ErrorIn(const json& document) {
  if (!document.is_object() || !document.contains("error")) return std::nullopt;
  const json& error = document["error"];
  if (!error.is_object()) return Internal("an error that is no object");
  try {
    return Error{static_cast<ErrorCode>(error.value("code", 70)), error.value("message", ""),
                 error.value("hint", ""), error.value("environment", false)};
  } catch (const json::exception& exception) {
    return Internal(exception.what());
  }
}

PreflightWorld MakePreflightWorld(const Result<AgentStarter>& agents, const ImportTools& here) {
  PreflightWorld world;
  world.import_source = [here](const ImportRequest& request, const fs::path& folder) {
    return ImportSource(request, folder, here);
  };
  world.resize_source = [here](const ResizeRequest& request, const fs::path& folder) {
    return ResizeSource(request, folder, here);
  };
  world.load = [agents](const fs::path& model) -> Result<PreflightWorld::Runtime> {
    if (!agents.ok()) return agents.error();
    EDGEOPT_TRY(const auto client, agents->Load(model, 1, /*spin=*/false));
    return PreflightWorld::Runtime{client->runtime().name, client->runtime().version};
  };
  world.host = [agents]() -> Result<PreflightWorld::Host> {
    if (!agents.ok()) return agents.error();
    EDGEOPT_TRY(const auto client, agents->Start());
    PreflightWorld::Host host{client->hello().machine, client->hello().runtimes, {}};
    if (agents->remote) host.free_bytes = agents->remote->facts().free_bytes;
    EDGEOPT_CHECK_OK(client->Shutdown());
    return host;
  };
  world.free_bytes = [](const fs::path& folder) -> Result<uint64_t> {
    std::error_code ec;
    const fs::space_info space = fs::space(folder, ec);
    if (ec)
      return Unavailable("can't ask for the free space of '" + folder.string() +
                         "': " + ec.message());
    return space.available;
  };
  return world;
}

}  // namespace edgeopt::pipeline
