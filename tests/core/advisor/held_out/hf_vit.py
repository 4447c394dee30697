# run: Backbone --input pixels=1,3,32,32
# expect: none
from torch import nn
from transformers import ViTConfig, ViTModel


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        c = ViTConfig(
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            image_size=32,
            patch_size=8,
        )
        c._attn_implementation = "eager"
        self.vit = ViTModel(c, add_pooling_layer=False)

    def forward(self, pixels):
        return self.vit(pixels).last_hidden_state
