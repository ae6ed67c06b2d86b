"""A small part of Fashion-MNIST (Debian's dataset-fashion-mnist), for tests of the workflow: as IDX files, and as PNG
images in a folder per class."""
import gzip
import pathlib
import shutil
import struct
import zlib

from edgeopt_cli import EXAMPLES

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


def make_run(folder, validation=400):
    """What an optimization takes: folder/data (as make_fashion), net.onnx (resnet10) and pre.toml."""
    make_fashion(folder / "data", validation)
    shutil.copy(EXAMPLES / "fashion_resnet10.onnx", folder / "net.onnx")
    shutil.copy(EXAMPLES / "fashion_mnist.toml", folder / "pre.toml")


# The dataset's names of its labels 0 to 9 (github.com/zalandoresearch/fashion-mnist), numbered so that they sort so.
CLASS_NAMES = ["0_t_shirt", "1_trouser", "2_pullover", "3_dress", "4_coat", "5_sandal", "6_shirt", "7_sneaker", "8_bag",
               "9_ankle_boot"]


def png(width, height, grey):
    """PNG of 8-bit grey pixels, rows from the top (w3.org/TR/png): signature, IHDR, IDAT, IEND."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + grey[row * width:(row + 1) * width] for row in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_image_folders(folder, split, count):
    """folder/CLASS/NUMBER.png of the first `count` samples."""
    pixels = read_idx(f"{split}-images-idx3-ubyte", count, (28, 28))[16:]
    labels = read_idx(f"{split}-labels-idx1-ubyte", count, ())[8:]
    for name in CLASS_NAMES:
        (folder / name).mkdir(parents=True)
    for index, label in enumerate(labels):
        data = png(28, 28, pixels[index * 784:(index + 1) * 784])
        (folder / CLASS_NAMES[label] / f"{split}_{index:05}.png").write_bytes(data)
