// Reading what a Python pickle names, without running it: the classes and functions that loading it
// would import and call. The opcodes are those of protocols 0 to 5 (CPython, Lib/pickletools.py).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgeopt::frameworks {

struct PickleGlobals {
  // "module.name" in order of first use, without repetitions. "?" where the name can't be told
  // without running the pickle.
  std::vector<std::string> names;
  size_t size_bytes = 0;  // of the pickle, its STOP included; more may follow
};

// BadInput for what is no whole pickle.
Result<PickleGlobals> ReadPickleGlobals(std::string_view bytes);

// Whether unpickling this only makes data: tensors, their storages and types, containers, NumPy
// arrays. What torch.load(weights_only=True) takes is of this kind.
bool IsPlainData(std::string_view global);

}  // namespace edgeopt::frameworks
