# run: Spec --input wav=1,2048
# expect: none
import torch
from torch import nn


class Spec(nn.Module):
    def __init__(self, n_fft=256):
        super().__init__()
        self.n_fft = n_fft
        self.register_buffer("window", torch.hann_window(n_fft))

    def forward(self, wav):
        s = torch.stft(wav, self.n_fft, self.n_fft // 4, window=self.window, return_complex=True)
        m = s.abs().clamp(min=1e-5).log()
        return (m - m.mean(dim=(-2, -1), keepdim=True)) / (m.std() + 1e-4)
