#include "runtimes/onnxruntime/onnxruntime.h"

#include "runtimes/library_path.h"
#include "runtimes/onnxruntime/session.h"

namespace edgeopt::runtimes {
namespace {

class OnnxRuntime : public Runtime {
 public:
  explicit OnnxRuntime(ort::LibraryPtr library) : library_(std::move(library)) {}
  std::string name() const override { return "onnxruntime"; }
  std::string version() const override { return library_->version(); }
  Result<std::unique_ptr<Session>> Load(const std::filesystem::path& model,
                                        const SessionOptions& options) override {
    return ort::OrtModel::Load(library_, {model, {}}, options);
  }
  Result<std::unique_ptr<Session>> LoadBytes(std::span<const std::byte> model_bytes,
                                             const SessionOptions& options) override {
    return ort::OrtModel::Load(library_, {{}, model_bytes}, options);
  }

 private:
  ort::LibraryPtr library_;
};

}  // namespace

Result<std::shared_ptr<Runtime>> OpenOnnxRuntime(const std::filesystem::path& library) {
  EDGEOPT_TRY(auto loaded, ort::Library::Open(library));
  return std::shared_ptr<Runtime>(std::make_shared<OnnxRuntime>(std::move(loaded)));
}

Result<std::shared_ptr<Runtime>> OpenOnnxRuntime(
    const std::vector<std::filesystem::path>& candidates) {
  EDGEOPT_TRY(const std::filesystem::path library, FirstExisting(candidates, "ONNX Runtime"));
  return OpenOnnxRuntime(library);
}

}  // namespace edgeopt::runtimes
