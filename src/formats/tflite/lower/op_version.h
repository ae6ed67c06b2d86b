// Versions of TFLite's operators: a runtime refuses a version that it does not have instead of
// computing something else.
#pragma once

#include "formats/tflite/file.h"

namespace edgeopt::formats::tflite::lower {

// Sets the version of each operator code to the highest that one of its uses needs.
void SetVersions(File& file);

}  // namespace edgeopt::formats::tflite::lower
