#include "measure/agent/board_methods.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_object.h"
#include "hardware/board.h"
#include "hardware/locking.h"
#include "measure/agent_protocol.h"

namespace edgeopt::measure {

using nlohmann::json;

BoardMethods::~BoardMethods() {
  if (!holder_ || hardware::ClocksAreKeptLocked(journal_folder_) || !holder_->IsLast()) return;
  // What fails leaves the journal, from which 'edgeopt device unlock' tries again.
  (void)hardware::UnlockClocks(host_, journal_folder_);
}

Result<json> BoardMethods::Board(const json& params) {
  EDGEOPT_TRY(const JsonObject fields, JsonObject::Of(params, "board"));
  EDGEOPT_CHECK_OK(fields.Finish());
  return hardware::ToJson(hardware::ReadBoard(host_));
}

Result<json> BoardMethods::Lock(const json& params) {
  EDGEOPT_TRY(const ClockLockParams lock, ClockLockParamsFrom(params));
  host_.programs.sudo = lock.sudo;
  // Where the folder can't be written to, there is no journal either, and nothing to set back.
  auto holder = hardware::ClockHolder::Take(journal_folder_);
  ClockLock locked;
  locked.report = hardware::LockClocks(host_, {journal_folder_, lock.power_mode});
  if (!locked.report.ok) return ToJson(locked);
  locked.clocks = hardware::ReadLockedClocks(host_.root);
  if (!holder.ok()) return ToJson(locked);
  if (lock.keep)
    EDGEOPT_CHECK_OK(hardware::KeepClocksLocked(journal_folder_));
  else if (!holder_)
    holder_ = std::move(*holder);
  return ToJson(locked);
}

Result<json> BoardMethods::Unlock(const json& params) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(params, "unlock"));
  EDGEOPT_TRY(host_.programs.sudo, fields.Bool("sudo"));
  EDGEOPT_CHECK_OK(fields.Finish());
  const hardware::LockReport report = hardware::UnlockClocks(host_, journal_folder_);
  if (report.ok) {
    EDGEOPT_CHECK_OK(hardware::ForgetKeptClocks(journal_folder_));
    holder_.reset();
  }
  return hardware::ToJson(report);
}

Result<json> BoardMethods::Watch(const json& params) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(params, "watch"));
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
  EDGEOPT_TRY(const JsonObject fields, JsonObject::Of(params, "watched"));
  EDGEOPT_CHECK_OK(fields.Finish());
  if (!sampler_) return BadInput("the board is not being watched", "ask for 'watch' first");
  json samples = hardware::ToJson(sampler_->Stop());
  sampler_.reset();
  return json{{"samples", std::move(samples)}};
}

}  // namespace edgeopt::measure
