// Runs a TensorRT engine on batches that come through standard input: one process for a whole data
// set. Not a part of edgeopt's build: edgeopt brings this text to the device and compiles it there,
// against the TensorRT that the engine was built with:
//   g++ -std=c++17 -O2 tensorrt_runner.cpp -o tensorrt_runner
//       -I/usr/local/cuda/include -L/usr/local/cuda/lib64 -lnvinfer -lnvinfer_plugin -lcudart
//   tensorrt_runner ENGINE [DLA-CORE] < requests > answers
// The messages are described in docs/tensorrt.md. TensorRT's log goes to standard error.
//
// Source: NvInferRuntime.h of TensorRT 8.6, 10.3 and 11.1, of which this uses only what is in all.
#include <NvInferPlugin.h>
#include <NvInferRuntime.h>
#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

constexpr uint32_t kMaxNameBytes = 4096;
constexpr uint64_t kMaxTensorBytes = uint64_t{1} << 32;

class Logger : public nvinfer1::ILogger {
 public:
  void log(Severity severity, nvinfer1::AsciiChar const* message) noexcept override {
    if (severity > Severity::kWARNING) return;
    std::fprintf(stderr, "%s\n", message);
    if (severity <= Severity::kERROR && errors.size() < 2000) errors += std::string(message) + "; ";
  }
  std::string errors;
};

void Check(cudaError_t status, const char* what) {
  if (status != cudaSuccess)
    throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
}

// Memory on the GPU, or of the host for tensors whose values are shapes.
class Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  ~Memory() { Free(); }
  void* Grow(size_t size, bool on_host) {
    if (size <= size_ && on_host == on_host_ && data_ != nullptr) return data_;
    Free();
    on_host_ = on_host;
    size_ = size == 0 ? 1 : size;
    if (on_host)
      Check(cudaMallocHost(&data_, size_), "host memory");
    else
      Check(cudaMalloc(&data_, size_), "GPU memory");
    return data_;
  }

 private:
  void Free() {
    if (data_ == nullptr) return;
    if (on_host_)
      cudaFreeHost(data_);
    else
      cudaFree(data_);
    data_ = nullptr;
  }
  void* data_ = nullptr;
  size_t size_ = 0;
  bool on_host_ = false;
};

struct ElementType {
  uint32_t onnx;  // TensorProto.DataType
  uint64_t bytes;
};

ElementType TypeOf(nvinfer1::DataType type) {
  using nvinfer1::DataType;
  switch (type) {
    case DataType::kFLOAT:
      return {1, 4};
    case DataType::kHALF:
      return {10, 2};
    case DataType::kINT8:
      return {3, 1};
    case DataType::kINT32:
      return {6, 4};
    case DataType::kBOOL:
      return {9, 1};
    case DataType::kUINT8:
      return {2, 1};
#if NV_TENSORRT_MAJOR >= 10
    case DataType::kBF16:
      return {16, 2};
    case DataType::kINT64:
      return {7, 8};
#endif
    default:
      throw std::runtime_error("an input or output has a type that the runner does not know");
  }
}

// --- messages
// ---------------------------------------------------------------------------------------

bool ReadBytes(void* data, size_t size) {
  const size_t got = std::fread(data, 1, size, stdin);
  if (got == 0) return false;
  if (got != size) throw std::runtime_error("a request is cut short");
  return true;
}
template <typename T>
T Read() {
  T value;
  if (!ReadBytes(&value, sizeof(value))) throw std::runtime_error("a request is cut short");
  return value;
}
void WriteBytes(const void* data, size_t size) {
  if (std::fwrite(data, 1, size, stdout) != size)
    throw std::runtime_error("can't write the answer");
}
template <typename T>
void Write(T value) {
  WriteBytes(&value, sizeof(value));
}
void WriteText(const std::string& text) {
  Write(static_cast<uint32_t>(text.size()));
  WriteBytes(text.data(), text.size());
}
void WriteHead(const std::string& name, uint32_t type, const nvinfer1::Dims& dims) {
  WriteText(name);
  Write(type);
  Write(static_cast<uint32_t>(dims.nbDims));
  for (int32_t i = 0; i < dims.nbDims; ++i) Write(static_cast<int64_t>(dims.d[i]));
}

struct Tensor {
  uint32_t type = 0;
  nvinfer1::Dims dims{};
  std::vector<char> data;
};

std::map<std::string, Tensor> ReadTensors() {
  std::map<std::string, Tensor> tensors;
  const uint32_t count = Read<uint32_t>();
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t name_bytes = Read<uint32_t>();
    if (name_bytes > kMaxNameBytes) throw std::runtime_error("a name is too long");
    std::string name(name_bytes, '\0');
    if (name_bytes > 0 && !ReadBytes(&name[0], name_bytes))
      throw std::runtime_error("a request is cut short");
    Tensor tensor;
    tensor.type = Read<uint32_t>();
    const uint32_t rank = Read<uint32_t>();
    if (rank > static_cast<uint32_t>(nvinfer1::Dims::MAX_DIMS))
      throw std::runtime_error("input '" + name + "' has too many dimensions");
    tensor.dims.nbDims = static_cast<int32_t>(rank);
    for (uint32_t k = 0; k < rank; ++k)
      tensor.dims.d[k] =
          static_cast<std::remove_reference_t<decltype(tensor.dims.d[0])>>(Read<int64_t>());
    const uint64_t bytes = Read<uint64_t>();
    if (bytes > kMaxTensorBytes) throw std::runtime_error("input '" + name + "' is too large");
    tensor.data.resize(bytes);
    if (bytes > 0 && !ReadBytes(tensor.data.data(), bytes))
      throw std::runtime_error("a request is cut short");
    tensors[name] = std::move(tensor);
  }
  return tensors;
}

// --- the engine
// -------------------------------------------------------------------------------------

class Runner {
 public:
  // `dla_core` below 0: the engine is for the GPU alone.
  Runner(const std::string& path, int dla_core) {
    initLibNvInferPlugins(&logger_, "");
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("can't read the engine " + path);
    const std::string plan{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    runtime_.reset(nvinfer1::createInferRuntime(logger_));
    if (!runtime_) throw std::runtime_error("TensorRT does not start: " + logger_.errors);
    if (dla_core >= 0) SetDlaCore(*runtime_, dla_core, 0);
    engine_.reset(runtime_->deserializeCudaEngine(plan.data(), plan.size()));
    if (!engine_) throw std::runtime_error("TensorRT refuses the engine: " + logger_.errors);
    context_.reset(engine_->createExecutionContext());
    if (!context_) throw std::runtime_error("no execution context: " + logger_.errors);
    Check(cudaStreamCreate(&stream_), "stream");
    Check(cudaEventCreate(&begin_), "event");
    Check(cudaEventCreate(&end_), "event");
    for (int32_t i = 0; i < engine_->getNbIOTensors(); ++i) {
      const char* name = engine_->getIOTensorName(i);
      const bool input = engine_->getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT;
      (input ? inputs_ : outputs_).push_back(name);
    }
  }
  Runner(const Runner&) = delete;
  ~Runner() {
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
    cudaStreamDestroy(stream_);
  }

  void WriteReady() const {
    WriteBytes("REDY", 4);
    Write(static_cast<uint32_t>(getInferLibVersion()));
    for (const auto* names : {&inputs_, &outputs_}) {
      Write(static_cast<uint32_t>(names->size()));
      for (const std::string& name : *names)
        WriteHead(name, TypeOf(engine_->getTensorDataType(name.c_str())).onnx,
                  engine_->getTensorShape(name.c_str()));
    }
    std::fflush(stdout);
  }

  void Run(const std::map<std::string, Tensor>& tensors) {
    logger_.errors.clear();
    for (const auto& [name, tensor] : tensors) (void)SlotOf(name);
    for (const std::string& name : inputs_) SetInput(name, tensors);
    for (const std::string& name : outputs_) SetOutput(name);
    Check(cudaEventRecord(begin_, stream_), "event");
    if (!context_->enqueueV3(stream_))
      throw std::runtime_error("the engine does not run: " + logger_.errors);
    Check(cudaEventRecord(end_, stream_), "event");
    for (const std::string& name : outputs_) Fetch(name);
    Check(cudaStreamSynchronize(stream_), "the engine's run");
    WriteAnswer();
  }

 private:
  template <typename T>
  using Owned = std::unique_ptr<T>;

  // Releases without DLA may lack the method; what they then say of the engine tells more.
  template <typename Runtime>
  static auto SetDlaCore(Runtime& runtime, int core, int) -> decltype(runtime.setDLACore(core)) {
    runtime.setDLACore(core);
  }
  template <typename Runtime>
  static void SetDlaCore(Runtime&, int, long) {}

  const std::string& SlotOf(const std::string& name) const {
    for (const std::string& known : inputs_)
      if (known == name) return known;
    throw std::runtime_error("the engine has no input '" + name + "'");
  }

  static uint64_t BytesOf(const nvinfer1::Dims& dims, uint64_t element) {
    uint64_t bytes = element;
    for (int32_t i = 0; i < dims.nbDims; ++i) {
      if (dims.d[i] < 0) throw std::runtime_error("a shape depends on the data");
      bytes *= static_cast<uint64_t>(dims.d[i]);
      if (bytes > kMaxTensorBytes) throw std::runtime_error("a tensor is too large");
    }
    return bytes;
  }

  void SetInput(const std::string& name, const std::map<std::string, Tensor>& tensors) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) throw std::runtime_error("input '" + name + "' is missing");
    const Tensor& tensor = found->second;
    const ElementType type = TypeOf(engine_->getTensorDataType(name.c_str()));
    if (tensor.type != type.onnx || tensor.data.size() != BytesOf(tensor.dims, type.bytes))
      throw std::runtime_error("input '" + name + "' has another type or size than the engine's");
    if (!context_->setInputShape(name.c_str(), tensor.dims))
      throw std::runtime_error("input '" + name + "' can't have this shape: " + logger_.errors);
    const bool on_host = engine_->isShapeInferenceIO(name.c_str());
    void* memory = memory_[name].Grow(tensor.data.size(), on_host);
    if (on_host)
      std::memcpy(memory, tensor.data.data(), tensor.data.size());
    else
      Check(cudaMemcpyAsync(memory, tensor.data.data(), tensor.data.size(), cudaMemcpyHostToDevice,
                            stream_),
            "copy to the GPU");
    if (!context_->setTensorAddress(name.c_str(), memory))
      throw std::runtime_error("input '" + name + "': " + logger_.errors);
  }

  void SetOutput(const std::string& name) {
    Tensor& output = results_[name];
    const ElementType type = TypeOf(engine_->getTensorDataType(name.c_str()));
    output.type = type.onnx;
    output.dims = context_->getTensorShape(name.c_str());
    if (output.dims.nbDims < 0) throw std::runtime_error("output '" + name + "' has no shape");
    output.data.resize(BytesOf(output.dims, type.bytes));
    void* memory =
        memory_[name].Grow(output.data.size(), engine_->isShapeInferenceIO(name.c_str()));
    if (!context_->setTensorAddress(name.c_str(), memory))
      throw std::runtime_error("output '" + name + "': " + logger_.errors);
  }

  void Fetch(const std::string& name) {
    Tensor& output = results_[name];
    const bool on_host = engine_->isShapeInferenceIO(name.c_str());
    void* memory = memory_[name].Grow(output.data.size(), on_host);
    Check(cudaMemcpyAsync(output.data.data(), memory, output.data.size(),
                          on_host ? cudaMemcpyHostToHost : cudaMemcpyDeviceToHost, stream_),
          "copy from the GPU");
  }

  void WriteAnswer() {
    float milliseconds = 0;
    Check(cudaEventElapsedTime(&milliseconds, begin_, end_), "event");
    WriteBytes("OUTS", 4);
    Write(static_cast<uint64_t>(static_cast<double>(milliseconds) * 1e6));
    Write(static_cast<uint32_t>(outputs_.size()));
    for (const std::string& name : outputs_) {
      const Tensor& output = results_[name];
      WriteHead(name, output.type, output.dims);
      Write(static_cast<uint64_t>(output.data.size()));
      WriteBytes(output.data.data(), output.data.size());
    }
    std::fflush(stdout);
  }

  // Destroyed from the last to the first, as TensorRT wants it.
  Logger logger_;
  Owned<nvinfer1::IRuntime> runtime_;
  Owned<nvinfer1::ICudaEngine> engine_;
  Owned<nvinfer1::IExecutionContext> context_;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
  std::vector<std::string> inputs_, outputs_;
  std::map<std::string, Memory> memory_;
  std::map<std::string, Tensor> results_;
};

void WriteFailure(const std::string& text) {
  std::fwrite("FAIL", 1, 4, stdout);
  const uint32_t size = static_cast<uint32_t>(text.size());
  std::fwrite(&size, sizeof(size), 1, stdout);
  std::fwrite(text.data(), 1, size, stdout);
  std::fflush(stdout);
}

}  // namespace

// The first failure is told and ends the program: afterwards neither the stream nor the GPU can be
// trusted.
int main(int argc, char** argv) {
  try {
    if (argc != 2 && argc != 3)
      throw std::runtime_error("usage: tensorrt_runner ENGINE [DLA-CORE]");
    Runner runner(argv[1], argc == 3 ? std::stoi(argv[2]) : -1);
    runner.WriteReady();
    char kind[4];
    while (ReadBytes(kind, sizeof(kind))) {
      if (std::memcmp(kind, "RUN ", 4) != 0) throw std::runtime_error("no request");
      runner.Run(ReadTensors());
    }
  } catch (const std::exception& error) {
    WriteFailure(error.what());
    return 1;
  }
  return 0;
}
