#include "pipeline/import_for_run.h"

#include <algorithm>

#include "devices/device.h"
#include "pipeline/evaluate.h"
#include "pipeline/run_data.h"
#include "pipeline/samples.h"

namespace edgeopt::pipeline {

using frameworks::Framework;
using frameworks::Source;

namespace {

// Of the user's data, that an import is verified on; all of it is validated in the run.
constexpr int64_t kImportSamples = 4;

bool WantsTflite(const RunOptions& options, const std::string& default_device) {
  if (!options.format.empty()) return options.format == "tflite";
  const auto device = devices::FindDevice(options.device.empty() ? default_device : options.device);
  return device.ok() && (*device)->format == std::string_view("tflite");
}

// Data that does not open is told later, by the item that is about it.
ImportSamples ImportSamplesFor(const report::Record& record,
                               const std::vector<runtimes::TensorSpec>& inputs) {
  if (record.data.path.empty()) return {};
  const std::vector<data::InputSpec> specs = InputSpecsOf(inputs);
  const auto opened = OpenValidation(record, specs);
  if (!opened.ok()) return {};
  const SizedSamples samples = SamplesFor(*opened, specs);
  return {[samples](int64_t index) { return samples.source(index); },
          std::min(kImportSamples, samples.count)};
}

}  // namespace

Result<std::filesystem::path> ImportForRun(const Source& source, const RunOptions& options,
                                           const PreflightWorld& world,
                                           const std::filesystem::path& folder,
                                           const std::string& default_device,
                                           report::Record& record) {
  EDGEOPT_TRY(record.model_sha256, HashOf(source));
  EDGEOPT_TRY(record.model_size_bytes, SizeOf(source));
  record.source_format = frameworks::Name(source.kind);
  if (source.kind == frameworks::Kind::kModule) record.model_path = source.callable;
  ImportRequest request;
  request.source = source;
  request.python = options.source.python.string();
  request.choice = options.source.choice;
  request.to_tflite =
      source.framework() == Framework::kTensorflow && WantsTflite(options, default_device);
  request.samples = [&record](const std::vector<runtimes::TensorSpec>& inputs) {
    return ImportSamplesFor(record, inputs);
  };
  EDGEOPT_TRY(ImportedFile imported, world.import_source(request, folder));
  record.imported = std::move(imported.record);
  for (const std::string& warning : imported.warnings) record.warnings.push_back(warning);
  return imported.file;
}

}  // namespace edgeopt::pipeline
