#include "runtimes/tensorrt/runner_protocol.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace edgeopt::runtimes::tensorrt {
namespace {

static_assert(std::endian::native == std::endian::little, "the messages are little endian");

constexpr uint32_t kLongestName = 4096, kLargestRank = 8, kMostTensors = 4096;
constexpr uint32_t kLongestFailure = 1 << 16;
constexpr uint64_t kLargestTensor = uint64_t{1} << 32;

template <typename T>
void AppendNumber(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Reads from the front. After the end of the bytes `short_` is set and zeros are given; after
// something that can't be, `wrong_`.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}
  std::string_view Bytes(uint64_t size) {
    if (size > rest_.size()) {
      short_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <typename T>
  T Number() {
    T value{};
    const std::string_view bytes = Bytes(sizeof(T));
    if (bytes.size() == sizeof(T)) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  // A count or size with a limit.
  template <typename T>
  T Limited(T most) {
    const T value = Number<T>();
    if (value <= most) return value;
    wrong_ = true;
    return 0;
  }
  bool good() const { return !short_ && !wrong_; }
  bool wrong() const { return wrong_; }
  void MarkWrong() { wrong_ = true; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool short_ = false, wrong_ = false;
};

TensorSpec ReadHead(Cursor& cursor) {
  TensorSpec spec;
  spec.name = cursor.Bytes(cursor.Limited<uint32_t>(kLongestName));
  const auto type = cursor.Number<uint32_t>();
  if (type > static_cast<uint32_t>(ir::kLastDataType)) cursor.MarkWrong();
  spec.type = static_cast<ir::DataType>(type);
  const auto rank = cursor.Limited<uint32_t>(kLargestRank);
  for (uint32_t i = 0; i < rank && cursor.good(); ++i)
    spec.dims.push_back(cursor.Number<int64_t>());
  spec.symbols.resize(spec.dims.size());
  return spec;
}

std::vector<TensorSpec> ReadSpecs(Cursor& cursor) {
  std::vector<TensorSpec> specs;
  const auto count = cursor.Limited<uint32_t>(kMostTensors);
  for (uint32_t i = 0; i < count && cursor.good(); ++i) specs.push_back(ReadHead(cursor));
  return specs;
}

RunnerReady ReadReady(Cursor& cursor) {
  RunnerReady ready;
  ready.library_version = cursor.Number<uint32_t>();
  ready.inputs = ReadSpecs(cursor);
  ready.outputs = ReadSpecs(cursor);
  return ready;
}

RunnerOutputs ReadOutputs(Cursor& cursor) {
  RunnerOutputs answer;
  answer.compute_ns = static_cast<int64_t>(cursor.Limited<uint64_t>(INT64_MAX));
  const auto count = cursor.Limited<uint32_t>(kMostTensors);
  for (uint32_t i = 0; i < count && cursor.good(); ++i) {
    const TensorSpec spec = ReadHead(cursor);
    const std::string_view data = cursor.Bytes(cursor.Limited<uint64_t>(kLargestTensor));
    if (!cursor.good()) break;
    auto tensor = ir::Tensor::Make(spec.type, spec.dims, Buffer::Copy(data.data(), data.size()));
    if (!tensor.ok()) {
      cursor.MarkWrong();
      break;
    }
    tensor->name = spec.name;
    answer.outputs.push_back(*std::move(tensor));
  }
  return answer;
}

Error NoMessage() {
  return BadInput("what the runner on the device wrote is no message",
                  "look at its standard error; something else may write to its output");
}

}  // namespace

Result<std::string> EncodeRun(std::span<const ir::Tensor> inputs) {
  std::string bytes = "RUN ";
  AppendNumber(bytes, static_cast<uint32_t>(inputs.size()));
  for (const ir::Tensor& input : inputs) {
    if (input.type() == ir::DataType::kString || ir::BitsOf(input.type()) < 8)
      return BadInput("an engine can't be given input '" + input.name + "' of type " +
                      std::string(ir::Name(input.type())));
    AppendNumber(bytes, static_cast<uint32_t>(input.name.size()));
    bytes += input.name;
    AppendNumber(bytes, static_cast<uint32_t>(input.type()));
    AppendNumber(bytes, static_cast<uint32_t>(input.rank()));
    for (const int64_t dim : input.dims()) AppendNumber(bytes, dim);
    AppendNumber(bytes, static_cast<uint64_t>(input.data().size()));
    bytes.append(reinterpret_cast<const char*>(input.data().data()), input.data().size());
  }
  return bytes;
}

Result<std::optional<RunnerMessage>> TakeMessage(std::string_view& bytes) {
  Cursor cursor(bytes);
  const std::string_view kind = cursor.Bytes(4);
  std::optional<RunnerMessage> message;
  std::string failure;
  if (!cursor.good()) return std::optional<RunnerMessage>();
  if (kind == "REDY")
    message = ReadReady(cursor);
  else if (kind == "OUTS")
    message = ReadOutputs(cursor);
  else if (kind == "FAIL")
    failure = cursor.Bytes(cursor.Limited<uint32_t>(kLongestFailure));
  else
    return NoMessage();
  if (cursor.wrong()) return NoMessage();
  if (!cursor.good()) return std::optional<RunnerMessage>();
  bytes = cursor.rest();
  if (!message)
    return Unavailable("the runner on the device failed: " + failure,
                       "build the engine anew on the device");
  return message;
}

std::vector<std::string> RunnerCompileCommand(const std::string& source,
                                              const std::string& program) {
  return {"g++",
          "-std=c++17",
          "-O2",
          source,
          "-o",
          program,
          "-I/usr/local/cuda/include",
          "-L/usr/local/cuda/lib64",
          "-lnvinfer",
          "-lnvinfer_plugin",
          "-lcudart"};
}

}  // namespace edgeopt::runtimes::tensorrt
