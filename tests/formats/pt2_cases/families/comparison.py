import torch

from case_list import bools, case, ints, normal

case("compare_tensors", lambda: (lambda x, y: (x == y, x != y, x < y, x <= y, x > y, x >= y), ints(4, 5), ints(5)))
case("compare_scalars", lambda: (lambda x: (x == 1, x != 1, x < 0.5, x <= 1, x > 1, x >= 0.5), ints(4, 5)))
case("compare_floats", lambda: (lambda x, y: (x < y, x >= 0, x == x), normal(4, 5), normal(5)))
case("compare_mixed", lambda: (lambda x, y: (x < y, y == x), ints(4, 5), normal(5)))
case("equal_bools", lambda: (lambda x, y: (x == y, x != y), bools(4, 5), bools(5)))
case("logical", lambda: (lambda x, y: (x & y, x | y, x ^ y, ~x, torch.logical_and(x, y), torch.logical_not(x)), bools(4, 5), bools(5)))
case("logical_numbers", lambda: (lambda x, y: (torch.logical_and(x, y), torch.logical_or(x, y), torch.logical_xor(x, y), torch.logical_not(y)),
                                 ints(4, 5, low=0, high=2), normal(5)))
case("bitwise_mask", lambda: (lambda x, y: (x & 3, y & 127, x.bitwise_and(1)), ints(4, 9, low=-99, high=99), ints(5, low=-99, high=99, type=torch.int8)))
case("bitwise", lambda: (lambda x, y: (x & y, x | y, x ^ y, ~x, x & 3), ints(4, 5, low=0, high=99), ints(5, low=0, high=99)))
case("shifts", lambda: (lambda x: (x << 2, x >> 1), ints(4, 5, low=0, high=99)))
case("where", lambda: (torch.where, bools(4, 5), normal(5), normal(4, 1)))
case("where_scalar", lambda: (lambda x: torch.where(x > 0, x, 0.0), normal(4, 5)))
case("where_scalars", lambda: (lambda x: torch.where(x > 0, 1.5, -2.0), normal(4, 5)))
case("where_mixed", lambda: (lambda c, x, y: torch.where(c, x, y), bools(4, 5), ints(5), normal(4, 5)))
case("masked_fill", lambda: (lambda x, mask: x.masked_fill(mask, -1e9), normal(4, 5), bools(4, 1)))
case("masked_fill_infinite", lambda: (lambda x, mask: x.masked_fill(mask, float("-inf")), normal(4, 5), bools(5)))
case("masked_fill_integers", lambda: (lambda x, mask: x.masked_fill(mask, 7), ints(4, 5), bools(4, 5)))
case("is_nan", lambda: (lambda x: (torch.isnan(x.log()), torch.isinf(1 / x.relu()), torch.isfinite(x.log())), normal(4, 5)))
case("nan_to_num", lambda: (lambda x: torch.nan_to_num(x.log(), nan=1.0, posinf=5.0, neginf=-5.0), normal(4, 5).round()))
