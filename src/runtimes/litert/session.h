// One model loaded in LiteRT.
#pragma once

#include <mutex>

#include "base/buffer.h"
#include "runtimes/litert/late_shapes.h"
#include "runtimes/litert/library.h"
#include "runtimes/litert/model_file.h"
#include "runtimes/runtime.h"

namespace edgeopt::runtimes::litert {

class LiteRtSession : public Session {
 public:
  // `bytes` is the whole .tflite file.
  static Result<std::unique_ptr<Session>> Load(LibraryPtr library, Buffer bytes,
                                               const SessionOptions& options);
  ~LiteRtSession() override;
  LiteRtSession(const LiteRtSession&) = delete;
  LiteRtSession& operator=(const LiteRtSession&) = delete;

  const std::vector<TensorSpec>& inputs() const override { return inputs_; }
  const std::vector<TensorSpec>& outputs() const override { return outputs_; }
  Result<std::vector<ir::Tensor>> Run(const std::vector<ir::Tensor>& inputs) override;
  Result<std::vector<std::vector<ProfileEvent>>> EndProfile() override;

 private:
  // A tensor buffer and the memory in it.
  struct HostBuffer {
    std::shared_ptr<TensorBufferT> handle;
    std::byte* data = nullptr;
    size_t size_bytes = 0;
  };

  LiteRtSession(LibraryPtr library, const SessionOptions& options)
      : library_(std::move(library)), options_(options) {}
  Status ReadFile(Buffer bytes);
  Result<Handle<OptionsT>> MakeOptions() const;
  Status Compile();
  void Release();
  Status Shape(const std::vector<std::vector<const ir::Tensor*>>& given);
  Status Resize(const std::vector<ir::Dims>& dims);
  Result<std::vector<ir::Dims>> OutputDims(bool update);
  Result<HostBuffer> MakeBuffer(int tensor_type, const ir::Dims& dims) const;
  Result<std::vector<HostBuffer>> MakeOutputs() const;
  Status Invoke(const std::vector<HostBuffer>& outputs);
  Status InvokeAndCheck(const std::vector<HostBuffer>& outputs);
  Result<std::vector<ir::Tensor>> Collect(std::vector<HostBuffer> outputs);
  int TypeOfOutput(size_t output) const;

  LibraryPtr library_;
  SessionOptions options_;
  Buffer bytes_;  // must outlive model_ and compiled_
  ModelFile file_;
  LateShapes late_;
  std::vector<TensorSpec> inputs_, outputs_;

  std::mutex running_;
  ModelT* model_ = nullptr;
  CompiledModelT* compiled_ = nullptr;
  ProfilerT* profiler_ = nullptr;
  bool ran_ = false;                   // the compiled model has been given buffers
  bool checked_ = false;               // and was seen to write to all outputs
  std::vector<ir::Dims> input_dims_;   // as it is shaped now
  std::vector<ir::Dims> output_dims_;  // as LiteRT has them, before late reshapes
  std::vector<HostBuffer> input_buffers_;
  bool profiling_ = false;
  std::vector<std::vector<ProfileEvent>> events_;
};

}  // namespace edgeopt::runtimes::litert
