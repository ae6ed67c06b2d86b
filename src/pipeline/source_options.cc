#include "pipeline/source_options.h"

#include <algorithm>
#include <span>

#include "base/hash.h"
#include "frameworks/recognize.h"
#include "pipeline/input_shapes.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using frameworks::InputShape;
using frameworks::Kind;
using frameworks::Source;

namespace {

// As the worker of a framework is told of it.
Result<std::vector<InputShape>> InputShapesOf(const AskedSizes& asked) {
  if (asked.batch && asked.shapes.empty())
    return UsageError("--batch needs the other sizes too", "give them with --shape NAME=SIZES");
  std::vector<InputShape> inputs;
  for (const AskedShape& shape : asked.shapes) {
    if (shape.name.find(':') != std::string::npos)
      return UsageError("--shape: '" + shape.name + "' is no name of an input, or its type unknown",
                        "write for example ids:int64=1x-1");
    InputShape& input = inputs.emplace_back();
    input.name = shape.name;
    input.type = shape.type.value_or(input.type);
    for (const ir::Dim& dim : shape.dims) input.dims.push_back(dim.value.value_or(-1));
    if (asked.batch) input.dims.front() = asked.batch->value.value_or(-1);
  }
  return inputs;
}

}  // namespace

bool SourceOptions::for_frameworks_only() const {
  return !weights.empty() || trust_code || !python.empty() || !sample.empty() ||
         !signature.empty() || !choice.exporter.empty() || choice.opset > 0;
}

Result<std::optional<Source>> OpenSource(const std::string& model, const SourceOptions& options) {
  EDGEOPT_TRY(std::optional<Source> source, frameworks::Recognize(model));
  if (!source) {
    if (options.for_frameworks_only())
      return UsageError("'" + model + "' is ONNX or TFLite, which edgeopt reads itself",
                        "leave out the options for models of PyTorch and TensorFlow");
    return source;
  }
  source->weights = options.weights;
  source->trust_code = options.trust_code;
  source->sample = options.sample;
  source->signature = options.signature;
  EDGEOPT_TRY(const AskedSizes asked, ParseSizes(options.shapes, options.batch));
  EDGEOPT_TRY(source->inputs, InputShapesOf(asked));
  EDGEOPT_CHECK_OK(frameworks::CheckOptions(*source));
  return source;
}

std::string ModelName(const std::string& model) {
  if (frameworks::IsCallable(model)) return model.substr(model.rfind(':') + 1);
  const fs::path path = fs::path(model).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).stem().string();
}

Result<std::vector<fs::path>> FilesOf(const Source& source) {
  std::vector<fs::path> files;
  std::error_code ec;
  if (source.kind == Kind::kSavedModel) {
    for (fs::recursive_directory_iterator it(source.path, ec), end; !ec && it != end;
         it.increment(ec))
      if (it->is_regular_file(ec)) files.push_back(it->path());
    if (ec) return Unavailable("can't read '" + source.path.string() + "': " + ec.message());
  } else if (source.kind == Kind::kModule) {
    const fs::path module = source.callable.substr(0, source.callable.rfind(':'));
    if (module.extension() == ".py") files.push_back(module);
    if (!source.weights.empty()) files.push_back(source.weights);
  } else {
    files.push_back(source.path);
  }
  std::ranges::sort(files);
  return files;
}

Result<std::string> HashOf(const Source& source) {
  EDGEOPT_TRY(const std::vector<fs::path> files, FilesOf(source));
  if (files.empty()) return std::string();
  if (files.size() == 1) return Sha256File(files.front());
  std::string all;
  for (const fs::path& file : files) {
    EDGEOPT_TRY(const std::string hash, Sha256File(file));
    all += hash + "  " + file.lexically_relative(source.path).string() + "\n";
  }
  return Sha256Hex(std::as_bytes(std::span(all)));
}

Result<int64_t> SizeOf(const Source& source) {
  EDGEOPT_TRY(const std::vector<fs::path> files, FilesOf(source));
  int64_t bytes = 0;
  for (const fs::path& file : files) {
    std::error_code ec;
    bytes += static_cast<int64_t>(fs::file_size(file, ec));
    if (ec) return Unavailable("can't read '" + file.string() + "': " + ec.message());
  }
  return bytes;
}

}  // namespace edgeopt::pipeline
