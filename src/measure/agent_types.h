// What both sides of the agent protocol know by name; plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hardware/locking.h"
#include "hardware/throttling.h"
#include "measure/machine.h"
#include "runtimes/runtime.h"

namespace edgeopt::measure {

struct RuntimeInfo {
  std::string name, version;
  std::string missing;  // not empty: why it can't be used; `version` is empty then
};

struct AgentHello {
  int64_t protocol = 1;
  std::string edgeopt;  // version
  int64_t pid = 0;
  std::vector<RuntimeInfo> runtimes;
  Machine machine;
};

// How the clocks are to be locked.
struct ClockLockParams {
  std::optional<int> power_mode;  // of a Jetson, by nvpmodel's id
  bool sudo = false;              // `sudo -n` may be used where rights are missing
  bool keep = false;              // also after this agent has ended: 'edgeopt device lock'
};

struct ClockLock {
  hardware::LockReport report;
  std::optional<hardware::LockedClocks> clocks;  // when they are locked
};

struct LoadedModel {
  std::vector<runtimes::TensorSpec> inputs, outputs;
  int64_t load_ns = 0;
  std::string executes_by, executes_because;  // as runtimes::Session has them
  // Not empty: the runtime itself times the model, and its latencies are this
  // (runtimes::SelfTimed::timed_as).
  std::string timed_as;
  // Of an engine for a DLA (runtimes::Session::dla_placement).
  std::optional<runtimes::DlaPlacement> dla;
};

// A file that the agent made to run the model (runtimes::Session::built_files).
struct BuiltFile {
  std::string name;  // without a folder
  int64_t size_bytes = 0;
  std::string sha256;
};

}  // namespace edgeopt::measure
