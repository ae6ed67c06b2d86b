// How a TFLite file is run in LiteRT; apart from convert.h, which includes the schema.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "base/result.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

// Loads the bytes of a TFLite file in LiteRT: in a process of its own, since LiteRT aborts on some
// files that it does not like.
using LoadTflite = std::function<Result<std::unique_ptr<runtimes::Session>>(
    std::span<const std::byte> file_bytes)>;

}  // namespace edgeopt::pipeline
