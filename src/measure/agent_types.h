// What both sides of the agent protocol know by name; plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

struct LoadedModel {
  std::vector<runtimes::TensorSpec> inputs, outputs;
  int64_t load_ns = 0;
};

}  // namespace edgeopt::measure
