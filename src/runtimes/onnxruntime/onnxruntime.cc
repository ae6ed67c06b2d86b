#include "runtimes/onnxruntime/onnxruntime.h"

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
  std::string tried;
  for (const std::filesystem::path& candidate : candidates) {
    std::error_code error;
    if (std::filesystem::exists(candidate, error)) return OpenOnnxRuntime(candidate);
    tried += (tried.empty() ? "'" : ", '") + candidate.string() + "'";
  }
  return Unavailable(
      "ONNX Runtime's library is not there; looked for " + (tried.empty() ? "nothing" : tried),
      "run tools/setup, or name it with --runtime-library");
}

}  // namespace edgeopt::runtimes
