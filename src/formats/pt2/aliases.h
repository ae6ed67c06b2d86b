// Which tensors of a program share memory, so that an in-place operator changes them all. Internal
// to formats/pt2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace edgeopt::formats::pt2 {

class Aliases {
 public:
  // A tensor with memory of its own. `frozen`: that may not be changed.
  void Own(const std::string& name, bool frozen = false);
  // `view` lies in the memory of `base`.
  void Share(const std::string& view, const std::string& base);
  bool IsFrozen(const std::string& name) const;
  // All that lie in the memory of `name`, itself among them.
  std::vector<std::string> Sharing(const std::string& name) const;

 private:
  struct Memory {
    std::vector<std::string> names;
    bool frozen = false;
  };
  std::unordered_map<std::string, size_t> memory_of_;
  std::vector<Memory> memories_;
};

// The operator ("aten.view.default") returns, or may return, tensors in the memory of its first
// one. Of PyTorch's native_functions.yaml: those with a result marked (a), and composites of them.
bool IsView(std::string_view target);

}  // namespace edgeopt::formats::pt2
