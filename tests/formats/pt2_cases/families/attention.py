import torch
from torch import nn
from torch.export import Dim
from torch.nn import functional

from case_list import bools, case, core, normal


def attention(**options):
    return lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, **options)


def queries_keys_values(query_length=5, key_length=5, heads=2, key_heads=2):
    return normal(2, heads, query_length, 8), normal(2, key_heads, key_length, 8), normal(2, key_heads, key_length, 8)


core("attention", lambda: (attention(), *queries_keys_values()))
case("attention_causal", lambda: (attention(is_causal=True), *queries_keys_values()))
case("attention_causal_longer_keys", lambda: (attention(is_causal=True), *queries_keys_values(3, 5)))
case("attention_scale", lambda: (attention(scale=0.3), *queries_keys_values(3, 5)))
case("attention_grouped", lambda: (attention(enable_gqa=True), *queries_keys_values(heads=4)))
core("attention_mask", lambda: (lambda q, k, v, m: functional.scaled_dot_product_attention(q, k, v, attn_mask=m), *queries_keys_values(), normal(5, 5)))
case("attention_bool_mask",
     lambda: (lambda q, k, v, m: functional.scaled_dot_product_attention(q, k, v, attn_mask=m | torch.eye(5, dtype=torch.bool)),
              *queries_keys_values(), bools(2, 1, 5, 5)))
case("attention_row_masked_out",
     lambda: (lambda q, k, v, m: functional.scaled_dot_product_attention(q, k, v, attn_mask=m), *queries_keys_values(),
              torch.tensor([True, True, False, True, True])[:, None] & torch.ones(5, dtype=torch.bool)))
case("attention_3d", lambda: (attention(), normal(2, 5, 8), normal(2, 5, 8), normal(2, 5, 8)))
case("attention_causal_dynamic", lambda: (attention(is_causal=True), *queries_keys_values()),
     dynamic=({0: Dim("batch"), 2: Dim("length")},) * 3, run_on=lambda: tuple(normal(3, 2, 7, 8) for _ in range(3)))


class SelfAttention(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.options = options

    def forward(self, x):
        return self.attention(x, x, x, **self.options)


core("multi_head", lambda: (SelfAttention(need_weights=False), normal(2, 5, 8)))
case("multi_head_weights", lambda: (SelfAttention(), normal(2, 5, 8)))
case("multi_head_padding_mask",
     lambda: (lambda_attention(), normal(2, 5, 8), torch.tensor([[False] * 5, [False, False, False, True, True]])))
case("multi_head_cross", lambda: (nn.MultiheadAttention(8, 2, kdim=6, vdim=7), normal(5, 2, 8), normal(4, 2, 6), normal(4, 2, 7)))
core("transformer_encoder_layer", lambda: (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), normal(2, 5, 8)))
case("transformer_encoder_layer_norm_first",
     lambda: (nn.TransformerEncoderLayer(8, 2, 16, norm_first=True, activation="gelu"), normal(5, 2, 8)))
case("transformer_encoder", lambda: (nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), normal(2, 5, 8)),
     dynamic=({0: Dim("batch"), 1: Dim("length")},), run_on=lambda: (normal(3, 7, 8),))
case("transformer_decoder_layer", lambda: (nn.TransformerDecoderLayer(8, 2, 16, batch_first=True), normal(2, 5, 8), normal(2, 4, 8)))


def lambda_attention():
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x, padding):
            return self.attention(x, x, x, key_padding_mask=padding, need_weights=False)[0]

    return Masked()
