# run: Classifier --input img=1,3,24,24
# expect: script: pre
import torch
from torch import nn


class Preprocess(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, x):
        if x.max() > 8:  # somebody passed 0..255
            x = x / 255.0
        return (x - self.mean) / self.std


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.pre = Preprocess()
        self.net = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10)
        )

    def forward(self, img):
        return self.net(self.pre(img))
