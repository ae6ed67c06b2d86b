#include "pipeline/run_machine.h"

namespace edgeopt::pipeline {

measure::Machine RunMachine(const report::Record& record) {
  if (!record.machine.is_object()) return measure::ReadMachine();
  auto machine = measure::MachineFromJson(record.machine);
  return machine.ok() ? std::move(machine).value() : measure::ReadMachine();
}

}  // namespace edgeopt::pipeline
