# run: EarlyExit --input x=1,3,16,16
# expect: script: <model>
import torch
import torch.nn as nn


class EarlyExit(nn.Module):
    def __init__(self, threshold: float = 0.3):
        super().__init__()
        self.stage1 = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU())
        self.exit1 = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))
        self.stage2 = nn.Sequential(nn.Conv2d(8, 16, 3, stride=2), nn.ReLU())
        self.exit2 = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5))
        self.threshold = threshold

    def forward(self, x):
        h = self.stage1(x)
        y = self.exit1(h)
        conf = torch.softmax(y, dim=1).max()
        if conf > self.threshold:
            return y
        return self.exit2(self.stage2(h))
