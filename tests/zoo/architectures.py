"""Tiny models with random weights, one an architecture: what the zoo converts. ``transformers`` is asked for none of its
weights; every configuration is made here."""

from collections.abc import Callable
from typing import Any

import torch
import transformers as hf
from exportdesk.core.recipe.model import CoreML
from torch import Tensor, nn

Made = tuple[nn.Module, tuple[Tensor, ...]]
BUILDERS: dict[str, Callable[[], Made]] = {}
OPTIONS: dict[str, CoreML] = {}
"""Of those that need more than the usual ones."""

TEXT = {"vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
ENCODER = {**TEXT, "intermediate_size": 64, "max_position_embeddings": 64}
DECODER = {**ENCODER, "num_key_value_heads": 2}
VISION = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
PATCHES = {**VISION, "image_size": 32, "patch_size": 8}
SPEECH = {"conv_dim": [16, 16], "conv_kernel": [10, 3], "conv_stride": [5, 2], "num_feat_extract_layers": 2}
SPEECH |= {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
TWO_SIDES = {"vocab_size": 64, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "max_position_embeddings": 64}
TWO_SIDES |= {"encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}


class Called(nn.Module):
    """Calls a model of ``transformers`` so that it returns its first tensor only."""

    def __init__(self, model: nn.Module, names: tuple[str, ...], **fixed: Any) -> None:
        super().__init__()
        self.model, self.names, self.fixed = model, names, fixed

    def forward(self, *values: Tensor) -> Tensor:
        return self.model(**dict(zip(self.names, values, strict=True)), **self.fixed, return_dict=False)[0]


def ids(length: int = 8) -> Tensor:
    return torch.randint(1, 50, (1, length))


def image(size: int = 32) -> Tensor:
    return torch.rand(1, 3, size, size)


def _text(name: str, model: type, config: type, **settings: Any) -> None:
    BUILDERS[name] = lambda: (Called(model(config(**settings)), ("input_ids",)), (ids(),))


def _decoder(name: str, model: type, config: type, **settings: Any) -> None:
    BUILDERS[name] = lambda: (Called(model(config(**settings)), ("input_ids",), use_cache=False), (ids(),))


def _vision(name: str, model: type, config: type, size: int = 32, **settings: Any) -> None:
    BUILDERS[name] = lambda: (Called(model(config(**settings)), ("pixel_values",)), (image(size),))


def _speech(name: str, model: type, config: type, **settings: Any) -> None:
    BUILDERS[name] = lambda: (Called(model(config(**settings)), ("input_values",)), (torch.rand(1, 400),))


def _both(name: str, model: type, config: type, **settings: Any) -> None:
    names = ("input_ids", "decoder_input_ids")
    BUILDERS[name] = lambda: (Called(model(config(**settings)), names, use_cache=False), (ids(), ids(4)))


_text("bert", hf.BertModel, hf.BertConfig, **ENCODER)
_text("roberta", hf.RobertaModel, hf.RobertaConfig, **ENCODER)
_text("electra", hf.ElectraModel, hf.ElectraConfig, **ENCODER, embedding_size=32)
_text("albert", hf.AlbertModel, hf.AlbertConfig, **ENCODER, embedding_size=16)
_text(
    "distilbert", hf.DistilBertModel, hf.DistilBertConfig, vocab_size=64, dim=32, n_layers=2, n_heads=4, hidden_dim=64
)
_text("deberta v2", hf.DebertaV2Model, hf.DebertaV2Config, **ENCODER, relative_attention=True)
_text("modernbert", hf.ModernBertModel, hf.ModernBertConfig, **ENCODER, pad_token_id=0)
_decoder("gpt2", hf.GPT2LMHeadModel, hf.GPT2Config, vocab_size=64, n_embd=32, n_layer=2, n_head=4, n_positions=64)
_decoder("gpt-neox", hf.GPTNeoXForCausalLM, hf.GPTNeoXConfig, **ENCODER)
_decoder("llama", hf.LlamaForCausalLM, hf.LlamaConfig, **DECODER)
_decoder("mistral", hf.MistralForCausalLM, hf.MistralConfig, **DECODER)
_decoder("qwen2", hf.Qwen2ForCausalLM, hf.Qwen2Config, **DECODER)
_decoder("qwen3", hf.Qwen3ForCausalLM, hf.Qwen3Config, **DECODER, head_dim=8)
_decoder("gemma2", hf.Gemma2ForCausalLM, hf.Gemma2Config, **DECODER, head_dim=8)
_decoder("phi3", hf.Phi3ForCausalLM, hf.Phi3Config, **DECODER, pad_token_id=0)
_decoder("mixtral", hf.MixtralForCausalLM, hf.MixtralConfig, **DECODER, num_local_experts=2)
_decoder("falcon", hf.FalconForCausalLM, hf.FalconConfig, **TEXT)
_decoder("bloom", hf.BloomForCausalLM, hf.BloomConfig, vocab_size=64, hidden_size=32, n_layer=2, n_head=4)
_text("mamba", hf.MambaForCausalLM, hf.MambaConfig, vocab_size=64, hidden_size=32, num_hidden_layers=2, state_size=4)
_vision("vit", hf.ViTModel, hf.ViTConfig, **PATCHES)
_vision("deit", hf.DeiTModel, hf.DeiTConfig, **PATCHES)
_vision("dinov2", hf.Dinov2Model, hf.Dinov2Config, 48, **PATCHES)
_vision("beit", hf.BeitModel, hf.BeitConfig, **PATCHES, use_relative_position_bias=True)
_vision(
    "yolos",
    hf.YolosForObjectDetection,
    hf.YolosConfig,
    **{**PATCHES, "image_size": [32, 32]},
    num_detection_tokens=5,
)
_vision(
    "swin",
    hf.SwinModel,
    hf.SwinConfig,
    image_size=32,
    patch_size=4,
    embed_dim=16,
    depths=[1, 1],
    num_heads=[2, 2],
    window_size=4,
)
_vision("convnext", hf.ConvNextModel, hf.ConvNextConfig, hidden_sizes=[8, 16], depths=[1, 1], num_stages=2)
_vision("resnet", hf.ResNetModel, hf.ResNetConfig, embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
_vision("mobilenet v2", hf.MobileNetV2Model, hf.MobileNetV2Config, 64, depth_multiplier=0.25)
_vision(
    "segformer",
    hf.SegformerForSemanticSegmentation,
    hf.SegformerConfig,
    num_encoder_blocks=2,
    depths=[1, 1],
    sr_ratios=[2, 1],
    hidden_sizes=[8, 16],
    patch_sizes=[7, 3],
    strides=[4, 2],
    num_attention_heads=[1, 2],
    mlp_ratios=[2, 2],
    decoder_hidden_size=16,
)
_speech("wav2vec2", hf.Wav2Vec2Model, hf.Wav2Vec2Config, **VISION, **SPEECH)
_speech("hubert", hf.HubertModel, hf.HubertConfig, **VISION, **SPEECH)
_both("t5", hf.T5Model, hf.T5Config, vocab_size=64, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)
_both("bart", hf.BartModel, hf.BartConfig, **TWO_SIDES)
_both("marian", hf.MarianModel, hf.MarianConfig, **TWO_SIDES, pad_token_id=0)


def own(name: str, *example: Tensor) -> Callable[[type[nn.Module]], type[nn.Module]]:
    """Add a model written here."""

    def add(model: type[nn.Module]) -> type[nn.Module]:
        BUILDERS[name] = lambda: (model(), example)
        return model

    return add


@own("detection head with top-k", torch.rand(1, 3, 16, 16))
class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.scores, self.boxes = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 1, 1), nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x).relu()
        best, where = self.scores(x).flatten(1).topk(5)
        boxes = self.boxes(x).flatten(2).transpose(1, 2).gather(1, where[..., None].expand(-1, -1, 4))
        return torch.cat([boxes, best[..., None].sigmoid()], -1)


@own("U-Net block with time embedding", torch.rand(1, 4, 16, 16), torch.tensor([10.0]))
class DiffusionBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enter, self.down = nn.Conv2d(4, 8, 3, padding=1), nn.Conv2d(8, 8, 3, 2, 1)
        self.norm, self.time = nn.GroupNorm(4, 8), nn.Linear(16, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.up, self.leave = nn.ConvTranspose2d(8, 8, 2, 2), nn.Conv2d(16, 4, 3, padding=1)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        frequencies = torch.exp(-torch.arange(8) * 0.5)
        angles = t[:, None] * frequencies
        x = self.enter(x)
        y = nn.functional.silu(self.norm(self.down(x)))
        y = y + self.time(torch.cat([angles.sin(), angles.cos()], 1))[:, :, None, None]
        flat = y.flatten(2).transpose(1, 2)
        y = y + self.attention(flat, flat, flat, need_weights=False)[0].transpose(1, 2).reshape(y.shape)
        return self.leave(torch.cat([self.up(y), x], 1))


@own("two-way recurrent layers", torch.rand(1, 6, 8))
class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 6, 2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(12, 5, bidirectional=True, batch_first=True)
        self.rnn = nn.RNN(10, 4, bidirectional=True, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.rnn(self.gru(self.lstm(x)[0])[0])[0]


@own("mixture of experts", torch.rand(2, 5, 8))
class Mixture(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(8, 4)
        self.experts = nn.ModuleList([nn.Linear(8, 8) for _ in range(4)])

    def forward(self, x: Tensor) -> Tensor:
        weights, chosen = self.gate(x).softmax(-1).topk(2)
        share = torch.zeros(*x.shape[:-1], 4).scatter(-1, chosen, weights)
        return torch.stack([expert(x) for expert in self.experts], -1).mul(share[..., None, :]).sum(-1)


@own("decoder with a cache as state", torch.rand(1, 1, 16))
class CachingDecoder(nn.Module):
    """One token a step; keys and values of the steps before are kept in buffers, the newest last."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.mix = (nn.Linear(16, 16) for _ in range(4))
        self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 32)
        self.register_buffer("keys", torch.zeros(1, 8, 16))
        self.register_buffer("values", torch.zeros(1, 8, 16))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        self.keys.copy_(torch.cat([self.keys[:, 1:], self.key(y)], 1))
        self.values.copy_(torch.cat([self.values[:, 1:], self.value(y)], 1))
        weights = (self.query(y) @ self.keys.transpose(1, 2) / 4.0).softmax(-1)
        return self.head(x + self.mix(weights @ self.values))


OPTIONS["decoder with a cache as state"] = CoreML(minimum_deployment_target="iOS18", states=("keys", "values"))
