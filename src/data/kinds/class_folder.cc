// A folder with one folder of images per class: FOLDER/cat/1.jpg, FOLDER/dog/2.jpg. The class index
// is the place of the folder's name in sorted order (as bytes, as torchvision's ImageFolder has
// it), or its line in a file of class names.
#include <algorithm>

#include "data/files.h"
#include "data/image_pipeline.h"
#include "data/open.h"

namespace edgeopt::data {
namespace fs = std::filesystem;
namespace {

struct Item {
  fs::path path;
  int64_t label;
};

class ClassFolder : public Dataset {
 public:
  ClassFolder(std::string path, std::vector<Item> items, std::vector<std::string> names,
              ImagePipeline pipeline)
      : path_(std::move(path)),
        items_(std::move(items)),
        names_(std::move(names)),
        pipeline_(std::move(pipeline)) {}

  int64_t size() const override { return static_cast<int64_t>(items_.size()); }
  Result<Sample> Load(int64_t index) const override {
    const Item& item = items_[static_cast<size_t>(index)];
    EDGEOPT_TRY(Sample sample, pipeline_.LoadFile(item.path));
    sample.targets.push_back(NamedInts("label", {}, {item.label}));
    return sample;
  }
  std::string SampleName(int64_t index) const override {
    return items_[static_cast<size_t>(index)].path.string();
  }
  Result<std::string> ContentHash(int64_t index) const override {
    return FileHash(items_[static_cast<size_t>(index)].path);
  }
  Result<std::vector<int64_t>> Classes(int64_t index) const override {
    return std::vector<int64_t>{items_[static_cast<size_t>(index)].label};
  }
  bool labelled() const override { return true; }
  const std::vector<std::string>& class_names() const override { return names_; }
  const Preprocessing* preprocessing() const override { return &pipeline_.preprocessing(); }
  std::string Describe() const override {
    return "class-folder '" + path_ + "': " + std::to_string(items_.size()) + " images in " +
           std::to_string(names_.size()) + " classes";
  }

 private:
  std::string path_;
  std::vector<Item> items_;
  std::vector<std::string> names_;
  ImagePipeline pipeline_;
};

// "10" before "2": right for torchvision's users, a surprise for others.
bool NumbersOutOfOrder(const std::vector<std::string>& names) {
  int64_t last = -1;
  bool out_of_order = false;
  for (const std::string& name : names) {
    int64_t value = 0;
    if (!ParseInteger(name, &value)) return false;
    out_of_order = out_of_order || value < last;
    last = value;
  }
  return out_of_order;
}

bool Matches(const OpenOptions& options) {
  const auto entries = ListFolder(options.path);
  return entries.ok() && std::any_of(entries->begin(), entries->end(), [](const fs::path& entry) {
           std::error_code why;
           if (!fs::is_directory(entry, why)) return false;
           const auto images = ListImages(entry);
           return images.ok() && !images->empty();
         });
}

Result<std::unique_ptr<Dataset>> OpenFolder(const OpenOptions& options) {
  EDGEOPT_TRY(const std::vector<fs::path> entries, ListFolder(options.path));
  std::vector<fs::path> folders;
  std::error_code why;
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(folders),
               [&](const fs::path& entry) { return fs::is_directory(entry, why); });
  std::vector<std::string> names;
  if (options.labels.empty()) {
    for (const fs::path& folder : folders) names.push_back(folder.filename().string());
    if (options.sink && NumbersOutOfOrder(names))
      options.sink->Warn("the class folders of '" + options.path +
                         "' are numbers in text order ('10' before '2'), as torchvision counts "
                         "classes; for another order give a file of class names");
  } else {
    EDGEOPT_TRY(names, ReadClassNames(options.labels));
  }
  std::vector<Item> items;
  for (const fs::path& folder : folders) {
    const int64_t label = IndexOf(names, folder.filename().string());
    if (label < 0)
      return BadInput("the class folder '" + folder.string() + "' is not in " + options.labels);
    EDGEOPT_TRY(const std::vector<fs::path> images, ListImages(folder));
    for (const fs::path& image : images) items.push_back({image, label});
  }
  EDGEOPT_TRY(ImagePipeline pipeline, ImagePipeline::Make(options));
  return std::unique_ptr<Dataset>(std::make_unique<ClassFolder>(
      options.path, std::move(items), std::move(names), std::move(pipeline)));
}

}  // namespace

KindInfo class_folder() {
  return {"class-folder", "a folder of class folders with JPEG or PNG images", Matches, OpenFolder,
          60};
}

}  // namespace edgeopt::data
