# run: BeamDecoder --input enc=1,10
# expect: none
import torch
import torch.nn as nn


class BeamDecoder(nn.Module):
    """Beam search of a fixed length: no data decides what runs."""

    def __init__(self, vocab=9, dim=10, beams=3, steps=4):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.cell = nn.LSTMCell(dim, dim)
        self.proj = nn.Linear(dim, vocab)
        self.beams, self.steps, self.vocab = beams, steps, vocab

    def forward(self, enc):
        B = enc.shape[0]
        h = enc.repeat_interleave(self.beams, 0)
        c = torch.zeros_like(h)
        scores = torch.full((B, self.beams), -1e4, device=enc.device)
        scores[:, 0] = 0
        tok = torch.zeros(B * self.beams, dtype=torch.long)
        seqs = tok[:, None]
        for _ in range(self.steps):
            h, c = self.cell(self.embed(tok), (h, c))
            logp = self.proj(h).log_softmax(-1).view(B, self.beams, -1)
            total = (scores[..., None] + logp).flatten(1)
            scores, idx = total.topk(self.beams)
            beam, tok = idx // self.vocab, idx % self.vocab
            flat = (beam + torch.arange(B)[:, None] * self.beams).view(-1)
            h, c, seqs = h[flat], c[flat], seqs[flat]
            tok = tok.view(-1)
            seqs = torch.cat([seqs, tok[:, None]], 1)
        return seqs.view(B, self.beams, -1), scores
