# run: Detector --input images=1,3,64,64
# expect: script: nms
"""Small anchor-based detector with a decoded head and a hand written NMS."""
from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import List, Optional, Tuple

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class DetConfig:
    num_classes: int = 4
    strides: Tuple[int, ...] = (8, 16)
    anchors: List[List[Tuple[float, float]]] = field(
        default_factory=lambda: [[(10, 13), (16, 30), (33, 23)], [(30, 61), (62, 45), (59, 119)]]
    )
    score_thresh: float = 0.3
    iou_thresh: float = 0.5
    max_det: int = 20


def conv_bn(cin, cout, k=3, s=1):
    return nn.Sequential(nn.Conv2d(cin, cout, k, s, k // 2, bias=False), nn.BatchNorm2d(cout), nn.SiLU(inplace=True))


class CSP(nn.Module):
    def __init__(self, c, n=1):
        super().__init__()
        self.a = conv_bn(c, c // 2, 1)
        self.b = conv_bn(c, c // 2, 1)
        self.m = nn.ModuleList([conv_bn(c // 2, c // 2) for _ in range(n)])
        self.out = conv_bn(c, c, 1)

    def forward(self, x):
        y = self.a(x)
        for blk in self.m:
            y = y + blk(y)
        return self.out(torch.cat([y, self.b(x)], 1))


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = conv_bn(3, 16, 3, 2)
        self.c2 = nn.Sequential(conv_bn(16, 32, 3, 2), CSP(32))
        self.c3 = nn.Sequential(conv_bn(32, 64, 3, 2), CSP(64, 2))
        self.c4 = nn.Sequential(conv_bn(64, 96, 3, 2), CSP(96))

    def forward(self, x):
        x = self.c2(self.stem(x))
        p3 = self.c3(x)
        return [p3, self.c4(p3)]


class Head(nn.Module):
    def __init__(self, cfg: DetConfig, channels=(64, 96)):
        super().__init__()
        self.cfg = cfg
        self.no = cfg.num_classes + 5
        self.na = len(cfg.anchors[0])
        self.heads = nn.ModuleList(nn.Conv2d(c, self.no * self.na, 1) for c in channels)
        self.grids = [torch.zeros(1)] * len(channels)
        self.register_buffer("anchors", torch.tensor(cfg.anchors).float())

    @staticmethod
    def _make_grid(nx: int, ny: int, device):
        yv, xv = torch.meshgrid(torch.arange(ny, device=device), torch.arange(nx, device=device), indexing="ij")
        return torch.stack((xv, yv), 2).view(1, 1, ny, nx, 2).float()

    def forward(self, feats):
        z = []
        for i, (conv, f) in enumerate(zip(self.heads, feats)):
            p = conv(f)
            bs, _, ny, nx = p.shape
            p = p.view(bs, self.na, self.no, ny, nx).permute(0, 1, 3, 4, 2).contiguous()
            if self.grids[i].shape[2:4] != p.shape[2:4]:
                self.grids[i] = self._make_grid(nx, ny, p.device)
            y = p.sigmoid()
            y[..., 0:2] = (y[..., 0:2] * 2.0 - 0.5 + self.grids[i]) * self.cfg.strides[i]
            y[..., 2:4] = (y[..., 2:4] * 2) ** 2 * self.anchors[i].view(1, self.na, 1, 1, 2)
            z.append(y.view(bs, -1, self.no))
        return torch.cat(z, 1)


def box_iou(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    lt = torch.max(a[:, None, :2], b[:, :2])
    rb = torch.min(a[:, None, 2:], b[:, 2:])
    wh = (rb - lt).clamp(min=0)
    inter = wh[..., 0] * wh[..., 1]
    return inter / (area_a[:, None] + area_b - inter + 1e-7)


class NMS(nn.Module):
    def __init__(self, score_thresh: float, iou_thresh: float, max_det: int):
        super().__init__()
        self.score_thresh = score_thresh
        self.iou_thresh = iou_thresh
        self.max_det = max_det

    def forward(self, pred: torch.Tensor) -> torch.Tensor:
        scores, labels = (pred[:, 5:] * pred[:, 4:5]).max(1)
        keep = scores > self.score_thresh
        if not keep.any():
            return torch.zeros(0, 6)
        xy, wh = pred[keep, 0:2], pred[keep, 2:4]
        boxes = torch.cat([xy - wh / 2, xy + wh / 2], 1)
        scores, labels = scores[keep], labels[keep]
        order = scores.argsort(descending=True)
        out: List[torch.Tensor] = []
        while order.numel() > 0 and len(out) < self.max_det:
            i = order[0]
            out.append(torch.cat([boxes[i], scores[i].unsqueeze(0), labels[i].unsqueeze(0).float()]))
            if order.numel() == 1:
                break
            iou = box_iou(boxes[i].unsqueeze(0), boxes[order[1:]])[0]
            order = order[1:][iou <= self.iou_thresh]
        return torch.stack(out)


class Detector(nn.Module):
    def __init__(self, cfg: Optional[DetConfig] = None):
        super().__init__()
        self.cfg = cfg or DetConfig()
        self.backbone = Backbone()
        self.head = Head(self.cfg)
        self.nms = NMS(self.cfg.score_thresh, self.cfg.iou_thresh, self.cfg.max_det)
        for h in self.head.heads:
            nn.init.normal_(h.weight, std=0.3)

    def forward(self, images: torch.Tensor):
        pred = self.head(self.backbone(images))
        return self.nms(pred[0])


if __name__ == "__main__":
    m = Detector().eval()
    print(m(torch.randn(1, 3, 64, 64)).shape)
