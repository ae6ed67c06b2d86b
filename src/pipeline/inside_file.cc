#include "pipeline/inside_file.h"

#include "base/file.h"
#include "formats/onnx/onnx.h"
#include "formats/tflite/file.h"
#include "pipeline/inner_values.h"
#include "pipeline/input_shapes.h"
#include "pipeline/matched_session.h"
#include "pipeline/open_model.h"

namespace edgeopt::pipeline {
namespace {

namespace fs = std::filesystem;
namespace tflite = formats::tflite;

constexpr int64_t kMaxHeldBytes = int64_t{512} << 20;
// Of a value whose size only the run tells: a large layer's.
constexpr int64_t kAssumedBytes = int64_t{16} << 20;

// An instrumented copy of a model for some of its values.
struct WatchedFile {
  std::vector<InnerValue> values;
  std::vector<int64_t> bytes;  // of each
  std::function<Status(const std::vector<std::string>& names, const fs::path& path)> write;
};

int64_t HeldBytes(const std::optional<ir::Shape>& shape) {
  if (!shape) return kAssumedBytes;
  ir::Dims dims;
  for (const auto& size : *shape) {
    if (!size.value) return kAssumedBytes;
    dims.push_back(*size.value);
  }
  const auto count = ir::ElementCount(dims);
  return count.ok() ? ir::StorageBytes(ir::DataType::kFloat32, *count) : kAssumedBytes;
}

Result<WatchedFile> WatchOnnx(const fs::path& path, const std::vector<ir::Tensor>& sample) {
  EDGEOPT_TRY(ir::Model model, formats::ReadOnnx(path));
  ir::Model typed = model;
  // Where an input has other axes there, sizes stay unknown.
  for (const ir::Tensor& input : sample)
    if (!ApplySizes(typed, {{{input.name, {}, ir::ToShape(input.dims())}}, {}}).ok()) break;
  EDGEOPT_CHECK_OK(formats::InferTypes(typed));
  WatchedFile watched;
  EDGEOPT_TRY(watched.values, InnerValuesOf(typed));
  for (const InnerValue& value : watched.values)
    watched.bytes.push_back(HeldBytes(typed.graph.value(typed.graph.Find(value.name)).type.shape));
  watched.write = [model = std::move(model)](const std::vector<std::string>& names,
                                             const fs::path& copy) {
    return formats::WriteOnnx(WithOutputs(model, names), copy);
  };
  return watched;
}

Result<WatchedFile> WatchTflite(const fs::path& path) {
  EDGEOPT_TRY(tflite::File read, tflite::ReadTflite(path));
  const auto file = std::make_shared<tflite::File>(std::move(read));
  WatchedFile watched;
  watched.values = InnerValuesOf(*file);
  watched.bytes.assign(watched.values.size(), kAssumedBytes);
  watched.write = [file](const std::vector<std::string>& names, const fs::path& copy) -> Status {
    EDGEOPT_TRY(const tflite::File changed, WithOutputs(*file, names));
    return tflite::WriteTflite(changed, copy);
  };
  return watched;
}

// Values [begin, end) in one run.
Status HandOver(const WatchedFile& watched, size_t begin, size_t end, const AgentStarter& agents,
                const std::vector<runtimes::TensorSpec>& inputs,
                const std::vector<ir::Tensor>& sample, const TakeFileValue& take) {
  std::vector<std::string> names;
  for (size_t i = begin; i < end; ++i) names.push_back(watched.values[i].name);
  EDGEOPT_TRY(const TemporaryFolder folder, TemporaryFolder::Create());
  EDGEOPT_CHECK_OK(watched.write(names, folder.path() / "model"));
  EDGEOPT_TRY(const auto client, agents.Load(folder.path() / "model", 1, /*spin=*/false));
  const auto session = measure::AsSession(*client);
  EDGEOPT_TRY(const auto seen, WithInputs(*session, inputs));
  EDGEOPT_TRY(const auto outputs, seen->Run(sample));
  EDGEOPT_CHECK_OK(client->Shutdown());
  if (outputs.size() != names.size())
    return Internal("of " + std::to_string(names.size()) + " values inside " +
                    std::to_string(outputs.size()) + " came back");
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!ir::IsFloatingPoint(outputs[i].type())) continue;
    FileValue value{watched.values[begin + i].made_by, outputs[i]};
    value.tensor.name = names[i];
    take(value);
  }
  return OkStatus();
}

}  // namespace

Status ForEachInside(const fs::path& file, const AgentStarter& agents,
                     const std::vector<runtimes::TensorSpec>& inputs,
                     const std::vector<ir::Tensor>& sample, const TakeFileValue& take) {
  EDGEOPT_TRY(const WatchedFile watched,
              FormatOf(file) == Format::kTflite ? WatchTflite(file) : WatchOnnx(file, sample));
  for (size_t begin = 0; begin < watched.values.size();) {
    size_t end = begin;
    for (int64_t held = 0; end < watched.values.size(); ++end) {
      held += watched.bytes[end];
      if (held > kMaxHeldBytes && end > begin) break;
    }
    EDGEOPT_CHECK_OK(HandOver(watched, begin, end, agents, inputs, sample, take));
    begin = end;
  }
  return OkStatus();
}

}  // namespace edgeopt::pipeline
