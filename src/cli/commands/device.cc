// edgeopt device list | probe HOST | lock [HOST] | unlock [HOST] | clean HOST
#include "devices/device.h"

#include <memory>
#include <sstream>

#include "cli/agents.h"
#include "cli/command.h"
#include "cli/table.h"
#include "devices/deploy.h"
#include "devices/remote_host.h"
#include "report/text.h"

namespace edgeopt::cli {
namespace {

using nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

struct Options {
  std::string what;
  HostArguments host;
  bool sudo = false;
  int power_mode = -1;
};

json WordList(std::string_view words) {
  json list = json::array();
  std::istringstream stream{std::string(words)};
  for (std::string word; stream >> word;) list.push_back(word);
  return list;
}

json ToJson(const devices::Device& device) {
  return {{"name", device.name},
          {"title", device.title},
          {"format", device.format},
          {"any_format", device.any_format},
          {"runtime", device.runtime},
          {"board", device.board},
          {"why", device.why},
          {"precisions", WordList(device.precisions)},
          {"rules", device.rules},
          {"calibration_samples",
           {{"usual", device.calibration.usual}, {"most", device.calibration.most}}},
          {"threads", device.threads == 0 ? json() : json(device.threads)},
          {"power_modes", WordList(device.power_modes)},
          {"thermal_zones", WordList(device.thermal_zones)},
          {"compute_capability",
           device.compute_capability.empty() ? json() : json(device.compute_capability)},
          {"dla_cores", device.dla_cores}};
}

Answer List() {
  Rows rows;
  json entries = json::array();
  for (const devices::Device& device : devices::Table()) {
    const std::string board = device.board.empty() ? "any machine" : std::string(device.board);
    rows.push_back({std::string(device.name), std::string(device.title),
                    std::string(device.format) + (device.any_format ? ", others" : ""),
                    std::string(device.runtime), std::string(device.precisions), board});
    entries.push_back(ToJson(device));
  }
  return {Table({"name", "", "format", "runtime", "precisions", "recognized by"}, rows),
          {{"devices", std::move(entries)}},
          {}};
}

std::string OrUnknown(const std::string& text) { return text.empty() ? "not known" : text; }

std::string Words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return OrUnknown(text);
}

json RuntimesOf(const measure::AgentHello& hello, Rows& rows) {
  json entries = json::array();
  for (const measure::RuntimeInfo& runtime : hello.runtimes) {
    rows.push_back({runtime.name, runtime.missing.empty() ? runtime.version
                                                          : "not available: " + runtime.missing});
    json entry = {{"name", runtime.name}};
    entry[runtime.missing.empty() ? "version" : "missing"] =
        runtime.missing.empty() ? runtime.version : runtime.missing;
    entries.push_back(std::move(entry));
  }
  return entries;
}

// What the profile says of a board that does not say it itself.
void AddProfileRows(const devices::Device& device, const hardware::Board& board, Rows& rows) {
  if (!device.compute_capability.empty())
    rows.push_back({"GPU", "compute capability " + std::string(device.compute_capability)});
  if (device.dla_cores > 0)
    rows.push_back({"DLA", "up to " + std::to_string(device.dla_cores) + " cores"});
  std::string modes;
  for (const auto& [name, id] : board.power_modes)
    modes += (modes.empty() ? "" : ", ") + name + " (" + std::to_string(id) + ")";
  if (board.kind == hardware::BoardKind::kJetson) rows.push_back({"power modes", OrUnknown(modes)});
}

Result<Answer> Probe(const Options& options, const Context& context) {
  EDGEOPT_TRY(const pipeline::AgentStarter agents, OpenAgents(context, options.host));
  EDGEOPT_TRY(const auto client, agents.Start());
  EDGEOPT_TRY(const hardware::Board board, client->Board());
  const measure::AgentHello& hello = client->hello();
  const measure::Machine& machine = hello.machine;
  const devices::HostFacts& facts = agents.remote->facts();
  const devices::Deployment& deployment = agents.remote->deployment();
  const devices::Device& device = devices::RecognizeDevice(machine);
  const std::string glibc = facts.glibc ? facts.glibc->ToString() : "";
  Rows rows = {{"device", std::string(device.name)},
               {"board", OrUnknown(machine.board)},
               {"processor", OrUnknown(machine.cpu_model) + ", " + machine.architecture + ", " +
                                 std::to_string(machine.usable_cpus) + " CPUs"},
               {"features", Words(machine.cpu_features)},
               {"governor", OrUnknown(machine.governor)},
               {"memory", report::Megabytes(machine.memory_bytes) + " MB"},
               {"system", OrUnknown(machine.os) + ", kernel " + machine.kernel + ", glibc " +
                              OrUnknown(glibc)}};
  if (!board.soc.empty()) rows.push_back({"chip", board.soc});
  if (!board.l4t.empty())
    rows.push_back({"Jetson Linux", board.l4t + ", JetPack " + OrUnknown(board.jetpack)});
  AddProfileRows(device, board, rows);
  for (const auto& [program, path] : board.programs) rows.push_back({program, path});
  for (const std::string& missing : board.missing) rows.push_back({"missing", missing});
  json document = {{"host", options.host.host},
                   {"device", device.name},
                   {"machine", measure::ToJson(machine)},
                   {"profile", ToJson(device)},
                   {"board", hardware::ToJson(board)},
                   {"glibc", facts.glibc ? json(glibc) : json()},
                   {"runtimes", RuntimesOf(hello, rows)},
                   {"agent",
                    {{"edgeopt", hello.edgeopt},
                     {"folder", facts.folder() + "/" + deployment.hash},
                     {"sent_files", deployment.sent_files},
                     {"sent_bytes", deployment.sent_bytes}}}};
  EDGEOPT_CHECK_OK(client->Shutdown());
  return Answer{Table({options.host.host, ""}, rows), std::move(document), {}};
}

// Needs no agent, and no files for one.
Result<Answer> Clean(const Options& options) {
  EDGEOPT_TRY(devices::SshAddress address, devices::ParseSshAddress(options.host.host));
  EDGEOPT_TRY(const auto host, devices::SshHost::Connect(std::move(address)));
  EDGEOPT_TRY(const devices::Cleaned cleaned, devices::Clean(*host));
  const std::string text = cleaned.folder.empty()
                               ? "Nothing of edgeopt was on " + options.host.host + ".\n"
                               : "Removed " + cleaned.folder + " from " + options.host.host + ": " +
                                     std::to_string(cleaned.agents) + " agents, " +
                                     std::to_string(cleaned.files) + " files, " +
                                     report::Megabytes(cleaned.bytes) + " MB.\n";
  return Answer{text,
                {{"host", options.host.host},
                 {"removed",
                  {{"folder", cleaned.folder},
                   {"agents", cleaned.agents},
                   {"files", cleaned.files},
                   {"bytes", cleaned.bytes}}}},
                {}};
}

Result<Answer> Locking(const Options& options, const Context& context) {
  const bool lock = options.what == "lock";
  EDGEOPT_TRY(const pipeline::AgentStarter agents, OpenAgents(context, options.host));
  EDGEOPT_TRY(const auto client, agents.Start());
  hardware::LockReport report;
  if (lock) {
    measure::ClockLockParams params;
    params.sudo = options.sudo;
    params.keep = true;
    if (options.power_mode >= 0) params.power_mode = options.power_mode;
    EDGEOPT_TRY(measure::ClockLock locked, client->LockClocks(params));
    report = std::move(locked.report);
  } else {
    EDGEOPT_TRY(report, client->UnlockClocks(options.sudo));
  }
  EDGEOPT_CHECK_OK(client->Shutdown());
  std::string failed, remedy;
  Rows rows;
  for (const hardware::LockItem& item : report.items) {
    rows.push_back({item.name, item.ok ? "ok" : "failed", item.detail});
    if (item.ok || !failed.empty()) continue;
    failed = item.name + ": " + item.detail;
    remedy = item.remedy;
  }
  if (!report.ok)
    return Unavailable(
        (lock ? "the clocks are not locked: " : "not all clocks are set back: ") + failed, remedy);
  return Answer{
      Table({"", "", ""}, rows) + (lock ? "The clocks are locked until 'edgeopt device unlock'.\n"
                                        : "The clocks are as they were.\n"),
      hardware::ToJson(report),
      {}};
}

Status CheckOptions(const Options& options) {
  const bool locks = options.what == "lock", unlocks = options.what == "unlock";
  if (options.sudo && !locks && !unlocks)
    return UsageError("--sudo is for 'device lock' and 'device unlock'");
  if (options.power_mode >= 0 && !locks) return UsageError("--power-mode is for 'device lock'");
  return OkStatus();
}

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_CHECK_OK(CheckOptions(options));
  if (options.what == "lock" || options.what == "unlock") return Locking(options, context);
  const bool list = options.what == "list";
  if (list != options.host.host.empty())
    return list
               ? UsageError("'device list' is about no host", "'device probe HOST' tells about one")
               : UsageError(
                     "'device " + options.what + "' needs a HOST",
                     "for example 'edgeopt device " + options.what + " pi@raspberrypi.local'");
  if (list) return List();
  return options.what == "probe" ? Probe(options, context) : Clean(options);
}

}  // namespace

Command device() {
  return {"device", "List devices, look at one, lock its clocks, clean it up", Group::kOther,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            parser.Add("what", options->what, "what to do")
                .Required()
                .OneOf({"list", "probe", "lock", "unlock", "clean"});
            parser.Add("host", options->host.host, "the machine, as ssh knows it").WithoutDefault();
            AddAgentFilesOption(parser, options->host);
            parser.AddFlag("--sudo", options->sudo, "use 'sudo -n' where locking needs rights");
            parser.Add("--power-mode", options->power_mode, "of a Jetson, by nvpmodel's number")
                .TypeName("N")
                .WithoutDefault()
                .NonNegative();
            return [options](Context& context) { return Execute(*options, context); };
          },
          "  edgeopt device probe pi@raspberrypi.local\n"
          "  probe puts an agent into ~/.cache/edgeopt there, clean removes all of it;\n"
          "  lock and unlock are for this machine without a host"};
}

}  // namespace edgeopt::cli
