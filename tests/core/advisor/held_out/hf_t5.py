# run: Seq2Seq --input ids=1,8:int64 --input dec=1,5:int64
# expect: none
from torch import nn
from transformers import T5Config, T5ForConditionalGeneration


class Seq2Seq(nn.Module):
    def __init__(self):
        super().__init__()
        c = T5Config(
            vocab_size=60,
            d_model=16,
            d_kv=8,
            d_ff=32,
            num_layers=1,
            num_heads=2,
            decoder_start_token_id=0,
            use_cache=False,
        )
        self.t5 = T5ForConditionalGeneration(c)

    def forward(self, ids, dec):
        return self.t5(input_ids=ids, decoder_input_ids=dec, use_cache=False).logits
