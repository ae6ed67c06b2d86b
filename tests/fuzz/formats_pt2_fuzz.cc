// libFuzzer target: the reader of torch.export's archives. Bytes that begin as JSON are a program,
// and a description of weights, in an archive whose checksums fit; all others are an archive. What
// is read satisfies ir::Verify.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "formats/pt2/pt2.h"
#include "ir/stored_zip.h"
#include "ir/verifier.h"

namespace {

void Read(const edgeopt::Buffer& bytes) {
  const auto model = edgeopt::formats::pt2::ParsePt2(bytes);
  if (model.ok() && !edgeopt::ir::Verify(*model).ok()) std::abort();
}

// The files of formats/pt2/archives.h's program, without its two descriptions.
std::map<std::string, std::string> Files() {
  return {{"net/archive_format", "pt2"},
          {"net/data/weights/weight_0", std::string(48, 'w')},
          {"net/data/weights/weight_1", std::string(16, 'b')},
          {"net/data/constants/model_constants_config.json", R"({"config": {}})"}};
}

constexpr const char* kProgram = "net/models/model.json";
constexpr const char* kWeights = "net/data/weights/model_weights_config.json";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (!text.starts_with("{")) {
    Read(edgeopt::Buffer::Copy(data, size));
    return 0;
  }
  // Both in one input, apart by a zero byte; without one, no weight is described.
  const size_t end = text.find('\0');
  auto files = Files();
  files[kProgram] = text.substr(0, end);
  files[kWeights] = end == std::string::npos ? R"({"config": {}})" : text.substr(end + 1);
  Read(edgeopt::Buffer::Own(edgeopt::ir::StoredZip(files)));
  return 0;
}
