#include "runtimes/litert/profile.h"

#include <sstream>

namespace edgeopt::runtimes::litert {
namespace {

constexpr int kKeptEvents = 2048;           // compiled_model.cc, LiteRtProfilerT(2048)
constexpr uint64_t kBogusUs = 0xF0000000u;  // durations near 2^32 are of events without an end

// In ProfileEvent's words.
std::string TypeOf(const ModelFile& graph, int32_t tensor) {
  const ir::DataType type = DataTypeOf(graph.tensors[static_cast<size_t>(tensor)].type);
  return type == ir::DataType::kFloat32 ? "float" : std::string(ir::Name(type));
}

void DescribeOperator(const ModelFile& graph, size_t index, ProfileEvent& event) {
  if (index >= graph.operators.size()) return;
  const FileOperator& found = graph.operators[index];
  for (const int32_t input : found.inputs) event.input_types.push_back(TypeOf(graph, input));
  for (const int32_t output : found.outputs) event.output_types.push_back(TypeOf(graph, output));
  if (!found.outputs.empty())
    event.node = graph.tensors[static_cast<size_t>(found.outputs.front())].name;
}

// "Convolution (NHWC, QC8) IGEMM", "Convert (NC, F32, QS8)": after the layout come one type, or
// those of input and output. Q is quantized: QS8, QU8, QC8, and QD8 or QDU8 for what is quantized
// on the way.
void DescribeStep(const std::string& name, ProfileEvent& event) {
  const size_t open = name.find('('), close = name.find(')', open);
  if (open == std::string::npos || close == std::string::npos) return;
  std::vector<std::string> types;
  std::istringstream parts(name.substr(open + 1, close - open - 1));
  for (std::string part; std::getline(parts, part, ',');) {
    part.erase(0, part.find_first_not_of(' '));
    if (part.starts_with('Q'))
      types.push_back(part.starts_with("QU") || part.starts_with("QDU") ? "uint8" : "int8");
    if (part == "F32") types.push_back("float");
    if (part == "F16") types.push_back("float16");
  }
  if (types.empty()) return;
  event.input_types = {types.front()};
  event.output_types = {types.size() > 1 ? types[1] : types.front()};
}

}  // namespace

Result<std::vector<ProfileEvent>> CollectEvents(const Library& library, ProfilerT* profiler,
                                                const ModelFile& file) {
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
    if (delegate) {
      made.node = "step " + std::to_string(events.size());
      DescribeStep(tag, made);
    } else if (event.metadata2 == file.subgraph) {
      DescribeOperator(file, event.metadata1, made);
    } else {
      made.nested = true;
    }
    events.push_back(std::move(made));
  }
  return events;
}

}  // namespace edgeopt::runtimes::litert
