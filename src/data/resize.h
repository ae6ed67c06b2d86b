// The two arithmetics behind Resize() of data/image.h. The sizes are positive and differ from the
// image's; the filter is one that the arithmetic has.
#pragma once

#include "data/image.h"

namespace edgeopt::data {

Image ResizeLikePillow(const Image& image, int width, int height, Filter filter);
Image ResizeLikeOpencv(const Image& image, int width, int height, Filter filter);

}  // namespace edgeopt::data
