import torch
from torch import nn
from torch.export import Dim
from torch.nn import functional

from case_list import bools, case, core, ints, normal

core("embedding", lambda: (nn.Embedding(7, 4), ints(2, 5, low=0, high=7)))
case("embedding_padding", lambda: (nn.Embedding(7, 4, padding_idx=0), ints(2, 5, low=0, high=7, type=torch.int32)))
case("index_select", lambda: (lambda x, i: x.index_select(1, i), normal(2, 5, 3), ints(4, low=0, high=5)))
case("index_one", lambda: (lambda x, i: x[i], normal(5, 3), ints(2, 4, low=0, high=5)))
case("index_negative", lambda: (lambda x, i: x[i], normal(5, 3), ints(6, low=-5, high=5)))
case("index_second", lambda: (lambda x, i: x[:, i], normal(3, 5, 4), ints(2, 2, low=0, high=5)))
case("index_two", lambda: (lambda x, i, j: x[i, j], normal(5, 4, 3), ints(6, low=-5, high=5), ints(6, low=0, high=4)))
case("index_two_broadcast", lambda: (lambda x, i, j: x[i[:, None], j], normal(5, 4), ints(3, low=0, high=5), ints(2, low=0, high=4)))
case("index_apart", lambda: (lambda x, i, j: x[i, :, j], normal(5, 4, 3), ints(6, low=0, high=5), ints(6, low=0, high=3)))
case("index_last_two", lambda: (lambda x, i, j: x[:, i, j], normal(2, 4, 3), ints(6, low=0, high=4), ints(6, low=0, high=3)))
case("index_constant", lambda: (lambda x: x[:, [0, 2, 1]], normal(2, 3)))
case("index_of_batch", lambda: (lambda x, i: x[torch.arange(x.shape[0]), i], normal(4, 6, 3), ints(4, low=0, high=6)),
     dynamic=({0: Dim("batch")}, {0: Dim("batch")}), run_on=lambda: (normal(7, 6, 3), ints(7, low=0, high=6)))
case("gather", lambda: (lambda x, i: x.gather(1, i), normal(3, 5), ints(3, 4, low=0, high=5)))
case("gather_smaller", lambda: (lambda x, i: torch.gather(x, 0, i), normal(4, 5), ints(2, 3, low=0, high=4)))
case("take_along_dim", lambda: (lambda x, i: torch.take_along_dim(x, i, dim=1), normal(3, 5), ints(3, 4, low=0, high=5)))
case("scatter", lambda: (lambda x, i, s: x.scatter(1, i, s), normal(3, 5), torch.tensor([[0, 2], [1, 4], [3, 0]]), normal(3, 2)))
case("scatter_value", lambda: (lambda x, i: x.scatter(1, i, 2.5), normal(3, 5), torch.tensor([[0, 2], [1, 4], [3, 0]])))
case("scatter_add", lambda: (lambda x, i, s: x.scatter_add(0, i, s), normal(3, 5), ints(4, 5, low=0, high=3), normal(4, 5)))
case("one_hot", lambda: (lambda i: functional.one_hot(i, 6), ints(2, 3, low=0, high=6)))
case("index_put_rows", lambda: (lambda x, i, v: x.index_put((i,), v), normal(5, 3), torch.tensor([3, 0]), normal(2, 3)))
case("index_put_accumulate", lambda: (lambda x, i, v: x.index_put((i,), v, accumulate=True), normal(5, 3), torch.tensor([3, 0, 3]), normal(3, 3)))
case("index_put_mask", lambda: (lambda x, m: x.index_put((m,), torch.tensor(0.5)), normal(4, 5), bools(4, 5)))
core("slice_assigned", lambda: (set_part, normal(3, 5), normal(2, 5)))
core("slice_scatter", lambda: (lambda x, y: torch.slice_scatter(x, y, dim=1, start=1, end=4), normal(3, 5), normal(3, 3)))
case("select_scatter", lambda: (lambda x, y: torch.select_scatter(x, y, 1, -2), normal(3, 5), normal(3)))
case("index_add", lambda: (lambda x, i, s: x.index_add(0, i, s), normal(4, 3), torch.tensor([1, 3, 1]), normal(3, 3)))
case("masked_select_refused", lambda: (lambda x, m: x.masked_select(m), normal(3, 4), bools(3, 4)))


def set_part(x, y):
    z = x.clone()
    z[1:] = y
    z[:, 0] = 2.0
    return z
