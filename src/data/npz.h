// Reading .npz files: ZIP archives of .npy files, as numpy.savez and savez_compressed write them.
// Writing is in ir/npy.h. The files are untrusted.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/result.h"
#include "ir/tensor.h"

namespace edgeopt::data {

struct NpzMember {
  std::string name;  // without ".npy"
  // The whole .npy file: memory-mapped where it is stored, decompressed (into memory, or where it
  // is large into a temporary file) where it is deflated.
  Buffer npy;
};
// In the order of the archive's directory. BadInput for what is no whole archive; Unsupported for
// encrypted members and for compression other than deflate.
Result<std::vector<NpzMember>> ReadNpz(const std::filesystem::path& path);
Result<std::vector<NpzMember>> ReadNpz(const Buffer& file);
// All arrays, under their names.
Result<std::vector<ir::Tensor>> ReadNpzTensors(const std::filesystem::path& path);

}  // namespace edgeopt::data
