// What an agent does for the board that it runs on: facts, locked clocks, telemetry. Params and
// results are docs/agent-protocol.md's.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "base/result.h"
#include "hardware/clock_holder.h"
#include "hardware/program.h"
#include "hardware/telemetry.h"

namespace edgeopt::measure {

class BoardMethods {
 public:
  // `journal_folder`: hardware/lock_journal.h.
  BoardMethods(hardware::Host host, std::filesystem::path journal_folder)
      : host_(std::move(host)), journal_folder_(std::move(journal_folder)) {}
  BoardMethods(const BoardMethods&) = delete;
  BoardMethods& operator=(const BoardMethods&) = delete;
  // Sets back the clocks that this agent locked, unless others still hold them or they are to be
  // kept.
  ~BoardMethods();

  Result<nlohmann::json> Board(const nlohmann::json& params);
  Result<nlohmann::json> Lock(const nlohmann::json& params);
  Result<nlohmann::json> Unlock(const nlohmann::json& params);
  Result<nlohmann::json> Watch(const nlohmann::json& params);
  Result<nlohmann::json> Watched(const nlohmann::json& params);

 private:
  hardware::Host host_;
  std::filesystem::path journal_folder_;
  std::optional<hardware::ClockHolder> holder_;
  std::optional<hardware::Sampler> sampler_;
};

}  // namespace edgeopt::measure
