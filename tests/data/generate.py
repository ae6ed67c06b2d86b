#!/usr/bin/env python3
"""Writes tests/data/oracle: small files and what Pillow, OpenCV and NumPy make of them.

Needs numpy, Pillow 13 and opencv-python-headless (4.12 and 5.0 give the same file):
  python3 tests/data/generate.py
"""
import io
import pathlib
import struct
import zipfile
import zlib

import cv2
import numpy as np
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).parent / "oracle"
RANDOM = np.random.default_rng(7)


def scene(width, height):
    """Something photo-like: waves, edges and a little noise."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [
        128 + 90 * np.sin(x / 5) + 20 * np.cos(y / 3),
        (x * 7 + y * 3) % 256,
        np.where((x // 6 + y // 5) % 2, 220, 30),
    ]
    image = np.stack(channels, -1) + RANDOM.normal(0, 12, (height, width, 3))
    return np.clip(image, 0, 255).astype(np.uint8)


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def interlaced_png(pixels):
    """Adam7 (PNG 1.2, section 2.6), which Pillow reads but does not write."""
    height, width, _ = pixels.shape
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
              (0, 1, 1, 2)]
    rows = b""
    for x, y, step_x, step_y in passes:
        part = pixels[y::step_y, x::step_x]
        rows += b"".join(b"\0" + row.tobytes() for row in part if part.size)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) +
            chunk(b"IEND", b""))


def images():
    pixels = scene(41, 29)
    image = Image.fromarray(pixels)
    grey = image.convert("L")
    turned = Image.Exif()
    turned[0x0112] = 6
    deep = (pixels.astype(np.uint16) << 8) | RANDOM.integers(0, 256, pixels.shape, np.uint16)
    files = {
        "jpeg_420.jpg": encoded(image, "JPEG", quality=80),
        "jpeg_422.jpg": encoded(image, "JPEG", quality=80, subsampling=1),
        "jpeg_444.jpg": encoded(image, "JPEG", quality=95, subsampling=0),
        "jpeg_progressive.jpg": encoded(image, "JPEG", quality=80, progressive=True),
        "jpeg_grey.jpg": encoded(grey, "JPEG", quality=80),
        "jpeg_cmyk.jpg": encoded(image.convert("CMYK"), "JPEG", quality=80),
        "jpeg_turned.jpg": encoded(image, "JPEG", quality=80, exif=turned),
        "png_rgb.png": encoded(image, "PNG"),
        "png_grey.png": encoded(grey, "PNG"),
        "png_alpha.png": encoded(Image.merge("RGBA", image.split() + (grey,)), "PNG"),
        "png_grey_alpha.png": encoded(Image.merge("LA", (grey, image.getchannel(1))), "PNG"),
        "png_palette.png": encoded(image.quantize(13), "PNG"),
        "png_palette_transparent.png": encoded(image.quantize(200), "PNG", transparency=3),
        "png_bits.png": encoded(image.convert("1"), "PNG"),
        "png_16.png": cv2.imencode(".png", deep[..., ::-1])[1].tobytes(),
        "png_interlaced.png": interlaced_png(pixels),
    }
    expected = {}
    for name, data in files.items():
        (OUT / name).write_bytes(data)
        opened = Image.open(io.BytesIO(data))
        mode = "L" if opened.mode in ("L", "LA", "1") else "RGB"
        expected["decoded/" + name] = np.array(opened.convert(mode))
    upright = ImageOps.exif_transpose(Image.open(OUT / "jpeg_turned.jpg"))
    expected["upright/jpeg_turned.jpg"] = np.array(upright)
    expected["indices/png_palette.png"] = np.array(Image.open(OUT / "png_palette.png"))
    expected["grey/png_rgb.png"] = np.array(grey)
    return expected


PILLOW = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4}
OPENCV = {"nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA,
          "bicubic": cv2.INTER_CUBIC}
# Smaller, larger, both at once, whole factors, one side only, far less high, to one pixel.
SIZES = [(13, 11), (44, 30), (60, 9), (18, 12), (9, 8), (36, 7), (20, 24), (30, 5), (1, 1)]


def resized():
    """NAME/WIDTHxHEIGHT/CHANNELS of the source 36 x 24."""
    source = scene(36, 24)
    expected = {"source": source}
    # Intel's IPP, in OpenCV's own x86 builds, has another bicubic; this is OpenCV's.
    cv2.ipp.setUseIPP(False)
    for width, height in SIZES:
        for channels in (1, 3) if (width, height) in SIZES[:2] else (3,):
            pixels = source if channels == 3 else np.ascontiguousarray(source[..., 2])
            key = f"{width}x{height}/{channels}"
            for name, filter_ in PILLOW.items():
                image = Image.fromarray(pixels).resize((width, height), filter_)
                expected[f"pillow/{name}/{key}"] = np.array(image)
            for name, filter_ in OPENCV.items():
                image = cv2.resize(pixels, (width, height), interpolation=filter_)
                expected[f"opencv/{name}/{key}"] = image
    return expected


def arrays():
    """.npy and .npz of every form; the values are NumPy's arange, so tests know them."""
    counting = np.arange(5 * 2 * 3).reshape(5, 2, 3)
    forms = {
        "float32": counting.astype("<f4"),
        "float16": counting.astype("<f2"),
        "big_endian": counting.astype(">f4"),
        "int64": counting.astype("<i8"),
        "bytes": counting.astype("u1"),
        "column_major": np.asfortranarray(counting.astype("<f4")),
        "column_major_big_endian": np.asfortranarray(counting.astype(">i2")),
        "strings": np.array(["zero", "eins", "d\u00e9ux", "", "4"]),
    }
    for name, array in forms.items():
        np.save(OUT / f"{name}.npy", array)
    for version in ((2, 0), (3, 0)):
        with open(OUT / f"version_{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, forms["float32"], version=version)
    np.savez(OUT / "stored.npz", x=forms["float32"], label=np.arange(5) % 3,
             text=forms["strings"], column_major=forms["column_major"])
    np.savez_compressed(OUT / "deflated.npz", x=forms["float32"], label=np.arange(5) % 3,
                        column_major=forms["column_major"])
    np.save(OUT / "object.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(OUT / "lzma.npz", "w") as archive:
        member = zipfile.ZipInfo("x.npy")
        archive.writestr(member, (OUT / "float32.npy").read_bytes(),
                         zipfile.ZIP_LZMA)


def main():
    OUT.mkdir(exist_ok=True)
    np.savez_compressed(OUT / "expected_images.npz", **images())
    np.savez_compressed(OUT / "expected_resized.npz", **resized())
    arrays()


main()
