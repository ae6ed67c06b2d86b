#include "pipeline/source_options.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "base/hash.h"
#include "frameworks/recognize.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using frameworks::InputShape;
using frameworks::Kind;
using frameworks::Source;

namespace {

std::optional<int64_t> ParseSize(std::string_view text) {
  int64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || size < -1) return std::nullopt;
  return size;
}

Result<InputShape> ParseInput(const std::string& text) {
  const auto wrong = [&] {
    return UsageError("--shape '" + text + "' is not NAME=SIZES",
                      "write for example x=1x3x224x224 or ids:int64=1x-1 (-1: any size)");
  };
  InputShape input;
  const size_t equals = text.find('=');
  std::string name = equals == std::string::npos ? "" : text.substr(0, equals);
  std::string_view sizes =
      std::string_view(text).substr(equals == std::string::npos ? 0 : equals + 1);
  if (const size_t colon = name.rfind(':'); colon != std::string::npos) {
    const auto type = ir::DataTypeFromName(name.substr(colon + 1));
    if (!type) return wrong();
    input.type = *type;
    name.resize(colon);
  }
  input.name = name;
  while (!sizes.empty()) {
    const size_t cross = std::min(sizes.find('x'), sizes.size());
    const auto size = ParseSize(sizes.substr(0, cross));
    if (!size) return wrong();
    input.dims.push_back(*size);
    sizes.remove_prefix(std::min(cross + 1, sizes.size()));
  }
  if (input.dims.empty()) return wrong();
  return input;
}

Status SetBatch(const std::string& batch, std::vector<InputShape>& inputs) {
  if (batch.empty()) return OkStatus();
  const auto size = batch == "dynamic" ? -1 : ParseSize(batch);
  if (!size || *size == 0 || (*size < 0 && batch != "dynamic"))
    return UsageError("--batch '" + batch + "' is neither a size nor 'dynamic'");
  if (inputs.empty())
    return UsageError("--batch needs the other sizes too", "give them with --shape NAME=SIZES");
  for (InputShape& input : inputs) input.dims.front() = *size;
  return OkStatus();
}

}  // namespace

bool SourceOptions::any() const {
  return !weights.empty() || trust_code || !python.empty() || !shapes.empty() || !batch.empty() ||
         !sample.empty() || !signature.empty() || !choice.exporter.empty() || choice.opset > 0;
}

Result<std::optional<Source>> OpenSource(const std::string& model, const SourceOptions& options) {
  EDGEOPT_TRY(std::optional<Source> source, frameworks::Recognize(model));
  if (!source) {
    if (options.any())
      return UsageError("'" + model + "' is ONNX or TFLite, which edgeopt reads itself",
                        "leave out the options for models of PyTorch and TensorFlow");
    return source;
  }
  source->weights = options.weights;
  source->trust_code = options.trust_code;
  source->sample = options.sample;
  source->signature = options.signature;
  for (const std::string& text : options.shapes) {
    EDGEOPT_TRY(InputShape input, ParseInput(text));
    source->inputs.push_back(std::move(input));
  }
  EDGEOPT_CHECK_OK(SetBatch(options.batch, source->inputs));
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
