// A flat folder of images, or one image: samples without labels, for calibration, agreement with
// the baseline and tests of speed.
#include "data/files.h"
#include "data/image_pipeline.h"
#include "data/open.h"

namespace edgeopt::data {
namespace fs = std::filesystem;
namespace {

class Images : public Dataset {
 public:
  Images(std::string path, std::vector<fs::path> files, ImagePipeline pipeline)
      : path_(std::move(path)), files_(std::move(files)), pipeline_(std::move(pipeline)) {}

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  Result<Sample> Load(int64_t index) const override {
    return pipeline_.LoadFile(files_[static_cast<size_t>(index)]);
  }
  std::string SampleName(int64_t index) const override {
    return files_[static_cast<size_t>(index)].string();
  }
  Result<std::string> ContentHash(int64_t index) const override {
    return FileHash(files_[static_cast<size_t>(index)]);
  }
  Result<std::vector<int64_t>> Classes(int64_t) const override { return std::vector<int64_t>(); }
  bool labelled() const override { return false; }
  const Preprocessing* preprocessing() const override { return &pipeline_.preprocessing(); }
  std::string Describe() const override {
    return "images '" + path_ + "': " + std::to_string(files_.size()) + " unlabelled images";
  }

 private:
  std::string path_;
  std::vector<fs::path> files_;
  ImagePipeline pipeline_;
};

bool Matches(const OpenOptions& options) {
  std::error_code why;
  if (fs::is_directory(options.path, why)) return HoldsImages(options.path);
  return HasImageName(fs::path(options.path).filename().string());
}

Result<std::unique_ptr<Dataset>> OpenImages(const OpenOptions& options) {
  std::error_code why;
  std::vector<fs::path> files = {options.path};
  if (fs::is_directory(options.path, why)) {
    EDGEOPT_TRY(files, ListImages(options.path));
  }
  EDGEOPT_TRY(ImagePipeline pipeline, ImagePipeline::Make(options));
  return std::unique_ptr<Dataset>(
      std::make_unique<Images>(options.path, std::move(files), std::move(pipeline)));
}

}  // namespace

KindInfo images() {
  return {"images", "a folder of JPEG or PNG images without labels", Matches, OpenImages, 70};
}

}  // namespace edgeopt::data
