// What the kinds of image data sets share: decode, preprocess, describe the geometry.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/result.h"
#include "data/dataset.h"
#include "data/open.h"
#include "data/preprocessing.h"

namespace edgeopt::data {

class ImagePipeline {
 public:
  // The rule for the model's image input: the description's; without one, what can be told from the
  // model. BadInput when the description is for none of the model's inputs.
  static Result<ImagePipeline> Make(const OpenOptions& options);

  // A sample whose inputs hold the image and whose targets hold "image_size" and "image_transform".
  Result<Sample> Load(const Image& image) const;
  Result<Sample> LoadFile(const std::filesystem::path& path) const;  // errors name the file
  const Preprocessing& preprocessing() const { return preprocessing_; }

 private:
  Preprocessing preprocessing_;  // of one input
};

// Whether arrays of that type and shape are images: bytes of [height, width] or of
// [height, width, 1 or 3].
bool IsImage(ir::DataType type, const ir::Dims& dims);
Image ToImage(const ir::Tensor& array);  // requires IsImage()

// SHA-256 of a file's bytes.
Result<std::string> FileHash(const std::filesystem::path& path);

// Named tensors, for targets.
ir::Tensor NamedInts(std::string name, ir::Dims dims, const std::vector<int64_t>& values);
ir::Tensor NamedFloats(std::string name, ir::Dims dims, const std::vector<float>& values);

// What a detection data set says of one image; x, y, width and height in pixels.
struct Box {
  double x = 0, y = 0, width = 0, height = 0;
  int64_t class_index = 0;
  bool crowd = false;
  double area = 0;
};
// Appends "boxes", "classes", "crowd" and "area".
void AddBoxes(const std::vector<Box>& boxes, std::vector<ir::Tensor>* targets);

}  // namespace edgeopt::data
