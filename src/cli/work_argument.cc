#include "cli/work_argument.h"

#include <vector>

namespace edgeopt::cli {
namespace fs = std::filesystem;

Result<fs::path> WorkFolderOr(const std::string& named) {
  if (!named.empty()) return fs::path(named);
  std::vector<fs::path> found;
  std::error_code ec;
  for (fs::directory_iterator it(".", ec), end; !ec && it != end; it.increment(ec))
    if (it->path().filename().string().ends_with("_edgeopt") &&
        fs::exists(it->path() / "state.json"))
      found.push_back(it->path().filename());
  if (found.size() == 1) return found.front();
  if (found.empty())
    return UsageError("there is no run in this folder", "name its work folder, MODEL_edgeopt");
  return UsageError("there are several runs in this folder: '" + found[0].string() + "', '" +
                        found[1].string() + "'" + (found.size() > 2 ? ", ..." : ""),
                    "name the work folder");
}

}  // namespace edgeopt::cli
