"""A small part of Fashion-MNIST (Debian's dataset-fashion-mnist) as IDX files, for tests of the workflow."""
import gzip
import pathlib
import struct

SOURCE = pathlib.Path("/usr/share/datasets/fashion-mnist")


def read_idx(name, count, dims):
    """The first `count` elements of size dims; the header is a magic number and the sizes (yann.lecun.com/exdb/mnist)."""
    size = 1
    for dim in dims:
        size *= dim
    with gzip.open(SOURCE / (name + ".gz")) as file:
        header = file.read(4 + 4 * (1 + len(dims)))
        return header[:4] + struct.pack(">I", count) + header[8:] + file.read(count * size)


def make_fashion(folder, validation=400, calibration=100):
    """folder:t10k and folder:train."""
    folder.mkdir()
    for split, count in (("t10k", validation), ("train", calibration)):
        images, labels = f"{split}-images-idx3-ubyte", f"{split}-labels-idx1-ubyte"
        (folder / images).write_bytes(read_idx(images, count, (28, 28)))
        (folder / labels).write_bytes(read_idx(labels, count, ()))
