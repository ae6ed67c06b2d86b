#include "formats/pt2/problems.h"

namespace edgeopt::formats::pt2 {
namespace {

std::string Counted(const std::string& target, int64_t count) {
  return target + " (" + std::to_string(count) + ")";
}

}  // namespace

Status Problems::ToStatus() const {
  if (missing_.empty() && refused_.empty()) return OkStatus();
  std::string text;
  for (const auto& [target, count] : missing_)
    text +=
        (text.empty() ? "operators that edgeopt does not read: " : ", ") + Counted(target, count);
  for (const auto& [refused, count] : refused_)
    text +=
        (text.empty() ? "" : "; ") + Counted(refused.target, count) + ": " + refused.why.ToString();
  return Unsupported(std::move(text),
                     "'edgeopt convert' and 'edgeopt optimize' let PyTorch itself read it; or "
                     "export the model to ONNX");
}

}  // namespace edgeopt::formats::pt2
