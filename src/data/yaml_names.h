// Class names from a YOLO data.yaml. Not a YAML parser: it understands the forms in which such
// files have 'names', and says so where it doesn't.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgeopt::data {

//   names: [cat, dog]     or     names:        or     names:
//                                  - cat                0: cat
//                                  - dog                1: dog
// No names at all when the key is absent. BadInput naming `source` and line.
Result<std::vector<std::string>> YamlNames(std::string_view text, const std::string& source);

}  // namespace edgeopt::data
