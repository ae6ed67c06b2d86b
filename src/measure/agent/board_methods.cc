#include "measure/agent/board_methods.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "hardware/board.h"
#include "hardware/lock_journal.h"
#include "hardware/locking.h"
#include "measure/agent_protocol.h"
#include "measure/json_fields.h"

namespace edgeopt::measure {

using nlohmann::json;

BoardMethods::~BoardMethods() {
  // What fails leaves the journal, from which 'edgeopt device unlock' tries again.
  if (to_set_back_) (void)hardware::UnlockClocks(host_, journal_folder_);
}

Result<json> BoardMethods::Board(const json& params) {
  EDGEOPT_TRY(const Fields fields, Fields::Of(params, "board"));
  EDGEOPT_CHECK_OK(fields.Finish());
  return hardware::ToJson(hardware::ReadBoard(host_));
}

Result<json> BoardMethods::Lock(const json& params) {
  EDGEOPT_TRY(const ClockLockParams lock, ClockLockParamsFrom(params));
  host_.programs.sudo = lock.sudo;
  // A journal that is there is somebody else's lock, which is to outlive this agent.
  const auto before = hardware::ReadJournal(journal_folder_);
  const bool was_locked = !before.ok() || before->has_value();
  ClockLock locked;
  locked.report = hardware::LockClocks(host_, {journal_folder_, lock.power_mode});
  if (locked.report.ok) {
    locked.clocks = hardware::ReadLockedClocks(host_.root);
    to_set_back_ = to_set_back_ || (!was_locked && !lock.keep);
  }
  return ToJson(locked);
}

Result<json> BoardMethods::Unlock(const json& params) {
  EDGEOPT_TRY(Fields fields, Fields::Of(params, "unlock"));
  EDGEOPT_TRY(host_.programs.sudo, fields.Bool("sudo"));
  EDGEOPT_CHECK_OK(fields.Finish());
  const hardware::LockReport report = hardware::UnlockClocks(host_, journal_folder_);
  if (report.ok) to_set_back_ = false;
  return hardware::ToJson(report);
}

Result<json> BoardMethods::Watch(const json& params) {
  EDGEOPT_TRY(Fields fields, Fields::Of(params, "watch"));
  EDGEOPT_TRY(const double seconds, fields.Number("interval_s", 0.05, 3600));
  EDGEOPT_CHECK_OK(fields.Finish());
  if (sampler_) return BadInput("the board is being watched already", "ask for 'watched' first");
  hardware::SamplerOptions options;
  options.interval = std::chrono::milliseconds(std::llround(seconds * 1000));
  sampler_.emplace(host_, options);
  sampler_->Start();
  return json::object();
}

Result<json> BoardMethods::Watched(const json& params) {
  EDGEOPT_TRY(const Fields fields, Fields::Of(params, "watched"));
  EDGEOPT_CHECK_OK(fields.Finish());
  if (!sampler_) return BadInput("the board is not being watched", "ask for 'watch' first");
  json samples = hardware::ToJson(sampler_->Stop());
  sampler_.reset();
  return json{{"samples", std::move(samples)}};
}

}  // namespace edgeopt::measure
