"""The recipe as a document, over all recipes and over broken texts."""

import contextlib
import string

import pytest
from exportdesk.core.errors import WRONG_CALL, ExportDeskError
from exportdesk.core.recipe.document import parse_recipe, read_recipe, recipe_text, write_recipe
from exportdesk.core.recipe.model import (
    DTYPES,
    FILLS,
    TARGETS,
    Checks,
    CoreML,
    CoreMLOutput,
    FileFill,
    Input,
    Model,
    RangeDimension,
    Recipe,
    TorchScript,
)
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = st.text(string.ascii_letters + string.digits + "_.", min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SIZES = st.integers(0, 2**40)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def ranges(draw) -> RangeDimension:
    low = draw(st.integers(1, 1000))
    high = draw(st.integers(low, 2000))
    return RangeDimension(min=low, max=high, default=draw(st.none() | st.integers(low, high)))


DIMENSIONS = SIZES | ranges() | st.lists(SIZES, min_size=1, max_size=4).map(tuple)


@st.composite
def tensors(draw) -> Input:
    shape = draw(st.lists(DIMENSIONS, max_size=4).map(tuple))
    low, high = draw(st.none() | NUMBERS), draw(st.none() | NUMBERS)
    if low is not None and high is not None and not low < high:
        low = high = None
    return Input(
        name=draw(NAMES),
        shape=shape,
        dtype=draw(st.sampled_from(DTYPES)),
        fill=draw(st.none() | st.sampled_from(FILLS) | st.builds(FileFill, file=NAMES)),
        low=low,
        high=high,
    )


VALUES = st.builds(
    Input,
    name=NAMES,
    kind=st.just("value"),
    value=st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | NUMBERS | TEXTS,
)
FILES = st.builds(Input, name=NAMES, shape=st.none(), fill=st.builds(FileFill, file=NAMES))
INPUTS = st.recursive(
    tensors() | VALUES | FILES,
    lambda inner: st.builds(
        Input,
        name=NAMES,
        kind=st.sampled_from(["tuple", "list", "dict"]),
        items=st.lists(inner, max_size=3, unique_by=lambda item: item.name).map(tuple),
    ),
    max_leaves=5,
)
ARGUMENTS = st.dictionaries(
    NAMES,
    st.recursive(
        st.booleans() | st.integers(-(2**63), 2**63 - 1) | NUMBERS | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)
RECIPES = st.builds(
    Recipe,
    model=st.builds(
        Model,
        file=NAMES,
        entry=NAMES,
        arguments=ARGUMENTS,
        methods=st.lists(NAMES, max_size=2).map(tuple),
        weights=st.none() | NAMES,
        weights_strict=st.booleans(),
        mode=st.sampled_from(["eval", "train"]),
        device=st.sampled_from(["cpu", "cuda", "cuda:1", "mps"]),
    ),
    inputs=st.lists(INPUTS, max_size=3, unique_by=lambda item: item.name).map(tuple),
    marks=st.dictionaries(st.just("") | NAMES | TEXTS, st.sampled_from(["trace", "script"]), max_size=3),
    torchscript=st.builds(TorchScript, check_trace=st.booleans(), strict=st.booleans()),
    coreml=st.builds(
        CoreML,
        enabled=st.booleans(),
        minimum_deployment_target=st.sampled_from(TARGETS),
        precision=st.sampled_from(["float16", "float32"]),
        outputs=st.lists(st.builds(CoreMLOutput, name=NAMES), max_size=2).map(tuple),
    ),
    checks=st.builds(Checks, probes=st.integers(1, 100), seed=st.integers(0, 2**63 - 1)),
)

EXAMPLE = """exportdesk = 1
[model]
file = "model.py"                  # relative to the recipe
entry = "ControlFlowNet"
arguments = { num_channels = 3 }
weights = "weights.safetensors"
[[inputs]]
name = "x"
shape = [1, 3, {min=64, max=512, default=64}, [1, 2]]
dtype = "float32"
fill = "normal"
[[inputs]]
name = "y"
fill = { file = "y.npy" }
[marks]
"" = "script"
loop_body = "trace"
[torchscript]
check_tolerance = 1e-5
[coreml]
minimum_deployment_target = "iOS17"
[checks]
probes = 8
seed = 0
"""


@given(RECIPES)
@settings(max_examples=150, deadline=None)
def test_that_a_recipe_survives_its_text(recipe):
    assert parse_recipe(recipe_text(recipe)) == recipe


@given(RECIPES)
@settings(max_examples=30, deadline=None)
def test_that_the_text_of_a_recipe_is_stable(recipe):
    text = recipe_text(recipe)
    assert recipe_text(parse_recipe(text)) == text


@st.composite
def broken(draw) -> str:
    """The example with some pieces taken out, doubled, or replaced by others of it, or by anything."""
    pieces = draw(st.sampled_from([EXAMPLE.split("\n"), EXAMPLE.split(" "), list(EXAMPLE)]))
    separator = "\n" if "exportdesk = 1" in pieces else " " if len(pieces) < len(EXAMPLE) else ""
    pieces = list(pieces)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(pieces) - 1))
        pieces[place : place + draw(st.integers(0, 2))] = draw(
            st.lists(st.sampled_from(pieces) | st.text(max_size=8), max_size=2)
        ) or [""]
    return separator.join(pieces)


@given(broken())
@settings(max_examples=400, deadline=None)
def test_that_a_broken_recipe_is_a_failure_and_never_a_crash(text):
    with contextlib.suppress(ExportDeskError):
        parse_recipe(text)


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_that_any_text_is_answered(text):
    with pytest.raises(ExportDeskError) as caught:
        parse_recipe(text)
    assert caught.value.failure.exit_code == WRONG_CALL
    assert caught.value.failure.message.strip()


VALUE_OF_ANY_KIND = st.one_of(
    st.sampled_from(
        ["nan", "inf", "-inf", "9" * 30, "-1", "0", "1.5", "true", '""', '"x"', "[]", "{}", "[[]]", "2020-01-01", "1979-05-27T07:32:00Z", "2020-13-45", "1e999", "0x7fffffffffffffff", '"\\u0000"', "[1, 'a']"]
    ),
    TEXTS.map(lambda text: recipe_text(Recipe(model=Model(file="a", entry=text))).partition("entry = ")[2].strip() or '""'),
)  # fmt: skip
KEYS = [line.partition("=")[0].strip() for line in EXAMPLE.split("\n") if "=" in line]


@given(st.sampled_from(KEYS), VALUE_OF_ANY_KIND)
@settings(max_examples=300, deadline=None)
def test_that_a_value_of_the_wrong_kind_is_located(key, value):
    lines = EXAMPLE.split("\n")
    number = next(n for n, line in enumerate(lines) if line.partition("=")[0].strip() == key)
    lines[number] = f"{key} = {value}"
    try:
        recipe = parse_recipe("\n".join(lines), file="recipe.toml")
    except ExportDeskError as error:
        failure = error.failure
        assert failure.file == "recipe.toml"
        assert failure.code.startswith("recipe.")
        assert "\n" not in failure.message
    else:
        assert parse_recipe(recipe_text(recipe)) == recipe


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"a = " + b"[" * 100_000,
        b"a = " + b"9" * 10_000,
        b"\x00",
    ],
    ids=["empty", "not text", "deep", "long number", "nul"],
)
def test_that_a_file_that_is_no_recipe_is_answered(tmp_path, content):
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(ExportDeskError) as caught:
        read_recipe(path)
    assert caught.value.failure.file == str(path)
    assert caught.value.failure.exit_code == WRONG_CALL


def test_that_a_byte_order_mark_is_no_obstacle(tmp_path):
    (tmp_path / "recipe.toml").write_bytes(b"\xef\xbb\xbf[model]\r\nfile = 'x.py'\r\n")
    assert read_recipe(tmp_path / "recipe.toml").model.file == "x.py"


def test_that_a_folder_and_a_missing_file_are_answered(tmp_path):
    for path, code in ((tmp_path, "recipe.unreadable"), (tmp_path / "no.toml", "recipe.missing")):
        with pytest.raises(ExportDeskError) as caught:
            read_recipe(path)
        assert caught.value.failure.code == code


def test_that_writing_replaces_the_whole_file(tmp_path):
    path = tmp_path / "a" / "recipe.toml"
    for probes in (1, 2):
        write_recipe(Recipe(model=Model(file="model.py"), checks=Checks(probes=probes)), path)
        assert read_recipe(path).checks.probes == probes
    assert [item.name for item in path.parent.iterdir()] == ["recipe.toml"]
