// Does what preprocessing makes fit the model? And: what can be guessed from the model alone.
#include <algorithm>
#include <cmath>

#include "data/preprocessing.h"

namespace edgeopt::data {
namespace {

// "PREPROCESSING.toml:7", or words for a description that is in no file.
std::string Where(const InputPreprocessing& rule, std::string_view key, std::string_view source) {
  if (source.empty()) return "a preprocessing file";
  const auto line = rule.lines.find(std::string(key));
  const auto table = rule.lines.find("");
  std::string where(source);
  if (line != rule.lines.end()) return where + ":" + std::to_string(line->second);
  if (table != rule.lines.end()) return where + ", table at line " + std::to_string(table->second);
  return where;
}

std::string LayoutName(Layout layout) {
  return layout == Layout::kNchw ? "nchw" : layout == Layout::kNhwc ? "nhwc" : "flat";
}

// A shape with "?" for what is dynamic.
std::string Shape(const ir::Dims& dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i)
    text += (i ? ", " : "") + (dims[i] < 0 ? "?" : std::to_string(dims[i]));
  return text + "]";
}

bool Fits(const ir::Dims& dims, const ir::Dims& declared) {
  return std::equal(dims.begin(), dims.end(), declared.begin(), declared.end(),
                    [](int64_t dim, int64_t want) { return want < 0 || dim == want; });
}

bool LooksLikeChannels(int64_t dim) { return dim == 1 || dim == 3; }

bool IsSquare(int64_t value) {
  const auto root =
      static_cast<int64_t>(std::sqrt(static_cast<double>(std::max<int64_t>(value, 0))));
  return value > 0 && (root * root == value || (root + 1) * (root + 1) == value);
}

class Checker {
 public:
  Checker(const InputPreprocessing& rule, const ir::Tensor& input, const InputSpec& spec,
          std::string_view source)
      : rule_(rule), input_(input), spec_(spec), source_(source) {}

  Status Run() const {
    if (input_.type() != spec_.type)
      return Wrong("of type " + std::string(ir::Name(spec_.type)),
                   std::string(ir::Name(input_.type())),
                   "set type = \"" + std::string(ir::Name(spec_.type)) + "\" in " +
                       Where(rule_, "type", source_));
    if (spec_.has_shape) EDGEOPT_CHECK_OK(CheckShape());
    return CheckRange();
  }

 private:
  Error Wrong(const std::string& expected, const std::string& found, std::string hint) const {
    return BadInput("model input '" + spec_.name + "' expects data " + expected +
                        "; preprocessing makes " + found,
                    std::move(hint));
  }

  Status CheckShape() const {
    const ir::Dims& dims = input_.dims();
    // What the model declares for one image: without the batch axis, where it has one.
    ir::Dims declared = spec_.dims;
    if (declared.size() == dims.size() + 1) declared.erase(declared.begin());
    if (Fits(dims, declared)) return OkStatus();
    const std::string expected = "of shape " + Shape(spec_.dims);
    const std::string found = Shape(dims) + " for each image";
    if (declared.size() != dims.size()) {
      const bool flat = spec_.dims.size() == 2 && rule_.layout != Layout::kFlat;
      return Wrong(expected, found,
                   flat ? "set layout = \"flat\" in " + Where(rule_, "layout", source_)
                        : "an image input has the axes batch, channels, height and width");
    }
    if (rule_.layout == Layout::kFlat)
      return Wrong(expected, found, "change 'resize' or 'crop' in " + WhereSize());
    return ShapeError(declared, expected, found);
  }

  Error ShapeError(const ir::Dims& declared, const std::string& expected,
                   const std::string& found) const {
    const ir::Dims& dims = input_.dims();
    const bool first = rule_.layout == Layout::kNchw;
    const int64_t channels = first ? dims[0] : dims[2];
    const int64_t want_channels = first ? declared[0] : declared[2];
    const int64_t other_end = first ? declared[2] : declared[0];
    if (want_channels >= 0 && want_channels != channels) {
      // Channels at the other end than the model's: the layout is wrong, not the number.
      if (LooksLikeChannels(other_end) && !LooksLikeChannels(want_channels))
        return Wrong(expected, found,
                     "its channels are " + std::string(first ? "last" : "first") +
                         ": set layout = \"" + LayoutName(first ? Layout::kNhwc : Layout::kNchw) +
                         "\" in " + Where(rule_, "layout", source_));
      const std::string fix = want_channels == 1   ? "set color = \"grey\" in "
                              : want_channels == 3 ? "set color = \"rgb\" (or \"bgr\") in "
                                                   : "images have 1 or 3 channels; see 'color' in ";
      return Wrong(expected, found, fix + Where(rule_, "color", source_));
    }
    const int64_t height = declared[first ? 1 : 0], width = declared[first ? 2 : 1];
    const auto side = [](int64_t dim) { return dim < 0 ? "..." : std::to_string(dim); };
    return Wrong(expected, found,
                 "set resize = { width = " + side(width) + ", height = " + side(height) +
                     " } or a crop of that size in " + WhereSize());
  }

  // The key that decides the size last.
  std::string WhereSize() const { return Where(rule_, rule_.crop ? "crop" : "resize", source_); }

  Status CheckRange() const {
    const bool untouched = rule_.scale == 1 && rule_.mean.empty() && rule_.std.empty();
    if (!untouched || rule_.allow_raw_range || !ir::IsFloatingPoint(input_.type()))
      return OkStatus();
    EDGEOPT_TRY(const std::vector<float> values, input_.ToFloats());
    const float largest = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
    // Raw levels are whole numbers, so 1 is the largest that a scaled image can share with them.
    if (largest <= 1) return OkStatus();
    return Wrong("of type " + std::string(ir::Name(spec_.type)) +
                     ", which nearly always means scaled values",
                 "raw levels (up to " + std::to_string(static_cast<int>(largest)) + " of 255)",
                 "set scale = \"1/255\", and mean and std as in training, in " +
                     Where(rule_, "scale", source_) +
                     "; if the model itself takes 0 to 255, set allow_raw_range = true there");
  }

  const InputPreprocessing& rule_;
  const ir::Tensor& input_;
  const InputSpec& spec_;
  std::string_view source_;
};

}  // namespace

Status Check(const InputPreprocessing& rule, const ir::Tensor& input, const InputSpec& spec,
             std::string_view source) {
  return Checker(rule, input, spec, source).Run();
}

InputPreprocessing DefaultPreprocessing(const InputSpec& spec) {
  InputPreprocessing rule;
  rule.name = spec.name;
  const bool makes = spec.type == ir::DataType::kFloat16 || spec.type == ir::DataType::kUint8 ||
                     spec.type == ir::DataType::kInt8;
  if (makes) rule.type = spec.type;
  const ir::Dims& dims = spec.dims;
  int64_t channels = 3;
  if (spec.has_shape && dims.size() == 4) {
    if (LooksLikeChannels(dims[3]) && !LooksLikeChannels(dims[1])) rule.layout = Layout::kNhwc;
    channels = rule.layout == Layout::kNhwc ? dims[3] : dims[1];
  } else if (spec.has_shape && dims.size() == 3) {
    // One image without batch axis, or a batch of grey images without channel axis.
    if (LooksLikeChannels(dims[2]) && !LooksLikeChannels(dims[0])) rule.layout = Layout::kNhwc;
    channels = rule.layout == Layout::kNhwc ? dims[2] : dims[0] == 3 ? 3 : 1;
  } else if (spec.has_shape && dims.size() == 2) {
    rule.layout = Layout::kFlat;
    channels = IsSquare(dims[1]) ? 1 : 3;
  }
  if (channels == 1) rule.color = ColorOrder::kGrey;
  return rule;
}

}  // namespace edgeopt::data
