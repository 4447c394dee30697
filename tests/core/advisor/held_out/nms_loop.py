# run: Detector --input image=1,3,32,32
# expect: script: nms
import torch
from torch import nn, Tensor


class NMS(nn.Module):
    def __init__(self, iou: float = 0.5):
        super().__init__()
        self.iou = iou

    def forward(self, boxes: Tensor, scores: Tensor) -> Tensor:
        order = scores.argsort(descending=True)
        keep = torch.zeros_like(scores, dtype=torch.bool)
        while order.numel() > 0:
            i = order[0]
            keep[i] = True
            b = boxes[i]
            rest = boxes[order]
            lt = torch.maximum(b[:2], rest[:, :2])
            rb = torch.minimum(b[2:], rest[:, 2:])
            wh = (rb - lt).clamp(min=0)
            inter = wh[:, 0] * wh[:, 1]
            area = (b[2] - b[0]) * (b[3] - b[1])
            areas = (rest[:, 2] - rest[:, 0]) * (rest[:, 3] - rest[:, 1])
            iou = inter / (area + areas - inter + 1e-6)
            sel = iou <= self.iou
            sel[0] = False
            order = order[sel]
        return keep


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Conv2d(3, 8, 8, stride=8)
        self.head = nn.Conv2d(8, 5, 1)
        self.nms = NMS()

    def forward(self, image):
        p = self.head(self.backbone(image)).flatten(2)[0].t()
        c, s = p[:, :4].sigmoid() * 32, p[:, 4]
        xy, wh = c[:, :2], c[:, 2:]
        boxes = torch.cat([xy - wh / 2, xy + wh / 2], 1)
        keep = self.nms(boxes, s)
        return boxes, s.sigmoid() * keep
