#include "runtimes/litert/profile.h"

namespace edgeopt::runtimes::litert {
namespace {

constexpr int kKeptEvents = 2048;           // compiled_model.cc, LiteRtProfilerT(2048)
constexpr uint64_t kBogusUs = 0xF0000000u;  // durations near 2^32 are of events without an end

}  // namespace

Result<std::vector<ProfileEvent>> CollectEvents(const Library& library, ProfilerT* profiler) {
  int count = 0;
  EDGEOPT_CHECK_OK(
      library.Require(library.api().GetNumProfilerEvents(profiler, &count), "count its events"));
  if (count >= kKeptEvents)
    return Unsupported("the model makes " + std::to_string(kKeptEvents) +
                           " events or more in one run; LiteRT's profiler keeps no more",
                       "measure it without profiling");
  std::vector<ProfiledEvent> recorded(static_cast<size_t>(count));
  EDGEOPT_CHECK_OK(library.Require(
      library.api().GetProfilerEvents(profiler, count, recorded.data()), "tell its events"));
  std::vector<ProfileEvent> events;
  for (const ProfiledEvent& event : recorded) {
    const std::string tag = event.tag == nullptr ? "" : event.tag;
    const bool delegate =
        (event.event_type & (kEventDelegateOperator | kEventDelegateProfiledOperator)) != 0;
    const bool builtin = (event.event_type & kEventOperator) != 0;
    if ((!delegate && !builtin) || event.elapsed_us >= kBogusUs || tag == "Invoke" ||
        (builtin && tag == "TfLiteXNNPackDelegate"))
      continue;
    ProfileEvent made;
    made.op_type = tag;
    made.provider = delegate ? "XNNPACK" : "builtin";
    made.duration_us = static_cast<double>(event.elapsed_us);
    events.push_back(std::move(made));
  }
  return events;
}

}  // namespace edgeopt::runtimes::litert
