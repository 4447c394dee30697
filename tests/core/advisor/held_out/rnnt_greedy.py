# run: RNNT --input mels=1,30,40
# expect: script: decoder
"""RNN-T: greedy decode with a python loop."""
from typing import List, Tuple, Optional
import torch
from torch import nn, Tensor


class Encoder(nn.Module):
    def __init__(self, n_mels=40, hidden=64, layers=2):
        super().__init__()
        self.sub = nn.Conv1d(n_mels, hidden, 3, stride=2, padding=1)
        self.rnn = nn.LSTM(hidden, hidden, layers, batch_first=True)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, mels: Tensor) -> Tensor:
        x = self.sub(mels.transpose(1, 2)).relu().transpose(1, 2)
        y, _ = self.rnn(x)
        return self.norm(y)


class Predictor(nn.Module):
    def __init__(self, vocab: int, hidden=64):
        super().__init__()
        self.embed = nn.Embedding(vocab, hidden)
        self.cell = nn.GRUCell(hidden, hidden)

    def forward(self, token: Tensor, state: Tensor) -> Tensor:
        return self.cell(self.embed(token), state)


class Joiner(nn.Module):
    def __init__(self, vocab: int, hidden=64):
        super().__init__()
        self.lin = nn.Linear(hidden, vocab)

    def forward(self, enc: Tensor, pred: Tensor) -> Tensor:
        return self.lin(torch.tanh(enc + pred))


class GreedyDecoder(nn.Module):
    blank: int

    def __init__(self, predictor: Predictor, joiner: Joiner, blank: int = 0, max_symbols: int = 3):
        super().__init__()
        self.predictor = predictor
        self.joiner = joiner
        self.blank = blank
        self.max_symbols = max_symbols

    def forward(self, enc: Tensor) -> Tuple[Tensor, Tensor]:
        hyp: List[Tensor] = []
        state = torch.zeros(1, enc.size(2), device=enc.device)
        token = torch.full((1,), self.blank, dtype=torch.long, device=enc.device)
        state = self.predictor(token, state)
        score = torch.zeros(1)
        for t in range(enc.size(1)):
            n = 0
            while n < self.max_symbols:
                logits = self.joiner(enc[:, t], state).log_softmax(-1)
                best, token = logits.max(-1)
                score = score + best
                if int(token) == self.blank:
                    break
                hyp.append(token)
                state = self.predictor(token, state)
                n += 1
        if len(hyp) == 0:
            return torch.zeros(0, dtype=torch.long), score
        return torch.cat(hyp), score


class RNNT(nn.Module):
    def __init__(self, vocab: int = 12, hidden: int = 64):
        super().__init__()
        self.encoder = Encoder(hidden=hidden)
        self.predictor = Predictor(vocab, hidden)
        self.joiner = Joiner(vocab, hidden)
        self.decoder = GreedyDecoder(self.predictor, self.joiner)

    def forward(self, mels: Tensor, lengths: Optional[Tensor] = None):
        enc = self.encoder(mels)
        tokens, score = self.decoder(enc)
        return {"tokens": tokens, "score": score}
