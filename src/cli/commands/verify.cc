// edgeopt verify PACKAGE: hashes, and the golden samples run again, on this machine or another one.
#include <memory>

#include "cli/agents.h"
#include "cli/command.h"
#include "pipeline/packager.h"
#include "report/text.h"

namespace edgeopt::cli {
namespace {

struct Options {
  std::string package;
  int threads = 1;
  HostArguments host;
};

// "onnxruntime", as agents call it, for people.
std::string RuntimeName(const std::string& runtime) {
  if (runtime == "tensorrt") return "TensorRT";
  return runtime == "litert" ? "LiteRT" : "ONNX Runtime";
}

std::string RuntimeText(const pipeline::GoldenRun& run) {
  std::string text = "runtime: " + RuntimeName(run.runtime) + " " + run.version;
  if (!run.executes_by.empty()) text += ", run by " + run.executes_by;
  if (!run.stands_in_because.empty())
    text += ", which stands in for TensorRT: " + run.stands_in_because;
  return text + "\n";
}

std::string Text(const pipeline::Verification& verification) {
  std::string text = "model: " + verification.model + " (" + verification.variant + ")\n";
  for (const std::string& complaint : verification.file_complaints)
    text += "fail  " + complaint + "\n";
  if (verification.file_complaints.empty())
    text += "pass  " + std::to_string(verification.files) + " files have their SHA-256\n";
  if (!verification.run.runtime.empty()) text += RuntimeText(verification.run);
  for (const auto& sample : verification.golden) {
    text += std::string(sample.pass ? "pass" : "fail") + "  " + sample.inputs + ": ";
    text += sample.problem.empty()
                ? "output '" + sample.output + "' differs by " +
                      report::Number(sample.error_ratio * 100) + " % of its range at most"
                : sample.problem;
    text += "\n";
  }
  if (!verification.golden.empty())
    text += "tolerance: " + report::Number(verification.tolerance_ratio * 100) + " %\n";
  return text;
}

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_TRY(const pipeline::AgentStarter agents, OpenAgents(context, options.host));
  EDGEOPT_TRY(const auto client, agents.Start());
  EDGEOPT_TRY(const pipeline::Verification verification,
              pipeline::VerifyPackage(options.package,
                                      pipeline::RunPackagedIn(agents, *client, options.threads)));
  Answer answer{Text(verification), ToJson(verification), {}};
  AddHost(agents, client->hello(), answer.text, answer.document);
  if (!verification.file_complaints.empty())
    answer.failure =
        BadInput("the package is not as it was made: " + verification.file_complaints.front(),
                 "get it again from where it came from");
  else if (!verification.pass())
    answer.failure = GateFailed(
        "the model gives other outputs on " +
            (agents.remote ? "'" + agents.remote->name() + "'" : std::string("this machine")) +
            " than were recorded",
        verification.run.stands_in_because.empty()
            ? "measure its accuracy there before you use it"
            : "ONNX Runtime stood in for TensorRT; verify it on the device (--host)");
  return answer;
}

}  // namespace

Command verify() {
  return {"verify", "Check a package and run its golden samples", Group::kWorkflow,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            parser.Add("package", options->package, "folder or .tar.zst").Required();
            parser.Add("--threads", options->threads, "threads of the runtime")
                .Between(1, 1024)
                .TypeName("N");
            AddHostOptions(parser, options->host);
            return [options](Context& context) { return Execute(*options, context); };
          }};
}

}  // namespace edgeopt::cli
