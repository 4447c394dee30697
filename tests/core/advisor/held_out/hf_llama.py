# run: LM --input input_ids=1,9:int64
# expect: none
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM


class LM(nn.Module):
    def __init__(self):
        super().__init__()
        c = LlamaConfig(
            vocab_size=90,
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=64,
        )
        c._attn_implementation = "eager"
        self.lm = LlamaForCausalLM(c)

    def forward(self, input_ids):
        return self.lm(input_ids=input_ids, use_cache=False).logits
