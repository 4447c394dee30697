"""Architectures of package transformers, tiny and with random weights: exported to a .pt that equals the model."""

import pytest
from exportdesk.core.job_context import JobContext
from exportdesk.core.pipeline import run_export
from exportdesk.core.recipe.document import parse_recipe

pytest.importorskip("transformers")

IDS = '[[inputs]]\nname = "input_ids"\nshape = [2, 12]\ndtype = "int64"\nlow = 5\nhigh = 90\n'
MASK = '[[inputs]]\nname = "attention_mask"\nshape = [2, 12]\ndtype = "int64"\nfill = "ones"\n'
PIXELS = '[[inputs]]\nname = "pixel_values"\nshape = [1, 3, 32, 32]\n'
SMALL = "hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48"
TEXT = f"vocab_size=100, {SMALL}"

ARCHITECTURES = {
    "bert": (f"BertModel(BertConfig({TEXT}))", IDS + MASK),
    "roberta": (f"RobertaModel(RobertaConfig({TEXT}))", IDS + MASK),
    "distilbert": (
        "DistilBertModel(DistilBertConfig(vocab_size=100, dim=32, n_layers=2, n_heads=4, hidden_dim=48))",
        IDS,
    ),
    "gpt2": ("GPT2LMHeadModel(GPT2Config(vocab_size=100, n_embd=32, n_layer=2, n_head=4, use_cache=False))", IDS),
    "llama": (f"LlamaForCausalLM(LlamaConfig({TEXT}, num_key_value_heads=2, use_cache=False))", IDS),
    "t5-encoder": (
        "T5EncoderModel(T5Config(vocab_size=100, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4))",
        IDS,
    ),
    "vit": (f"ViTModel(ViTConfig(image_size=32, patch_size=8, {SMALL}))", PIXELS),
    "convnext": ("ConvNextModel(ConvNextConfig(depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 16, 24]))", PIXELS),
    "resnet": ("ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1]))", PIXELS),
    "segformer": (
        "SegformerForSemanticSegmentation(SegformerConfig(num_labels=4, hidden_sizes=[8, 16, 16, 24], "
        "depths=[1, 1, 1, 1], num_attention_heads=[1, 2, 2, 4], decoder_hidden_size=16))",
        PIXELS.replace("32, 32", "64, 64"),
    ),
    "whisper-encoder": (
        "WhisperModel(WhisperConfig(vocab_size=100, d_model=32, encoder_layers=2, decoder_layers=2, "
        "encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48, "
        "max_source_positions=20, num_mel_bins=8, pad_token_id=0, bos_token_id=1, eos_token_id=2, "
        "decoder_start_token_id=1)).get_encoder()",
        '[[inputs]]\nname = "input_features"\nshape = [1, 8, 40]\n',
    ),
    "wav2vec2": (
        f"Wav2Vec2Model(Wav2Vec2Config({TEXT}, conv_dim=(16, 16), conv_stride=(5, 2), conv_kernel=(10, 3), "
        "num_feat_extract_layers=2, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2))",
        '[[inputs]]\nname = "input_values"\nshape = [1, 400]\n',
    ),
    "clip": (
        "CLIPModel(CLIPConfig(text_config=dict(vocab_size=100, hidden_size=32, num_hidden_layers=2, "
        "num_attention_heads=4, intermediate_size=48, max_position_embeddings=16), vision_config=dict(image_size=32, "
        "patch_size=8, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48), "
        "projection_dim=16))",
        IDS + PIXELS.replace("[1,", "[2,"),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_that_an_architecture_of_transformers_is_exported_and_equal(name, tmp_path):
    made, inputs = ARCHITECTURES[name]
    (tmp_path / "m.py").write_text(f"from transformers import *\n\nmodel = {made}\n")
    text = (
        f'exportdesk = 1\n[model]\nfile = "m.py"\nentry = "model"\n{inputs}'
        "[torchscript]\nstrict = false\n[coreml]\nenabled = false\n[checks]\nprobes = 3\n"
    )
    context = JobContext()
    result = run_export(parse_recipe(text), tmp_path, tmp_path / "out", tmp_path / "staging", context)
    assert [(check.name, check.status, check.reason) for check in result.checks] == [
        ("torchscript", "passed", None),
        ("reloaded", "passed", None),
    ]
