from torch import nn
from torch.export import Dim

from case_list import case, core, distinct, normal

core("max_pool2d", lambda: (nn.MaxPool2d(3, stride=2, padding=1), normal(1, 2, 9, 8)))
case("max_pool2d_ceil", lambda: (nn.MaxPool2d(2, ceil_mode=True), normal(1, 2, 9, 7)))
case("max_pool2d_ceil_padding", lambda: (nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), normal(1, 2, 8, 8)))
case("max_pool2d_ceil_short", lambda: (nn.MaxPool2d(2, stride=3, padding=1, ceil_mode=True), normal(1, 2, 5, 5)))
case("max_pool2d_dilation", lambda: (nn.MaxPool2d(2, stride=1, dilation=2), normal(1, 2, 9, 7)))
case("max_pool2d_indices", lambda: (nn.MaxPool2d(2, return_indices=True), distinct(1, 2, 6, 6)))
case("max_pool2d_unbatched", lambda: (nn.MaxPool2d(2), normal(2, 6, 6)))
core("max_pool1d", lambda: (nn.MaxPool1d(3), normal(1, 2, 10)))
case("max_pool3d", lambda: (nn.MaxPool3d(2), normal(1, 2, 4, 5, 6)))
case("avg_pool2d", lambda: (nn.AvgPool2d(3, stride=2, padding=1), normal(1, 2, 9, 8)))
case("avg_pool2d_exclude_pad", lambda: (nn.AvgPool2d(3, 2, 1, count_include_pad=False), normal(1, 2, 9, 8)))
case("avg_pool2d_ceil", lambda: (nn.AvgPool2d(3, stride=2, ceil_mode=True), normal(1, 2, 8, 6)))
case("avg_pool2d_ceil_padding", lambda: (nn.AvgPool2d(3, 2, 1, ceil_mode=True), normal(1, 2, 8, 6)))
case("avg_pool2d_ceil_exclude", lambda: (nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), normal(1, 2, 8, 6)))
case("avg_pool2d_divisor", lambda: (nn.AvgPool2d(2, divisor_override=3), normal(1, 2, 8, 6)))
core("avg_pool1d", lambda: (nn.AvgPool1d(3, stride=2), normal(1, 2, 11)))
case("avg_pool3d", lambda: (nn.AvgPool3d(2), normal(1, 2, 4, 4, 6)))
case("adaptive_avg_pool2d_1", lambda: (nn.AdaptiveAvgPool2d(1), normal(2, 3, 7, 5)))
core("adaptive_avg_pool2d_divides", lambda: (nn.AdaptiveAvgPool2d((3, 2)), normal(2, 3, 6, 8)))
case("adaptive_avg_pool2d_none", lambda: (nn.AdaptiveAvgPool2d((None, 1)), normal(2, 3, 6, 8)))
case("adaptive_avg_pool1d", lambda: (nn.AdaptiveAvgPool1d(4), normal(2, 3, 8)))
case("adaptive_max_pool2d", lambda: (nn.AdaptiveMaxPool2d((3, 2)), normal(2, 3, 6, 8)))
case("adaptive_avg_pool2d_dynamic", lambda: (nn.AdaptiveAvgPool2d(1), normal(2, 3, 8, 8)),
     dynamic=({0: Dim("batch"), 2: Dim("h", min=4), 3: Dim("w", min=4)},), run_on=lambda: (normal(3, 3, 6, 9),))
case("adaptive_avg_pool2d_uneven", lambda: (nn.AdaptiveAvgPool2d((3, 2)), normal(2, 3, 7, 5)))
case("lp_pool2d", lambda: (nn.LPPool2d(2, 3, stride=2), normal(1, 2, 9, 9)))
