# run: LM --input input_ids=1,6:int64
# expect: any
import torch
from torch import nn
from transformers import MixtralConfig, MixtralForCausalLM


class LM(nn.Module):
    def __init__(self):
        super().__init__()
        c = MixtralConfig(
            vocab_size=120,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            num_local_experts=8,
            num_experts_per_tok=1,
            max_position_embeddings=64,
            use_cache=False,
        )
        c._attn_implementation = "eager"
        self.model = MixtralForCausalLM(c)

    def forward(self, input_ids):
        return self.model(input_ids, use_cache=False).logits
