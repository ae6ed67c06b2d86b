#include "frameworks/worker_files.h"

#include <cstdlib>

#include "base/file.h"
#include "base/hash.h"

namespace edgeopt::frameworks {
namespace fs = std::filesystem;
namespace {

std::string HashOfAll() {
  Sha256 hash;
  for (const EmbeddedFile& file : EmbeddedFiles()) {
    // The lengths keep what belongs to which file apart.
    const std::string head =
        std::string(file.path) + '\n' + std::to_string(file.text.size()) + '\n';
    hash.Update(std::as_bytes(std::span(head)));
    hash.Update(std::as_bytes(std::span(file.text)));
  }
  return hash.Finish();
}

bool IsThere(const fs::path& path, const EmbeddedFile& file) {
  std::error_code error;
  return fs::file_size(path, error) == file.text.size() && !error;
}

}  // namespace

std::string_view EmbeddedText(std::string_view path) {
  for (const EmbeddedFile& file : EmbeddedFiles())
    if (file.path == path) return file.text;
  std::abort();
}

std::string_view Lock(Framework framework) {
  return EmbeddedText("locks/" + Name(framework) + ".txt");
}

Result<fs::path> LayOutFiles(const fs::path& cache) {
  std::error_code error;
  const fs::path folder =
      fs::absolute(cache, error) / "frameworks" / ("worker-" + HashOfAll().substr(0, 16));
  for (const EmbeddedFile& file : EmbeddedFiles()) {
    const fs::path path = folder / file.path;
    if (IsThere(path, file)) continue;
    fs::create_directories(path.parent_path(), error);
    if (error)
      return CantWrite(
          "can't make the folder '" + path.parent_path().string() + "': " + error.message(),
          "choose a folder that you may write to: EDGEOPT_CACHE");
    EDGEOPT_CHECK_OK(WriteFile(path, file.text));
  }
  return folder;
}

}  // namespace edgeopt::frameworks
