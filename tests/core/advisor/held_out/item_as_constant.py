# run: Net --input wav=1,1,100
# expect: script: gain
import torch
from torch import nn


class PeakNorm(nn.Module):
    def forward(self, wav):
        peak = wav.abs().max().item()
        return wav / (peak + 1e-6)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = PeakNorm()
        self.conv = nn.Conv1d(1, 4, 9)

    def forward(self, wav):
        return self.conv(self.gain(wav)) if wav.dim() == 3 else wav
