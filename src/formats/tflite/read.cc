// ReadTflite and ParseTflite: bytes to the schema's objects.
#include <algorithm>
#include <filesystem>
#include <map>

#include "formats/onnx/sniff.h"
#include "formats/tflite/file.h"
#include "formats/tflite/layout.h"
#include "formats/tflite/scan.h"
#include "formats/tflite/zip_tail.h"

namespace edgeopt::formats::tflite {
namespace fs = std::filesystem;
namespace {

using internal::kAlignment;
using internal::kLargestFlatbuffer;

// Root offset and file identifier.
constexpr size_t kSmallestBytes = 8;

bool Aligned(const Buffer& bytes) {
  return reinterpret_cast<uintptr_t>(bytes.data()) % kAlignment == 0;
}

Status CheckIdentifier(const Buffer& bytes) {
  if (bytes.empty()) return BadInput("the file is empty");
  const std::string_view text = bytes.text();
  if (text.size() >= kSmallestBytes && text.substr(4, 4) == schema::ModelIdentifier())
    return OkStatus();
  const auto looks =
      formats::internal::LooksLike(bytes.bytes().first(std::min<size_t>(bytes.size(), 64)));
  if (!looks.empty())
    return BadInput("not a TensorFlow Lite model: it looks like " + looks, "give a .tflite file");
  return BadInput("the file has no identifier TFL3 at byte 4",
                  "it is truncated, damaged or not a TensorFlow Lite model");
}

// Tables that share nothing need 4 bytes each at least, so this bounds the work, not real files.
uint32_t MostTables(size_t size) { return static_cast<uint32_t>(size / 4 + 16); }

Status CheckFlatbuffer(const Buffer& flatbuffer) {
  flatbuffers::Verifier::Options options;
  options.max_tables = MostTables(flatbuffer.size());
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(flatbuffer.data()),
                                 flatbuffer.size(), options);
  if (!schema::VerifyModelBuffer(verifier))
    return BadInput("the flatbuffer is broken: an offset or a length leaves the file",
                    "the file is truncated or damaged; fetch or convert it again");
  return internal::ScanModel(flatbuffer);
}

template <typename T, typename Table>
std::vector<std::unique_ptr<T>> UnpackAll(
    const flatbuffers::Vector<flatbuffers::Offset<Table>>* tables) {
  std::vector<std::unique_ptr<T>> objects;
  if (tables == nullptr) return objects;
  objects.reserve(tables->size());
  for (const Table* table : *tables) objects.emplace_back(table->UnPack());
  return objects;
}

// As the generated UnPack, which would copy the weights.
schema::ModelT Unpack(const schema::Model& model) {
  schema::ModelT object;
  object.version = model.version();
  object.operator_codes = UnpackAll<schema::OperatorCodeT>(model.operator_codes());
  object.subgraphs = UnpackAll<schema::SubGraphT>(model.subgraphs());
  if (model.description() != nullptr) object.description = model.description()->str();
  for (size_t i = 0; model.buffers() != nullptr && i < model.buffers()->size(); ++i)
    object.buffers.push_back(std::make_unique<schema::BufferT>());
  if (const auto* indices = model.metadata_buffer())
    object.metadata_buffer.assign(indices->begin(), indices->end());
  object.metadata = UnpackAll<schema::MetadataT>(model.metadata());
  object.signature_defs = UnpackAll<schema::SignatureDefT>(model.signature_defs());
  object.external_buffer_groups =
      UnpackAll<schema::ExternalBufferGroupT>(model.external_buffer_groups());
  object.external_buffers = UnpackAll<schema::ExternalBufferT>(model.external_buffers());
  // Files before version 3a have the first of these alone, later ones both.
  for (const auto& code : object.operator_codes) {
    const auto old = static_cast<schema::BuiltinOperator>(code->deprecated_builtin_code);
    code->builtin_code = std::max(code->builtin_code, old);
    code->deprecated_builtin_code = 0;
  }
  return object;
}

// Parts of the file as buffers; those that are not aligned are copied, each once.
class Parts {
 public:
  explicit Parts(const Buffer& file) : file_(file) {}

  // BadInput when the range leaves the file. Its start is above 1 (outside the flatbuffer), or it
  // is verified.
  Result<Buffer> Get(uint64_t offset, uint64_t size, const std::string& where) {
    if (offset > file_.size() || size > file_.size() - offset)
      return BadInput(where + ": " + std::to_string(size) + " bytes at " + std::to_string(offset) +
                          " are outside the file of " + std::to_string(file_.size()) + " bytes",
                      "the file is truncated or damaged");
    Buffer part = file_.Slice(offset, size);
    if (size == 0 || Aligned(part)) return part;
    auto& copy = copies_[{offset, size}];
    if (HasData(copy)) return copy;
    copied_bytes_ += size;
    if (copied_bytes_ > file_.size())
      return BadInput(where + ": its bytes overlap those of other buffers",
                      "the file is damaged or made to do harm");
    return copy = Buffer::Copy(part.data(), size);
  }

  const Buffer& file() const { return file_; }

 private:
  const Buffer& file_;
  std::map<std::pair<uint64_t, uint64_t>, Buffer> copies_;
  uint64_t copied_bytes_ = 0;
};

Result<std::vector<Buffer>> Buffers(const schema::Model& model, Parts& parts) {
  std::vector<Buffer> buffers;
  if (model.buffers() == nullptr) return buffers;
  for (const schema::Buffer* table : *model.buffers()) {
    const std::string where = "buffer " + std::to_string(buffers.size());
    Buffer bytes;
    if (const auto* data = table->data()) {
      const auto offset = reinterpret_cast<const std::byte*>(data->data()) - parts.file().data();
      EDGEOPT_TRY(bytes, parts.Get(static_cast<uint64_t>(offset), data->size(), where));
    } else if (table->offset() > 1) {
      EDGEOPT_TRY(bytes, parts.Get(table->offset(), table->size(), where));
    }
    buffers.push_back(std::move(bytes));
  }
  return buffers;
}

// Brings custom options from outside the flatbuffer into their operators.
Status FetchCustomOptions(schema::ModelT& model, const Buffer& file) {
  uint64_t total = 0;
  for (const auto& subgraph : model.subgraphs)
    for (const auto& op : subgraph->operators) {
      const uint64_t offset = op->large_custom_options_offset, size = op->large_custom_options_size;
      op->large_custom_options_offset = op->large_custom_options_size = 0;
      if (offset <= 1 || !op->custom_options.empty()) continue;
      total += std::min<uint64_t>(size, file.size());
      if (offset > file.size() || size > file.size() - offset || total > file.size())
        return BadInput("subgraph '" + subgraph->name + "': custom options of " +
                            std::to_string(size) + " bytes at " + std::to_string(offset) +
                            " leave the file of " + std::to_string(file.size()) + " bytes",
                        "the file is truncated or damaged");
      const auto* first = reinterpret_cast<const uint8_t*>(file.data()) + offset;
      op->custom_options.assign(first, first + size);
    }
  return OkStatus();
}

}  // namespace

Result<File> ParseTflite(const Buffer& given) {
  EDGEOPT_CHECK_OK(CheckIdentifier(given));
  const Buffer bytes = Aligned(given) ? given : Buffer::Copy(given.data(), given.size());
  const Buffer flatbuffer = bytes.Slice(0, std::min(bytes.size(), kLargestFlatbuffer));
  EDGEOPT_CHECK_OK(CheckFlatbuffer(flatbuffer));
  const schema::Model& model = *schema::GetModel(flatbuffer.data());
  File file;
  file.model = Unpack(model);
  Parts parts(bytes);
  EDGEOPT_TRY(file.buffers, Buffers(model, parts));
  EDGEOPT_CHECK_OK(FetchCustomOptions(file.model, bytes));
  EDGEOPT_TRY(file.associated_files, internal::TakeZipTail(bytes));
  EDGEOPT_CHECK_OK(Verify(file));
  return file;
}

Result<File> ReadTflite(const fs::path& path) {
  const std::string where = "'" + path.string() + "'";
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (!fs::exists(status))
    return BadInput(where + " does not exist", "check the path of the model");
  if (fs::is_directory(status))
    return BadInput(where + " is a folder, expected a TensorFlow Lite file",
                    fs::exists(path / "saved_model.pb", ec)
                        ? "it looks like a TensorFlow SavedModel; convert it first"
                        : "name the .tflite file inside");
  EDGEOPT_TRY(const Buffer bytes, Buffer::Map(path));
  auto file = ParseTflite(bytes);
  if (!file.ok()) return file.error().Within(where);
  return file;
}

}  // namespace edgeopt::formats::tflite
