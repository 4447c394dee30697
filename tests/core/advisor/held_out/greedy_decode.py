# run: Captioner --input feat=1,12
# expect: script: <model>
import torch
import torch.nn as nn


class Captioner(nn.Module):
    def __init__(self, vocab: int = 11, dim: int = 12, max_len: int = 8, eos: int = 2):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.cell = nn.GRUCell(dim, dim)
        self.out = nn.Linear(dim, vocab)
        self.max_len = max_len
        self.eos = eos

    def forward(self, feat):
        h = feat
        tok = torch.ones(feat.size(0), dtype=torch.long, device=feat.device)
        toks = []
        for _ in range(self.max_len):
            h = self.cell(self.embed(tok), h)
            tok = self.out(h).argmax(-1)
            toks.append(tok)
            if (tok == self.eos).all():
                break
        return torch.stack(toks, 1)
