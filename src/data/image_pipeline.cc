#include "data/image_pipeline.h"

#include "base/hash.h"

namespace edgeopt::data {
namespace {

// The model's only input, or the one that looks like an image.
const InputSpec* ImageInput(const std::vector<InputSpec>& inputs) {
  if (inputs.size() == 1) return inputs.data();
  for (const InputSpec& spec : inputs)
    if (spec.has_shape && spec.dims.size() == 4) return &spec;
  return inputs.empty() ? nullptr : inputs.data();
}

}  // namespace

Result<ImagePipeline> ImagePipeline::Make(const OpenOptions& options) {
  ImagePipeline pipeline;
  if (!options.preprocessing) {
    const InputSpec* spec = ImageInput(options.inputs);
    pipeline.preprocessing_.inputs = {spec ? DefaultPreprocessing(*spec) : InputPreprocessing{}};
    return pipeline;
  }
  const Preprocessing& given = *options.preprocessing;
  pipeline.preprocessing_.source = given.source;
  pipeline.preprocessing_.text = given.text;
  for (const InputSpec& spec : options.inputs) {
    if (const InputPreprocessing* rule = given.For(spec.name)) {
      pipeline.preprocessing_.inputs = {*rule};
      pipeline.preprocessing_.inputs[0].name = spec.name;
      return pipeline;
    }
  }
  if (options.inputs.empty() && !given.inputs.empty()) {
    pipeline.preprocessing_.inputs = {given.inputs[0]};
    return pipeline;
  }
  std::string names;
  for (const InputSpec& spec : options.inputs)
    names += (names.empty() ? "'" : ", '") + spec.name + "'";
  return BadInput(given.source + ": no [input] table is for one of the model's inputs",
                  "set 'name' to one of " + names + ", or leave it out");
}

Result<Sample> ImagePipeline::Load(const Image& image) const {
  EDGEOPT_TRY(Preprocessed made, Preprocess(preprocessing_.inputs[0], image));
  Sample sample;
  sample.inputs.push_back(std::move(made.input));
  sample.targets.push_back(
      NamedInts("image_size", {2}, {made.original_height, made.original_width}));
  sample.targets.push_back(
      NamedFloats("image_transform", {4}, {made.transform.begin(), made.transform.end()}));
  return sample;
}

Result<Sample> ImagePipeline::LoadFile(const std::filesystem::path& path) const {
  const auto load = [&]() -> Result<Sample> {
    EDGEOPT_TRY(const Buffer file, Buffer::Map(path));
    EDGEOPT_TRY(const Image image, DecodeImage(file, preprocessing_.inputs[0].exif_orientation));
    return Load(image);
  };
  auto sample = load();
  if (!sample.ok() && sample.error().code != ErrorCode::kUnavailable)
    return sample.error().Within(path.string());  // otherwise the message names it
  return sample;
}

bool IsImage(ir::DataType type, const ir::Dims& dims) {
  constexpr int64_t kMostSide = 65535;
  if (type != ir::DataType::kUint8 || dims.size() < 2 || dims.size() > 3) return false;
  if (dims.size() == 3 && dims[2] != 1 && dims[2] != 3) return false;
  return dims[0] >= 1 && dims[1] >= 1 && dims[0] <= kMostSide && dims[1] <= kMostSide;
}

Image ToImage(const ir::Tensor& array) {
  const ir::Dims& dims = array.dims();
  const auto bytes = array.as<uint8_t>();
  return {static_cast<int>(dims[1]),
          static_cast<int>(dims[0]),
          dims.size() == 3 ? static_cast<int>(dims[2]) : 1,
          {bytes.begin(), bytes.end()}};
}

Result<std::string> FileHash(const std::filesystem::path& path) { return Sha256File(path); }

ir::Tensor NamedInts(std::string name, ir::Dims dims, const std::vector<int64_t>& values) {
  ir::Tensor tensor = ir::Tensor::Of<int64_t>(std::move(dims), values);
  tensor.name = std::move(name);
  return tensor;
}

ir::Tensor NamedFloats(std::string name, ir::Dims dims, const std::vector<float>& values) {
  ir::Tensor tensor = ir::Tensor::Of<float>(std::move(dims), values);
  tensor.name = std::move(name);
  return tensor;
}

void AddBoxes(const std::vector<Box>& boxes, std::vector<ir::Tensor>* targets) {
  std::vector<float> corners, areas;
  std::vector<int64_t> classes;
  std::vector<std::byte> crowd;
  for (const Box& box : boxes) {
    for (const double edge : {box.x, box.y, box.x + box.width, box.y + box.height})
      corners.push_back(static_cast<float>(edge));
    classes.push_back(box.class_index);
    crowd.push_back(std::byte{box.crowd});
    areas.push_back(static_cast<float>(box.area));
  }
  const auto count = static_cast<int64_t>(boxes.size());
  targets->push_back(NamedFloats("boxes", {count, 4}, corners));
  targets->push_back(NamedInts("classes", {count}, classes));
  targets->push_back(
      ir::Tensor::Make(ir::DataType::kBool, {count}, Buffer::Own(std::move(crowd))).value());
  targets->back().name = "crowd";
  targets->push_back(NamedFloats("area", {count}, areas));
}

}  // namespace edgeopt::data
