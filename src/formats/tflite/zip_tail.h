// The zip archive that may follow a TFLite model (its associated files). Internal to
// formats/tflite.
#pragma once

#include <cstdint>
#include <string>

#include "base/buffer.h"
#include "base/result.h"

namespace edgeopt::formats::tflite::internal {

// The archive at the end of `file`, as an archive of its own: its offsets count from its first
// byte. Empty when there is none. Unsupported for a zip64 archive.
Result<Buffer> TakeZipTail(const Buffer& file);

// The same archive with offsets for a file in which it begins at `start`, as other programs write
// it. BadInput when it is not an archive or `start` is too far for its 32 bits.
Result<std::string> PlaceZipTail(const Buffer& archive, uint64_t start);

}  // namespace edgeopt::formats::tflite::internal
