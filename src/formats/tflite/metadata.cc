#include "formats/tflite/metadata.h"

#include "formats/tflite/metadata_generated.h"
#include "ir/stored_zip.h"

namespace edgeopt::formats::tflite {
namespace {

constexpr const char* kMetadataName = "TFLITE_METADATA";
// The schema's version, since which all fields that are written here are known.
constexpr const char* kParserVersion = "1.0.0";

using Content = TensorDescription::Content;

metadata::ContentPropertiesUnion PropertiesOf(Content content) {
  metadata::ContentPropertiesUnion properties;
  if (content == Content::kFeature) {
    properties.Set(metadata::FeaturePropertiesT());
    return properties;
  }
  metadata::ImagePropertiesT image;
  image.color_space = content == Content::kRgbImage ? metadata::ColorSpaceType::RGB
                                                    : metadata::ColorSpaceType::GRAYSCALE;
  properties.Set(std::move(image));
  return properties;
}

std::unique_ptr<metadata::TensorMetadataT> ToTable(const TensorDescription& tensor) {
  auto table = std::make_unique<metadata::TensorMetadataT>();
  table->name = tensor.name;
  table->description = tensor.description;
  table->content = std::make_unique<metadata::ContentT>();
  table->content->content_properties = PropertiesOf(tensor.content);
  if (!tensor.mean.empty()) {
    metadata::NormalizationOptionsT normalization;
    normalization.mean = tensor.mean;
    normalization.std = tensor.std;
    auto unit = std::make_unique<metadata::ProcessUnitT>();
    unit->options.Set(std::move(normalization));
    table->process_units.push_back(std::move(unit));
  }
  if (!tensor.labels_file.empty()) {
    auto file = std::make_unique<metadata::AssociatedFileT>();
    file->name = tensor.labels_file;
    file->description = "class names, a line per index";
    file->type = metadata::AssociatedFileType::TENSOR_AXIS_LABELS;
    table->associated_files.push_back(std::move(file));
  }
  return table;
}

TensorDescription FromTable(const metadata::TensorMetadataT& table) {
  TensorDescription tensor;
  tensor.name = table.name;
  tensor.description = table.description;
  if (table.content != nullptr)
    if (const auto* image = table.content->content_properties.AsImageProperties())
      tensor.content = image->color_space == metadata::ColorSpaceType::GRAYSCALE
                           ? Content::kGreyImage
                           : Content::kRgbImage;
  for (const auto& unit : table.process_units)
    if (const auto* normalization = unit->options.AsNormalizationOptions()) {
      tensor.mean = normalization->mean;
      tensor.std = normalization->std;
    }
  for (const auto& file : table.associated_files)
    if (file->type == metadata::AssociatedFileType::TENSOR_AXIS_LABELS)
      tensor.labels_file = file->name;
  return tensor;
}

}  // namespace

void Describe(const ModelDescription& description, File& file) {
  metadata::ModelMetadataT model;
  model.name = description.name;
  model.description = description.description;
  model.version = description.version;
  model.min_parser_version = kParserVersion;
  auto subgraph = std::make_unique<metadata::SubGraphMetadataT>();
  for (const TensorDescription& tensor : description.inputs)
    subgraph->input_tensor_metadata.push_back(ToTable(tensor));
  for (const TensorDescription& tensor : description.outputs)
    subgraph->output_tensor_metadata.push_back(ToTable(tensor));
  model.subgraph_metadata.push_back(std::move(subgraph));
  flatbuffers::FlatBufferBuilder builder;
  metadata::FinishModelMetadataBuffer(builder, metadata::ModelMetadata::Pack(builder, &model));
  SetMetadata(
      kMetadataName,
      std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()),
      file);
  const std::string archive =
      description.files.empty() ? std::string() : ir::StoredZip(description.files);
  file.associated_files = archive.empty() ? Buffer() : Buffer::Copy(archive.data(), archive.size());
}

Result<std::optional<ModelDescription>> DescriptionOf(const File& file) {
  const Buffer* buffer = FindMetadata(file, kMetadataName);
  if (buffer == nullptr) return std::optional<ModelDescription>();
  const auto* bytes = reinterpret_cast<const uint8_t*>(buffer->data());
  flatbuffers::Verifier verifier(bytes, buffer->size());
  if (buffer->size() < 8 || !metadata::VerifyModelMetadataBuffer(verifier))
    return BadInput(std::string(kMetadataName) + " is broken", "write the metadata again");
  const std::unique_ptr<metadata::ModelMetadataT> model(
      metadata::GetModelMetadata(bytes)->UnPack());
  ModelDescription description;
  description.name = model->name;
  description.description = model->description;
  description.version = model->version;
  if (!model->subgraph_metadata.empty()) {
    for (const auto& tensor : model->subgraph_metadata[0]->input_tensor_metadata)
      description.inputs.push_back(FromTable(*tensor));
    for (const auto& tensor : model->subgraph_metadata[0]->output_tensor_metadata)
      description.outputs.push_back(FromTable(*tensor));
  }
  return std::optional(std::move(description));
}

void SetMetadata(const std::string& name, const std::string& content, File& file) {
  const Buffer data = Buffer::Copy(content.data(), content.size());
  for (const auto& entry : file.model.metadata)
    if (entry->name == name) {
      file.buffers[entry->buffer] = data;
      return;
    }
  auto entry = std::make_unique<schema::MetadataT>();
  entry->name = name;
  entry->buffer = static_cast<uint32_t>(file.buffers.size());
  file.model.metadata.push_back(std::move(entry));
  file.model.buffers.push_back(std::make_unique<schema::BufferT>());
  file.buffers.push_back(data);
}

const Buffer* FindMetadata(const File& file, const std::string& name) {
  for (const auto& entry : file.model.metadata)
    if (entry->name == name && entry->buffer < file.buffers.size())
      return &file.buffers[entry->buffer];
  return nullptr;
}

}  // namespace edgeopt::formats::tflite
