import torch
from torch import nn
from torch.export import Dim

from case_list import case, core, normal

core("batch_norm2d", lambda: (nn.BatchNorm2d(3), normal(2, 3, 4, 5)))
case("batch_norm1d_2d_input", lambda: (nn.BatchNorm1d(3), normal(4, 3)))
case("batch_norm1d", lambda: (nn.BatchNorm1d(3, eps=1e-3), normal(4, 3, 6)))
case("batch_norm3d_no_affine", lambda: (nn.BatchNorm3d(3, affine=False), normal(2, 3, 3, 4, 5)))
core("layer_norm", lambda: (nn.LayerNorm(8), normal(2, 5, 8)))
case("layer_norm_two_axes", lambda: (nn.LayerNorm((5, 8), eps=1e-3), normal(2, 5, 8)))
case("layer_norm_no_affine", lambda: (nn.LayerNorm(8, elementwise_affine=False), normal(2, 5, 8)))
case("layer_norm_no_bias", lambda: (nn.LayerNorm(8, bias=False), normal(2, 5, 8)))
core("group_norm", lambda: (nn.GroupNorm(2, 6), normal(2, 6, 4, 5)))
case("group_norm_no_affine", lambda: (nn.GroupNorm(3, 6, affine=False), normal(2, 6, 4, 5)))
case("group_norm_dynamic", lambda: (nn.GroupNorm(2, 6), normal(2, 6, 4, 5)),
     dynamic=({0: Dim("batch")},), run_on=lambda: (normal(3, 6, 4, 5),))
core("instance_norm", lambda: (nn.InstanceNorm2d(3, affine=True), normal(2, 3, 4, 5)))
case("instance_norm_no_affine", lambda: (nn.InstanceNorm1d(3), normal(2, 3, 7)))
case("instance_norm_statistics", lambda: (nn.InstanceNorm2d(3, affine=True, track_running_stats=True), normal(2, 3, 4, 5)))
core("rms_norm", lambda: (nn.RMSNorm(8, eps=1e-5), normal(2, 5, 8)))
case("local_response_norm", lambda: (nn.LocalResponseNorm(3), normal(2, 5, 4, 4)))
case("normalize", lambda: (lambda x: nn.functional.normalize(x, dim=-1), normal(3, 6)))
case("weight_norm", lambda: (torch.nn.utils.parametrizations.weight_norm(nn.Linear(4, 5)), normal(2, 4)))
case("weight_norm_of_axis", lambda: (torch.nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 5, 3), dim=1), normal(2, 4, 6)))
core("weight_norm_whole", lambda: (torch.nn.utils.parametrizations.weight_norm(nn.Linear(4, 5), dim=None), normal(2, 4)))
case("dropout_in_place",
     lambda: (nn.Sequential(nn.Dropout2d(0.3, inplace=True), nn.Flatten(), nn.Dropout(0.5, inplace=True), nn.AlphaDropout(0.1, inplace=True)),
              normal(2, 3, 4, 4)))
case("dropout", lambda: (nn.Sequential(nn.Dropout(0.5), nn.Dropout2d(0.3)), normal(2, 3, 4, 4)))
