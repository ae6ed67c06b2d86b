"""Small whole networks of the kinds that are deployed."""
import torch
from torch import nn
from torch.export import Dim
from torch.nn import functional

from case_list import case, core, ints, normal


class ResidualBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
                                  nn.Conv2d(8, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8))
        self.skip = nn.Sequential(nn.Conv2d(3, 8, 1, 2, bias=False), nn.BatchNorm2d(8))
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = torch.relu(self.body(x) + self.skip(x))
        return self.head(torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1))


class SqueezeExcite(nn.Module):
    """MobileNetV3's block."""

    def __init__(self):
        super().__init__()
        self.expand = nn.Sequential(nn.Conv2d(4, 8, 1), nn.BatchNorm2d(8), nn.Hardswish())
        self.depthwise = nn.Sequential(nn.Conv2d(8, 8, 5, padding=2, groups=8), nn.BatchNorm2d(8), nn.SiLU())
        self.reduce, self.restore = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)
        self.project = nn.Conv2d(8, 4, 1)

    def forward(self, x):
        y = self.depthwise(self.expand(x))
        scale = functional.hardsigmoid(self.restore(functional.relu(self.reduce(y.mean((2, 3), keepdim=True)))))
        return x + self.project(y * scale)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.LeakyReLU(0.1))
        self.bottom = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.InstanceNorm2d(8, affine=True), nn.ELU())
        self.up = nn.ConvTranspose2d(8, 4, 2, 2)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x):
        high = self.down(x)
        low = self.up(self.bottom(functional.max_pool2d(high, 2)))
        resized = functional.interpolate(low, size=high.shape[-2:], mode="bilinear", align_corners=False)
        return torch.softmax(self.out(torch.cat([high, resized], 1)), 1)


class ShuffleUnit(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1, groups=4)

    def forward(self, x):
        left, right = x.chunk(2, dim=1)
        y = torch.cat((left, self.conv(right)), dim=1)
        batch, channels, height, width = y.shape
        return y.view(batch, 2, channels // 2, height, width).transpose(1, 2).reshape(batch, -1, height, width)


class Bert(nn.Module):
    """Embeddings, two encoder layers written as BERT's, mean pooling under a mask."""

    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(20, 8), nn.Embedding(16, 8)
        self.register_buffer("place_ids", torch.arange(16).expand((1, -1)), persistent=False)
        self.norm = nn.LayerNorm(8, eps=1e-12)
        self.layers = nn.ModuleList(BertLayer() for _ in range(2))

    def forward(self, input_ids, attention_mask):
        x = self.norm(self.words(input_ids) + self.places(self.place_ids[:, : input_ids.shape[1]]))
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        for layer in self.layers:
            x = layer(x, mask)
        weights = attention_mask.unsqueeze(-1).expand(x.size()).float()
        pooled = (x * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
        return {"last_hidden_state": x, "embedding": functional.normalize(pooled, p=2, dim=1)}


class BertLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.dense = (nn.Linear(8, 8) for _ in range(4))
        self.wide, self.narrow = nn.Linear(8, 16), nn.Linear(16, 8)
        self.first, self.second = nn.LayerNorm(8), nn.LayerNorm(8)

    def heads(self, x):
        return x.view(x.shape[0], -1, 2, 4).transpose(1, 2)

    def forward(self, x, mask):
        scores = self.heads(self.query(x)) @ self.heads(self.key(x)).transpose(-1, -2) / 4 ** 0.5 + mask
        context = (scores.softmax(-1) @ self.heads(self.value(x))).permute(0, 2, 1, 3).contiguous()
        x = self.first(x + self.dense(context.view(*context.shape[:2], 8)))
        return self.second(x + self.narrow(functional.gelu(self.wide(x))))


class VisionTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.places = nn.Parameter(torch.randn(1, 5, 8))
        self.norm = nn.LayerNorm(8)
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.places
        batch, length, width = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(batch, length, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        x = x + self.out(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, length, width))
        return x[:, 0]


class Detector(nn.Module):
    """YOLO's head: distribution over distances to box edges, anchors from a grid."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4 * 8 + 3, 1)
        self.register_buffer("project", torch.arange(8, dtype=torch.float32))

    def forward(self, x):
        batch, _, height, width = x.shape
        boxes, scores = self.conv(x).view(batch, 35, height * width).split((32, 3), 1)
        distances = boxes.view(batch, 4, 8, height * width).transpose(1, 2).softmax(1)
        near, far = (distances * self.project.view(1, 8, 1, 1)).sum(1).chunk(2, 1)
        ys, xs = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
        anchors = torch.stack((xs, ys), 0).view(1, 2, -1)
        return torch.cat(((anchors - near + anchors + far) / 2, far + near), 1), scores.sigmoid()


class KeywordSpotter(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(6, 8, 3, padding=1)
        self.gru = nn.GRU(8, 5, batch_first=True, bidirectional=True)
        self.head = nn.Linear(10, 3)

    def forward(self, x):
        y, _ = self.gru(functional.relu(self.conv(x)).transpose(1, 2))
        return functional.log_softmax(self.head(y[:, -1]), dim=-1)


class SwinWindows(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(4, 4)

    def forward(self, x):
        batch, height, width, channels = x.shape
        x = torch.roll(x, (-1, -1), (1, 2)).view(batch, height // 2, 2, width // 2, 2, channels)
        x = self.dense(x.permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, channels))
        x = x.view(batch, height // 2, width // 2, 2, 2, channels).permute(0, 1, 3, 2, 4, 5)
        return torch.roll(x.reshape(batch, height, width, channels), (1, 1), (1, 2))


case("net_residual", lambda: (ResidualBlock(), normal(2, 3, 9, 9)))
core("net_residual_dynamic", lambda: (ResidualBlock(), normal(2, 3, 9, 9)),
     dynamic=({0: Dim("batch")},), run_on=lambda: (normal(4, 3, 9, 9),))
core("net_squeeze_excite", lambda: (SqueezeExcite(), normal(1, 4, 6, 6)))
case("net_unet", lambda: (UNet(), normal(1, 1, 8, 10)))
core("net_unet_dynamic", lambda: (UNet(), normal(2, 1, 8, 12)),
     dynamic=({0: Dim("batch"), 2: 2 * Dim("h", min=2), 3: 2 * Dim("w", min=2)},), run_on=lambda: (normal(3, 1, 12, 6),))
case("net_shuffle", lambda: (ShuffleUnit(), normal(2, 8, 5, 5)))
core("net_shuffle_dynamic", lambda: (ShuffleUnit(), normal(2, 8, 5, 5)),
     dynamic=({0: Dim("batch")},), run_on=lambda: (normal(3, 8, 5, 5),))
case("net_bert", lambda: (Bert(), ints(2, 6, low=0, high=20), torch.tensor([[1] * 6, [1, 1, 1, 0, 0, 0]])))
core("net_bert_dynamic", lambda: (Bert(), ints(2, 6, low=0, high=20), torch.tensor([[1] * 6, [1, 1, 1, 0, 0, 0]])),
     dynamic=({0: Dim("batch"), 1: Dim("length", max=16)},) * 2,
     run_on=lambda: (ints(3, 9, low=0, high=20), torch.tensor([[1] * 9, [1] * 4 + [0] * 5, [1] * 8 + [0]])))
case("net_vision_transformer", lambda: (VisionTransformer(), normal(2, 3, 8, 8)))
core("net_vision_transformer_dynamic", lambda: (VisionTransformer(), normal(2, 3, 8, 8)),
     dynamic=({0: Dim("batch")},), run_on=lambda: (normal(3, 3, 8, 8),))
core("net_detector", lambda: (Detector(), normal(2, 4, 4, 6)))
core("net_keyword_spotter", lambda: (KeywordSpotter(), normal(2, 6, 7)))
core("net_swin_windows", lambda: (SwinWindows(), normal(2, 4, 6, 4)))
