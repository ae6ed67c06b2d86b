// What a TFLite file says about itself, for programs that feed it and read its results.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/tflite/file.h"

namespace edgeopt::formats::tflite {

// One input or output, in the order of the subgraph's.
struct TensorDescription {
  std::string name, description;
  enum class Content { kFeature, kRgbImage, kGreyImage };
  Content content = Content::kFeature;
  // Of the raw values (an image's 0 to 255): (x - mean) / std, one value or one per channel; empty:
  // none.
  std::vector<float> mean, std;
  std::string labels_file;  // among the files: a line per index of the last axis; empty: none
};

struct ModelDescription {
  std::string name, description, version;
  std::vector<TensorDescription> inputs, outputs;
  std::map<std::string, std::string> files;  // associated files: content by name
};

// Writes TFLITE_METADATA (the TensorFlow Lite Support library's schema, version 1.1.0) and the
// associated files, in place of what the file had. Requires as many tensors as the first subgraph
// has.
void Describe(const ModelDescription& description, File& file);
// What Describe wrote, without the files' contents; nullopt when the file has no TFLITE_METADATA.
// BadInput for one that is broken.
Result<std::optional<ModelDescription>> DescriptionOf(const File& file);

// An entry of the file's own list of metadata, in place of one of that name.
void SetMetadata(const std::string& name, const std::string& content, File& file);
// Null when the file has none of that name.
const Buffer* FindMetadata(const File& file, const std::string& name);

// The oldest TensorFlow Lite that knows all operators of the file in their versions, as its
// converter notes in "min_runtime_version"; empty where none of the operators is known.
std::string MinRuntimeVersion(const File& file);

}  // namespace edgeopt::formats::tflite
