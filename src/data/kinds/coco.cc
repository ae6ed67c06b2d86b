// COCO detection (cocodataset.org/#format-data): one JSON file with images, annotations and
// categories. Category ids are mapped to class indices 0, 1, 2 ... in ascending order of id; with a
// file of class names, to the line of the category's name (for a model that counts classes
// otherwise). The images are looked for beside the file, in images/ beside it, in a folder of the
// file's own name less "instances_" above it (COCO's layout), or where the caller says.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "data/files.h"
#include "data/image_pipeline.h"
#include "data/open.h"

namespace edgeopt::data {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

struct Item {
  std::string file_name;
  int64_t id = 0;
  std::vector<Box> boxes;
};

// The part of the file that is used.
struct Annotations {
  std::vector<Item> items;  // in the file's order
  std::vector<std::string> names;
  std::vector<int64_t> category_ids;  // by class index
};

class Coco : public Dataset {
 public:
  Coco(std::string path, fs::path folder, Annotations annotations, ImagePipeline pipeline)
      : path_(std::move(path)),
        folder_(std::move(folder)),
        annotations_(std::move(annotations)),
        pipeline_(std::move(pipeline)) {}

  int64_t size() const override { return static_cast<int64_t>(annotations_.items.size()); }
  Result<Sample> Load(int64_t index) const override {
    const Item& item = annotations_.items[static_cast<size_t>(index)];
    EDGEOPT_TRY(Sample sample, pipeline_.LoadFile(folder_ / item.file_name));
    AddBoxes(item.boxes, &sample.targets);
    sample.targets.push_back(NamedInts("image_id", {}, {item.id}));
    return sample;
  }
  std::string SampleName(int64_t index) const override {
    return (folder_ / annotations_.items[static_cast<size_t>(index)].file_name).string();
  }
  Result<std::string> ContentHash(int64_t index) const override {
    return FileHash(folder_ / annotations_.items[static_cast<size_t>(index)].file_name);
  }
  Result<std::vector<int64_t>> Classes(int64_t index) const override {
    std::vector<int64_t> classes;
    for (const Box& box : annotations_.items[static_cast<size_t>(index)].boxes)
      classes.push_back(box.class_index);
    return classes;
  }
  bool labelled() const override { return true; }
  const std::vector<std::string>& class_names() const override { return annotations_.names; }
  const std::vector<int64_t>& class_ids() const override { return annotations_.category_ids; }
  const Preprocessing* preprocessing() const override { return &pipeline_.preprocessing(); }
  std::string Describe() const override {
    size_t boxes = 0;
    for (const Item& item : annotations_.items) boxes += item.boxes.size();
    return "coco '" + path_ + "': " + std::to_string(size()) + " images, " + std::to_string(boxes) +
           " boxes, " + std::to_string(annotations_.names.size()) + " classes";
  }

 private:
  std::string path_;
  fs::path folder_;
  Annotations annotations_;
  ImagePipeline pipeline_;
};

// The JSON file that a path stands for: itself, or the only one in FOLDER/annotations or FOLDER.
fs::path AnnotationFile(const fs::path& path) {
  std::error_code why;
  if (!fs::is_directory(path, why)) return path;
  for (const fs::path& folder : {path / "annotations", path}) {
    std::vector<fs::path> found;
    const auto entries = ListFolder(folder);
    if (!entries.ok()) continue;
    for (const fs::path& entry : *entries)
      if (entry.extension() == ".json") found.push_back(entry);
    if (found.size() == 1) return found[0];
  }
  return path;
}

fs::path ImagesFolder(const fs::path& file, const std::string& first_image) {
  const fs::path folder = file.parent_path();
  std::string name = file.stem().string();
  if (name.starts_with("instances_")) name = name.substr(10);
  std::error_code why;
  const fs::path above = folder / "..";
  for (const fs::path& candidate : {folder, folder / "images", folder / name, above / name,
                                    above / "images" / name, above / "images"})
    if (fs::exists(candidate / first_image, why)) return candidate.lexically_normal();
  return folder;
}

// Integers may be written as 1.0 in such files.
bool GetInteger(const Json& object, const char* key, int64_t* value) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return false;
  const double number = found->get<double>();
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (!(std::abs(number) <= kExact) || number != static_cast<double>(static_cast<int64_t>(number)))
    return false;
  *value = static_cast<int64_t>(number);
  return true;
}

const Json* List(const Json& document, const char* key) {
  if (!document.is_object()) return nullptr;
  const auto found = document.find(key);
  return found != document.end() && found->is_array() ? &*found : nullptr;
}

Error BadRecord(const char* list, size_t index, const std::string& what) {
  return BadInput(std::string(list) + "[" + std::to_string(index) + "]: " + what);
}

// Fills names and ids; gives the class index of each category id.
Result<std::map<int64_t, int64_t>> ReadCategories(const Json& list,
                                                  const std::vector<std::string>& given_names,
                                                  Annotations* annotations) {
  std::map<int64_t, std::string> by_id;
  for (size_t i = 0; i < list.size(); ++i) {
    int64_t id = 0;
    if (!list[i].is_object() || !GetInteger(list[i], "id", &id) || !list[i].contains("name") ||
        !list[i]["name"].is_string())
      return BadRecord("categories", i, "'id' or 'name' is missing");
    if (!by_id.emplace(id, list[i]["name"].get<std::string>()).second)
      return BadRecord("categories", i, "the id " + std::to_string(id) + " comes twice");
  }
  std::map<int64_t, int64_t> classes;
  annotations->names = given_names;
  annotations->category_ids.assign(given_names.size(), -1);
  for (const auto& [id, name] : by_id) {
    int64_t index = IndexOf(given_names, name);
    if (given_names.empty()) {
      index = static_cast<int64_t>(annotations->names.size());
      annotations->names.push_back(name);
      annotations->category_ids.push_back(id);
    } else if (index < 0) {
      return BadInput("the category '" + name + "' is not in the file of class names");
    } else {
      annotations->category_ids[static_cast<size_t>(index)] = id;
    }
    classes[id] = index;
  }
  return classes;
}

Result<Box> ReadBox(const Json& record, const std::map<int64_t, int64_t>& classes, size_t index) {
  Box box;
  int64_t category = 0, crowd = 0;
  if (!GetInteger(record, "category_id", &category))
    return BadRecord("annotations", index, "'category_id' is missing");
  const auto found = classes.find(category);
  if (found == classes.end())
    return BadRecord("annotations", index,
                     "category " + std::to_string(category) + " is not among the categories");
  const auto bbox = record.find("bbox");
  if (bbox == record.end() || !bbox->is_array() || bbox->size() != 4 ||
      !std::all_of(bbox->begin(), bbox->end(), [](const Json& v) { return v.is_number(); }))
    return BadRecord("annotations", index, "'bbox' must be [x, y, width, height]");
  box.x = (*bbox)[0], box.y = (*bbox)[1], box.width = (*bbox)[2], box.height = (*bbox)[3];
  if (!(box.width >= 0 && box.height >= 0))
    return BadRecord("annotations", index, "'bbox' has a negative width or height");
  box.class_index = found->second;
  if (GetInteger(record, "iscrowd", &crowd)) box.crowd = crowd != 0;
  const auto area = record.find("area");
  box.area =
      area != record.end() && area->is_number() ? area->get<double>() : box.width * box.height;
  return box;
}

Result<Annotations> Read(const Json& document, const std::vector<std::string>& given_names) {
  const Json* images = List(document, "images");
  const Json* records = List(document, "annotations");
  const Json* categories = List(document, "categories");
  if (!images || !records || !categories)
    return BadInput("a COCO file needs the lists 'images', 'annotations' and 'categories'");
  Annotations result;
  EDGEOPT_TRY(const auto classes, ReadCategories(*categories, given_names, &result));
  std::map<int64_t, size_t> place;
  for (size_t i = 0; i < images->size(); ++i) {
    const Json& image = (*images)[i];
    Item item;
    if (!image.is_object() || !GetInteger(image, "id", &item.id) || !image.contains("file_name") ||
        !image["file_name"].is_string())
      return BadRecord("images", i, "'id' or 'file_name' is missing");
    item.file_name = image["file_name"].get<std::string>();
    if (!place.emplace(item.id, i).second)
      return BadRecord("images", i, "the id " + std::to_string(item.id) + " comes twice");
    result.items.push_back(std::move(item));
  }
  for (size_t i = 0; i < records->size(); ++i) {
    int64_t image_id = 0;
    const Json& record = (*records)[i];
    if (!record.is_object() || !GetInteger(record, "image_id", &image_id))
      return BadRecord("annotations", i, "'image_id' is missing");
    const auto found = place.find(image_id);
    if (found == place.end())
      return BadRecord("annotations", i,
                       "image " + std::to_string(image_id) + " is not among the images");
    EDGEOPT_TRY(const Box box, ReadBox(record, classes, i));
    result.items[found->second].boxes.push_back(box);
  }
  return result;
}

bool Matches(const OpenOptions& options) {
  return AnnotationFile(options.path).extension() == ".json";
}

Result<std::unique_ptr<Dataset>> OpenCoco(const OpenOptions& options) {
  const fs::path file = AnnotationFile(options.path);
  std::vector<std::string> names;
  if (!options.labels.empty()) {
    EDGEOPT_TRY(names, ReadClassNames(options.labels));
  }
  EDGEOPT_TRY(const Buffer bytes, Buffer::Map(file));
  const Json document = Json::parse(bytes.text(), nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return BadInput(file.string() + ": not a whole JSON file");
  auto annotations = Read(document, names);
  if (!annotations.ok()) return annotations.error().Within(file.string());
  const std::string first =
      annotations->items.empty() ? std::string() : annotations->items[0].file_name;
  const fs::path folder =
      options.images.empty() ? ImagesFolder(file, first) : fs::path(options.images);
  EDGEOPT_TRY(ImagePipeline pipeline, ImagePipeline::Make(options));
  return std::unique_ptr<Dataset>(
      std::make_unique<Coco>(options.path, folder, *std::move(annotations), std::move(pipeline)));
}

}  // namespace

KindInfo coco() {
  return {"coco", "COCO's JSON of images, annotations and categories", Matches, OpenCoco, 10};
}

}  // namespace edgeopt::data
