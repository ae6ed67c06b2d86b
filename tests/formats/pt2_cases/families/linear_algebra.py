import torch
from torch import nn
from torch.export import Dim

from case_list import case, core, ints, normal

core("linear", lambda: (nn.Linear(5, 7), normal(3, 5)))
case("linear_no_bias_3d", lambda: (nn.Linear(5, 7, bias=False), normal(2, 3, 5)))
core("linear_3d", lambda: (nn.Linear(5, 7), normal(2, 3, 5)))
case("linear_1d", lambda: (nn.Linear(5, 7), normal(5)))
case("linear_dynamic", lambda: (nn.Linear(5, 7), normal(2, 4, 5)),
     dynamic=({0: Dim("batch"), 1: Dim("length")},), run_on=lambda: (normal(3, 6, 5),))
case("addmm_scaled", lambda: (lambda c, a, b: torch.addmm(c, a, b, beta=0.5, alpha=2), normal(3, 4), normal(3, 5), normal(5, 4)))
case("mm", lambda: (torch.mm, normal(3, 5), normal(5, 4)))
case("bmm", lambda: (torch.bmm, normal(2, 3, 5), normal(2, 5, 4)))
case("baddbmm", lambda: (lambda c, a, b: torch.baddbmm(c, a, b, beta=2, alpha=0.5), normal(2, 3, 4), normal(2, 3, 5), normal(2, 5, 4)))
core("matmul_broadcast", lambda: (torch.matmul, normal(2, 1, 3, 5), normal(4, 5, 6)))
case("matmul_vector", lambda: (torch.matmul, normal(2, 3, 5), normal(5)))
case("matmul_vectors", lambda: (torch.matmul, normal(5), normal(5)))
case("mv_dot", lambda: (lambda a, x: (torch.mv(a, x), torch.dot(x, x)), normal(3, 5), normal(5)))
case("matmul_integers", lambda: (torch.matmul, ints(3, 5), ints(5, 4)))
core("einsum", lambda: (lambda a, b: torch.einsum("bhqd,bhkd->bhqk", a, b), normal(2, 3, 4, 5), normal(2, 3, 6, 5)))
case("einsum_outer", lambda: (lambda a, b: torch.einsum("i,j->ij", a, b), normal(3), normal(4)))
case("einsum_diagonal_sum", lambda: (lambda a: torch.einsum("bij->b", a), normal(3, 4, 5)))
case("outer", lambda: (torch.outer, normal(3), normal(4)))
