// A CSV file of images and what is true of them, "path,label". Paths are relative to the file's
// folder (or to the folder given for images). A first row that names no image is a header; its
// names then say what the columns are:
//   label, class   a class: an index, or a name (index: its line in a file of class names; without
//                  one, its place among all names in sorted order)
//   text           a transcript
//   others         numbers to predict: the target "target", one value per column
// Without header, one column of whole numbers is the class index, a column of names needs a file of
// class names, and all else must be numbers to predict. Only a path: no labels.
#include <algorithm>
#include <set>

#include "base/file.h"
#include "data/csv.h"
#include "data/files.h"
#include "data/image_pipeline.h"
#include "data/open.h"

namespace edgeopt::data {
namespace fs = std::filesystem;
namespace {

enum class Role { kNone, kClass, kText, kNumbers };

struct Table {
  std::vector<CsvRow> rows;  // without the header
  std::vector<std::string> header;
};

class ImageList : public Dataset {
 public:
  ImageList(std::string path, std::vector<fs::path> files, std::vector<ir::Tensor> targets,
            std::vector<std::string> names, ImagePipeline pipeline)
      : path_(std::move(path)),
        files_(std::move(files)),
        targets_(std::move(targets)),
        names_(std::move(names)),
        pipeline_(std::move(pipeline)) {}

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  Result<Sample> Load(int64_t index) const override {
    EDGEOPT_TRY(Sample sample, pipeline_.LoadFile(files_[static_cast<size_t>(index)]));
    if (labelled()) sample.targets.push_back(targets_[static_cast<size_t>(index)]);
    return sample;
  }
  std::string SampleName(int64_t index) const override {
    return files_[static_cast<size_t>(index)].string();
  }
  Result<std::string> ContentHash(int64_t index) const override {
    return FileHash(files_[static_cast<size_t>(index)]);
  }
  Result<std::vector<int64_t>> Classes(int64_t index) const override {
    if (!labelled() || targets_[static_cast<size_t>(index)].name != "label")
      return std::vector<int64_t>();
    return targets_[static_cast<size_t>(index)].ToInts();
  }
  bool labelled() const override { return !targets_.empty(); }
  const std::vector<std::string>& class_names() const override { return names_; }
  const Preprocessing* preprocessing() const override { return &pipeline_.preprocessing(); }
  std::string Describe() const override {
    const std::string what = labelled() ? " with target '" + targets_[0].name + "'" : "";
    return "image-list '" + path_ + "': " + std::to_string(files_.size()) + " images" + what;
  }

 private:
  std::string path_;
  std::vector<fs::path> files_;
  std::vector<ir::Tensor> targets_;  // one per file, or none
  std::vector<std::string> names_;
  ImagePipeline pipeline_;
};

bool IsHeader(const std::vector<std::string>& row, const fs::path& folder) {
  std::error_code why;
  return !HasImageName(row[0]) && !fs::exists(folder / row[0], why);
}

Result<Table> ReadTable(const OpenOptions& options, const fs::path& folder) {
  EDGEOPT_TRY(const std::string text, ReadFile(options.path));
  auto rows = ParseCsv(text);
  if (!rows.ok()) return rows.error().Within(options.path);
  Table table{*std::move(rows), {}};
  if (!table.rows.empty() && IsHeader(table.rows[0].fields, folder)) {
    table.header = table.rows[0].fields;
    table.rows.erase(table.rows.begin());
  }
  for (const CsvRow& row : table.rows)
    if (row.fields.size() != table.rows[0].fields.size())
      return BadInput(options.path + ":" + std::to_string(row.line) + ": " +
                      std::to_string(row.fields.size()) + " columns, the first row has " +
                      std::to_string(table.rows[0].fields.size()));
  return table;
}

bool AllIntegers(const Table& table) {
  int64_t value = 0;
  return std::all_of(table.rows.begin(), table.rows.end(),
                     [&](const CsvRow& row) { return ParseInteger(row.fields[1], &value); });
}

Role RoleOf(const Table& table, bool has_names) {
  if (table.rows.empty() || table.rows[0].fields.size() < 2) return Role::kNone;
  if (table.rows[0].fields.size() > 2) return Role::kNumbers;
  if (table.header.size() == 2) {
    const std::string name = Lower(Trimmed(table.header[1]));
    if (name == "text") return Role::kText;
    return name == "label" || name == "class" ? Role::kClass : Role::kNumbers;
  }
  return has_names || AllIntegers(table) ? Role::kClass : Role::kNumbers;
}

// Class names in sorted order, where the classes are names and no file tells their order.
std::vector<std::string> NamesOf(const Table& table) {
  if (AllIntegers(table)) return {};
  std::set<std::string> names;
  for (const CsvRow& row : table.rows) names.emplace(Trimmed(row.fields[1]));
  return {names.begin(), names.end()};
}

Result<ir::Tensor> ReadClass(const CsvRow& row, const std::vector<std::string>& names) {
  const std::string_view field = Trimmed(row.fields[1]);
  int64_t index = IndexOf(names, field);
  if (index < 0 && !ParseInteger(field, &index))
    return BadInput("the class '" + std::string(field) + "' is not among the class names");
  return NamedInts("label", {}, {index});
}

Result<ir::Tensor> ReadNumbers(const CsvRow& row) {
  std::vector<float> values;
  for (size_t i = 1; i < row.fields.size(); ++i) {
    double value = 0;
    if (!ParseNumber(row.fields[i], &value))
      return BadInput("'" + row.fields[i] + "' is not a number",
                      "for class names give a file of class names or a header 'path,label'; for "
                      "transcripts a header 'path,text'");
    values.push_back(static_cast<float>(value));
  }
  const auto count = static_cast<int64_t>(values.size());
  return NamedFloats("target", count == 1 ? ir::Dims{} : ir::Dims{count}, values);
}

Result<ir::Tensor> ReadTarget(Role role, const CsvRow& row, const std::vector<std::string>& names) {
  if (role == Role::kClass) return ReadClass(row, names);
  if (role == Role::kNumbers) return ReadNumbers(row);
  EDGEOPT_TRY(ir::Tensor text, ir::Tensor::MakeStrings({}, {row.fields[1]}));
  text.name = "text";
  return text;
}

bool Matches(const OpenOptions& options) {
  return Lower(fs::path(options.path).extension().string()) == ".csv";
}

Result<std::unique_ptr<Dataset>> OpenList(const OpenOptions& options) {
  const fs::path folder =
      options.images.empty() ? fs::path(options.path).parent_path() : fs::path(options.images);
  EDGEOPT_TRY(const Table table, ReadTable(options, folder));
  const Role role = RoleOf(table, !options.labels.empty());
  std::vector<std::string> names;
  if (!options.labels.empty()) {
    EDGEOPT_TRY(names, ReadClassNames(options.labels));
  } else if (role == Role::kClass) {
    names = NamesOf(table);
  }
  std::vector<fs::path> files;
  std::vector<ir::Tensor> targets;
  for (const CsvRow& row : table.rows) {
    files.push_back(folder / row.fields[0]);
    if (role == Role::kNone) continue;
    auto target = ReadTarget(role, row, names);
    if (!target.ok()) return target.error().Within(options.path + ":" + std::to_string(row.line));
    targets.push_back(*std::move(target));
  }
  EDGEOPT_TRY(ImagePipeline pipeline, ImagePipeline::Make(options));
  return std::unique_ptr<Dataset>(std::make_unique<ImageList>(
      options.path, std::move(files), std::move(targets), std::move(names), std::move(pipeline)));
}

}  // namespace

KindInfo image_list() {
  return {"image-list", "a CSV file of image paths and labels, numbers or texts", Matches, OpenList,
          10};
}

}  // namespace edgeopt::data
