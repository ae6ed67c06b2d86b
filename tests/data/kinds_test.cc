// The kinds of image data sets: what is found, in which order, with which targets, and what is
// refused.
#include <gtest/gtest.h>

#include <set>

#include "data/csv.h"
#include "data/test_files.h"
#include "data/yaml_names.h"

namespace edgeopt::data {
namespace {

struct Recorder : Sink {
  std::string text;
  void Warn(std::string_view warning) override { text += warning; }
};

OpenOptions Options(const std::string& path) {
  OpenOptions options;
  options.path = path;
  return options;
}

std::vector<int64_t> Labels(const Dataset& dataset) {
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    const auto sample = dataset.Load(i);
    EXPECT_TRUE(sample.ok()) << sample.error().ToString();
    labels.push_back(Find(sample->targets, "label")->as<int64_t>()[0]);
    EXPECT_EQ(dataset.Classes(i).value(), std::vector<int64_t>{labels.back()});
  }
  return labels;
}

std::vector<float> Floats(const Sample& sample, const char* name) {
  return Find(sample.targets, name)->ToFloats().value();
}

TEST(Table, IsComplete) {
  std::vector<std::string> names;
  for (const KindInfo& kind : Table()) names.emplace_back(kind.name);
  EXPECT_EQ(names, (std::vector<std::string>{"arrays", "class-folder", "coco", "idx", "image-list",
                                             "images", "segmentation", "yolo"}));
}

TEST(Open, NamesWhatItDoesNotKnow) {
  Folder folder;
  OpenOptions options = Options(folder / "nothing");
  ExpectError(Open(options), ErrorCode::kBadInput, {"nothing", "does not exist"});
  options = Options(folder.path());
  ExpectError(Open(options), ErrorCode::kBadInput, {"looks like no data set", "class-folder"});
  options.kind = "tfrecord";
  ExpectError(Open(options), ErrorCode::kUsage, {"tfrecord", "image-list"});
  options.kind = "images";
  ExpectError(Open(options), ErrorCode::kBadInput, {"is empty"});
}

TEST(ClassFolder, CountsClassesInSortedOrder) {
  Folder folder;
  folder.Copy("dog/b.jpg", "jpeg_420.jpg");
  folder.Copy("dog/a.png", "png_rgb.png");
  folder.Copy("cat/deep/er/x.PNG", "png_grey.png");
  folder.Write("cat/notes.txt", "not an image");
  folder.Write("readme.txt", "");
  folder.Copy(".cache/x.png", "png_rgb.png");
  const auto dataset = MustOpen(Options(folder.path()));
  ASSERT_TRUE(dataset);
  EXPECT_EQ(Labels(*dataset), (std::vector<int64_t>{0, 1, 1}));
  EXPECT_EQ(dataset->class_names(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(dataset->class_count(), 2);
  EXPECT_NE(dataset->SampleName(1).find("dog/a.png"), std::string::npos);
  EXPECT_EQ(dataset->Load(2)->inputs[0].dims(), (ir::Dims{3, 29, 41}));
}

TEST(ClassFolder, TakesTheOrderOfAFileOfNames) {
  Folder folder;
  folder.Copy("data/cat/a.jpg", "jpeg_420.jpg");
  folder.Copy("data/dog/a.jpg", "jpeg_420.jpg");
  folder.Write("names.txt", "dog\r\nbird\ncat\n\n");
  OpenOptions options = Options(folder / "data");
  options.labels = folder / "names.txt";
  const auto dataset = MustOpen(options);
  ASSERT_TRUE(dataset);
  EXPECT_EQ(Labels(*dataset), (std::vector<int64_t>{2, 0}));
  EXPECT_EQ(dataset->class_count(), 3);
  ExpectError(CheckLabels(*dataset, 2), ErrorCode::kBadInput, {"cat/a.jpg", "class 2", "0 to 1"});
  folder.Write("names.txt", "dog\n");
  ExpectError(Open(options), ErrorCode::kBadInput, {"cat", "names.txt"});
  folder.Write("names.txt", "dog\ncat\ndog\n");
  ExpectError(Open(options), ErrorCode::kBadInput, {"names.txt:3", "'dog' comes twice"});
}

TEST(ClassFolder, WarnsOfNumbersInTextOrder) {
  Folder folder;
  for (const char* name : {"0", "2", "10"})
    folder.Copy(std::string(name) + "/a.jpg", "jpeg_420.jpg");
  Recorder sink;
  OpenOptions options = Options(folder.path());
  options.sink = &sink;
  EXPECT_EQ(MustOpen(options)->class_names(), (std::vector<std::string>{"0", "10", "2"}));
  EXPECT_NE(sink.text.find("'10' before '2'"), std::string::npos);
}

TEST(Images, NamesTheDamagedFile) {
  Folder folder;
  folder.Copy("a.jpg", "jpeg_420.jpg");
  folder.Write("b.jpg", ReadFile(Oracle("jpeg_420.jpg")).value().substr(0, 900));
  const auto dataset = MustOpen(Options(folder.path()));
  ASSERT_TRUE(dataset);
  EXPECT_FALSE(dataset->labelled());
  EXPECT_TRUE(dataset->Load(0).ok());
  ExpectError(dataset->Load(1), ErrorCode::kBadInput, {"b.jpg", "damaged or cut off"});
  EXPECT_EQ(MustOpen(Options(folder / "a.jpg"))->size(), 1);
}

TEST(Images, AreCheckedAgainstTheModel) {
  Folder folder;
  folder.Copy("a.jpg", "jpeg_420.jpg");
  OpenOptions options = Options(folder.path());
  options.inputs = {{"pixels", ir::DataType::kFloat32, {1, 29, 41, 3}}};
  ExpectError(Open(options), ErrorCode::kBadInput, {"a.jpg", "'pixels'", "scale"});
  options.preprocessing = ParsePreprocessing("[input]\nscale='1/255'\n", "p.toml").value();
  ExpectError(Open(options), ErrorCode::kBadInput, {"channels are last", "layout = \"nhwc\""});
  options.preprocessing =
      ParsePreprocessing("[input]\nscale='1/255'\nlayout='nhwc'\n", "p.toml").value();
  EXPECT_EQ(MustOpen(options)->Load(0)->inputs[0].name, "pixels");
  options.preprocessing = ParsePreprocessing("[input]\nname='data'\n", "p.toml").value();
  ExpectError(Open(options), ErrorCode::kBadInput, {"p.toml", "'pixels'"});
}

TEST(ImageList, ReadsClassesNamesTextsAndNumbers) {
  Folder folder;
  folder.Copy("img/a b,c.jpg", "jpeg_420.jpg");
  folder.Copy("img/d.png", "png_rgb.png");
  folder.Write("names.txt", "dog\ncat\n");
  const auto open = [&](const std::string& csv, bool names = false) {
    folder.Write("list.csv", csv);
    OpenOptions options = Options(folder / "list.csv");
    if (names) options.labels = folder / "names.txt";
    return Open(options);
  };
  const std::string a = "\"img/a b,c.jpg\"", d = "img/d.png";
  EXPECT_EQ(Labels(**open(a + ",3\n" + d + ",0\n")), (std::vector<int64_t>{3, 0}));
  EXPECT_EQ(Labels(**open("path,label\r\n" + a + ",3\r\n" + d + ",0")),
            (std::vector<int64_t>{3, 0}));
  EXPECT_EQ(Labels(**open(a + ",cat\n" + d + ",dog\n", true)), (std::vector<int64_t>{1, 0}));
  const auto named = open("image,class\n" + a + ",zebra\n" + d + ",ant\n");
  EXPECT_EQ(Labels(**named), (std::vector<int64_t>{1, 0}));
  EXPECT_EQ((*named)->class_names(), (std::vector<std::string>{"ant", "zebra"}));

  const auto text = open("path,text\n" + a + ",\"he said \"\"no\"\",\nthen left\"\n" + d + ",\n");
  EXPECT_EQ(Find((*text)->Load(0)->targets, "text")->strings()[0], "he said \"no\",\nthen left");
  EXPECT_EQ(Find((*text)->Load(1)->targets, "text")->strings()[0], "");

  const auto age = open("path,age\n" + a + ",31\n" + d + ",4.5\n");
  EXPECT_EQ(Find((*age)->Load(0)->targets, "target")->dims(), ir::Dims{});
  EXPECT_EQ(Floats(*(*age)->Load(1), "target"), std::vector<float>{4.5});
  const auto point = open(a + ",1,2.5\n" + d + ",3,-4e-1\n");
  EXPECT_EQ(Floats(*(*point)->Load(1), "target"), (std::vector<float>{3, -0.4f}));
  EXPECT_EQ((*point)->class_count(), 0);
  EXPECT_FALSE((*open(a + "\n" + d + "\n"))->labelled());
}

TEST(ImageList, NamesTheLine) {
  Folder folder;
  folder.Copy("a.jpg", "jpeg_420.jpg");
  folder.Write("names.txt", "dog\ncat\n");
  OpenOptions options = Options(folder / "list.csv");
  folder.Write("list.csv", "a.jpg,1\na.jpg\n");
  ExpectError(Open(options), ErrorCode::kBadInput, {"list.csv:2", "1 columns"});
  folder.Write("list.csv", "a.jpg,1.5\na.jpg,cat\n");
  ExpectError(Open(options), ErrorCode::kBadInput,
              {"list.csv:2", "'cat' is not a number", "path,text"});
  folder.Write("list.csv", "a.jpg,\"1\n");
  ExpectError(Open(options), ErrorCode::kBadInput, {"list.csv", "line 1", "quote"});
  folder.Write("list.csv", "path,label\n");
  ExpectError(Open(options), ErrorCode::kBadInput, {"is empty"});
  options.labels = folder / "names.txt";
  folder.Write("list.csv", "a.jpg,cow\n");
  ExpectError(Open(options), ErrorCode::kBadInput, {"list.csv:1", "'cow'", "class names"});
  folder.Write("list.csv", "a.jpg,dog\nb.jpg,cat\n");
  ExpectError(MustOpen(options)->Load(1), ErrorCode::kUnavailable, {"b.jpg", "No such file"});
}

TEST(Csv, FollowsRfc4180) {
  const auto rows = ParseCsv(
      "\xEF\xBB\xBF"
      "a,\"b\"\"c\"\n\n,\"x\ny\"\r\nlast,");
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ((*rows)[0].fields, (std::vector<std::string>{"a", "b\"c"}));
  EXPECT_EQ((*rows)[1].fields, (std::vector<std::string>{"", "x\ny"}));
  EXPECT_EQ((*rows)[2].fields, (std::vector<std::string>{"last", ""}));
  EXPECT_EQ((*rows)[2].line, 5);
}

// The example of COCO's format, with an id gap, a crowd, an image without objects.
constexpr const char* kCoco = R"({
  "images": [{"id": 42, "file_name": "a.jpg", "width": 41, "height": 29},
             {"id": 7, "file_name": "b.png", "width": 41, "height": 29}],
  "categories": [{"id": 90, "name": "brush"}, {"id": 3, "name": "car"}],
  "annotations": [
    {"id": 1, "image_id": 42, "category_id": 90, "bbox": [1, 2, 10.5, 4], "area": 30.25, "iscrowd": 0},
    {"id": 2, "image_id": 42, "category_id": 3, "bbox": [0, 0, 41, 29], "iscrowd": 1}]})";

TEST(Coco, MapsCategoriesAndBoxes) {
  Folder folder;
  folder.Write("annotations/instances_val.json", kCoco);
  folder.Copy("val/a.jpg", "jpeg_420.jpg");
  folder.Copy("val/b.png", "png_rgb.png");
  for (const std::string& path :
       {folder / "annotations/instances_val.json", folder.path().string()}) {
    const auto dataset = MustOpen(Options(path));
    ASSERT_TRUE(dataset);
    EXPECT_EQ(dataset->size(), 2);
    EXPECT_EQ(dataset->class_names(), (std::vector<std::string>{"car", "brush"}));
    EXPECT_EQ(dataset->class_ids(), (std::vector<int64_t>{3, 90}));
    const Sample sample = dataset->Load(0).value();
    EXPECT_EQ(Floats(sample, "boxes"), (std::vector<float>{1, 2, 11.5, 6, 0, 0, 41, 29}));
    EXPECT_EQ(Floats(sample, "area"), (std::vector<float>{30.25, 1189}));
    EXPECT_EQ(Floats(sample, "crowd"), (std::vector<float>{0, 1}));
    EXPECT_EQ(Find(sample.targets, "classes")->ToInts().value(), (std::vector<int64_t>{1, 0}));
    EXPECT_EQ(Find(sample.targets, "image_id")->as<int64_t>()[0], 42);
    EXPECT_EQ(Find(sample.targets, "image_size")->ToInts().value(), (std::vector<int64_t>{29, 41}));
    EXPECT_EQ(Find(dataset->Load(1)->targets, "boxes")->dims(), (ir::Dims{0, 4}));
  }
  OpenOptions options = Options(folder / "annotations/instances_val.json");
  folder.Write("names.txt", "person\nbrush\ncar\n");
  options.labels = folder / "names.txt";
  EXPECT_EQ(MustOpen(options)->Classes(0).value(), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(MustOpen(options)->class_ids(), (std::vector<int64_t>{-1, 90, 3}));
}

TEST(Coco, NamesTheRecord) {
  Folder folder;
  const auto error = [&](const std::string& from, const std::string& to) {
    std::string text = kCoco;
    text.replace(text.find(from), from.size(), to);
    folder.Write("c.json", text);
    return ErrorOf(Open(Options(folder / "c.json")));
  };
  EXPECT_NE(error("\"image_id\": 42", "\"image_id\": 43").find("annotations[0]: image 43"),
            std::string::npos);
  EXPECT_NE(error("\"category_id\": 3,", "\"category_id\": 4,").find("annotations[1]: category 4"),
            std::string::npos);
  EXPECT_NE(error("[1, 2, 10.5, 4]", "[1, 2, 4]").find("annotations[0]: 'bbox'"),
            std::string::npos);
  EXPECT_NE(error("[1, 2, 10.5, 4]", "[1, 2, -1, 4]").find("negative"), std::string::npos);
  EXPECT_NE(error("\"id\": 7", "\"id\": 42").find("images[1]: the id 42 comes twice"),
            std::string::npos);
  EXPECT_NE(error("\"images\"", "\"pictures\"").find("'images', 'annotations' and 'categories'"),
            std::string::npos);
  EXPECT_NE(error("}]}", "}").find("not a whole JSON file"), std::string::npos);
}

TEST(Yolo, ReadsBoxesAndOutlines) {
  Folder folder;
  folder.Copy("images/val/a.jpg", "jpeg_420.jpg");  // 41 x 29
  folder.Copy("images/val/b.png", "png_rgb.png");
  folder.Write("labels/val/a.txt", "1 0.5 0.5 0.5 1\n\n0 0 0 1 0 1 1\n");
  folder.Write("data.yaml", "path: .\nnames:\n  0: cat\n  1: 'dog'  # good\nnc: 2\n");
  const auto dataset = MustOpen(Options(folder.path().string() + ":val"));
  ASSERT_TRUE(dataset);
  EXPECT_EQ(dataset->class_names(), (std::vector<std::string>{"cat", "dog"}));
  const Sample sample = dataset->Load(0).value();
  EXPECT_EQ(Floats(sample, "boxes"), (std::vector<float>{10.25, 0, 30.75, 29, 0, 0, 41, 29}));
  EXPECT_EQ(Find(sample.targets, "classes")->ToInts().value(), (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(Find(dataset->Load(1)->targets, "classes")->dims(), ir::Dims{0});
  EXPECT_EQ(MustOpen(Options(folder / "data.yaml"))->size(), 2);
}

TEST(Yolo, NamesTheLine) {
  Folder folder;
  folder.Copy("images/a.jpg", "jpeg_420.jpg");
  folder.Write("names.txt", "one\n");
  OpenOptions options = Options(folder.path());
  options.labels = folder / "names.txt";
  const std::pair<const char*, const char*> cases[] = {
      {"0 0.5 0.5 1\n", "labels/a.txt:1: expected"},
      {"\n0 0.5 0.5 1 1 0.9 0.1 0.2\n", "labels/a.txt:2: expected"},
      {"0 100 0.5 1 1\n", "fractions"},
      {"0.5 0 0 1 1\n", "whole number"},
      {"x 0 0 1 1\n", "'x' is not a number"},
      {"1 0.5 0.5 1 1\n", "class 1 is outside the 1 named"}};
  for (const auto& [text, message] : cases) {
    folder.Write("labels/a.txt", text);
    ExpectError(Open(options), ErrorCode::kBadInput, {message});
  }
}

TEST(YamlNames, KnowsTheUsualForms) {
  const std::vector<std::string> expected = {"a", "b, c", "d"};
  for (const char* text : {"nc: 3\nnames: [a, 'b, c', \"d\"]\n", "names: {0: a, 1: 'b, c', 2: d}\n",
                           "names:\n- a\n- \"b, c\"\n- d\nval: x\n",
                           "names:\n  # all\n  0: a\n  1: b, c\n  2: d # last\n"}) {
    const auto names = YamlNames(text, "d.yaml");
    ASSERT_TRUE(names.ok()) << text << names.error().ToString();
    EXPECT_EQ(*names, expected) << text;
  }
  EXPECT_TRUE(YamlNames("nc: 3\n", "d.yaml")->empty());
  ExpectError(YamlNames("names:\n  1: a\n", "d.yaml"), ErrorCode::kBadInput,
              {"d.yaml:2", "in order"});
  ExpectError(YamlNames("names: [a,\n b]\n", "d.yaml"), ErrorCode::kBadInput, {"d.yaml:1", "']'"});
}

TEST(Segmentation, ReadsMasksOfIndices) {
  Folder folder;
  folder.Copy("images/a.jpg", "jpeg_420.jpg");
  folder.Copy("masks/a.png", "png_palette.png");
  const auto dataset = MustOpen(Options(folder.path()));
  ASSERT_TRUE(dataset);
  const Sample sample = dataset->Load(0).value();
  const ir::Tensor* mask = Find(sample.targets, "mask");
  EXPECT_EQ(mask->dims(), (ir::Dims{29, 41}));
  const auto expected = ReadOracle("expected_images.npz").at("indices/png_palette.png");
  EXPECT_EQ(mask->ToInts().value(), expected.ToInts().value());
  const std::vector<int64_t> values = expected.ToInts().value();
  const std::set<int64_t> distinct(values.begin(), values.end());
  EXPECT_EQ(*dataset->Classes(0), std::vector<int64_t>(distinct.begin(), distinct.end()));

  folder.Copy("masks/a.png", "png_rgb.png");
  ExpectError(MustOpen(Options(folder.path()))->Load(0), ErrorCode::kBadInput,
              {"masks/a.png", "colors"});
  std::filesystem::remove(folder / "masks/a.png");
  ExpectError(Open(Options(folder.path())), ErrorCode::kBadInput, {"a.jpg has no mask", "a.png"});
}

TEST(Open, LimitsAndShufflesTheSameEverywhere) {
  Folder folder;
  for (const char* name : {"0", "1", "2", "3", "4", "5"})
    folder.Copy(std::string(name) + "/a.png", "png_grey.png");
  OpenOptions options = Options(folder.path());
  options.limit = 4;
  EXPECT_EQ(Labels(*MustOpen(options)), (std::vector<int64_t>{0, 1, 2, 3}));
  options.shuffle_seed = 1;
  const std::vector<int64_t> shuffled = Labels(*MustOpen(options));
  EXPECT_EQ(shuffled, Labels(*MustOpen(options)));
  options.shuffle_seed = 2;
  EXPECT_NE(shuffled, Labels(*MustOpen(options)));
  options.limit = 100;
  std::vector<int64_t> all = Labels(*MustOpen(options));
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, (std::vector<int64_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_NE(MustOpen(options)->Describe().find("6 samples of class-folder"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::data
