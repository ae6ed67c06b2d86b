from torch import nn
from torch.export import Dim

from case_list import case, core, normal

core("conv1d", lambda: (nn.Conv1d(3, 5, 3, stride=2, padding=1), normal(2, 3, 11)))
core("conv2d", lambda: (nn.Conv2d(3, 4, 3), normal(1, 3, 9, 8)))
core("conv2d_no_bias_stride_padding", lambda: (nn.Conv2d(3, 4, (3, 2), (2, 1), (1, 0), bias=False), normal(2, 3, 9, 8)))
case("conv2d_dilation", lambda: (nn.Conv2d(2, 3, 3, padding=2, dilation=2), normal(1, 2, 9, 9)))
case("conv2d_groups", lambda: (nn.Conv2d(4, 8, 3, groups=2), normal(1, 4, 7, 7)))
case("conv2d_depthwise", lambda: (nn.Conv2d(6, 6, 3, padding=1, groups=6), normal(1, 6, 7, 7)))
core("conv2d_same", lambda: (nn.Conv2d(2, 3, (4, 3), padding="same"), normal(1, 2, 8, 9)))
case("conv2d_same_dilation", lambda: (nn.Conv2d(2, 3, (4, 2), padding="same", dilation=(1, 3)), normal(1, 2, 8, 9)))
case("conv2d_valid", lambda: (nn.Conv2d(2, 3, 3, padding="valid"), normal(1, 2, 8, 9)))
case("conv2d_reflect", lambda: (nn.Conv2d(2, 3, 3, padding=1, padding_mode="reflect"), normal(1, 2, 8, 9)))
case("conv2d_circular", lambda: (nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular"), normal(1, 2, 8, 9)))
case("conv2d_unbatched", lambda: (nn.Conv2d(2, 3, 3), normal(2, 8, 9)))
case("conv3d", lambda: (nn.Conv3d(2, 3, 3, stride=(1, 2, 1), padding=1), normal(1, 2, 5, 6, 7)))
case("conv_transpose1d", lambda: (nn.ConvTranspose1d(3, 2, 4, stride=2, padding=1, output_padding=1), normal(1, 3, 7)))
core("conv_transpose2d", lambda: (nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=1), normal(1, 4, 5, 6)))
case("conv_transpose2d_groups_dilation",
     lambda: (nn.ConvTranspose2d(4, 6, 3, groups=2, dilation=2, bias=False), normal(1, 4, 5, 6)))
case("conv_transpose3d", lambda: (nn.ConvTranspose3d(2, 3, 2, stride=2), normal(1, 2, 3, 4, 3)))
case("conv2d_dynamic_batch", lambda: (nn.Conv2d(3, 4, 3), normal(2, 3, 8, 8)),
     dynamic=({0: Dim("batch")},), run_on=lambda: (normal(5, 3, 8, 8),))
case("conv2d_dynamic_size", lambda: (nn.Conv2d(3, 4, 3, stride=2), normal(1, 3, 16, 18)),
     dynamic=({2: Dim("h", min=8), 3: Dim("w", min=8)},), run_on=lambda: (normal(1, 3, 21, 12),))
case("conv2d_weight_given", lambda: (nn.functional.conv2d, normal(1, 3, 8, 8), normal(4, 3, 3, 3)))
