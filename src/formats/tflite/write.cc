// WriteTflite and SerializeTflite. The flatbuffer's tables are built first, without the weights;
// these follow, straight from the model's buffers, and the tables are pointed at them.
#include <algorithm>
#include <cstring>
#include <limits>
#include <map>

#include "base/hash.h"
#include "formats/tflite/file.h"
#include "formats/tflite/layout.h"
#include "formats/tflite/zip_tail.h"

namespace edgeopt::formats::tflite {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using internal::kAlignment;
using internal::kLargestFlatbuffer;

// With the weights outside, custom options from this size on are so too; LiteRT's own loader finds
// only those inside.
constexpr size_t kLargeOptionsBytes = 1 << 20;
// XNNPACK reads up to this far behind the weights (LiteRT's exporter leaves the same room).
constexpr uint64_t kRoomBehindWeights = 16;
// "To be filled in": the schema calls offsets up to 1 invalid, and 0 would not be stored.
constexpr uint64_t kPlaceholder = 1;

template <typename T>
auto UnlessEmpty(FlatBufferBuilder& builder, const std::vector<T>& values) {
  return values.empty() ? decltype(builder.CreateVector(values))() : builder.CreateVector(values);
}

Offset<flatbuffers::String> Text(FlatBufferBuilder& builder, const std::string& text) {
  return text.empty() ? Offset<flatbuffers::String>() : builder.CreateString(text);
}

// Packs each by the generated function, or by `pack`.
template <typename Table, typename T, typename Pack>
std::vector<Offset<Table>> Packed(const std::vector<std::unique_ptr<T>>& objects, Pack pack) {
  std::vector<Offset<Table>> tables;
  tables.reserve(objects.size());
  for (const auto& object : objects) tables.push_back(pack(*object));
  return tables;
}

template <typename Table, typename T, typename Pack>
auto All(FlatBufferBuilder& builder, const std::vector<std::unique_ptr<T>>& objects, Pack pack) {
  return UnlessEmpty(builder, Packed<Table>(objects, pack));
}

bool OptionsOutside(const schema::OperatorT& op, bool outside) {
  return outside && op.custom_options.size() >= kLargeOptionsBytes;
}

Offset<schema::Operator> Pack(FlatBufferBuilder& builder, const schema::OperatorT& op,
                              bool outside) {
  // LiteRT refuses an operator without these two, and a subgraph without its four vectors, so they
  // are written when empty as well.
  const auto inputs = builder.CreateVector(op.inputs), outputs = builder.CreateVector(op.outputs);
  const auto options = op.builtin_options.Pack(builder);
  const auto options_2 = op.builtin_options_2.Pack(builder);
  const bool large = OptionsOutside(op, outside);
  const auto custom =
      large ? Offset<flatbuffers::Vector<uint8_t>>() : UnlessEmpty(builder, op.custom_options);
  const auto mutating = UnlessEmpty(builder, op.mutating_variable_inputs);
  const auto intermediates = UnlessEmpty(builder, op.intermediates);
  return schema::CreateOperator(builder, op.opcode_index, inputs, outputs, op.builtin_options.type,
                                options, custom, op.custom_options_format, mutating, intermediates,
                                large ? kPlaceholder : 0, large ? kPlaceholder : 0,
                                op.builtin_options_2.type, options_2, op.debug_metadata_index);
}

Offset<schema::SubGraph> Pack(FlatBufferBuilder& builder, const schema::SubGraphT& subgraph,
                              bool outside) {
  const auto tensors = builder.CreateVector(Packed<schema::Tensor>(
      subgraph.tensors,
      [&](const schema::TensorT& tensor) { return schema::CreateTensor(builder, &tensor); }));
  const auto operators = builder.CreateVector(Packed<schema::Operator>(
      subgraph.operators, [&](const schema::OperatorT& op) { return Pack(builder, op, outside); }));
  const auto inputs = builder.CreateVector(subgraph.inputs);
  const auto outputs = builder.CreateVector(subgraph.outputs);
  return schema::CreateSubGraph(builder, tensors, inputs, outputs, operators,
                                Text(builder, subgraph.name), subgraph.debug_metadata_index);
}

Offset<schema::OperatorCode> Pack(FlatBufferBuilder& builder, const schema::OperatorCodeT& code) {
  // Readers from before version 3a see the placeholder in place of codes that don't fit.
  const auto old =
      std::min(code.builtin_code, schema::BuiltinOperator::PLACEHOLDER_FOR_GREATER_OP_CODES);
  return schema::CreateOperatorCode(builder, static_cast<int8_t>(old),
                                    Text(builder, code.custom_code), code.version,
                                    code.builtin_code);
}

// Bytes behind the tables: `bytes` begin at `position`, which is aligned; `counted` ones are a
// flatbuffer's vector, with their number before them.
struct Piece {
  uint64_t position = 0;
  std::string_view bytes;
  bool counted = false;
};

// The whole file but for the archive: the tables and what follows them.
struct Layout {
  std::string tables;
  std::vector<Piece> pieces;  // by position
  uint64_t end = 0;

  // Places bytes behind all others.
  uint64_t Add(std::string_view bytes, bool counted) {
    const uint64_t after = end + (counted ? sizeof(flatbuffers::uoffset_t) : 0);
    const uint64_t position = (after + kAlignment - 1) / kAlignment * kAlignment;
    pieces.push_back({position, bytes, counted});
    end = position + bytes.size();
    return position;
  }
};

class Writer {
 public:
  Writer(const File& file, bool outside) : file_(file), outside_(outside) {}

  Result<Layout> Make() {
    EDGEOPT_CHECK_OK(CheckOptions());
    FindInside();
    BuildTables();
    PlaceBuffers();
    if (outside_) {
      PlaceOptions();
      layout_.end += kRoomBehindWeights;
    }
    if (flatbuffer_end_ > kLargestFlatbuffer)
      return Unsupported("the model needs " + std::to_string(flatbuffer_end_) +
                             " bytes in its flatbuffer, which ends at 2 GiB",
                         outside_ ? "" : "write it with the weights outside the flatbuffer");
    return std::move(layout_);
  }

 private:
  // The builder aborts at 2 GiB; nothing but custom options can bring it there.
  Status CheckOptions() const {
    uint64_t bytes = 0;
    for (const auto& subgraph : file_.model.subgraphs)
      for (const auto& op : subgraph->operators)
        if (!OptionsOutside(*op, outside_)) bytes += op->custom_options.size();
    if (bytes <= kLargestFlatbuffer / 2) return OkStatus();
    return Unsupported("the model has " + std::to_string(bytes) +
                           " bytes of custom options, too many for a flatbuffer",
                       outside_ ? "" : "write it with the weights outside the flatbuffer");
  }

  // Runtimes look for metadata inside the flatbuffer only, and a buffer of no bytes needs no place.
  void FindInside() {
    inside_.assign(file_.buffers.size(), !outside_);
    for (const int32_t index : file_.model.metadata_buffer)
      inside_[static_cast<size_t>(index)] = true;
    for (const auto& metadata : file_.model.metadata) inside_[metadata->buffer] = true;
    for (size_t i = 0; i < inside_.size(); ++i)
      if (file_.buffers[i].empty()) inside_[i] = true;
  }

  void BuildTables() {
    FlatBufferBuilder builder;
    const schema::ModelT& model = file_.model;
    const auto codes = All<schema::OperatorCode>(
        builder, model.operator_codes,
        [&](const schema::OperatorCodeT& code) { return Pack(builder, code); });
    const auto subgraphs = All<schema::SubGraph>(
        builder, model.subgraphs,
        [&](const schema::SubGraphT& subgraph) { return Pack(builder, subgraph, outside_); });
    const auto buffers = BuildBuffers(builder);
    const auto metadata = All<schema::Metadata>(
        builder, model.metadata,
        [&](const schema::MetadataT& it) { return schema::CreateMetadata(builder, &it); });
    const auto signatures = All<schema::SignatureDef>(
        builder, model.signature_defs,
        [&](const schema::SignatureDefT& it) { return schema::CreateSignatureDef(builder, &it); });
    const auto groups = All<schema::ExternalBufferGroup>(
        builder, model.external_buffer_groups, [&](const schema::ExternalBufferGroupT& it) {
          return schema::CreateExternalBufferGroup(builder, &it);
        });
    const auto external = All<schema::ExternalBuffer>(
        builder, model.external_buffers, [&](const schema::ExternalBufferT& it) {
          return schema::CreateExternalBuffer(builder, &it);
        });
    const auto description = Text(builder, model.description);
    const auto metadata_buffer = UnlessEmpty(builder, model.metadata_buffer);
    schema::FinishModelBuffer(
        builder, schema::CreateModel(builder, model.version, codes, subgraphs, description, buffers,
                                     metadata_buffer, metadata, signatures, groups, external));
    layout_.tables.assign(reinterpret_cast<const char*>(builder.GetBufferPointer()),
                          builder.GetSize());
    flatbuffer_end_ = layout_.end = layout_.tables.size();
  }

  Offset<flatbuffers::Vector<Offset<schema::Buffer>>> BuildBuffers(FlatBufferBuilder& builder) {
    if (file_.buffers.empty()) return {};
    // Stands for the data of all until PlaceBuffers; it is the data of those that have no bytes.
    const auto empty = builder.CreateVector(std::vector<uint8_t>());
    std::vector<Offset<schema::Buffer>> tables;
    for (size_t i = 0; i < file_.buffers.size(); ++i) {
      if (!HasData(file_.buffers[i]))
        tables.push_back(schema::CreateBuffer(builder));
      else if (inside_[i])
        tables.push_back(schema::CreateBuffer(builder, empty));
      else
        tables.push_back(schema::CreateBuffer(builder, 0, kPlaceholder, kPlaceholder));
    }
    return builder.CreateVector(tables);
  }

  // Inside first: a flatbuffer ends at 2 GiB.
  void PlaceBuffers() {
    for (size_t i = 0; i < inside_.size(); ++i) {
      if (!inside_[i] || file_.buffers[i].empty()) continue;
      const uint64_t position = layout_.Add(file_.buffers[i].text(), true);
      flatbuffer_end_ = layout_.end;
      const size_t field = FieldOf(BufferTable(i), schema::Buffer::VT_DATA);
      Set(field,
          static_cast<flatbuffers::uoffset_t>(position - sizeof(flatbuffers::uoffset_t) - field));
    }
    std::map<std::string, uint64_t> placed;  // by hash: equal weights are written once
    for (size_t i = 0; i < inside_.size(); ++i) {
      if (inside_[i]) continue;
      const Buffer& buffer = file_.buffers[i];
      const auto [found, is_new] = placed.try_emplace(Sha256Hex(buffer.bytes()), 0);
      if (is_new) found->second = layout_.Add(buffer.text(), false);
      Set(FieldOf(BufferTable(i), schema::Buffer::VT_OFFSET), found->second);
      Set(FieldOf(BufferTable(i), schema::Buffer::VT_SIZE), uint64_t{buffer.size()});
    }
  }

  void PlaceOptions() {
    for (size_t g = 0; g < file_.model.subgraphs.size(); ++g)
      for (size_t i = 0; i < file_.model.subgraphs[g]->operators.size(); ++i) {
        const schema::OperatorT& op = *file_.model.subgraphs[g]->operators[i];
        if (!OptionsOutside(op, outside_)) continue;
        const std::string_view bytes(reinterpret_cast<const char*>(op.custom_options.data()),
                                     op.custom_options.size());
        const uint64_t position = layout_.Add(bytes, false);
        const auto* table = Model().subgraphs()->Get(g)->operators()->Get(i);
        Set(FieldOf(table, schema::Operator::VT_LARGE_CUSTOM_OPTIONS_OFFSET), position);
        Set(FieldOf(table, schema::Operator::VT_LARGE_CUSTOM_OPTIONS_SIZE), uint64_t{bytes.size()});
      }
  }

  const schema::Model& Model() const { return *schema::GetModel(layout_.tables.data()); }
  const schema::Buffer* BufferTable(size_t i) const { return Model().buffers()->Get(i); }

  // Position of a field in the tables. It was built with a value that is not its default.
  template <typename Table>
  size_t FieldOf(const Table* table, flatbuffers::voffset_t field) const {
    const uint8_t* address =
        reinterpret_cast<const flatbuffers::Table*>(table)->GetAddressOf(field);
    return static_cast<size_t>(reinterpret_cast<const char*>(address) - layout_.tables.data());
  }

  template <typename T>
  void Set(size_t position, T value) {
    flatbuffers::WriteScalar(layout_.tables.data() + position, value);
  }

  const File& file_;
  bool outside_;
  std::vector<bool> inside_;  // per buffer
  Layout layout_;
  uint64_t flatbuffer_end_ = 0;
};

uint64_t BufferBytes(const File& file) {
  uint64_t total = 0;
  for (const Buffer& buffer : file.buffers) total += buffer.size();
  for (const auto& subgraph : file.model.subgraphs)
    for (const auto& op : subgraph->operators) total += op->custom_options.size();
  return total;
}

// LiteRT's code for an NPU is found by its position in the file, which custom options hold.
Status CheckMovable(const File& file) {
  for (const auto& code : file.model.operator_codes)
    if (code->builtin_code == schema::BuiltinOperator::CUSTOM && code->custom_code == "DISPATCH_OP")
      return Unsupported("the model is compiled for an NPU (operator DISPATCH_OP)",
                         "give the model that it was compiled from");
  return OkStatus();
}

// `begin` is told the size before the first byte.
template <typename Begin, typename Out>
Status Write(const File& file, const TfliteWriteOptions& options, Begin begin, Out out) {
  EDGEOPT_CHECK_OK(Verify(file));
  EDGEOPT_CHECK_OK(CheckMovable(file));
  const bool outside = BufferBytes(file) >
                       static_cast<uint64_t>(std::max<int64_t>(options.outside_threshold_bytes, 0));
  EDGEOPT_TRY(const Layout layout, Writer(file, outside).Make());
  std::string archive;
  if (!file.associated_files.empty()) {
    EDGEOPT_TRY(archive, internal::PlaceZipTail(file.associated_files, layout.end));
  }
  begin(layout.end + archive.size());
  EDGEOPT_CHECK_OK(out(layout.tables));
  uint64_t at = layout.tables.size();
  for (const Piece& piece : layout.pieces) {
    std::string before(piece.position - at, '\0');
    if (piece.counted) {
      const auto count = static_cast<flatbuffers::uoffset_t>(piece.bytes.size());
      std::memcpy(before.data() + before.size() - sizeof count, &count, sizeof count);
    }
    EDGEOPT_CHECK_OK(out(before));
    EDGEOPT_CHECK_OK(out(piece.bytes));
    at = piece.position + piece.bytes.size();
  }
  EDGEOPT_CHECK_OK(out(std::string(layout.end - at, '\0')));
  return out(archive);
}

}  // namespace

Status WriteTflite(const File& file, const std::filesystem::path& path,
                   const TfliteWriteOptions& options) {
  EDGEOPT_TRY(OutputFile output, OutputFile::Create(path, options.overwrite));
  EDGEOPT_CHECK_OK(Write(
      file, options, [](uint64_t) {}, [&](std::string_view bytes) { return output.Write(bytes); }));
  return output.Commit();
}

Result<std::string> SerializeTflite(const File& file, const TfliteWriteOptions& options) {
  std::string bytes;
  EDGEOPT_CHECK_OK(Write(
      file, options, [&](uint64_t size) { bytes.reserve(size); },
      [&](std::string_view part) {
        bytes.append(part);
        return OkStatus();
      }));
  return bytes;
}

}  // namespace edgeopt::formats::tflite
