// IDX, the format of MNIST (yann.lecun.com/exdb/mnist): two zero bytes, the element type, the
// number of dimensions, the dimensions as big-endian 32-bit numbers, the elements, big-endian.
// Plain or gzip. The files are untrusted: sizes are checked before anything is allocated.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "data/array_source.h"

namespace edgeopt::data {

// Whether these first bytes could be an IDX file's (after decompression).
bool LooksLikeIdx(std::string_view beginning);
// Errors name the file.
Result<ArraySource> ReadIdx(const std::filesystem::path& path, std::string name);
Result<ArraySource> ReadIdx(const Buffer& file, std::string name);

}  // namespace edgeopt::data
