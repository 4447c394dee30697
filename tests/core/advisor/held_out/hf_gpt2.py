# run: LM --input input_ids=1,10:int64
# expect: none
import torch
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel


class LM(nn.Module):
    def __init__(self):
        super().__init__()
        c = GPT2Config(vocab_size=120, n_positions=32, n_embd=16, n_layer=2, n_head=2, use_cache=False)
        self.model = GPT2LMHeadModel(c)

    def forward(self, input_ids):
        return self.model(input_ids, use_cache=False).logits
