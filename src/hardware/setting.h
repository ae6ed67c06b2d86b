// Writing one value to a file of /sys.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "hardware/program.h"

namespace edgeopt::hardware {

// Writes `value` into the existing file, directly or, where that is not allowed, with `sudo -n tee`
// if `programs` may use sudo. Unavailable with the kernel's word for it: a value that the driver
// refuses is "Invalid argument". Whether the driver kept the value is seen by reading it again.
Status WriteSetting(const Programs& programs, const std::filesystem::path& path,
                    const std::string& value);

// Ok when WriteSetting has the right to write there; changes nothing.
Status CanWriteSetting(const Programs& programs, const std::filesystem::path& path);

}  // namespace edgeopt::hardware
