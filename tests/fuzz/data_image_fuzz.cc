// JPEG and PNG: headers, EXIF, pixels. Sizes beyond 2 million pixels are left out for speed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "data/image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const edgeopt::Buffer file = edgeopt::Buffer::Copy(data, size);
  const auto claimed = edgeopt::data::ReadImageSize(file);
  if (!claimed.ok() || int64_t{claimed->width} * claimed->height > 2'000'000) return 0;
  const auto image = edgeopt::data::DecodeImage(file, /*exif_orientation=*/true);
  // Turning swaps the sides, so only the area is known.
  if (image.ok() &&
      int64_t{image->width} * image->height != int64_t{claimed->width} * claimed->height)
    std::abort();
  (void)edgeopt::data::DecodeIndices(file);
  return 0;
}
