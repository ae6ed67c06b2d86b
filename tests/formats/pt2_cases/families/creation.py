import torch
from torch import nn
from torch.export import Dim

from case_list import bools, case, core, ints, normal


class Constants(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.randn(3))
        self.register_buffer("offset", torch.randn(3), persistent=False)
        self.table = torch.randn(2, 3)

    def forward(self, x):
        return x * self.scale + self.offset + self.table + torch.tensor([1.0, 2.0, 3.0])


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)
        self.second.weight = self.first.weight
        self.view = nn.Parameter(self.first.weight.detach()[1:3].t())

    def forward(self, x):
        return self.second(self.first(x)) @ self.view


core("constants", lambda: (Constants(), normal(2, 3)))
case("shared_weights", lambda: (Shared(), normal(2, 4)))
case("full", lambda: (lambda x: x + torch.full((2, 3), 1.5) + torch.ones(3) - torch.zeros(2, 1), normal(2, 3)))
case("full_dynamic", lambda: (lambda x: torch.cat([torch.full((x.shape[0], 2), 7.0), x, x.new_ones(x.shape[0], 1)], 1), normal(2, 3)),
     dynamic=({0: Dim("batch")},), run_on=lambda: (normal(4, 3),))
case("full_like", lambda: (lambda x: (torch.full_like(x, 2), torch.ones_like(x), torch.zeros_like(x, dtype=torch.int64)), normal(2, 3)))
case("new_zeros", lambda: (lambda x: (x.new_zeros(2, 2), x.new_full((3,), 4), x.new_ones(2)), ints(2, 3)))
case("arange", lambda: (lambda x: x + torch.arange(5) + torch.arange(1, 11, 2) + torch.arange(0, 1, 0.2), normal(2, 5)))
case("arange_dynamic", lambda: (lambda x: x + torch.arange(x.shape[1]), normal(2, 5)), dynamic=({1: Dim("length")},), run_on=lambda: (normal(2, 8),))
case("linspace", lambda: (lambda x: x + torch.linspace(-1, 1, 5), normal(2, 5)))
case("eye", lambda: (lambda x: x + torch.eye(3) + torch.eye(3, 3), normal(3, 3)))
case("triangles", lambda: (lambda x: (x.tril(), x.triu(1), x.tril(-1), torch.triu(x, -2)), normal(2, 4, 5)))
case("triangle_of_bools", lambda: (lambda x: torch.tril(x), bools(4, 4)))
case("causal_mask_dynamic", lambda: (lambda x: x.masked_fill(torch.ones(x.shape[0], x.shape[0]).tril() == 0, -1e4), normal(4, 4)),
     dynamic=({0: Dim("length"), 1: Dim("length")},), run_on=lambda: (normal(6, 6),))
case("scalar_tensor", lambda: (lambda x: torch.where(x > 0, x, torch.tensor(-3.0)), normal(2, 3)))
case("casts", lambda: (lambda x: (x.long(), x.to(torch.int32), x.double(), x.half(), x.bool(), x.to(torch.uint8).float()), normal(2, 5).abs() * 3))
case("casts_core", lambda: (lambda x: (x.long(), x.double(), x.bool()), normal(2, 5) * 3), decomposed=True)
case("cast_bool_number", lambda: (lambda x: (x.float(), x.long(), x + 1), bools(2, 5)))
case("type_as", lambda: (lambda x, y: (x.type_as(y), x.to(y), x.to("cpu")), ints(2, 3), normal(2)))
case("scaled_by_size", lambda: (lambda x: x / x.shape[1] + x.shape[0] * 0.5, normal(2, 3)),
     dynamic=({0: Dim("batch"), 1: Dim("length")},), run_on=lambda: (normal(4, 5),))
case("scaled_by_root_of_size", lambda: (lambda x: x * x.shape[1] ** -0.5, normal(2, 3)),
     dynamic=({1: Dim("length")},), run_on=lambda: (normal(2, 5),))
case("size_computed", lambda: (lambda x: x.reshape(x.shape[0] // 2, 2 * x.shape[1]), normal(4, 3)),
     dynamic=({0: 2 * Dim("half"), 1: Dim("length")},), run_on=lambda: (normal(6, 5),))
case("size_returned", lambda: (lambda x: (x + 1, torch.tensor(3)), normal(4, 3)))
case("nested_inputs", lambda: (lambda pair, named: {"sum": pair[0] + pair[1], "product": named["a"] * pair[0]},
                               [normal(2, 3), normal(3)], {"a": normal(2, 3)}))
case("keyword_outputs", lambda: (lambda x: {"b": x + 1, "a": (x * 2, None)}, normal(2)))
