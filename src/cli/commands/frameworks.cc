// edgeopt frameworks list | install FRAMEWORK | clean [FRAMEWORK] [--all]
#include <algorithm>
#include <memory>

#include "base/utc_time.h"
#include "cli/command.h"
#include "cli/table.h"
#include "frameworks/environment.h"
#include "frameworks/upkeep.h"
#include "report/text.h"

namespace edgeopt::cli {
namespace {

using frameworks::Framework;
using frameworks::InstalledEnvironment;
using nlohmann::json;

struct Options {
  std::string what, framework;
  bool all = false;
};

// Empty: unknown.
std::string WhenUsed(const InstalledEnvironment& environment) {
  return environment.last_used_s > 0 ? UtcTime(environment.last_used_s) : "";
}

std::string OrUnknown(const std::string& text) { return text.empty() ? "unknown" : text; }

std::string StateOf(const InstalledEnvironment& environment) {
  const std::string state = !environment.whole    ? "incomplete"
                            : environment.current ? "current"
                                                  : "old";
  return environment.in_use ? state + ", in use" : state;
}

json ToJson(const InstalledEnvironment& environment) {
  const std::string used = WhenUsed(environment);
  return {{"framework", frameworks::Name(environment.framework)},
          {"version", environment.version.empty() ? json() : json(environment.version)},
          {"folder", environment.folder.string()},
          {"size_bytes", environment.size_bytes},
          {"last_used", used.empty() ? json() : json(used)},
          {"current", environment.current},
          {"whole", environment.whole},
          {"in_use", environment.in_use}};
}

json ToJson(const std::vector<InstalledEnvironment>& environments) {
  json array = json::array();
  for (const InstalledEnvironment& environment : environments) array.push_back(ToJson(environment));
  return array;
}

std::optional<Framework> Chosen(const Options& options) {
  for (const Framework framework : {Framework::kPytorch, Framework::kTensorflow})
    if (options.framework == frameworks::Name(framework)) return framework;
  return std::nullopt;
}

Answer ListThem(const Context& context) {
  const auto environments = frameworks::ListEnvironments(context.cache);
  std::vector<std::vector<std::string>> rows;
  int64_t old_bytes = 0;
  for (const InstalledEnvironment& environment : environments) {
    rows.push_back({environment.folder.filename().string(), OrUnknown(environment.version),
                    report::Megabytes(environment.size_bytes), OrUnknown(WhenUsed(environment)),
                    StateOf(environment)});
    if (!environment.current || !environment.whole) old_bytes += environment.size_bytes;
  }
  const std::string root =
      frameworks::EnvironmentFolder(Framework::kPytorch, context.cache).parent_path().string();
  std::string text = Table({"environment", "version", "MB", "last used", ""}, rows);
  text += rows.empty() ? "There is no environment of a framework in " + root + "\n"
                       : "They are in " + root + "\n";
  if (old_bytes > 0)
    text += "'edgeopt frameworks clean' frees " + report::Megabytes(old_bytes) + " MB\n";
  return {text, {{"folder", root}, {"environments", ToJson(environments)}}, {}};
}

Result<Answer> Install(const Options& options, const Context& context) {
  const auto framework = Chosen(options);
  if (!framework)
    return UsageError("'frameworks install' needs a framework",
                      "'edgeopt frameworks install pytorch' or 'install tensorflow'");
  const bool was_there = frameworks::IsInstalled(*framework, context.cache);
  frameworks::EnvironmentOptions open;
  open.cache = context.cache;
  open.sink = context.sink;
  open.cancel = context.cancel;
  EDGEOPT_TRY(const frameworks::Environment opened, frameworks::OpenEnvironment(*framework, open));
  const auto environments = frameworks::ListEnvironments(context.cache);
  const auto made = std::find_if(
      environments.begin(), environments.end(),
      [&opened](const InstalledEnvironment& one) { return one.folder == opened.folder; });
  if (made == environments.end())
    return Internal("'" + opened.folder.string() + "' is not among the environments");
  const std::string text = frameworks::Title(*framework) + " " + made->version +
                           (was_there ? " was" : " is now") + " in " + opened.folder.string() +
                           ", " + report::Megabytes(made->size_bytes) + " MB\n";
  json document = ToJson(*made);
  document.erase("in_use");  // by this process
  document["python"] = opened.python;
  document["installed"] = !was_there;
  return Answer{text, std::move(document), {}};
}

Result<Answer> Clean(const Options& options, const Context& context) {
  frameworks::CleanRequest request;
  request.cache = context.cache;
  request.framework = Chosen(options);
  request.all = options.all;
  request.sink = context.sink;
  request.cancel = context.cancel;
  EDGEOPT_TRY(const frameworks::CleanedEnvironments cleaned,
              frameworks::CleanEnvironments(request));
  std::string text;
  for (const InstalledEnvironment& environment : cleaned.removed)
    text += "Removed " + environment.folder.string() + "\n";
  for (const InstalledEnvironment& environment : cleaned.in_use)
    text += "Left " + environment.folder.string() + ", which is in use\n";
  text += cleaned.bytes > 0 ? report::Megabytes(cleaned.bytes) + " MB are free again.\n"
                            : std::string("Nothing was removed.\n");
  return Answer{text,
                {{"removed", ToJson(cleaned.removed)},
                 {"left_in_use", ToJson(cleaned.in_use)},
                 {"bytes", cleaned.bytes}},
                {}};
}

Result<Answer> Execute(const Options& options, Context& context) {
  if (options.all && options.what != "clean")
    return UsageError("--all is for 'frameworks clean'", "leave it out");
  if (options.what == "list" && !options.framework.empty())
    return UsageError("'frameworks list' lists all of them", "leave the framework out");
  if (context.cache.empty())
    return UsageError("there is no home folder for environments", "name one with EDGEOPT_CACHE");
  if (options.what == "install") return Install(options, context);
  return options.what == "clean" ? Clean(options, context) : ListThem(context);
}

}  // namespace

Command frameworks() {
  return {"frameworks", "Python environments for models of frameworks", Group::kOther,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            parser.Add("what", options->what, "what to do")
                .Required()
                .OneOf({"list", "install", "clean"});
            parser.Add("framework", options->framework, "for install and clean")
                .OneOf({"pytorch", "tensorflow"})
                .WithoutDefault();
            parser.AddFlag("--all", options->all, "clean the current ones too, and uv");
            return [options](Context& context) { return Execute(*options, context); };
          },
          "  edgeopt frameworks install pytorch\n"
          "  install makes an environment ahead of its first use; clean removes those of\n"
          "  other versions of edgeopt, and what is half made. What is in use stays"};
}

}  // namespace edgeopt::cli
