"""Writes small PyTorch programs as torch.export saves them, with what they compute, for edgeopt's tests.

Usage: python3 collect.py [FOLDER [CASE...]]     (default ~/.cache/edgeopt/pt2-cases-2.15.0; needs torch 2.15.0)

The folder gets, per case, NAME.pt2 and NAME.npz with its inputs in0, in1, ... and the outputs out0, out1, ...
that PyTorch's eager mode computes from them; nested ones are flattened, None is left out. A case that PyTorch
can't export is an error. The folder appears under its name only when complete; an existing one gets the cases that it
lacks. Named cases alone are written into the folder as it is.
"""
import concurrent.futures
import contextlib
import io
import multiprocessing
import os
import pathlib
import shutil
import sys
import tempfile
import warnings

import numpy as np

# edgeopt's own environment has empty libraries in place of CUDA's, which lazy binding alone takes.
sys.setdlopenflags(os.RTLD_LAZY)
import torch  # noqa: E402
from torch.utils import _pytree  # noqa: E402

import case_list  # noqa: E402

VERSION = "2.15.0"


def to_arrays(values, prefix):
    leaves = [leaf for leaf in _pytree.tree_leaves(values) if isinstance(leaf, torch.Tensor)]
    return {f"{prefix}{i}": leaf.detach().numpy() for i, leaf in enumerate(leaves)}


def write_case(folder, case):
    module, inputs = case.make()
    with torch.no_grad():
        expected = module(*case.fed(inputs))
    program = torch.export.export(module, inputs, dynamic_shapes=case.dynamic)
    if case.decomposed:
        program = program.run_decompositions()
    with contextlib.redirect_stdout(io.StringIO()):
        torch.export.save(program, folder / f"{case.name}.pt2")
    np.savez(folder / f"{case.name}.npz", **to_arrays(case.fed(inputs), "in"), **to_arrays(expected, "out"))


def write_named(folder, name):
    """In a process of its own; None, or what went wrong."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    try:
        write_case(folder, next(case for case in case_list.collect() if case.name == name))
    except Exception as error:
        return f"case {name}: {error}"
    return None


def write_cases(folder, cases):
    """Each case has its own seed, so how they are spread over processes changes nothing."""
    with concurrent.futures.ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as workers:
        problems = list(workers.map(write_named, [folder] * len(cases), [case.name for case in cases], chunksize=8))
    if any(problems):
        sys.exit("\n".join(filter(None, problems)))


def main():
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else (
        pathlib.Path.home() / ".cache/edgeopt" / f"pt2-cases-{VERSION}")
    if torch.__version__.split("+")[0] != VERSION:
        sys.exit(f"needs torch {VERSION}, found {torch.__version__}")
    cases = case_list.collect()
    if len(sys.argv) > 2:
        target.mkdir(parents=True, exist_ok=True)
        write_cases(target, [case for case in cases if case.name in sys.argv[2:]])
        return
    if target.exists():
        missing = [case for case in cases if not all((target / (case.name + end)).exists() for end in (".pt2", ".npz"))]
        write_cases(target, missing)
        print(f"{target}: {len(missing)} cases more")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix=target.name + ".", dir=target.parent))
    try:
        write_cases(work, cases)
        work.chmod(0o755)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{target}: {len(cases)} cases")


if __name__ == "__main__":
    main()
