# run: make --input input_ids=1,12:int64
# expect: none
import torch
from transformers import BertConfig, BertModel


def make():
    c = BertConfig(
        vocab_size=99,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
    )
    c._attn_implementation = "eager"
    return BertModel(c).eval()
