// libFuzzer target: what `edgeopt inspect` and the passes do with a model that the reader accepted
// - checker, shape inference, costs, texts, version conversion. None may crash, and what comes out
// must be a valid graph.
#include <cstdint>
#include <cstdlib>

#include "formats/onnx/onnx.h"
#include "ir/verifier.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgeopt;  // NOLINT
  auto model = formats::ParseOnnx(Buffer::Copy(data, size));
  if (!model.ok()) return 0;
  static_cast<void>(formats::CheckModel(*model).ok());
  static_cast<void>(formats::PrintGraph(model->graph));
  static_cast<void>(formats::PrintText(*model));
  static_cast<void>(formats::Inspect(*model));
  if (!formats::InferTypes(*model).ok() || !ir::Verify(*model).ok()) std::abort();
  const auto converted = formats::ConvertVersion(*model, 17);
  if (converted.ok() && !ir::Verify(*converted).ok()) std::abort();
  return 0;
}
