// One model loaded in ONNX Runtime.
#pragma once

#include <filesystem>
#include <optional>

#include "base/file.h"
#include "runtimes/onnxruntime/library.h"
#include "runtimes/onnxruntime/value.h"
#include "runtimes/runtime.h"

namespace edgeopt::runtimes::ort {

// From a file (external data beside it) or, when `path` is empty, from bytes.
struct ModelSource {
  std::filesystem::path path;
  std::span<const std::byte> bytes;
};

class OrtModel : public Session {
 public:
  static Result<std::unique_ptr<Session>> Load(LibraryPtr library, const ModelSource& source,
                                               const SessionOptions& options);
  const std::vector<TensorSpec>& inputs() const override { return inputs_; }
  const std::vector<TensorSpec>& outputs() const override { return outputs_; }
  Result<std::vector<ir::Tensor>> Run(const std::vector<ir::Tensor>& inputs) override;
  Result<std::vector<std::vector<ProfileEvent>>> EndProfile() override;

 private:
  OrtModel(LibraryPtr library, std::unique_ptr<MessageLog> log, Handle<OrtSession> session)
      : library_(std::move(library)), log_(std::move(log)), session_(std::move(session)) {}
  Status ReadSpecs();
  Result<std::vector<ValueHandle>> BindInputs(const std::vector<ir::Tensor>& inputs,
                                              std::vector<const char*>& names) const;

  // In the order in which they must outlive each other.
  LibraryPtr library_;
  std::unique_ptr<MessageLog> log_;
  Handle<OrtSession> session_;
  std::vector<TensorSpec> inputs_, outputs_;
  std::optional<TemporaryFolder> profile_folder_;
};

}  // namespace edgeopt::runtimes::ort
