// libFuzzer target: every reader of the agent protocol's lines on arbitrary bytes. The first byte
// picks the reader. What is accepted must be writable and read back to the same text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "measure/agent/tensor_codec.h"
#include "measure/agent_protocol.h"

namespace {

using namespace edgeopt;           // NOLINT
using namespace edgeopt::measure;  // NOLINT
using nlohmann::json;

template <typename Read>
void RoundTrip(const json& value, Read read) {
  const auto once = read(value);
  if (!once.ok()) return;
  const json written = ToJson(*once);
  const auto again = read(written);
  if (!again.ok() || ToJson(*again) != written) std::abort();
}

void Tensors(const json& value) {
  const Buffer file = Buffer::Own(std::string(1024, '\7'));
  const auto tensors = DecodeTensors(value, [&](uint64_t offset, uint64_t size) -> Result<Buffer> {
    if (offset > file.size() || size > file.size() - offset) return BadInput("outside");
    return file.Slice(offset, size);
  });
  if (!tensors.ok()) return;
  const auto again = DecodeTensors(EncodeTensors(*tensors, nullptr), {});
  if (!again.ok() || *again != *tensors) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view line(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::optional<int64_t> id;
  const auto request = ParseRequest(line, id);
  const auto answer = ParseAnswer(line);
  const json value = json::parse(line, nullptr, /*allow_exceptions=*/false);
  switch (data[0] % 15) {
    case 0:
      if (request.ok() && !ParseRequest(std::string_view(RequestLine(*request)), id).ok())
        std::abort();
      break;
    case 1:
      if (answer.ok() && answer->result && answer->id >= 0 &&
          !ParseAnswer(ResultLine(answer->id, *answer->result)).ok())
        std::abort();
      break;
    case 2:
      RoundTrip(value, HelloParamsFrom);
      break;
    case 3:
      RoundTrip(value, AgentHelloFrom);
      break;
    case 4:
      RoundTrip(value, PutParamsFrom);
      break;
    case 5:
      RoundTrip(value, LoadParamsFrom);
      break;
    case 6:
      RoundTrip(value, LoadedModelFrom);
      break;
    case 7:
      RoundTrip(value, BenchPlanFrom);
      break;
    case 8:
      RoundTrip(value, TimingsFrom);
      break;
    case 9:
      RoundTrip(value, ProfileAnswerFrom);
      break;
    case 10:
      RoundTrip(value, MemoryUsageFrom);
      break;
    case 11:
      Tensors(value);
      break;
    case 12:
      RoundTrip(value, StageParamsFrom);
      break;
    case 13:
      RoundTrip(value, FetchParamsFrom);
      break;
    default:
      RoundTrip(value, FetchedPieceFrom);
      break;
  }
  return 0;
}
