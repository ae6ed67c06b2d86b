#include "runtimes/litert/litert.h"

#include "runtimes/library_path.h"
#include "runtimes/litert/session.h"

namespace edgeopt::runtimes {
namespace {

class LiteRt : public Runtime {
 public:
  explicit LiteRt(litert::LibraryPtr library) : library_(std::move(library)) {}
  std::string name() const override { return "litert"; }
  std::string version() const override { return litert::kVersion; }
  Result<std::unique_ptr<Session>> Load(const std::filesystem::path& model,
                                        const SessionOptions& options) override {
    EDGEOPT_TRY(Buffer bytes, Buffer::Map(model));
    auto session = litert::LiteRtSession::Load(library_, std::move(bytes), options);
    if (!session.ok()) return session.error().Within("'" + model.string() + "'");
    return session;
  }
  Result<std::unique_ptr<Session>> LoadBytes(std::span<const std::byte> model_bytes,
                                             const SessionOptions& options) override {
    return litert::LiteRtSession::Load(
        library_, Buffer::Copy(model_bytes.data(), model_bytes.size()), options);
  }

 private:
  litert::LibraryPtr library_;
};

}  // namespace

Result<std::shared_ptr<Runtime>> OpenLiteRt(const std::filesystem::path& library) {
  EDGEOPT_TRY(auto loaded, litert::Library::Open(library));
  return std::shared_ptr<Runtime>(std::make_shared<LiteRt>(std::move(loaded)));
}

Result<std::shared_ptr<Runtime>> OpenLiteRt(const std::vector<std::filesystem::path>& candidates) {
  EDGEOPT_TRY(const std::filesystem::path library, FirstExisting(candidates, "LiteRT"));
  return OpenLiteRt(library);
}

}  // namespace edgeopt::runtimes
