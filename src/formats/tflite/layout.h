// Where bytes may lie in a file. Internal to formats/tflite.
#pragma once

#include <cstdint>

#include "formats/tflite/schema_generated.h"

namespace edgeopt::formats::tflite::internal {

// Alignment of data that the schema promises, and the widest that kernels read.
inline constexpr uint64_t kAlignment = 16;
// FlatBuffers' offsets reach this far.
inline constexpr uint64_t kLargestFlatbuffer = FLATBUFFERS_MAX_BUFFER_SIZE - 1;

}  // namespace edgeopt::formats::tflite::internal
