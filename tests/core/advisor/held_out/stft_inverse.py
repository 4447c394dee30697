# run: Enhancer --input wav=1,1600
# expect: script: <model>
"""Complex-mask speech enhancement on the STFT"""
import torch
import torch.nn as nn


class STFT(nn.Module):
    def __init__(self, n_fft=128, hop=32):
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        self.register_buffer("window", torch.hann_window(n_fft))

    def forward(self, x):
        return torch.stft(x, self.n_fft, self.hop, window=self.window, return_complex=True)

    def inverse(self, spec, length: int):
        return torch.istft(spec, self.n_fft, self.hop, window=self.window, length=length)


class Enhancer(nn.Module):
    """
    Args:
        wav: (B, T) waveform at 16 kHz
    """
    def __init__(self, hidden=48):
        super().__init__()
        self.stft = STFT()
        F = 65
        self.gru = nn.GRU(F * 2, hidden, batch_first=True, bidirectional=True)
        self.mask = nn.Linear(hidden * 2, F * 2)

    def forward(self, wav):
        squeeze = wav.dim() == 1
        if squeeze:
            wav = wav[None]
        peak = wav.abs().amax(-1, keepdim=True)
        if (peak > 0).all():
            wav = wav / peak
        S = self.stft(wav)
        x = torch.view_as_real(S).permute(0, 2, 1, 3).flatten(2)
        m = self.mask(self.gru(x)[0]).unflatten(-1, (-1, 2)).permute(0, 2, 1, 3).contiguous()
        M = torch.view_as_complex(m.tanh())
        y = self.stft.inverse(S * M, wav.shape[-1])
        y = y * peak
        return y[0] if squeeze else y
