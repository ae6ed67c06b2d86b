#include "formats/tflite/lower/op_version.h"

namespace edgeopt::formats::tflite::lower {

void SetVersions(File& file) {
  for (auto& code : file.model.operator_codes) code->version = 1;
}

}  // namespace edgeopt::formats::tflite::lower
