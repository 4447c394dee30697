# run: Model --input x=1,5,8
# expect: random: encoder
import random

import torch
import torch.nn as nn


class Encoder(nn.Module):
    def __init__(self, layerdrop=0.5):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(6))
        self.layerdrop = layerdrop

    def forward(self, x):
        for layer in self.layers:
            if random.random() < self.layerdrop:
                continue
            x = layer(x)
        return x


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.encoder(x))
