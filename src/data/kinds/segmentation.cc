// Segmentation: FOLDER/images/a.jpg with FOLDER/masks/a.png, a palette or grey PNG of the same size
// whose values are class indices; 255 is ignored by metrics. Class names: a file of names.
#include <algorithm>
#include <set>

#include "data/files.h"
#include "data/image_pipeline.h"
#include "data/open.h"

namespace edgeopt::data {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kIgnored = 255;

struct Pair {
  fs::path image, mask;
};

class Segmentation : public Dataset {
 public:
  Segmentation(std::string path, std::vector<Pair> pairs, std::vector<std::string> names,
               ImagePipeline pipeline)
      : path_(std::move(path)),
        pairs_(std::move(pairs)),
        names_(std::move(names)),
        pipeline_(std::move(pipeline)) {}

  int64_t size() const override { return static_cast<int64_t>(pairs_.size()); }
  Result<Sample> Load(int64_t index) const override {
    const Pair& pair = pairs_[static_cast<size_t>(index)];
    EDGEOPT_TRY(Sample sample, pipeline_.LoadFile(pair.image));
    EDGEOPT_TRY(const Image mask, ReadMask(pair.mask));
    const auto size = Find(sample.targets, "image_size")->as<int64_t>();
    if (mask.height != size[0] || mask.width != size[1])
      return BadInput(pair.mask.string() + ": the mask is " + std::to_string(mask.width) + " x " +
                      std::to_string(mask.height) + ", the image " + std::to_string(size[1]) +
                      " x " + std::to_string(size[0]));
    sample.targets.push_back(
        NamedInts("mask", {mask.height, mask.width}, {mask.pixels.begin(), mask.pixels.end()}));
    return sample;
  }
  std::string SampleName(int64_t index) const override {
    return pairs_[static_cast<size_t>(index)].image.string();
  }
  Result<std::string> ContentHash(int64_t index) const override {
    return FileHash(pairs_[static_cast<size_t>(index)].image);
  }
  // The classes that occur in the mask.
  Result<std::vector<int64_t>> Classes(int64_t index) const override {
    EDGEOPT_TRY(const Image mask, ReadMask(pairs_[static_cast<size_t>(index)].mask));
    std::set<int64_t> classes(mask.pixels.begin(), mask.pixels.end());
    classes.erase(kIgnored);
    return std::vector<int64_t>(classes.begin(), classes.end());
  }
  bool labelled() const override { return true; }
  const std::vector<std::string>& class_names() const override { return names_; }
  const Preprocessing* preprocessing() const override { return &pipeline_.preprocessing(); }
  std::string Describe() const override {
    return "segmentation '" + path_ + "': " + std::to_string(pairs_.size()) + " images with masks";
  }

 private:
  static Result<Image> ReadMask(const fs::path& path) {
    EDGEOPT_TRY(const Buffer file, Buffer::Map(path));
    auto mask = DecodeIndices(file);
    if (!mask.ok()) return mask.error().Within(path.string());
    return mask;
  }

  std::string path_;
  std::vector<Pair> pairs_;
  std::vector<std::string> names_;
  ImagePipeline pipeline_;
};

bool Matches(const OpenOptions& options) {
  return HasFolder(options.path, "images") && HasFolder(options.path, "masks");
}

Result<std::unique_ptr<Dataset>> OpenPairs(const OpenOptions& options) {
  const fs::path root = options.path;
  EDGEOPT_TRY(const std::vector<fs::path> images, ListImages(root / "images"));
  std::vector<Pair> pairs;
  for (const fs::path& image : images) {
    fs::path mask = root / "masks" / image.lexically_relative(root / "images");
    mask.replace_extension(".png");
    std::error_code why;
    if (!fs::exists(mask, why))
      return BadInput(image.string() + " has no mask", "expected " + mask.string());
    pairs.push_back({image, mask});
  }
  std::vector<std::string> names;
  if (!options.labels.empty()) {
    EDGEOPT_TRY(names, ReadClassNames(options.labels));
  }
  EDGEOPT_TRY(ImagePipeline pipeline, ImagePipeline::Make(options));
  return std::unique_ptr<Dataset>(std::make_unique<Segmentation>(
      options.path, std::move(pairs), std::move(names), std::move(pipeline)));
}

}  // namespace

KindInfo segmentation() {
  return {"segmentation", "images/ and masks/, PNG masks of class indices", Matches, OpenPairs, 20};
}

}  // namespace edgeopt::data
