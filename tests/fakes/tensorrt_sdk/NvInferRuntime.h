// Stands in for TensorRT's header of that name: the classes and methods that the runner for the
// device uses, with the signatures of NvInferRuntime.h (8.6, where dimensions have 32 bits; with
// NV_TENSORRT_MAJOR 10 they have 64). Its one engine, the file "double" and every engine of the
// fake trtexec's, has the input x, float32 [-1, 2], at most four rows, and the output y = 2 x;
// "double on DLA 1" is the same for that core alone. It shows that the runner's own logic works;
// nothing about TensorRT.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#ifndef NV_TENSORRT_MAJOR
#define NV_TENSORRT_MAJOR 8
#endif

inline int32_t getInferLibVersion() { return NV_TENSORRT_MAJOR == 8 ? 8602 : 100300; }

namespace nvinfer1 {

using AsciiChar = char;

class ILogger {
 public:
  enum class Severity : int32_t { kINTERNAL_ERROR, kERROR, kWARNING, kINFO, kVERBOSE };
  virtual void log(Severity severity, const AsciiChar* message) noexcept = 0;
  virtual ~ILogger() = default;
};

enum class DataType : int32_t { kFLOAT, kHALF, kINT8, kINT32, kBOOL, kUINT8, kFP8, kBF16, kINT64 };
enum class TensorIOMode : int32_t { kNONE, kINPUT, kOUTPUT };

struct Dims {
  static constexpr int32_t MAX_DIMS = 8;
  int32_t nbDims;
#if NV_TENSORRT_MAJOR >= 10
  int64_t d[MAX_DIMS];
#else
  int32_t d[MAX_DIMS];
#endif
};

class IExecutionContext {
 public:
  explicit IExecutionContext(ILogger& logger) : logger_(logger) {}
  bool setInputShape(const char*, const Dims& dims) noexcept {
    const bool fits = dims.nbDims == 2 && dims.d[0] >= 1 && dims.d[0] <= 4 && dims.d[1] == 2;
    if (!fits) logger_.log(ILogger::Severity::kERROR, "Error Code 3: outside of the profile");
    if (fits) rows_ = dims.d[0];
    return fits;
  }
  Dims getTensorShape(const char*) const noexcept { return {2, {rows_, 2}}; }
  bool setTensorAddress(const char* name, void* data) noexcept {
    (name[0] == 'x' ? x_ : y_) = static_cast<float*>(data);
    return true;
  }
  bool enqueueV3(void*) noexcept {
    for (int i = 0; i < rows_ * 2; ++i) y_[i] = 2 * x_[i];
    return true;
  }

 private:
  ILogger& logger_;
  decltype(Dims::d[0] + 0) rows_ = 1;
  float *x_ = nullptr, *y_ = nullptr;
};

class ICudaEngine {
 public:
  explicit ICudaEngine(ILogger& logger) : logger_(logger) {}
  IExecutionContext* createExecutionContext() { return new IExecutionContext(logger_); }
  int32_t getNbIOTensors() const noexcept { return 2; }
  const char* getIOTensorName(int32_t index) const noexcept { return index == 0 ? "x" : "y"; }
  TensorIOMode getTensorIOMode(const char* name) const noexcept {
    return name[0] == 'x' ? TensorIOMode::kINPUT : TensorIOMode::kOUTPUT;
  }
  DataType getTensorDataType(const char*) const noexcept { return DataType::kFLOAT; }
  Dims getTensorShape(const char*) const noexcept { return {2, {-1, 2}}; }
  bool isShapeInferenceIO(const char*) const noexcept { return false; }

 private:
  ILogger& logger_;
};

class IRuntime {
 public:
  explicit IRuntime(ILogger& logger) : logger_(logger) {}
  void setDLACore(int32_t core) noexcept { dla_core_ = core; }
  ICudaEngine* deserializeCudaEngine(const void* plan, size_t size) {
    const std::string text(static_cast<const char*>(plan), size);
    if (text == "double on DLA 1" && dla_core_ == 1) return new ICudaEngine(logger_);
    if (text == "double" || text.rfind("ftrt", 0) == 0) return new ICudaEngine(logger_);
    logger_.log(ILogger::Severity::kERROR, "The engine plan file is not compatible");
    return nullptr;
  }

 private:
  ILogger& logger_;
  int32_t dla_core_ = -1;
};

inline IRuntime* createInferRuntime(ILogger& logger) { return new IRuntime(logger); }

}  // namespace nvinfer1
