#!/usr/bin/env python3
"""Makes reproducible calibration and evaluation crops of real photos for an image classifier such as EfficientNet-Lite0.

The photos come with PyPI's scikit-image and scikit-learn (only their files are used). Calibration and evaluation
share no photo. A crop is a square of 0.45 to 1.0 of the photo's shorter side at a random place, resized with
Pillow's bicubic filter; the value is (x - 127) / 128, RGB.

Writes into FOLDER calibration.npy and evaluation.npy, float32 [N, 3, H, W], H and W as the model's first input
declares them, and photos.json: which crop came from where.
"""
import argparse
import importlib.util
import json
import pathlib

import numpy
import onnx
from PIL import Image

PHOTOS = {
    "calibration": ["skimage:astronaut.png", "skimage:coffee.png", "skimage:motorcycle_left.png",
                    "skimage:motorcycle_right.png", "skimage:hubble_deep_field.jpg", "skimage:camera.png",
                    "skimage:grass.png", "skimage:retina.jpg", "skimage:moon.png", "skimage:color.png",
                    "sklearn:china.jpg"],
    "evaluation": ["skimage:chelsea.png", "skimage:rocket.jpg", "skimage:ihc.png", "skimage:coins.png",
                   "skimage:gravel.png", "skimage:brick.png", "sklearn:flower.jpg"],
}
FOLDERS = {"skimage": ("skimage", "data"), "sklearn": ("sklearn", "datasets", "images")}
SEEDS = {"calibration": 1, "evaluation": 2}


def open_photo(name):
    package, file = name.split(":")
    root, *inner = FOLDERS[package]
    # Found without importing it: scikit-image's dependencies are not needed for its pictures.
    folder = pathlib.Path(importlib.util.find_spec(root).submodule_search_locations[0])
    return Image.open(folder.joinpath(*inner, file)).convert("RGB")


def input_of(model_path):
    """(name, height, width) of the model's first input, [N, 3, H, W]."""
    graph = onnx.load(model_path, load_external_data=False).graph
    constants = {tensor.name for tensor in graph.initializer}
    value = next(value for value in graph.input if value.name not in constants)
    dims = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
    if len(dims) != 4 or dims[1] != 3 or min(dims[2:]) <= 0:
        raise SystemExit(f"input '{value.name}' of {model_path} is {dims}; expected [N, 3, H, W]")
    return value.name, dims[2], dims[3]


def crop(photo, random, height, width):
    side = int(min(photo.size) * random.uniform(0.45, 1.0))
    left = int(random.integers(0, photo.width - side + 1))
    top = int(random.integers(0, photo.height - side + 1))
    box = (left, top, left + side, top + side)
    image = photo.resize((width, height), Image.Resampling.BICUBIC, box=box)
    return box, ((numpy.asarray(image, numpy.float32) - 127) / 128).transpose(2, 0, 1)


def write_crops(path, role, count, height, width):
    random = numpy.random.default_rng(SEEDS[role])
    photos = {name: open_photo(name) for name in PHOTOS[role]}
    # Written as it is made, so that a thousand crops need no more memory than one.
    array = numpy.lib.format.open_memmap(path, "w+", numpy.float32, (count, 3, height, width))
    origins = []
    for i in range(count):
        name = PHOTOS[role][i % len(photos)]
        box, array[i] = crop(photos[name], random, height, width)
        origins.append({"photo": name, "box": box})
    array.flush()
    return origins


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, help="ONNX model with an image input [N, 3, H, W]")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--samples", type=int, default=200, help="crops for calibration (default 200)")
    parser.add_argument("--evaluation-samples", type=int, default=200, help="crops for evaluation (default 200)")
    options = parser.parse_args()
    name, height, width = input_of(options.model)
    options.folder.mkdir(parents=True, exist_ok=True)
    origins = {"input": name}
    for role, count in (("calibration", options.samples), ("evaluation", options.evaluation_samples)):
        origins[role] = write_crops(options.folder / f"{role}.npy", role, count, height, width)
    (options.folder / "photos.json").write_text(json.dumps(origins, indent=1) + "\n")


if __name__ == "__main__":
    main()
