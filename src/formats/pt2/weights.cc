#include "formats/pt2/weights.h"

#include <cstring>
#include <optional>

namespace edgeopt::formats::pt2 {
namespace {

constexpr std::string_view kWeights = "data/weights/", kConstants = "data/constants/";
constexpr const char* kPickledHint =
    "save the program again with a newer torch.export.save, or let PyTorch itself read it";
constexpr int64_t kStrided = 7;  // the schema's Layout
// Gathering makes copies, of which a small storage with strides of 0 could ask any number.
constexpr int64_t kMostCopiesOfStorage = 4096, kFreeElements = 1 << 20;

struct Strided {
  ir::DataType type = ir::DataType::kUndefined;
  ir::Dims sizes, strides;
  int64_t offset = 0;  // all in elements
};

Result<int64_t> KnownSize(const json& value) {
  EDGEOPT_TRY(const ir::Dim dim, ToDim(value));
  if (!dim.value) return BadInput("its size is not a number");
  return *dim.value;
}

Result<ir::Dims> KnownSizes(const json& meta, const char* key) {
  EDGEOPT_TRY(const json* values, ArrayAt(meta, key));
  ir::Dims sizes;
  for (const json& value : *values) {
    EDGEOPT_TRY(const int64_t size, KnownSize(value));
    sizes.push_back(size);
  }
  return sizes;
}

Result<Strided> ParseMeta(const json& meta) {
  Strided strided;
  EDGEOPT_TRY(const json* layout, Member(meta, "layout"));
  EDGEOPT_TRY(const int64_t layout_number, ToInt(*layout));
  if (layout_number != kStrided) return Unsupported("it is a sparse tensor");
  EDGEOPT_TRY(const json* type, Member(meta, "dtype"));
  EDGEOPT_TRY(strided.type, ToDataType(*type));
  EDGEOPT_TRY(strided.sizes, KnownSizes(meta, "sizes"));
  EDGEOPT_TRY(strided.strides, KnownSizes(meta, "strides"));
  EDGEOPT_TRY(const json* offset, Member(meta, "storage_offset"));
  EDGEOPT_TRY(strided.offset, KnownSize(*offset));
  if (strided.sizes.size() != strided.strides.size())
    return BadInput("it has " + std::to_string(strided.sizes.size()) + " sizes and " +
                    std::to_string(strided.strides.size()) + " strides");
  return strided;
}

bool IsRowMajor(const Strided& strided) {
  int64_t expected = 1;
  for (size_t i = strided.sizes.size(); i-- > 0;) {
    if (strided.sizes[i] != 1 && strided.strides[i] != expected) return false;
    expected *= strided.sizes[i];
  }
  return true;
}

// The position of the last element, or nullopt when it has more than 63 bits. Requires elements.
std::optional<int64_t> LastElement(const Strided& strided) {
  int64_t last = strided.offset;
  for (size_t i = 0; i < strided.sizes.size(); ++i) {
    int64_t step = 0;
    if (__builtin_mul_overflow(strided.sizes[i] - 1, strided.strides[i], &step) ||
        __builtin_add_overflow(last, step, &last))
      return std::nullopt;
  }
  return last;
}

// Requires that all elements are inside the storage.
Buffer Gather(const Strided& strided, const Buffer& storage, int64_t count, size_t element_bytes) {
  std::vector<std::byte> gathered(static_cast<size_t>(count) * element_bytes);
  std::vector<int64_t> index(strided.sizes.size(), 0);
  int64_t from = strided.offset;
  for (int64_t to = 0; to < count; ++to) {
    std::memcpy(gathered.data() + static_cast<size_t>(to) * element_bytes,
                storage.data() + static_cast<size_t>(from) * element_bytes, element_bytes);
    for (size_t axis = index.size(); axis-- > 0;) {
      from += strided.strides[axis];
      if (++index[axis] < strided.sizes[axis]) break;
      from -= strided.strides[axis] * strided.sizes[axis];
      index[axis] = 0;
    }
  }
  return Buffer::Own(std::move(gathered));
}

Result<ir::Tensor> TensorIn(Strided strided, const Buffer& storage) {
  // No one steps along an axis of size 1, whatever its stride is.
  for (size_t i = 0; i < strided.sizes.size(); ++i)
    if (strided.sizes[i] == 1) strided.strides[i] = 0;
  EDGEOPT_TRY(const int64_t count, ir::ElementCount(strided.sizes));
  const int64_t element_bytes = ir::BitsOf(strided.type) / 8;
  if (count == 0) return ir::Tensor::Make(strided.type, strided.sizes, Buffer());
  const auto last = LastElement(strided);
  const int64_t stored = static_cast<int64_t>(storage.size()) / element_bytes;
  if (!last || *last >= stored)
    return BadInput("its elements leave their storage of " + std::to_string(storage.size()) +
                        " bytes: sizes " + ir::ToString(strided.sizes) + ", strides " +
                        ir::ToString(strided.strides) + ", offset " +
                        std::to_string(strided.offset),
                    "the file is damaged; export the model again");
  const auto row_major = static_cast<size_t>(element_bytes);
  if (IsRowMajor(strided))
    return ir::Tensor::Make(strided.type, strided.sizes,
                            storage.Slice(static_cast<size_t>(strided.offset) * row_major,
                                          static_cast<size_t>(count) * row_major));
  if (count > kFreeElements && count / kMostCopiesOfStorage > stored)
    return BadInput("its " + std::to_string(count) + " elements repeat a storage of " +
                    std::to_string(stored));
  return ir::Tensor::Make(strided.type, strided.sizes,
                          Gather(strided, storage, count, static_cast<size_t>(element_bytes)));
}

}  // namespace

Status Weights::Add(const Archive& archive, const std::string& folder, const std::string& config) {
  EDGEOPT_TRY(const Buffer text, archive.Read(config));
  const json document = json::parse(text.text(), nullptr, false);
  if (document.is_discarded()) return BadInput("'" + config + "' is not valid JSON");
  EDGEOPT_TRY(const json* entries, ObjectAt(document, "config"));
  for (const auto& [name, value] : entries->items()) {
    Payload payload;
    EDGEOPT_TRY(const std::string file, TextAt(value, "path_name"));
    payload.entry = folder + file;
    EDGEOPT_TRY(const json* pickled, Member(value, "use_pickle"));
    EDGEOPT_TRY(payload.pickled, ToBool(*pickled));
    EDGEOPT_TRY(const json* meta, MemberIfAny(value, "tensor_meta"));
    if (meta != nullptr && meta->is_object()) payload.meta = *meta;
    payloads_.emplace(name, std::move(payload));
  }
  return OkStatus();
}

Result<Weights> Weights::Open(const Archive& archive, const std::string& model,
                              const std::string& torch_version) {
  Weights weights;
  weights.archive_ = &archive;
  for (const std::string_view folder : {kWeights, kConstants}) {
    const std::string path(folder);
    if (archive.Has(path + model + ".pt"))
      return Unsupported("its weights are a pickled Python object, as PyTorch " + torch_version +
                             " wrote them; edgeopt reads raw ones",
                         kPickledHint);
    const std::string config =
        path + model + (folder == kWeights ? "_weights_config.json" : "_constants_config.json");
    if (const Status added = weights.Add(archive, path, config); !added.ok())
      return added.error().Within(config);
  }
  return weights;
}

Result<ir::Tensor> Weights::Make(const Payload& payload) const {
  if (payload.pickled || payload.meta.is_null())
    return Unsupported("it is a pickled Python object",
                       "only PyTorch itself reads such tensors (subclasses, quantized ones)");
  EDGEOPT_TRY(const Strided strided, ParseMeta(payload.meta));
  auto storage = storages_.find(payload.entry);
  if (storage == storages_.end()) {
    EDGEOPT_TRY(const Buffer bytes, archive_->Read(payload.entry));
    storage = storages_.emplace(payload.entry, bytes).first;
  }
  return TensorIn(strided, storage->second);
}

Result<ir::Tensor> Weights::Read(const std::string& name) const {
  const auto found = payloads_.find(name);
  if (found == payloads_.end())
    return BadInput("the archive has no tensor '" + name + "'", "export the model again");
  auto tensor = Make(found->second);
  if (!tensor.ok()) return tensor.error().Within("tensor '" + name + "'");
  return tensor;
}

}  // namespace edgeopt::formats::pt2
