import torch
from torch import nn

from case_list import case, core, ints, normal


def activation(name, module):
    case(name, lambda: (module, normal(2, 3, 5) * 3))


activation("relu", nn.ReLU())
activation("relu6", nn.ReLU6())
activation("leaky_relu", nn.LeakyReLU(0.2))
activation("elu", nn.ELU(0.7))
activation("selu", nn.SELU())
activation("celu", nn.CELU(1.3))
activation("gelu", nn.GELU())
activation("gelu_tanh", nn.GELU(approximate="tanh"))
activation("silu", nn.SiLU())
activation("mish", nn.Mish())
activation("sigmoid", nn.Sigmoid())
activation("log_sigmoid", nn.LogSigmoid())
activation("tanh", nn.Tanh())
activation("hardtanh", nn.Hardtanh(-0.5, 2))
activation("hardsigmoid", nn.Hardsigmoid())
activation("hardswish", nn.Hardswish())
activation("softplus", nn.Softplus())
activation("softplus_beta", nn.Softplus(beta=2, threshold=3))
activation("softsign", nn.Softsign())
activation("softshrink", nn.Softshrink(0.4))
activation("hardshrink", nn.Hardshrink(0.4))
activation("tanhshrink", nn.Tanhshrink())
activation("threshold", nn.Threshold(0.1, 20.0))
core("softmax", lambda: (nn.Softmax(dim=1), normal(2, 3, 5)))
case("softmax_last", lambda: (nn.Softmax(dim=-1), normal(2, 3, 5)))
core("log_softmax", lambda: (nn.LogSoftmax(dim=-1), normal(2, 3, 5)))
case("softmax_to_double", lambda: (lambda x: torch.softmax(x, -1, dtype=torch.float64), normal(2, 3)))
core("prelu", lambda: (nn.PReLU(3), normal(2, 3, 4, 4)))
case("prelu_single", lambda: (nn.PReLU(), normal(2, 3, 4)))
case("glu", lambda: (nn.GLU(dim=1), normal(2, 6, 4)))
case("relu_in_place", lambda: (nn.ReLU(inplace=True), normal(2, 3)))
case("activations_of_integers", lambda: (lambda x, y: (x.relu(), y.relu(), x.sigmoid(), x.tanh()), ints(3, 7), ints(7, type=torch.int8)))
case("silu_core", lambda: (nn.SiLU(), normal(2, 3)), decomposed=True)
case("hardswish_core", lambda: (nn.Hardswish(), normal(2, 3) * 3), decomposed=True)
case("hardsigmoid_core", lambda: (nn.Hardsigmoid(), normal(2, 3) * 3), decomposed=True)
case("mish_core", lambda: (nn.Mish(), normal(2, 3)), decomposed=True)
case("selu_core", lambda: (nn.SELU(), normal(2, 3)), decomposed=True)
