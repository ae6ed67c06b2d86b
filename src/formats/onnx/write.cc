// WriteOnnx and SerializeOnnx. The weights of the main graph go from the IR's buffers straight into
// the output, without a copy inside a ModelProto; the bytes are those that protobuf itself would
// write (fields in the order of their numbers).
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <functional>
#include <limits>
#include <map>

#include "formats/onnx/onnx.h"
#include "formats/onnx/proto.h"

namespace edgeopt::formats {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kLargestProto = std::numeric_limits<int32_t>::max();

using Output = std::function<Status(std::string_view)>;

// Where initializers lie in the data file. onnx.proto advises page alignment for memory mapping;
// smaller tensors are content with a cache line, and the smallest stay in the model.
struct ExternalLayout {
  static constexpr int64_t kSmallestBytes = 1024, kPageAlignedFromBytes = 1 << 16;
  static constexpr uint64_t kPageBytes = 4096, kCacheLineBytes = 64;

  std::string location;
  uint64_t size_bytes = 0;
  std::map<ir::ValueId, uint64_t> offsets;

  explicit ExternalLayout(const ir::Graph& graph, std::string file_name)
      : location(std::move(file_name)) {
    for (const ir::ValueId id : graph.initializers()) {
      const auto& tensor = graph.value(id).initializer;
      if (!tensor || tensor->type() == ir::DataType::kString) continue;
      if (tensor->size_bytes() < kSmallestBytes) continue;
      const uint64_t alignment =
          tensor->size_bytes() >= kPageAlignedFromBytes ? kPageBytes : kCacheLineBytes;
      const uint64_t offset = (size_bytes + alignment - 1) / alignment * alignment;
      offsets[id] = offset;
      size_bytes = offset + static_cast<uint64_t>(tensor->size_bytes());
    }
  }
};

// Deterministic even if a later ONNX uses protobuf's maps.
std::string Serialized(const google::protobuf::MessageLite& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

// The tag of a length-delimited field and the length.
std::string Prefix(int field_number, uint64_t length) {
  std::string bytes;
  const auto varint = [&](uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
    bytes.push_back(static_cast<char>(value));
  };
  varint(static_cast<uint64_t>(field_number) << 3 | 2);
  varint(length);
  return bytes;
}

// A serialized TensorProto in three parts: the data is not copied.
struct TensorParts {
  std::string before, after;
  std::string_view data;
  uint64_t size() const { return before.size() + data.size() + after.size(); }
};

void AddExternal(const ExternalLayout& layout, ir::ValueId id, const ir::Tensor& tensor,
                 onnx::TensorProto& proto) {
  const auto add = [&](const char* key, std::string value) {
    auto& entry = *proto.add_external_data();
    entry.set_key(key);
    entry.set_value(std::move(value));
  };
  add("location", layout.location);
  add("offset", std::to_string(layout.offsets.at(id)));
  add("length", std::to_string(tensor.size_bytes()));
  proto.set_data_location(onnx::TensorProto::EXTERNAL);
}

TensorParts Split(const ir::Graph& graph, ir::ValueId id, const ExternalLayout* layout) {
  TensorParts parts;
  onnx::TensorProto after;
  after.set_name(graph.value(id).name);
  internal::TensorToProto(
      *graph.value(id).initializer,
      [&](const ir::Tensor& tensor, onnx::TensorProto& proto) {
        if (layout && layout->offsets.count(id) > 0)
          AddExternal(*layout, id, tensor, proto);
        else if (tensor.type() == ir::DataType::kString)
          internal::FillData(tensor, proto);
        else
          parts.data = tensor.data().text();
      },
      after);
  // The fields with numbers below that of raw_data.
  onnx::TensorProto before;
  before.mutable_dims()->Swap(after.mutable_dims());
  before.mutable_string_data()->Swap(after.mutable_string_data());
  before.set_data_type(after.data_type());
  before.set_name(after.name());
  after.clear_data_type();
  after.clear_name();
  parts.before = Serialized(before);
  if (!parts.data.empty())
    parts.before += Prefix(onnx::TensorProto::kRawDataFieldNumber, parts.data.size());
  parts.after = Serialized(after);
  return parts;
}

// Takes the fields with numbers below that of GraphProto.initializer out of `graph`.
std::string TakeBeforeInitializers(onnx::GraphProto& graph) {
  onnx::GraphProto before;
  before.mutable_node()->Swap(graph.mutable_node());
  if (graph.has_name()) before.set_name(graph.name());
  graph.clear_name();
  return Serialized(before);
}

// Takes the fields with numbers below that of ModelProto.graph out of `model`.
std::string TakeBeforeGraph(onnx::ModelProto& model) {
  onnx::ModelProto before;
  before.set_ir_version(model.ir_version());
  if (model.has_producer_name()) before.set_producer_name(model.producer_name());
  if (model.has_producer_version()) before.set_producer_version(model.producer_version());
  if (model.has_domain()) before.set_domain(model.domain());
  if (model.has_model_version()) before.set_model_version(model.model_version());
  if (model.has_doc_string()) before.set_doc_string(model.doc_string());
  model.clear_ir_version();
  model.clear_producer_name();
  model.clear_producer_version();
  model.clear_domain();
  model.clear_model_version();
  model.clear_doc_string();
  return Serialized(before);
}

// `reserve`, if there is one, is told the size before anything is put out.
Status WriteModel(const ir::Model& model, const ExternalLayout* layout, const Output& out,
                  const std::function<void(size_t)>& reserve = {}) {
  onnx::ModelProto proto = internal::ToProto(model, {.without_main_initializers = true});
  onnx::GraphProto graph;
  graph.Swap(proto.mutable_graph());
  proto.clear_graph();
  if (graph.ByteSizeLong() > kLargestProto)
    return Unsupported("the model needs more than 2 GiB without its initializers");
  const std::string before_graph = TakeBeforeGraph(proto);
  const std::string before = TakeBeforeInitializers(graph), after = Serialized(graph);
  std::vector<TensorParts> tensors;
  uint64_t graph_size = before.size() + after.size();
  for (const ir::ValueId id : model.graph.initializers()) {
    if (!model.graph.value(id).initializer) continue;
    tensors.push_back(Split(model.graph, id, layout));
    const uint64_t size = tensors.back().size();
    graph_size += size + Prefix(onnx::GraphProto::kInitializerFieldNumber, size).size();
  }
  if (graph_size + before_graph.size() + proto.ByteSizeLong() > kLargestProto - 16)
    return Unsupported("the model needs more than the 2 GiB that one ONNX file can hold",
                       "write it with external data");
  const std::string graph_prefix = Prefix(onnx::ModelProto::kGraphFieldNumber, graph_size);
  if (reserve)
    reserve(before_graph.size() + graph_prefix.size() + graph_size + proto.ByteSizeLong());
  EDGEOPT_CHECK_OK(out(before_graph));
  EDGEOPT_CHECK_OK(out(graph_prefix));
  EDGEOPT_CHECK_OK(out(before));
  for (const TensorParts& tensor : tensors) {
    EDGEOPT_CHECK_OK(out(Prefix(onnx::GraphProto::kInitializerFieldNumber, tensor.size())));
    EDGEOPT_CHECK_OK(out(tensor.before));
    EDGEOPT_CHECK_OK(out(tensor.data));
    EDGEOPT_CHECK_OK(out(tensor.after));
  }
  EDGEOPT_CHECK_OK(out(after));
  return out(Serialized(proto));
}

Status WriteData(const ir::Graph& graph, const ExternalLayout& layout, OutputFile& file) {
  for (const auto& [id, offset] : layout.offsets) {
    const std::string padding(offset - file.size_bytes(), '\0');
    EDGEOPT_CHECK_OK(file.Write(padding));
    EDGEOPT_CHECK_OK(file.Write(graph.value(id).initializer->data().text()));
  }
  return OkStatus();
}

int64_t InitializerBytes(const ir::Graph& graph) {
  int64_t total = 0;
  for (const ir::ValueId id : graph.initializers())
    if (graph.value(id).initializer) total += graph.value(id).initializer->size_bytes();
  return total;
}

Output Into(OutputFile& file) {
  return [&file](std::string_view bytes) { return file.Write(bytes); };
}

// Both files are complete on disk before the first gets its name.
Status WriteWithData(const ir::Model& model, const fs::path& path, Overwrite overwrite) {
  const ExternalLayout layout(model.graph, path.filename().string() + ".data");
  const fs::path data_path = path.parent_path() / layout.location;
  EDGEOPT_TRY(OutputFile data, OutputFile::Create(data_path, overwrite));
  EDGEOPT_TRY(OutputFile file, OutputFile::Create(path, overwrite));
  EDGEOPT_CHECK_OK(WriteData(model.graph, layout, data));
  EDGEOPT_CHECK_OK(WriteModel(model, &layout, Into(file)));
  std::error_code ec;
  const bool data_is_new = !fs::exists(data_path, ec);
  EDGEOPT_CHECK_OK(data.Commit());
  const Status committed = file.Commit();
  if (!committed.ok() && data_is_new) fs::remove(data_path, ec);
  return committed;
}

}  // namespace

Status WriteOnnx(const ir::Model& model, const fs::path& path, const OnnxWriteOptions& options) {
  if (InitializerBytes(model.graph) > options.external_data_threshold_bytes)
    return WriteWithData(model, path, options.overwrite);
  EDGEOPT_TRY(OutputFile file, OutputFile::Create(path, options.overwrite));
  EDGEOPT_CHECK_OK(WriteModel(model, nullptr, Into(file)));
  return file.Commit();
}

Result<std::string> SerializeOnnx(const ir::Model& model) {
  std::string bytes;
  const Output append = [&](std::string_view part) {
    bytes.append(part);
    return OkStatus();
  };
  EDGEOPT_CHECK_OK(WriteModel(model, nullptr, append, [&](size_t size) { bytes.reserve(size); }));
  return bytes;
}

}  // namespace edgeopt::formats
