"""The forms as data: complete, each value put in comes back, and what does not fit is told at its field."""

from dataclasses import replace as with_changes
from typing import Any

import msgspec
import pytest
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.recipe import model as recipe_model
from exportdesk.core.recipe.model import (
    CoreML,
    CoreMLCompression,
    CoreMLImage,
    CoreMLInput,
    CoreMLOutput,
    Input,
    Model,
    Recipe,
)
from exportdesk.core.results import BufferRow, EntryOutline, Inspection, Parameter
from exportdesk.gui.state.durations import duration_text
from exportdesk.gui.state.fields import Field, Section, recipe_field
from exportdesk.gui.state.forms.coreml import coreml_form
from exportdesk.gui.state.forms.setup import setup_form
from exportdesk.gui.state.forms.tracing import tracing_form
from exportdesk.gui.state.session import Document, Session
from exportdesk.gui.state.wording import in_words_of_the_window, with_short_paths
from exportdesk.gui.state.words import WORDS
from msgspec.structs import replace

RECIPE = Recipe(model=Model(file="m.py", entry="Net"), inputs=(Input(name="x", shape=(1, 3, 8, 8)),))


def session(recipe: Recipe, tmp_path: Any, **facts: Any) -> Session:
    document = Document(recipe=recipe, saved=recipe, folder=tmp_path, out=tmp_path / "out")
    return Session(document=document, **facts)


def fields_of(sections: tuple[Section, ...]) -> dict[str, Field]:
    return {field.key: field for section in sections for field in section.fields}


def coreml_fields(recipe: Recipe, tmp_path: Any, **facts: Any) -> dict[str, Field]:
    return fields_of(coreml_form(session(recipe, tmp_path, **facts)))


ELSEWHERE = {
    # Edited in the toolbar, the tables of inputs, the tree of modules, or as sections of rows.
    ("Model", "file"),
    ("Model", "entry"),
    ("Model", "arguments"),
    ("Model", "methods"),
    ("TorchScript", "check_inputs"),
    ("CoreML", "inputs"),
    ("CoreML", "outputs"),
    ("CoreML", "classifier"),
    ("CoreML", "compression"),
    ("CoreML", "functions"),
    ("CoreML", "metadata"),
    ("CoreMLInput", "image"),
}
FORM_PARTS = (
    "Model",
    "TorchScript",
    "Checks",
    "CoreML",
    "CoreMLInput",
    "CoreMLImage",
    "CoreMLOutput",
    "CoreMLClassifier",
    "CoreMLMetadata",
    "CoreMLCompression",
    "CoreMLFunction",
)


@pytest.mark.parametrize("part", FORM_PARTS)
def test_that_every_key_of_the_recipe_is_called_something_in_the_window(part: str) -> None:
    owner = getattr(recipe_model, part)
    named = {key for kind, key in WORDS if kind is owner}
    missing = {key for key in owner.__struct_fields__ if (part, key) not in ELSEWHERE} - named
    assert not missing
    assert all(words.help for (kind, _), words in WORDS.items() if kind is owner)


def test_that_every_part_of_the_recipe_is_in_a_form() -> None:
    parts = {
        name
        for name, kind in vars(recipe_model).items()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == recipe_model.__name__
    }
    others = {"Part", "RangeDimension", "FileFill", "Input", "CheckInputs", "Recipe", "Acknowledgement"}
    assert parts - set(FORM_PARTS) == others


EDITS = [
    ("coreml.minimum_deployment_target", "iOS18", lambda c: c.minimum_deployment_target == "iOS18"),
    ("coreml.precision", "float32", lambda c: c.precision == "float32"),
    ("coreml.float32_operations", "softmax, layer_norm", lambda c: c.float32_operations == ("softmax", "layer_norm")),
    ("coreml.compute_units", "cpu_only", lambda c: c.compute_units == "cpu_only"),
    ("coreml.inputs.x.dtype", "float32", lambda c: c.inputs == {"x": CoreMLInput(dtype="float32")}),
    ("coreml.inputs.x.default", "0.5", lambda c: c.inputs == {"x": CoreMLInput(default=0.5)}),
    ("coreml.inputs.x.image", "picture", lambda c: c.inputs == {"x": CoreMLInput(image=CoreMLImage())}),
    ("coreml.classifier.labels", "cat\ntench, Tinca tinca\n", lambda c: c.classifier.labels[1] == "tench, Tinca tinca"),
    ("coreml.classifier.labels_file", "labels.txt", lambda c: c.classifier.labels_file == "labels.txt"),
    ("coreml.metadata.author", "Ada", lambda c: c.metadata.author == "Ada"),
    ("coreml.metadata.inputs.x", "A photo", lambda c: c.metadata.inputs == {"x": "A photo"}),
    ("coreml.metadata.user", "team: vision\nurl: http://a/b", lambda c: c.metadata.user["url"] == "http://a/b"),
]


@pytest.mark.parametrize(("key", "value", "holds"), EDITS, ids=[key for key, _, _ in EDITS])
def test_that_a_core_ml_field_edits_its_key_and_shows_it(key: str, value: Any, holds: Any, tmp_path: Any) -> None:
    edited = coreml_fields(RECIPE, tmp_path)[key].edit(RECIPE, value)
    assert holds(edited.coreml)
    shown = coreml_fields(edited, tmp_path)[key]
    assert str(shown.value).split() == str(value).split()
    # What the field shows, put in again, changes nothing.
    assert shown.edit(edited, shown.value) == edited


def test_that_taking_the_last_option_of_an_input_away_leaves_no_trace(tmp_path: Any) -> None:
    key = "coreml.inputs.x.image"
    edited = coreml_fields(RECIPE, tmp_path)[key].edit(RECIPE, "picture")
    assert coreml_fields(edited, tmp_path)[key].edit(edited, "numbers") == RECIPE
    labelled = coreml_fields(RECIPE, tmp_path)["coreml.classifier.labels"].edit(RECIPE, "a\nb")
    assert coreml_fields(labelled, tmp_path)["coreml.classifier.labels"].edit(labelled, " ") == RECIPE


PROBLEMS = [
    (CoreML(minimum_deployment_target="iOS14"), "coreml.minimum_deployment_target", "iOS 15"),
    (CoreML(convert_to="neuralnetwork", precision="float32"), "coreml.convert_to", "before iOS 15"),
    (
        CoreML(convert_to="neuralnetwork", minimum_deployment_target="iOS14"),
        "coreml.precision",
        "no typed precision",
    ),
    (CoreML(compute_units="cpu_and_ne", minimum_deployment_target="iOS15"), "coreml.compute_units", "iOS 16"),
    (CoreML(precision="float32", float32_operations=("relu",)), "coreml.float32_operations", "exceptions"),
    (CoreML(states=("cache",)), "coreml.states.cache", "iOS 18"),
    (CoreML(outputs=(CoreMLOutput(name="a b"),)), "coreml.outputs.0.name", "letters, digits"),
    (CoreML(compression=(CoreMLCompression(method="quantize", bits=4),)), "coreml.compression.0.method", "iOS 18"),
    (
        CoreML(inputs={"x": CoreMLInput(image=CoreMLImage(layout="grayscale"))}),
        "coreml.inputs.x.image",
        "1 x 1 x height x width",
    ),
    (CoreML(inputs={"x": CoreMLInput(dtype="int8")}), "coreml.inputs.x.dtype", "iOS 26"),
]


@pytest.mark.parametrize(("options", "key", "words"), PROBLEMS, ids=[key for _, key, _ in PROBLEMS])
def test_that_what_does_not_fit_is_told_at_its_field(options: CoreML, key: str, words: str, tmp_path: Any) -> None:
    buffers = (BufferRow(path="cache", shape=(1, 4), dtype="float32"),)
    inspection = Inspection(file="m.py", entries=(), buffers=buffers)
    shown = coreml_fields(replace(RECIPE, coreml=options), tmp_path, inspection=inspection)
    assert words in shown[key].problem
    assert [found.key for found in shown.values() if found.problem] == [key]
    assert ' = "' not in shown[key].problem


def test_that_an_input_of_a_shape_that_core_ml_lacks_is_told(tmp_path: Any) -> None:
    recipe = replace(RECIPE, inputs=(Input(name="x", shape=(1,) * 6),))
    assert "6 dimensions" in coreml_form(session(recipe, tmp_path))[0].problem


def test_that_another_method_of_compression_has_its_own_fields_and_usual_values(tmp_path: Any) -> None:
    sections = coreml_form(session(RECIPE, tmp_path))
    add = next(action for section in sections for action in section.actions if action.key == "add compression")
    recipe = add.edit(RECIPE)
    fields = coreml_fields(recipe, tmp_path)
    assert "coreml.compression.0.symmetric" in fields
    pruned = fields["coreml.compression.0.method"].edit(recipe, "prune")
    assert pruned.coreml.compression == (CoreMLCompression(method="prune"),)
    fields = coreml_fields(pruned, tmp_path)
    assert fields["coreml.compression.0.sparsity"].edit(pruned, "0.7").coreml.compression[0].sparsity == 0.7
    palettized = fields["coreml.compression.0.method"].edit(pruned, "palettize")
    assert not any(field.problem for field in coreml_fields(palettized, tmp_path).values())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("coreml.inputs.x.default", "much"),
        ("coreml.metadata.user", "no name"),
        ("coreml.inputs.x.image", None),
    ],
)
def test_that_what_cannot_be_is_refused_with_words(key: str, value: Any, tmp_path: Any) -> None:
    if value is None:
        options = CoreML(inputs={"x": CoreMLInput(image=CoreMLImage())})
        recipe, key, value = replace(RECIPE, coreml=options), "coreml.inputs.x.image.mean", "1, 2"
    else:
        recipe = RECIPE
    with pytest.raises(ExportDeskError) as caught:
        coreml_fields(recipe, tmp_path)[key].edit(recipe, value)
    assert caught.value.failure.message


def test_that_the_tracer_has_all_its_options(tmp_path: Any) -> None:
    fields = fields_of(tracing_form(RECIPE))
    edited = fields["torchscript.strict"].edit(RECIPE, False)
    edited = fields["torchscript.check_trace"].edit(edited, False)
    edited = fields["torchscript.check_tolerance"].edit(edited, "1e-3")
    edited = fields["checks.coreml_psnr_db"].edit(edited, "45")
    assert edited.torchscript == recipe_model.TorchScript(strict=False, check_trace=False, check_tolerance=1e-3)
    assert edited.checks.coreml_psnr_db == 45
    fields = fields_of(tracing_form(edited))
    assert fields["checks.coreml_psnr_db"].edit(edited, "").checks.coreml_psnr_db is None


def test_that_methods_take_their_inputs_along(tmp_path: Any) -> None:
    entries = (
        EntryOutline(name="Net", kind="class", line=1, constructor=(Parameter(name="width"),)),
        EntryOutline(name="Net.encode", kind="method", line=5, signature=(Parameter(name="z"),)),
    )
    document = Document(recipe=RECIPE, saved=RECIPE, folder=tmp_path, out=tmp_path, entries=entries)
    document = replace(document, recipe=replace(RECIPE, model=replace(RECIPE.model, file="m.py")))
    fields = fields_of(setup_form(document))
    both = fields["model.methods.encode"].edit(RECIPE, True)
    assert both.model.methods == ("forward", "encode")
    assert both.inputs[0].method == "forward"
    assert fields["model.methods.encode"].edit(both, False) == RECIPE
    with pytest.raises(ExportDeskError, match="At least one"):
        fields["model.methods.forward"].edit(RECIPE, False)


def test_that_sentences_of_the_engine_lose_the_words_of_the_command_line() -> None:
    said = in_words_of_the_window('Choose a newer target, or convert_to = "neuralnetwork" with precision = "float32".')
    assert said == (
        "Choose a newer target, or “Format: Neural network (before iOS 15)” with “Precision: 32 bit (float32)”."
    )
    said = in_words_of_the_window("A .pt with weights only belongs under [model] weights, beside the Python file.")
    assert said == "A .pt with weights only belongs under “Weights”, beside the Python file."
    said = in_words_of_the_window("Or set strict = false under [torchscript] (Strict in the window) for dicts.")
    assert said == "Or set “Strict containers” off for dicts."
    for text in (
        "Add --input x=1,3 --input y=SHAPE, or an [[inputs]] table in the recipe.",
        "Give them with --arg width=…, under [model] arguments in the recipe, or in the window's Arguments field.",
        "works without it: turn Core ML off (`--no-coreml`).",
        "strict = false under [torchscript] lets it pass",
    ):
        assert not {"--", "[[", "[model]", " = "} & set(in_words_of_the_window(text).split())
        assert "--" not in in_words_of_the_window(text)


def test_that_equal_fields_ignore_their_edit(tmp_path: Any) -> None:
    first, second = (coreml_fields(RECIPE, tmp_path)["coreml.precision"] for _ in range(2))
    assert first == second
    assert first != with_changes(first, value="float32")


def test_that_long_paths_in_sentences_keep_their_end_only() -> None:
    said = with_short_paths("Exported to /tmp/pytest-of-somebody/pytest-12/test_a0/project/out/model. 2 checks passed.")
    assert said == "Exported to …/out/model. 2 checks passed."
    for text in ("Saved at /tmp/a.toml.", "either/or, 3/4 of it", "see https://pytorch.org/docs/stable/jit.html#a/b/c"):
        assert with_short_paths(text) == text


@pytest.mark.parametrize(
    ("typed", "value"),
    [("0,001", 0.001), ("1e-3", 0.001), ("0.5", 0.5), ("2,5", 2.5), ("1,000", None), ("1,2,3", None)],
)
def test_that_a_number_may_have_the_comma_of_half_of_europe(typed: str, value: float | None) -> None:
    field = recipe_field(RECIPE, ("torchscript", "check_tolerance"))
    if value is None:
        with pytest.raises(ExportDeskError, match="is not a number"):
            field.edit(RECIPE, typed)
    else:
        assert field.edit(RECIPE, typed).torchscript.check_tolerance == value


def test_that_a_value_that_cannot_be_is_refused_by_the_name_of_its_field() -> None:
    with pytest.raises(ExportDeskError, match=r"^Tolerance is a finite number"):
        recipe_field(RECIPE, ("torchscript", "check_tolerance")).edit(RECIPE, "-1")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.9, "59.9 s"), (59.96, "1 min 00 s"), (604, "10 min 04 s"), (7500, "2 h 05 min")],
)
def test_that_long_times_are_told_in_minutes(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
