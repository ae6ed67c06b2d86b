"""PyTorch: imported here, opened as one of its kinds."""

import os
import sys
import warnings

# The environment has empty stand-ins for CUDA's libraries (make_stub_libraries.py), whose functions are looked up
# at their first call, and so never, if the loader is not told to look up all at once.
sys.setdlopenflags(os.RTLD_LAZY)
os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore", category=FutureWarning, module="torch")

import numpy  # noqa: E402, F401  PyTorch looks for it once, when it is imported
import torch  # noqa: E402

from . import torch_model, torch_module, torch_program, torch_script  # noqa: E402

OPENERS = {"pt2": torch_program.open_program, "torchscript": torch_script.open_script,
           "module": torch_module.open_module, "pickle": torch_module.open_pickle}


def version():
    return str(torch.__version__)


def open_model(source, threads):
    if threads is not None:
        torch.set_num_threads(threads)
    # Models without weights begin with random ones: the same in every worker.
    torch.manual_seed(0)
    return torch_model.TorchModel(OPENERS[source.kind](source))
