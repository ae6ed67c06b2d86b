from torch import nn
from torch.export import Dim

from case_list import case, core, normal


def resize(**options):
    return lambda x: nn.functional.interpolate(x, **options)


case("upsample_nearest2d", lambda: (nn.Upsample(scale_factor=2), normal(1, 2, 3, 4)))
case("upsample_nearest2d_size", lambda: (resize(size=(7, 9)), normal(1, 2, 3, 4)))
case("upsample_nearest2d_fraction", lambda: (resize(scale_factor=1.7), normal(1, 2, 5, 7)))
case("upsample_nearest_exact2d", lambda: (resize(size=(7, 9), mode="nearest-exact"), normal(1, 2, 3, 4)))
case("upsample_nearest1d", lambda: (resize(scale_factor=2), normal(1, 2, 5)))
case("upsample_nearest3d", lambda: (resize(scale_factor=2), normal(1, 2, 2, 3, 4)))
core("upsample_bilinear", lambda: (resize(scale_factor=2, mode="bilinear"), normal(1, 2, 3, 4)))
case("upsample_bilinear_aligned", lambda: (resize(scale_factor=2, mode="bilinear", align_corners=True), normal(1, 2, 3, 4)))
case("upsample_bilinear_size", lambda: (resize(size=(5, 3), mode="bilinear"), normal(1, 2, 9, 8)))
case("upsample_bilinear_fraction", lambda: (resize(scale_factor=1.5, mode="bilinear"), normal(1, 2, 5, 7)))
case("upsample_bilinear_recomputed",
     lambda: (resize(scale_factor=1.3, mode="bilinear", recompute_scale_factor=True), normal(1, 2, 5, 7)))
case("upsample_linear1d", lambda: (resize(scale_factor=2, mode="linear"), normal(1, 2, 5)))
case("upsample_bicubic", lambda: (resize(scale_factor=2, mode="bicubic"), normal(1, 2, 5, 6)))
case("upsample_bicubic_aligned", lambda: (resize(size=(9, 8), mode="bicubic", align_corners=True), normal(1, 2, 5, 6)))
case("upsample_trilinear", lambda: (resize(scale_factor=2, mode="trilinear"), normal(1, 2, 2, 3, 4)))
case("upsample_dynamic", lambda: (nn.Upsample(scale_factor=2, mode="bilinear"), normal(1, 2, 6, 8)),
     dynamic=({2: Dim("h", min=4), 3: Dim("w", min=4)},), run_on=lambda: (normal(1, 2, 7, 5),))
case("upsample_as_another", lambda: (lambda x, y: nn.functional.interpolate(x, size=y.shape[2:]), normal(1, 2, 3, 4), normal(1, 3, 8, 9)))
case("pixel_shuffle", lambda: (nn.PixelShuffle(2), normal(1, 8, 3, 4)))
case("pixel_unshuffle", lambda: (nn.PixelUnshuffle(2), normal(1, 2, 6, 4)))
case("channel_shuffle", lambda: (nn.ChannelShuffle(2), normal(1, 6, 3, 4)))
case("grid_sample", lambda: (lambda x, grid: nn.functional.grid_sample(x, grid, align_corners=False), normal(1, 2, 5, 6), normal(1, 3, 4, 2)))
