// The TOML form of data/preprocessing.h; docs/preprocessing.md describes it to users.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/file.h"
#include "data/preprocessing.h"

namespace edgeopt::data {
namespace {

template <typename T>
struct Named {
  std::string_view name;
  T value;
};
constexpr Named<ColorOrder> kColors[] = {
    {"rgb", ColorOrder::kRgb}, {"bgr", ColorOrder::kBgr}, {"grey", ColorOrder::kGrey}};
constexpr Named<Layout> kLayouts[] = {
    {"nchw", Layout::kNchw}, {"nhwc", Layout::kNhwc}, {"flat", Layout::kFlat}};
constexpr Named<ir::DataType> kTypes[] = {{"float32", ir::DataType::kFloat32},
                                          {"float16", ir::DataType::kFloat16},
                                          {"uint8", ir::DataType::kUint8},
                                          {"int8", ir::DataType::kInt8}};
constexpr Named<Filter> kFilters[] = {
    {"nearest", Filter::kNearest}, {"box", Filter::kBox},         {"bilinear", Filter::kBilinear},
    {"bicubic", Filter::kBicubic}, {"lanczos", Filter::kLanczos}, {"area", Filter::kArea}};
constexpr Named<Arithmetic> kArithmetics[] = {{"pillow", Arithmetic::kPillow},
                                              {"opencv", Arithmetic::kOpencv}};

template <typename T, size_t N>
std::string_view NameOf(const Named<T> (&table)[N], T value) {
  for (const Named<T>& row : table)
    if (row.value == value) return row.name;
  return "?";
}

// Reads the keys of one table and remembers where they stand. The first error stays.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string source, std::map<std::string, int>* lines)
      : table_(table), source_(std::move(source)), lines_(lines) {}

  // Every key that the file has must be among these.
  void Known(std::initializer_list<std::string_view> keys) {
    for (const auto& [key, node] : table_) {
      lines_->try_emplace(std::string(key.str()), Line(node));
      if (std::find(keys.begin(), keys.end(), key.str()) != keys.end()) continue;
      std::string known;
      for (const std::string_view name : keys)
        known += (known.empty() ? "" : ", ") + std::string(name);
      Fail(node, "unknown key '" + std::string(key.str()) + "'", "known keys: " + known);
    }
  }
  bool Has(std::string_view key) const { return table_.contains(key); }

  void Read(std::string_view key, std::string* value) {
    if (const toml::node* node = Find(key)) {
      if (const auto text = node->value_exact<std::string>())
        *value = *text;
      else
        Fail(*node, Quoted(key) + " must be a string");
    }
  }
  void Read(std::string_view key, bool* value) {
    if (const toml::node* node = Find(key)) {
      if (const auto flag = node->value_exact<bool>())
        *value = *flag;
      else
        Fail(*node, Quoted(key) + " must be true or false");
    }
  }
  void Read(std::string_view key, int low, int high, int* value) {
    if (const toml::node* node = Find(key)) ReadInteger(*node, key, low, high, value);
  }
  // A number, or a fraction as text: "1/255".
  void Read(std::string_view key, double* value) {
    if (const toml::node* node = Find(key)) ReadNumber(*node, key, value);
  }
  // One number, or a list of them.
  void Read(std::string_view key, std::vector<double>* values) {
    const toml::node* node = Find(key);
    if (!node) return;
    const toml::array* list = node->as_array();
    values->resize(list ? list->size() : 1);
    for (size_t i = 0; i < values->size(); ++i)
      ReadNumber(list ? (*list)[i] : *node, key, &(*values)[i]);
  }
  template <typename T, size_t N>
  void Read(std::string_view key, const Named<T> (&table)[N], T* value) {
    const toml::node* node = Find(key);
    if (!node) return;
    const auto text = node->value_exact<std::string>();
    std::string known;
    for (const Named<T>& row : table) {
      if (text && *text == row.name) {
        *value = row.value;
        return;
      }
      known += (known.empty() ? "" : ", ") + std::string(row.name);
    }
    Fail(*node,
         text ? "unknown " + std::string(key) + " '" + *text + "'"
              : Quoted(key) + " must be a string",
         "choose one of " + known);
  }
  void ReadInteger(const toml::node& node, std::string_view key, int low, int high, int* value) {
    const auto number = node.value_exact<int64_t>();
    if (number && *number >= low && *number <= high)
      *value = static_cast<int>(*number);
    else
      Fail(node, Quoted(key) + " must be an integer from " + std::to_string(low) + " to " +
                     std::to_string(high));
  }

  void Fail(const toml::node& node, std::string message, std::string hint = {}) {
    if (error_) return;
    error_ = BadInput(source_ + ":" + std::to_string(Line(node)) + ": " + message, std::move(hint));
  }
  void FailKey(std::string_view key, std::string message, std::string hint = {}) {
    const toml::node* node = Find(key);
    Fail(node ? *node : table_, std::move(message), std::move(hint));
  }
  const toml::node* Find(std::string_view key) const { return table_.get(key); }
  const std::optional<Error>& error() const { return error_; }

 private:
  static int Line(const toml::node& node) { return static_cast<int>(node.source().begin.line); }
  static std::string Quoted(std::string_view key) { return "'" + std::string(key) + "'"; }

  void ReadNumber(const toml::node& node, std::string_view key, double* value) {
    std::optional<double> number = node.value<double>();
    if (const auto text = node.value_exact<std::string>()) number = Fraction(*text);
    if (number && std::isfinite(*number))
      *value = *number;
    else
      Fail(node, Quoted(key) + " must be a number or a fraction such as \"1/255\"");
  }
  static std::optional<double> Fraction(std::string_view text) {
    double parts[2];
    const size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view sides[2] = {text.substr(0, slash), text.substr(slash + 1)};
    for (int i = 0; i < 2; ++i) {
      const char* end = sides[i].data() + sides[i].size();
      const auto [stop, failure] = std::from_chars(sides[i].data(), end, parts[i]);
      if (failure != std::errc() || stop != end) return std::nullopt;
    }
    return parts[0] / parts[1];
  }

  const toml::table& table_;
  std::string source_;
  std::map<std::string, int>* lines_;
  std::optional<Error> error_;
};

constexpr int kMaxSide = 65535;

Result<ResizeRule> ParseResize(const toml::table& table, const std::string& source,
                               std::map<std::string, int>* lines) {
  ResizeRule rule;
  TableReader reader(table, source, lines);
  reader.Known({"width", "height", "shorter", "letterbox", "filter", "arithmetic", "pad", "center",
                "enlarge"});
  bool letterbox = false;
  reader.Read("width", 1, kMaxSide, &rule.width);
  reader.Read("height", 1, kMaxSide, &rule.height);
  reader.Read("shorter", 1, kMaxSide, &rule.shorter);
  reader.Read("letterbox", &letterbox);
  reader.Read("filter", kFilters, &rule.filter);
  reader.Read("arithmetic", kArithmetics, &rule.arithmetic);
  reader.Read("pad", 0, 255, &rule.pad);
  reader.Read("center", &rule.center);
  reader.Read("enlarge", &rule.enlarge);
  const bool box = rule.width > 0 && rule.height > 0;
  if (reader.Has("shorter") == (reader.Has("width") || reader.Has("height")) ||
      (!box && !reader.Has("shorter")))
    reader.Fail(table, "'resize' needs 'width' and 'height', or 'shorter'",
                "for example resize = { width = 224, height = 224 }");
  if (letterbox && !box) reader.FailKey("letterbox", "'letterbox' needs 'width' and 'height'");
  for (const std::string_view key : {"pad", "center", "enlarge"})
    if (reader.Has(key) && !letterbox)
      reader.FailKey(key, "'" + std::string(key) + "' is for letterbox = true only");
  if (const auto resized = Resize(MakeImage(1, 1, 1), 1, 1, rule.filter, rule.arithmetic);
      !resized.ok())
    reader.FailKey("filter", resized.error().message, resized.error().hint);
  if (reader.error()) return *reader.error();
  rule.mode = letterbox               ? ResizeRule::Mode::kLetterbox
              : reader.Has("shorter") ? ResizeRule::Mode::kShorterSide
                                      : ResizeRule::Mode::kStretch;
  return rule;
}

void CheckChannels(TableReader& reader, std::string_view key, const std::vector<double>& values,
                   const InputPreprocessing& rule) {
  const size_t channels = rule.color == ColorOrder::kGrey ? 1 : 3;
  if (reader.Has(key) && values.size() != 1 && values.size() != channels)
    reader.FailKey(key, "'" + std::string(key) + "' has " + std::to_string(values.size()) +
                            " values for " + std::to_string(channels) + " channels");
}

Result<InputPreprocessing> ParseInput(const toml::table& table, const std::string& source) {
  InputPreprocessing rule;
  TableReader reader(table, source, &rule.lines);
  reader.Known({"name", "color", "exif_orientation", "crop_fraction", "resize", "crop", "scale",
                "mean", "std", "type", "layout", "allow_raw_range"});
  rule.lines[""] = static_cast<int>(table.source().begin.line);
  reader.Read("name", &rule.name);
  reader.Read("color", kColors, &rule.color);
  reader.Read("exif_orientation", &rule.exif_orientation);
  reader.Read("scale", &rule.scale);
  reader.Read("mean", &rule.mean);
  reader.Read("std", &rule.std);
  reader.Read("type", kTypes, &rule.type);
  reader.Read("layout", kLayouts, &rule.layout);
  reader.Read("allow_raw_range", &rule.allow_raw_range);
  if (reader.Has("crop_fraction")) {
    reader.Read("crop_fraction", &rule.crop_fraction.emplace(1));
    if (*rule.crop_fraction <= 0 || *rule.crop_fraction > 1)
      reader.FailKey("crop_fraction", "'crop_fraction' must be above 0 and at most 1");
  }
  if (const toml::node* node = reader.Find("resize")) {
    if (!node->is_table()) {
      reader.FailKey("resize", "'resize' must be a table",
                     "for example resize = { width = 224, height = 224 }");
    } else {
      EDGEOPT_TRY(rule.resize, ParseResize(*node->as_table(), source, &rule.lines));
    }
  }
  if (const toml::node* node = reader.Find("crop")) {
    const toml::array* list = node->as_array();
    if (!list || list->size() != 2) {
      reader.FailKey("crop", "'crop' must be [width, height]");
    } else {
      auto& crop = rule.crop.emplace();
      for (size_t i = 0; i < 2; ++i) reader.ReadInteger((*list)[i], "crop", 1, kMaxSide, &crop[i]);
    }
  }
  if (rule.scale == 0) reader.FailKey("scale", "'scale' must not be 0");
  CheckChannels(reader, "mean", rule.mean, rule);
  CheckChannels(reader, "std", rule.std, rule);
  for (const double value : rule.std)
    if (value == 0) reader.FailKey("std", "'std' must not hold 0");
  if (reader.error()) return *reader.error();
  return rule;
}

// Shortest text that reads back as the same number, with a point or exponent as TOML's floats need.
std::string Number(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  std::string number(text, end);
  return number.find_first_of(".e") == std::string::npos ? number + ".0" : number;
}
std::string Numbers(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : ", ") + Number(value);
  return "[" + text + "]";
}

// A basic string (TOML 1.0, "String").
std::string QuotedText(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    char escape[8];
    if (c == '"' || c == '\\') {
      (quoted += '\\') += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      std::snprintf(escape, sizeof(escape), "\\u%04X", c);
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string ToToml(const ResizeRule& rule) {
  const bool shorter = rule.mode == ResizeRule::Mode::kShorterSide;
  std::string text = shorter ? "shorter = " + std::to_string(rule.shorter)
                             : "width = " + std::to_string(rule.width) +
                                   ", height = " + std::to_string(rule.height);
  text += ", filter = " + QuotedText(NameOf(kFilters, rule.filter));
  text += ", arithmetic = " + QuotedText(NameOf(kArithmetics, rule.arithmetic));
  if (rule.mode == ResizeRule::Mode::kLetterbox) {
    text += ", letterbox = true, pad = " + std::to_string(rule.pad);
    if (!rule.center) text += ", center = false";
    if (!rule.enlarge) text += ", enlarge = false";
  }
  return "resize = { " + text + " }\n";
}

}  // namespace

Result<Preprocessing> ParsePreprocessing(std::string_view text, std::string source) {
  const toml::parse_result parsed = toml::parse(text, source);
  if (!parsed)
    return BadInput(source + ":" + std::to_string(parsed.error().source().begin.line) + ": " +
                    std::string(parsed.error().description()));
  Preprocessing result;
  result.source = source;
  result.text = text;
  std::map<std::string, int> lines;
  TableReader reader(parsed.table(), source, &lines);
  reader.Known({"input"});
  if (reader.error()) return *reader.error();

  const toml::node* node = parsed.table().get("input");
  std::vector<const toml::table*> tables;
  if (node && node->is_table()) tables.push_back(node->as_table());
  if (node && node->is_array_of_tables())
    for (const toml::node& element : *node->as_array()) tables.push_back(element.as_table());
  if (tables.empty())
    return BadInput(source + ": no [input] table",
                    "describe the model's image input under [input]");
  for (const toml::table* table : tables) {
    EDGEOPT_TRY(InputPreprocessing rule, ParseInput(*table, source));
    for (const InputPreprocessing& other : result.inputs)
      if (other.name == rule.name || other.name.empty() || rule.name.empty())
        return BadInput(source + ":" + std::to_string(rule.lines[""]) +
                            ": two [[input]] tables are for the same input",
                        "give each another 'name', the model's name of that input");
    result.inputs.push_back(std::move(rule));
  }
  return result;
}

Result<Preprocessing> ReadPreprocessing(const std::filesystem::path& path) {
  EDGEOPT_TRY(const std::string text, ReadFile(path));
  return ParsePreprocessing(text, path.string());
}

std::string ToToml(const Preprocessing& preprocessing) {
  std::string text;
  for (const InputPreprocessing& rule : preprocessing.inputs) {
    if (!text.empty()) text += "\n";
    text += preprocessing.inputs.size() > 1 ? "[[input]]\n" : "[input]\n";
    if (!rule.name.empty()) text += "name = " + QuotedText(rule.name) + "\n";
    text += "color = " + QuotedText(NameOf(kColors, rule.color)) + "\n";
    if (rule.exif_orientation) text += "exif_orientation = true\n";
    if (rule.crop_fraction) text += "crop_fraction = " + Number(*rule.crop_fraction) + "\n";
    if (rule.resize) text += ToToml(*rule.resize);
    if (rule.crop)
      text += "crop = [" + std::to_string((*rule.crop)[0]) + ", " +
              std::to_string((*rule.crop)[1]) + "]\n";
    text += "scale = " + Number(rule.scale) + "\n";
    if (!rule.mean.empty()) text += "mean = " + Numbers(rule.mean) + "\n";
    if (!rule.std.empty()) text += "std = " + Numbers(rule.std) + "\n";
    text += "type = " + QuotedText(NameOf(kTypes, rule.type)) + "\n";
    text += "layout = " + QuotedText(NameOf(kLayouts, rule.layout)) + "\n";
    if (rule.allow_raw_range) text += "allow_raw_range = true\n";
  }
  return text;
}

}  // namespace edgeopt::data
