#include "pipeline/resize_source.h"

#include <algorithm>

#include "base/hash.h"
#include "formats/onnx/onnx.h"
#include "formats/tflite/file.h"
#include "pipeline/convert.h"
#include "pipeline/from_tflite.h"
#include "pipeline/open_model.h"
#include "pipeline/preflight.h"
#include "pipeline/run_data.h"
#include "pipeline/samples.h"
#include "pipeline/set_sizes.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

// Of the user's data; all of it is validated in the run.
constexpr int64_t kResizeSamples = 4;

json SizesOf(const ir::Shape& shape) {
  json sizes = json::array();
  for (const ir::Dim& dim : shape)
    sizes.push_back(dim.value            ? json(*dim.value)
                    : dim.symbol.empty() ? json(-1)
                                         : json(dim.symbol));
  return sizes;
}

class ResizingSource {
 public:
  ResizingSource(const ResizeRequest& request, const ImportTools& tools)
      : request_(request), tools_(tools) {}

  Result<report::Resized> Run(const fs::path& folder) {
    EDGEOPT_TRY(runtime_, tools_.onnxruntime());
    const bool tflite = FormatOf(request_.model) == Format::kTflite;
    EDGEOPT_TRY(const ir::Model original, tflite ? Raise() : OpenModel(request_.model));
    EDGEOPT_TRY(const SizedModel sized, SetSizes(original, request_.asked));
    if (sized.inputs.empty()) return resized_;
    EDGEOPT_CHECK_OK(Verify(original, sized));
    Tell(sized);
    std::error_code ec;
    fs::create_directories(folder / "source", ec);
    if (ec) return CantWrite("can't make '" + folder.string() + "': " + ec.message());
    resized_.model = tflite ? "source/model.tflite" : "source/model.onnx";
    EDGEOPT_CHECK_OK(tflite ? WriteAsTflite(sized.model, folder / resized_.model)
                            : formats::WriteOnnx(sized.model, folder / resized_.model));
    EDGEOPT_TRY(resized_.sha256, Sha256File(folder / resized_.model));
    for (fs::directory_iterator it(folder / "source", ec), end; !ec && it != end; it.increment(ec))
      resized_.size_bytes += static_cast<int64_t>(it->file_size(ec));
    if (ec) return Unavailable("can't read '" + folder.string() + "': " + ec.message());
    return resized_;
  }

 private:
  Result<ir::Model> Raise() {
    EDGEOPT_TRY(const Buffer bytes, Buffer::Map(request_.model));
    EDGEOPT_TRY(const formats::tflite::File file, formats::tflite::ParseTflite(bytes));
    EDGEOPT_TRY(const Raised raised,
                RaiseModel(file, {}, *runtime_, *tools_.sink, tools_.agents.cancel));
    EDGEOPT_TRY(const auto litert, TfliteInAgent(tools_.agents)(bytes.bytes()));
    json verified;
    EDGEOPT_CHECK_OK(VerifyRaised(raised, {}, *runtime_, *litert, *tools_.sink, verified));
    EDGEOPT_CHECK_OK(CheckWeights(raised.model));
    return raised.model;
  }

  Status Verify(const ir::Model& original, const SizedModel& sized) {
    OracleInputs verification;
    ImportSamples samples;
    if (request_.samples) samples = request_.samples(InputSpecsOf(sized.model));
    if (samples.count > 0) verification.data = &samples.source;
    verification.data_samples = samples.count;
    EDGEOPT_TRY(resized_.verified,
                VerifySizes(original, sized, verification, *runtime_, *tools_.sink));
    return OkStatus();
  }

  void Tell(const SizedModel& sized) {
    resized_.asked = ToString(request_.asked);
    resized_.original_takes_them = sized.fits_original();
    resized_.nodes = sized.followed;
    resized_.inputs = json::array();
    for (const InputChange& input : sized.inputs)
      resized_.inputs.push_back({{"name", input.name},
                                 {"before", SizesOf(input.before)},
                                 {"after", SizesOf(input.after)}});
  }

  Status WriteAsTflite(const ir::Model& model, const fs::path& file) {
    EDGEOPT_TRY(const Converted converted,
                Convert(model, {}, *runtime_, TfliteInAgent(tools_.agents), *tools_.sink,
                        tools_.agents.cancel));
    return formats::tflite::WriteTflite(converted.file, file);
  }

  const ResizeRequest& request_;
  const ImportTools& tools_;
  std::shared_ptr<runtimes::Runtime> runtime_;
  report::Resized resized_;
};

// Data that does not open is told later, by the item that is about it.
ImportSamples ResizeSamplesFor(const report::Record& record,
                               const std::vector<data::InputSpec>& specs) {
  if (record.data.path.empty()) return {};
  const auto opened = OpenValidation(record, specs);
  if (!opened.ok()) return {};
  const data::Dataset& dataset = **opened;
  return {
      [kept = *opened, source = SourceOf(dataset, specs)](int64_t index) { return source(index); },
      std::min(kResizeSamples, dataset.size())};
}

}  // namespace

Result<report::Resized> ResizeSource(const ResizeRequest& request, const fs::path& folder,
                                     const ImportTools& tools) {
  return ResizingSource(request, tools).Run(folder);
}

Result<fs::path> ResizeForRun(const RunOptions& options, const PreflightWorld& world,
                              const fs::path& folder, report::Record& record) {
  ResizeRequest request;
  request.model = options.model;
  EDGEOPT_TRY(request.asked, ParseSizes(options.source.shapes, options.source.batch));
  request.samples = [&record](const std::vector<data::InputSpec>& specs) {
    return ResizeSamplesFor(record, specs);
  };
  EDGEOPT_TRY(report::Resized resized, world.resize_source(request, folder));
  if (resized.model.empty()) return options.model;
  record.resized = std::move(resized);
  return folder / record.resized->model;
}

}  // namespace edgeopt::pipeline
