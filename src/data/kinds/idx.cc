// IDX files as MNIST and Fashion-MNIST come: NAME-images-idx3-ubyte[.gz] with
// NAME-labels-idx1-ubyte[.gz] beside it (a point in place of the last dash is known too). The path
// is the images' file, or a folder; "FOLDER:NAME" chooses where the folder has several. The labels
// may be named by the caller. Bytes of rank 3 ([samples, height, width]) or of rank 4 with 1 or 3
// channels last are images and are preprocessed; all else is handed to the model as it is.
#include <algorithm>
#include <optional>

#include "base/hash.h"
#include "data/files.h"
#include "data/idx_file.h"
#include "data/image_pipeline.h"
#include "data/open.h"

namespace edgeopt::data {
namespace fs = std::filesystem;
namespace {

class Idx : public Dataset {
 public:
  Idx(fs::path path, ArraySource samples, std::optional<ArraySource> labels,
      std::optional<ImagePipeline> pipeline)
      : path_(std::move(path)),
        samples_(std::move(samples)),
        labels_(std::move(labels)),
        pipeline_(std::move(pipeline)) {}

  int64_t size() const override { return samples_.count(); }
  Result<Sample> Load(int64_t index) const override {
    EDGEOPT_TRY(ir::Tensor raw, samples_.At(index));
    Sample sample;
    if (pipeline_) {
      auto loaded = pipeline_->Load(ToImage(raw));
      if (!loaded.ok()) return loaded.error().Within(SampleName(index));
      sample = *std::move(loaded);
    } else {
      sample.inputs.push_back(std::move(raw));
    }
    EDGEOPT_TRY(const std::vector<int64_t> classes, Classes(index));
    if (labels_) sample.targets.push_back(NamedInts("label", {}, classes));
    return sample;
  }
  std::string SampleName(int64_t index) const override {
    return "sample " + std::to_string(index) + " of " + path_.string();
  }
  Result<std::string> ContentHash(int64_t index) const override {
    EDGEOPT_TRY(const ir::Tensor raw, samples_.At(index));
    return Sha256Hex(raw.data().bytes());
  }
  Result<std::vector<int64_t>> Classes(int64_t index) const override {
    if (!labels_) return std::vector<int64_t>();
    EDGEOPT_TRY(const ir::Tensor label, labels_->At(index));
    return label.ToInts();
  }
  bool labelled() const override { return labels_.has_value(); }
  const Preprocessing* preprocessing() const override {
    return pipeline_ ? &pipeline_->preprocessing() : nullptr;
  }
  std::string Describe() const override {
    return "idx '" + path_.string() + "': " + std::to_string(size()) + " samples of shape " +
           ir::ToString(samples_.sample_dims()) + (labels_ ? "" : " without labels");
  }

 private:
  fs::path path_;
  ArraySource samples_;
  std::optional<ArraySource> labels_;
  std::optional<ImagePipeline> pipeline_;
};

// The file of labels that belongs to a file of images by its name; empty when there is none.
fs::path LabelsOf(const fs::path& images) {
  std::string name = images.filename().string();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  const size_t at = name.find("images");
  const size_t idx = name.find("idx", at == std::string::npos ? 0 : at);
  if (at == std::string::npos || idx == std::string::npos) return {};
  const std::string labels =
      name.substr(0, at) + "labels" + name.substr(at + 6, idx - at - 6) + "idx1-ubyte";
  std::error_code why;
  for (const std::string_view ending : {"", ".gz"}) {
    const fs::path candidate = images.parent_path() / (labels + std::string(ending));
    if (fs::exists(candidate, why)) return candidate;
  }
  return {};
}

bool IsImagesName(const std::string& name) {
  const size_t at = name.find("images");
  return at != std::string::npos && name.find("idx", at) != std::string::npos;
}

// "train" of "train-images-idx3-ubyte.gz".
std::string SplitOf(const fs::path& images) {
  std::string name = images.filename().string();
  name.resize(name.find("images"));
  while (name.ends_with('-') || name.ends_with('_') || name.ends_with('.')) name.pop_back();
  return name;
}

// The images' files of a folder, plain before compressed where both are there.
std::vector<fs::path> ImagesOf(const fs::path& folder) {
  std::vector<fs::path> found;
  const auto entries = ListFolder(folder);
  if (!entries.ok()) return found;
  for (const fs::path& entry : *entries)
    if (IsImagesName(entry.filename().string()) &&
        (found.empty() || SplitOf(found.back()) != SplitOf(entry)))
      found.push_back(entry);
  return found;
}

Result<fs::path> ImagesFile(const OpenOptions& options) {
  const SplitPath given = ParseSplit(options.path);
  std::error_code why;
  if (!fs::is_directory(given.path, why)) return given.path;
  const std::vector<fs::path> files = ImagesOf(given.path);
  if (files.size() == 1 && given.split.empty()) return files[0];
  std::string splits;
  for (const fs::path& file : files) {
    if (!given.split.empty() && SplitOf(file) == given.split) return file;
    splits += (splits.empty() ? "" : " or ") + given.path.string() + ":" + SplitOf(file);
  }
  if (files.empty())
    return BadInput("'" + given.path.string() + "' holds no IDX file of images",
                    "expected a name such as train-images-idx3-ubyte.gz");
  return BadInput("'" + options.path + "' does not say which of its data sets to take",
                  "give " + splits);
}

bool Matches(const OpenOptions& options) {
  const SplitPath given = ParseSplit(options.path);
  std::error_code why;
  if (fs::is_directory(given.path, why)) return !ImagesOf(given.path).empty();
  const std::string name = given.path.filename().string();
  if (name.find("idx") != std::string::npos && name.find("ubyte") != std::string::npos) return true;
  const auto file = Buffer::Map(given.path);
  return file.ok() && LooksLikeIdx(file->text());
}

Result<std::optional<ArraySource>> ReadLabels(const OpenOptions& options, const fs::path& images,
                                              int64_t count) {
  const fs::path path = options.labels.empty() ? LabelsOf(images) : fs::path(options.labels);
  if (path.empty()) return std::optional<ArraySource>();
  EDGEOPT_TRY(ArraySource labels, ReadIdx(path, "label"));
  if (!labels.sample_dims().empty() || !ir::IsInteger(labels.type()))
    return BadInput(path.string() + ": labels must be one whole number for each sample, found " +
                    ir::ToString(labels.sample_dims()) + " of " +
                    std::string(ir::Name(labels.type())));
  if (labels.count() != count)
    return BadInput(path.string() + " has " + std::to_string(labels.count()) + " labels, " +
                    images.string() + " has " + std::to_string(count) + " samples");
  return std::optional<ArraySource>(std::move(labels));
}

Result<std::unique_ptr<Dataset>> OpenIdx(const OpenOptions& options) {
  EDGEOPT_TRY(const fs::path path, ImagesFile(options));
  EDGEOPT_TRY(ArraySource samples, ReadIdx(path, ""));
  EDGEOPT_TRY(auto labels, ReadLabels(options, path, samples.count()));
  std::optional<ImagePipeline> pipeline;
  if (IsImage(samples.type(), samples.sample_dims())) {
    EDGEOPT_TRY(pipeline, ImagePipeline::Make(options));
  }
  return std::unique_ptr<Dataset>(
      std::make_unique<Idx>(path, std::move(samples), std::move(labels), std::move(pipeline)));
}

}  // namespace

KindInfo idx() { return {"idx", "MNIST's IDX files, plain or gzip", Matches, OpenIdx, 30}; }

}  // namespace edgeopt::data
