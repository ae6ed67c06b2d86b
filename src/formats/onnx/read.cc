// ReadOnnx and ParseOnnx: bytes to ModelProto to IR.
#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <set>

#include "formats/onnx/external_data.h"
#include "formats/onnx/onnx.h"
#include "formats/onnx/proto.h"
#include "formats/onnx/sniff.h"

namespace edgeopt::formats {
namespace fs = std::filesystem;
namespace {

using google::protobuf::io::CodedInputStream;

constexpr uint64_t kLargestProto = std::numeric_limits<int32_t>::max();

Status CheckSize(uint64_t size_bytes) {
  if (size_bytes == 0) return BadInput("the file is empty");
  if (size_bytes > kLargestProto)
    return BadInput(
        "the file has " + std::to_string(size_bytes) + " bytes; an ONNX file ends at 2 GiB",
        "save the model with external data");
  return OkStatus();
}

// `start`: the first bytes, to tell what the file is when it is not a model.
Result<ir::Model> Parse(google::protobuf::io::ZeroCopyInputStream& stream,
                        std::span<const std::byte> start, const internal::ExternalData& external) {
  onnx::ModelProto proto;
  {
    CodedInputStream input(&stream);
    input.SetTotalBytesLimit(std::numeric_limits<int>::max());
    if (!proto.ParseFromCodedStream(&input) || !input.ConsumedEntireMessage())
      return internal::NotOnnx(start, "the file can't be parsed as a protobuf message");
  }
  if (!proto.has_graph()) return internal::NotOnnx(start, "the file holds no graph");
  return internal::FromProto(proto, external);
}

// An open file, closed on destruction.
class Descriptor {
 public:
  explicit Descriptor(const fs::path& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

fs::path FolderOf(const fs::path& path) {
  return path.parent_path().empty() ? fs::path(".") : path.parent_path();
}

Result<ir::Model> ReadWith(const fs::path& path, const internal::ExternalData& external) {
  const std::string where = "'" + path.string() + "'";
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (!fs::exists(status))
    return BadInput(where + " does not exist", "check the path of the model");
  if (fs::is_directory(status))
    return BadInput(where + " is a folder, expected an ONNX file",
                    fs::exists(path / "saved_model.pb", ec)
                        ? "it looks like a TensorFlow SavedModel; convert it to ONNX first"
                        : "name the .onnx file inside");
  if (!fs::is_regular_file(status)) return BadInput(where + " is not a regular file");
  const Descriptor file(path);
  if (file.get() < 0) return Unavailable("can't open " + where + ": " + std::strerror(errno));
  const Status size = CheckSize(fs::file_size(path, ec));
  if (!size.ok()) return size.error().Within(where);
  std::byte start[64];
  const ssize_t got = ::pread(file.get(), start, sizeof start, 0);
  if (got < 0) return Unavailable("can't read " + where + ": " + std::strerror(errno));
  // Streamed, not mapped: the strings that protobuf makes become the weights, so that the bytes are
  // in memory once.
  google::protobuf::io::FileInputStream stream(file.get(), 1 << 20);
  auto model = Parse(stream, {start, static_cast<size_t>(got)}, external);
  if (!model.ok()) return model.error().Within(where);
  return model;
}

}  // namespace

Result<ir::Model> ReadOnnx(const fs::path& path) {
  return ReadWith(path, internal::MappedFiles(FolderOf(path)));
}

Result<std::vector<fs::path>> ExternalFiles(const fs::path& path) {
  std::set<fs::path> files;
  const auto recorded = [&files, mapped = internal::MappedFiles(FolderOf(path))](
                            const onnx::TensorProto& proto, ir::DataType type, ir::Dims dims) {
    for (const auto& entry : proto.external_data())
      if (entry.key() == "location") files.insert(fs::path(entry.value()).lexically_normal());
    return mapped(proto, type, std::move(dims));
  };
  EDGEOPT_TRY(const ir::Model model, ReadWith(path, recorded));
  return std::vector<fs::path>(files.begin(), files.end());
}

Result<ir::Model> ParseOnnx(const Buffer& bytes, const fs::path& folder) {
  EDGEOPT_CHECK_OK(CheckSize(bytes.size()));
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  return Parse(stream, bytes.bytes().first(std::min<size_t>(bytes.size(), 64)),
               internal::MappedFiles(folder));
}

}  // namespace edgeopt::formats
