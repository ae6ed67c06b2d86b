#include "hardware/locking.h"

#include <algorithm>

#include "base/file.h"
#include "hardware/board.h"
#include "hardware/cpu_frequency.h"
#include "hardware/devfreq.h"
#include "hardware/jetson_clocks.h"
#include "hardware/lock_journal.h"
#include "hardware/nvpmodel.h"
#include "hardware/setting.h"

namespace edgeopt::hardware {
namespace fs = std::filesystem;
namespace {

constexpr char kPerformance[] = "performance";

// Adds an item to a report; returns whether it is a good one.
bool Pass(LockReport& report, std::string name, std::string detail) {
  report.items.push_back({std::move(name), true, std::move(detail), {}});
  return true;
}
bool Fail(LockReport& report, std::string name, const Error& error) {
  report.items.push_back({std::move(name), false, error.message, error.hint});
  return false;
}
bool Check(LockReport& report, std::string name, const Status& status, std::string detail) {
  return status.ok() ? Pass(report, std::move(name), std::move(detail))
                     : Fail(report, std::move(name), status.error());
}

std::string CpuItem(int64_t cpu) { return "CPU " + std::to_string(cpu); }

// Jetson: the lower limits of CPUs and GPU are their upper ones, in the power mode asked for. Seen
// without any rights; of the memory's clock only root can see more.
bool IsFixedJetson(const Host& host, std::optional<int> power_mode) {
  if (power_mode) {
    const auto mode = QueryPowerMode(host.programs);
    if (!mode.ok() || mode->id != *power_mode) return false;
  }
  const auto cpus = ReadCpuFrequencies(host.root);
  const auto gpu = ReadGpuClock(host.root);
  if (cpus.empty() || !gpu || !gpu->min_hz || gpu->min_hz != gpu->max_hz) return false;
  return std::all_of(cpus.begin(), cpus.end(),
                     [](const auto& cpu) { return cpu.min_khz && cpu.min_khz == cpu.max_khz; });
}

// What must be known before a Jetson's clocks are touched. Changes nothing.
bool PrepareJetson(const Host& host, const LockOptions& options, PreviousState& previous,
                   LockReport& report) {
  const auto mode = QueryPowerMode(host.programs);
  if (mode.ok())
    previous.power_mode = mode->id;
  else if (options.power_mode)
    return Fail(report, "power mode", mode.error());
  // A folder of its own: jetson_clocks asks before it writes over a file, and can't take a path
  // with a blank in it.
  auto folder = TemporaryFolder::Create();
  if (!folder.ok()) return Fail(report, "journal", folder.error());
  auto stored = StoreJetsonClocks(host.programs, folder->path() / "clocks.conf");
  if (!stored.ok()) return Fail(report, "clocks", stored.error());
  previous.jetson_clocks = std::move(stored).value();
  return true;
}

bool LockJetson(const Host& host, const LockOptions& options, LockReport& report) {
  if (options.power_mode) {
    const std::string id = std::to_string(*options.power_mode);
    if (!Check(report, "power mode", SetPowerMode(host.programs, *options.power_mode), id + " set"))
      return false;
  }
  if (const Status locked = LockJetsonClocks(host.programs); !locked.ok())
    return Fail(report, "clocks", locked.error());
  const auto clocks = ShowJetsonClocks(host.programs);
  if (!clocks.ok()) return Fail(report, "clocks", clocks.error());
  if (ClocksAreLocked(*clocks)) return Pass(report, "clocks", "locked with jetson_clocks");
  return Fail(report, "clocks",
              Unavailable("jetson_clocks ran, but CPU or GPU clocks still vary",
                          "look at 'sudo jetson_clocks --show' on the board"));
}

// The rights, and that each CPU offers the governor. Changes nothing.
bool PrepareGovernors(const Host& host, const PreviousState& previous, LockReport& report) {
  if (previous.cpus.empty())
    return Fail(report, "clocks",
                Unavailable("this machine tells no CPU clocks (no cpufreq)",
                            "virtual machines and containers often don't: lock them on the host"));
  for (const PreviousCpu& cpu : previous.cpus) {
    const int number = static_cast<int>(cpu.cpu);
    const auto now = ReadCpuFrequency(host.root, number);
    if (!now) return Fail(report, CpuItem(number), Unavailable("it went offline meanwhile"));
    const auto& offered = now->available;
    if (!offered.empty() &&
        std::find(offered.begin(), offered.end(), kPerformance) == offered.end())
      return Fail(report, CpuItem(number),
                  Unavailable("the kernel offers no governor 'performance'",
                              "load the module cpufreq_performance"));
    const Status rights = CanWriteSetting(host.programs, GovernorFile(host.root, number));
    if (!rights.ok()) return Fail(report, "rights", rights.error());
  }
  return true;
}

bool LockGovernors(const Host& host, LockReport& report) {
  bool ok = true;
  for (const CpuFrequency& cpu : ReadCpuFrequencies(host.root))
    ok &= Check(report, CpuItem(cpu.cpu), SetGovernor(host, cpu.cpu, kPerformance),
                "governor performance");
  return ok;
}

bool IsPerformance(const Host& host) {
  const auto cpus = ReadCpuFrequencies(host.root);
  return !cpus.empty() && std::all_of(cpus.begin(), cpus.end(),
                                      [](const auto& cpu) { return cpu.governor == kPerformance; });
}

// An earlier lock's journal serves this one: it holds all that this one changes.
bool CheckJournal(const PreviousState& previous, const LockOptions& options, bool jetson,
                  LockReport& report) {
  if (previous.jetson_clocks.empty() != jetson && (previous.power_mode || !options.power_mode))
    return Pass(report, "journal", "one from an earlier lock is kept");
  return Fail(
      report, "journal",
      Unavailable("it was written when the clocks were locked in another way", "unlock first"));
}

// Sees to it that there is a journal: the one that was there, or a new one. False, with an item,
// when the clocks can't be locked; nothing is changed then.
bool OpenJournal(const Host& host, const LockOptions& options, bool jetson, LockReport& report) {
  auto found = ReadJournal(options.journal_folder);
  if (!found.ok()) return Fail(report, "journal", found.error());
  if (*found) return CheckJournal(**found, options, jetson, report);
  PreviousState previous = ReadClockState(host.root);
  const bool ready = jetson ? PrepareJetson(host, options, previous, report)
                            : PrepareGovernors(host, previous, report);
  if (!ready) return false;
  const Status written = WriteJournal(options.journal_folder, previous);
  if (written.ok())
    return Pass(report, "journal",
                "the state before is kept in " + JournalFile(options.journal_folder).string());
  if (written.error().code != ErrorCode::kUsage) return Fail(report, "journal", written.error());
  // Another process was first.
  found = ReadJournal(options.journal_folder);
  if (found.ok() && *found) return CheckJournal(**found, options, jetson, report);
  return Fail(
      report, "journal",
      Unavailable("another process locks or unlocks the clocks", "try again when it is done"));
}

// Sets back one CPU of a Jetson whose lower limit jetson_clocks did not set back.
Status RestoreMinFrequency(const Host& host, const PreviousCpu& cpu) {
  if (!cpu.min_khz) return OkStatus();
  return SetMinFrequency(host, static_cast<int>(cpu.cpu), *cpu.min_khz);
}

bool RestoreJetson(const Host& host, const PreviousState& previous, LockReport& report) {
  bool ok = true;
  if (previous.power_mode) {
    const int id = static_cast<int>(*previous.power_mode);
    ok &= Check(report, "power mode", SetPowerMode(host.programs, id), std::to_string(id));
  }
  auto folder = TemporaryFolder::Create();
  if (!folder.ok()) return Fail(report, "clocks", folder.error());
  const fs::path file = folder->path() / "clocks.conf";
  Status restored = WriteFile(file, previous.jetson_clocks + "\n");
  if (restored.ok()) restored = RestoreJetsonClocks(host.programs, file);
  ok &= Check(report, "clocks", restored, "set back with jetson_clocks");
  for (const PreviousCpu& cpu : previous.cpus)
    ok &= Check(report, CpuItem(cpu.cpu), RestoreMinFrequency(host, cpu), "lower limit as before");
  if (previous.gpu_min_hz) {
    const auto gpu = ReadGpuClock(host.root);
    if (gpu && gpu->min_hz == previous.gpu_min_hz) {
      Pass(report, "GPU", "lower limit as before");
    } else {
      const std::string now = gpu && gpu->min_hz ? std::to_string(*gpu->min_hz) + " Hz" : "nothing";
      ok = Fail(report, "GPU",
                Unavailable("its lower limit should be " + std::to_string(*previous.gpu_min_hz) +
                                " Hz again; it says " + now,
                            "restart the board, or set its min_freq by hand"));
    }
  }
  return ok;
}

bool RestoreGovernors(const Host& host, const PreviousState& previous, LockReport& report) {
  bool ok = true;
  for (const PreviousCpu& cpu : previous.cpus)
    if (!cpu.governor.empty())
      ok &= Check(report, CpuItem(cpu.cpu),
                  SetGovernor(host, static_cast<int>(cpu.cpu), cpu.governor),
                  "governor " + cpu.governor);
  return ok;
}

}  // namespace

std::string LockLabel(const LockReport& report) {
  if (report.ok) return {};
  for (const LockItem& item : report.items)
    if (!item.ok) return "clocks not locked: " + item.name + ": " + item.detail;
  return "clocks not locked";
}

LockReport LockClocks(const Host& host, const LockOptions& options) {
  LockReport report;
  const bool jetson = KindOfBoard(host.root) == BoardKind::kJetson;
  if (options.power_mode && !jetson) {
    Fail(report, "power mode",
         Unsupported("only a Jetson has power modes", "leave the power mode out"));
    return report;
  }
  if (!jetson && IsPerformance(host)) {
    report.ok = Pass(report, "clocks", "the governor of all CPUs was performance already");
    return report;
  }
  if (jetson) {
    if (const Status root = CanBeRoot(host.programs); !root.ok()) {
      report.ok = IsFixedJetson(host, options.power_mode)
                      ? Pass(report, "clocks", "CPU and GPU clocks were fixed already")
                      : Fail(report, "rights", root.error());
      return report;
    }
  }
  if (!OpenJournal(host, options, jetson, report)) return report;
  report.ok = jetson ? LockJetson(host, options, report) : LockGovernors(host, report);
  if (report.ok) return report;
  // What failed comes first: it is what the label tells.
  const LockReport undone = UnlockClocks(host, options.journal_folder);
  for (LockItem item : undone.items) {
    item.name += ", set back";
    report.items.push_back(std::move(item));
  }
  return report;
}

LockReport UnlockClocks(const Host& host, const fs::path& journal_folder) {
  LockReport report;
  const auto journal = ReadJournal(journal_folder);
  if (!journal.ok()) {
    Fail(report, "journal", journal.error());
    return report;
  }
  if (!*journal) {
    report.ok = Pass(report, "journal", "none: nothing is locked by edgeopt");
    return report;
  }
  const PreviousState& previous = **journal;
  report.ok = previous.jetson_clocks.empty() ? RestoreGovernors(host, previous, report)
                                             : RestoreJetson(host, previous, report);
  if (report.ok)
    report.ok = Check(report, "journal", RemoveJournal(journal_folder), "removed");
  else
    Pass(report, "journal", "kept until all is set back: " + JournalFile(journal_folder).string());
  return report;
}

}  // namespace edgeopt::hardware
