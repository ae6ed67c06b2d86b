#include "formats/onnx/external_data.h"

#include <charconv>
#include <map>
#include <memory>
#include <optional>

namespace edgeopt::formats::internal {
namespace fs = std::filesystem;
namespace {

struct Entry {
  std::string location;
  std::optional<uint64_t> offset, length;
};

Result<uint64_t> ParseNumber(const std::string& key, const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return BadInput("external data: " + key + " is '" + text + "', expected a number of bytes");
  return number;
}

Result<Entry> ParseEntry(const onnx::TensorProto& proto) {
  Entry entry;
  for (const auto& pair : proto.external_data()) {
    if (pair.key() == "location") entry.location = pair.value();
    if (pair.key() == "offset") {
      EDGEOPT_TRY(entry.offset, ParseNumber("offset", pair.value()));
    }
    if (pair.key() == "length") {
      EDGEOPT_TRY(entry.length, ParseNumber("length", pair.value()));
    }
  }
  if (entry.location.empty()) return BadInput("external data without a location");
  return entry;
}

// The file that `location` names, if it is inside `folder` - also after symbolic links.
Result<fs::path> Resolve(const fs::path& folder, const std::string& location) {
  const auto refused = [&](const std::string& why) {
    return BadInput("external data '" + location + "' " + why,
                    "put the data file into the model's folder and name it by a relative path");
  };
  if (folder.empty()) return refused("can't be read: the model's folder is not known");
  const fs::path relative(location);
  if (relative.is_absolute()) return refused("has an absolute path, which is refused");
  for (const fs::path& part : relative)
    if (part == "..") return refused("leaves the model's folder, which is refused");
  std::error_code ec;
  const fs::path root = fs::canonical(folder, ec);
  if (ec) return Unavailable("can't open the folder '" + folder.string() + "': " + ec.message());
  const fs::path target = fs::canonical(root / relative, ec);
  if (ec)
    return BadInput("external data '" + location + "' is missing in '" + folder.string() + "'",
                    "copy the data file that belongs to the model beside it");
  if (!fs::is_regular_file(target, ec)) return refused("is not a regular file");
  const auto [root_end, rest] =
      std::mismatch(root.begin(), root.end(), target.begin(), target.end());
  if (root_end != root.end())
    return refused("leaves the model's folder through a symbolic link, which is refused");
  return target;
}

class Files {
 public:
  explicit Files(fs::path folder) : folder_(std::move(folder)) {}

  Result<ir::Tensor> Read(const onnx::TensorProto& proto, ir::DataType type, ir::Dims dims) {
    if (type == ir::DataType::kString)
      return Unsupported("strings in external data", "ONNX allows numbers only there");
    EDGEOPT_TRY(const Entry entry, ParseEntry(proto));
    EDGEOPT_TRY(const Buffer file, Map(entry.location));
    EDGEOPT_TRY(const int64_t count, ir::ElementCount(dims));
    const auto needed = static_cast<uint64_t>(ir::StorageBytes(type, count));
    if (entry.length && *entry.length != needed)
      return BadInput("external data: a " + std::string(ir::Name(type)) + " tensor of shape " +
                      ir::ToString(dims) + " needs " + std::to_string(needed) +
                      " bytes, found a length of " + std::to_string(*entry.length));
    const uint64_t offset = entry.offset.value_or(0);
    if (offset > file.size() || needed > file.size() - offset)
      return BadInput("external data '" + entry.location + "' has " + std::to_string(file.size()) +
                          " bytes, expected " + std::to_string(needed) + " at offset " +
                          std::to_string(offset),
                      "the data file is truncated or belongs to another model");
    return ir::Tensor::Make(type, std::move(dims), file.Slice(offset, needed));
  }

 private:
  Result<Buffer> Map(const std::string& location) {
    if (const auto found = mapped_.find(location); found != mapped_.end()) return found->second;
    EDGEOPT_TRY(const fs::path path, Resolve(folder_, location));
    EDGEOPT_TRY(Buffer file, Buffer::Map(path));
    return mapped_[location] = std::move(file);
  }

  fs::path folder_;
  std::map<std::string, Buffer> mapped_;
};

}  // namespace

ExternalData MappedFiles(const fs::path& folder) {
  return [files = std::make_shared<Files>(folder)](const onnx::TensorProto& proto,
                                                   ir::DataType type, ir::Dims dims) {
    return files->Read(proto, type, std::move(dims));
  };
}

}  // namespace edgeopt::formats::internal
