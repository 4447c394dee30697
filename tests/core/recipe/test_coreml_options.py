"""The Core ML options of a recipe: written and read again without loss, and refused where they make no sense."""

import pytest
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.recipe.document import parse_recipe, recipe_text
from exportdesk.core.recipe.model import (
    TARGETS,
    CoreML,
    CoreMLClassifier,
    CoreMLCompression,
    CoreMLImage,
    CoreMLInput,
    CoreMLMetadata,
    CoreMLOutput,
    Model,
    Recipe,
)
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
DTYPES = st.none() | st.sampled_from(["float16", "float32", "int32", "int8"])
NUMBERS = st.floats(0.01, 1e6, allow_nan=False)
IMAGES = st.builds(
    CoreMLImage,
    layout=st.sampled_from(["rgb", "bgr"]),
    mean=st.just(()) | st.tuples(NUMBERS) | st.tuples(NUMBERS, NUMBERS, NUMBERS),
    std=st.just(()) | st.tuples(NUMBERS),
    white=NUMBERS,
    exact=st.booleans(),
)
COMPRESSION = st.one_of(
    st.builds(
        CoreMLCompression,
        method=st.just("palettize"),
        bits=st.sampled_from([1, 2, 3, 4, 6, 8]),
        granularity=st.sampled_from(["tensor", "channel", "group"]),
        skip=st.lists(NAMES, max_size=2).map(tuple),
    ),
    st.builds(CoreMLCompression, method=st.just("quantize"), bits=st.sampled_from([4, 8]), symmetric=st.booleans()),
    st.builds(CoreMLCompression, method=st.just("prune"), sparsity=st.floats(0.01, 0.99)),
)
OPTIONS = st.builds(
    CoreML,
    minimum_deployment_target=st.sampled_from(TARGETS),
    float32_operations=st.lists(NAMES, max_size=2).map(tuple),
    inputs=st.dictionaries(
        NAMES, st.builds(CoreMLInput, dtype=DTYPES, image=st.none() | IMAGES, default=st.none() | NUMBERS), max_size=2
    ),
    outputs=st.lists(
        st.builds(
            CoreMLOutput, name=NAMES, dtype=DTYPES, image=st.none() | st.sampled_from(["rgb"]), keep=st.booleans()
        ),
        max_size=2,
    ).map(tuple),
    states=st.lists(NAMES, max_size=2).map(tuple),
    classifier=st.none()
    | st.builds(
        CoreMLClassifier, labels=st.lists(NAMES, min_size=1, max_size=3).map(tuple), probabilities=st.none() | NAMES
    )
    | st.builds(CoreMLClassifier, labels_file=NAMES),
    compression=st.lists(COMPRESSION, max_size=2).map(tuple),
    metadata=st.builds(
        CoreMLMetadata,
        author=NAMES | st.just(""),
        description=NAMES | st.just(""),
        inputs=st.dictionaries(NAMES, NAMES | st.just(""), max_size=2),
        user=st.dictionaries(NAMES, NAMES | st.just(""), max_size=2),
    ),
)


@given(OPTIONS)
def test_that_core_ml_options_survive_their_text(options: CoreML) -> None:
    recipe = Recipe(model=Model(file="model.py"), coreml=options)
    assert parse_recipe(recipe_text(recipe)) == recipe


def test_that_what_says_nothing_is_not_written() -> None:
    text = recipe_text(Recipe(model=Model(file="model.py"), coreml=CoreML(outputs=(CoreMLOutput(name="y"),))))
    assert "metadata" not in text
    assert "keep" not in text
    assert "classifier" not in text


@pytest.mark.parametrize(
    "lines",
    [
        "[coreml.inputs.x.image]\nmean = [0.5, 0.5]",
        "[coreml.inputs.x.image]\nstd = [0.0]",
        '[coreml.inputs.x.image]\nlayout = "grayscale"\nstd = [1, 1, 1]',
        "[coreml.inputs.x.image]\nwhite = 0",
        "[coreml.classifier]\npredicted = 'label'",
        "[coreml.classifier]\nlabels = ['a']\nlabels_file = 'labels.txt'",
        "[[coreml.compression]]\nmethod = 'palettize'\nbits = 5",
        "[[coreml.compression]]\nmethod = 'quantize'\nbits = 6",
        "[[coreml.compression]]\nmethod = 'prune'\nsparsity = 1.0",
        "[[coreml.compression]]\nmethod = 'quantize'\ngranularity = 'group'",
        "[[coreml.outputs]]\nname = 'y'\ndtype = 'int64'",
    ],
)
def test_that_options_without_sense_are_refused(lines: str) -> None:
    with pytest.raises(ExportDeskError) as raised:
        parse_recipe(f"[model]\nfile = 'm.py'\n{lines}\n")
    assert raised.value.failure.code == "recipe.invalid"


def test_that_an_unknown_key_gets_the_nearest_name() -> None:
    with pytest.raises(ExportDeskError) as raised:
        parse_recipe("[model]\nfile = 'm.py'\n[coreml.inputs.x.image]\nmaen = [0.5]\n")
    assert "'mean'" in (raised.value.failure.hint or "")
