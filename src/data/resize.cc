// Resize() of data/image.h: which arithmetic has which filter.
#include "data/resize.h"

namespace edgeopt::data {

Result<Image> Resize(const Image& image, int width, int height, Filter filter,
                     Arithmetic arithmetic) {
  if (arithmetic == Arithmetic::kPillow && filter == Filter::kArea)
    return Unsupported("Pillow has no filter 'area'", "use 'box', which is Pillow's name for it");
  if (arithmetic == Arithmetic::kOpencv && (filter == Filter::kBox || filter == Filter::kLanczos))
    return Unsupported("edgeopt has OpenCV's filters nearest, bilinear, bicubic and area only",
                       "for 'box' use 'area'");
  if (width == image.width && height == image.height) return image;
  return arithmetic == Arithmetic::kPillow ? ResizeLikePillow(image, width, height, filter)
                                           : ResizeLikeOpencv(image, width, height, filter);
}

}  // namespace edgeopt::data
