// Detection with YOLO's text labels: FOLDER/images/a.jpg with FOLDER/labels/a.txt, one object a
// line: "class center_x center_y width height", as fractions of the image's size; a line of three
// or more points, "class x1 y1 x2 y2 x3 y3 ...", is an outline and counts as the box around it. An
// image without label file has no objects. "FOLDER:val" takes images/val and labels/val. Class
// names come from a file of names, from a data.yaml, or from FOLDER/data.yaml.
#include <algorithm>

#include "base/file.h"
#include "data/files.h"
#include "data/image_pipeline.h"
#include "data/open.h"
#include "data/yaml_names.h"

namespace edgeopt::data {
namespace fs = std::filesystem;
namespace {

// In fractions of the image's size.
struct Object {
  int64_t class_index;
  double left, top, width, height;
};

Result<Object> ParseObject(std::string_view line) {
  std::vector<double> numbers;
  while (!(line = Trimmed(line)).empty()) {
    const std::string_view word = line.substr(0, line.find_first_of(" \t"));
    double number = 0;
    if (!ParseNumber(word, &number)) return BadInput("'" + std::string(word) + "' is not a number");
    numbers.push_back(number);
    line.remove_prefix(word.size());
  }
  if (numbers.size() < 5 || numbers.size() % 2 == 0)
    return BadInput(
        "expected a class, a center and a size (5 numbers), or a class and an outline; "
        "found " +
        std::to_string(numbers.size()) + " numbers");
  constexpr double kMostClasses = 1e6;
  if (!(numbers[0] >= 0 && numbers[0] < kMostClasses) ||
      numbers[0] != static_cast<double>(static_cast<int64_t>(numbers[0])))
    return BadInput("the class must be a whole number from 0 on");
  for (size_t i = 1; i < numbers.size(); ++i)
    if (!(numbers[i] >= 0 && numbers[i] <= 1))
      return BadInput("coordinates must be fractions of the image's size, from 0 to 1",
                      "divide pixels by the image's width or height");
  Object object{static_cast<int64_t>(numbers[0]), 0, 0, numbers[3], numbers[4]};
  object.left = numbers[1] - numbers[3] / 2;
  object.top = numbers[2] - numbers[4] / 2;
  if (numbers.size() == 5) return object;
  double low[2] = {1, 1}, high[2] = {0, 0};
  for (size_t i = 1; i < numbers.size(); ++i) {
    low[(i - 1) % 2] = std::min(low[(i - 1) % 2], numbers[i]);
    high[(i - 1) % 2] = std::max(high[(i - 1) % 2], numbers[i]);
  }
  return Object{object.class_index, low[0], low[1], high[0] - low[0], high[1] - low[1]};
}

class Yolo : public Dataset {
 public:
  Yolo(std::string path, fs::path images, fs::path labels, std::vector<fs::path> files,
       std::vector<std::string> names, ImagePipeline pipeline)
      : path_(std::move(path)),
        images_(std::move(images)),
        labels_(std::move(labels)),
        files_(std::move(files)),
        names_(std::move(names)),
        pipeline_(std::move(pipeline)) {}

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  Result<Sample> Load(int64_t index) const override {
    EDGEOPT_TRY(const std::vector<Object> objects, Objects(index));
    EDGEOPT_TRY(Sample sample, pipeline_.LoadFile(files_[static_cast<size_t>(index)]));
    const auto size = Find(sample.targets, "image_size")->as<int64_t>();
    const auto width = static_cast<double>(size[1]), height = static_cast<double>(size[0]);
    std::vector<Box> boxes;
    for (const Object& object : objects)
      boxes.push_back({object.left * width, object.top * height, object.width * width,
                       object.height * height, object.class_index, false,
                       object.width * width * object.height * height});
    AddBoxes(boxes, &sample.targets);
    sample.targets.push_back(NamedInts("image_id", {}, {index}));
    return sample;
  }
  std::string SampleName(int64_t index) const override {
    return files_[static_cast<size_t>(index)].string();
  }
  Result<std::string> ContentHash(int64_t index) const override {
    return FileHash(files_[static_cast<size_t>(index)]);
  }
  Result<std::vector<int64_t>> Classes(int64_t index) const override {
    EDGEOPT_TRY(const std::vector<Object> objects, Objects(index));
    std::vector<int64_t> classes;
    for (const Object& object : objects) classes.push_back(object.class_index);
    return classes;
  }
  bool labelled() const override { return true; }
  const std::vector<std::string>& class_names() const override { return names_; }
  const Preprocessing* preprocessing() const override { return &pipeline_.preprocessing(); }
  std::string Describe() const override {
    return "yolo '" + path_ + "': " + std::to_string(files_.size()) + " images with boxes";
  }

 private:
  Result<std::vector<Object>> Objects(int64_t index) const {
    fs::path path = labels_ / files_[static_cast<size_t>(index)].lexically_relative(images_);
    path.replace_extension(".txt");
    std::vector<Object> objects;
    std::error_code why;
    if (!fs::exists(path, why)) return objects;
    EDGEOPT_TRY(const std::string text, ReadFile(path));
    const std::vector<std::string_view> lines = Lines(text);
    for (size_t i = 0; i < lines.size(); ++i) {
      if (Trimmed(lines[i]).empty()) continue;
      const auto object = ParseObject(lines[i]);
      const std::string where = path.string() + ":" + std::to_string(i + 1);
      if (!object.ok()) return object.error().Within(where);
      if (!names_.empty() && object->class_index >= static_cast<int64_t>(names_.size()))
        return BadInput(where + ": class " + std::to_string(object->class_index) +
                        " is outside the " + std::to_string(names_.size()) + " named classes");
      objects.push_back(*object);
    }
    return objects;
  }

  std::string path_;
  fs::path images_, labels_;
  std::vector<fs::path> files_;
  std::vector<std::string> names_;
  ImagePipeline pipeline_;
};

bool IsYaml(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

// The folder of a data.yaml stands for it.
fs::path Root(const fs::path& path) {
  if (!IsYaml(path)) return path;
  return path.parent_path().empty() ? fs::path(".") : path.parent_path();
}

bool Matches(const OpenOptions& options) {
  const fs::path root = Root(ParseSplit(options.path).path);
  return HasFolder(root, "images") && HasFolder(root, "labels");
}

Result<std::vector<std::string>> Names(const OpenOptions& options, const fs::path& path) {
  std::error_code why;
  fs::path from = options.labels;
  if (from.empty() && IsYaml(path)) from = path;
  if (from.empty() && fs::exists(path / "data.yaml", why)) from = path / "data.yaml";
  if (from.empty()) return std::vector<std::string>();
  if (!IsYaml(from)) return ReadClassNames(from);
  EDGEOPT_TRY(const std::string text, ReadFile(from));
  return YamlNames(text, from.string());
}

Result<std::unique_ptr<Dataset>> OpenYolo(const OpenOptions& options) {
  const SplitPath given = ParseSplit(options.path);
  const fs::path root = Root(given.path);
  const fs::path images = given.split.empty() ? root / "images" : root / "images" / given.split;
  const fs::path labels = given.split.empty() ? root / "labels" : root / "labels" / given.split;
  EDGEOPT_TRY(std::vector<fs::path> files, ListImages(images));
  EDGEOPT_TRY(std::vector<std::string> names, Names(options, given.path));
  EDGEOPT_TRY(ImagePipeline pipeline, ImagePipeline::Make(options));
  auto dataset = std::make_unique<Yolo>(options.path, images, labels, std::move(files),
                                        std::move(names), std::move(pipeline));
  // Labels that cannot be read are found before hours of work, not in their midst.
  for (int64_t i = 0; i < dataset->size(); ++i) EDGEOPT_CHECK_OK(dataset->Classes(i));
  return std::unique_ptr<Dataset>(std::move(dataset));
}

}  // namespace

KindInfo yolo() {
  return {"yolo", "images/ and labels/ with YOLO's text files, data.yaml", Matches, OpenYolo, 20};
}

}  // namespace edgeopt::data
