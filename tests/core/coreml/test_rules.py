"""Choices that do not fit together are refused before anything is converted, with the rule that they break."""

import pytest
from exportdesk.core.coreml.inputs import ConvertedInput, core_ml_names, name_notes
from exportdesk.core.coreml.rules import SPECIFICATION_VERSIONS, check_inputs, check_options, enumerated_shapes
from exportdesk.core.errors import WRONG_CALL, ExportDeskError
from exportdesk.core.recipe.model import TARGETS, CoreML, CoreMLOutput, RangeDimension

IMAGE = ConvertedInput("x", (1, 3, 64, 64))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (CoreML(convert_to="mlprogram", minimum_deployment_target="iOS14"), "recipe.target-too-old"),
        (CoreML(convert_to="mlprogram", minimum_deployment_target="macOS10.15"), "recipe.target-too-old"),
        (CoreML(convert_to="neuralnetwork", precision="float32"), "recipe.target-too-new"),
        (CoreML(convert_to="neuralnetwork", minimum_deployment_target="iOS14"), "recipe.precision"),
        (CoreML(compute_units="cpu_and_ne", minimum_deployment_target="iOS15"), "recipe.compute-units"),
        (CoreML(outputs=(CoreMLOutput(name="1st"),)), "recipe.output-name"),
        (CoreML(outputs=(CoreMLOutput(name="list"),)), "recipe.output-name"),
        (CoreML(outputs=(CoreMLOutput(name="a"), CoreMLOutput(name="a"))), "recipe.output-name"),
    ],
)
def test_that_options_that_do_not_fit_are_refused_with_a_reason(options: CoreML, code: str) -> None:
    with pytest.raises(ExportDeskError) as raised:
        check_options(options)
    assert raised.value.failure.code == code
    assert raised.value.failure.exit_code == WRONG_CALL


def test_that_options_that_fit_pass() -> None:
    check_options(CoreML())
    check_options(CoreML(convert_to="neuralnetwork", precision="float32", minimum_deployment_target="iOS13"))


@pytest.mark.parametrize(
    ("inputs", "target", "code"),
    [
        ([ConvertedInput("x", ())], "iOS17", "recipe.rank"),
        ([ConvertedInput("x", (1,) * 6)], "iOS17", "recipe.rank"),
        ([ConvertedInput("x", (0, 3))], "iOS17", "recipe.shape"),
        ([ConvertedInput("x", ((1, 2), RangeDimension(min=1, max=4)))], "iOS17", "recipe.shape"),
        ([ConvertedInput("x", (tuple(range(1, 130)), 3))], "iOS17", "recipe.too-many-shapes"),
        ([ConvertedInput("x", (tuple(range(1, 13)), tuple(range(1, 13))))], "iOS17", "recipe.too-many-shapes"),
        ([ConvertedInput("x", (RangeDimension(min=1, max=2**31), 3))], "iOS17", "recipe.unbounded-range"),
        ([ConvertedInput("x", ((1, 2),)), ConvertedInput("y", ((1, 2),))], "iOS17", "recipe.enumerated-inputs"),
        ([ConvertedInput("x", ((1, 2),)), ConvertedInput("y", ((1, 2, 3),))], "iOS18", "recipe.enumerated-inputs"),
        ([ConvertedInput("x", (1, 2), "complex64")], "iOS17", "recipe.input-dtype"),
        ([ConvertedInput("x", (1, 2), "bfloat16")], "iOS17", "recipe.input-dtype"),
        ([ConvertedInput("x", (1, 2), "float16")], "iOS15", "recipe.input-dtype"),
    ],
)
def test_that_inputs_against_the_rules_are_refused(inputs: list[ConvertedInput], target: str, code: str) -> None:
    with pytest.raises(ExportDeskError) as raised:
        check_inputs(inputs, CoreML(minimum_deployment_target=target))
    assert raised.value.failure.code == code


def test_that_shapes_within_the_rules_pass() -> None:
    check_inputs([IMAGE, ConvertedInput("y", (RangeDimension(min=1, max=512), 3))], CoreML())
    check_inputs(
        [ConvertedInput("x", ((1, 2), 3)), ConvertedInput("y", ((4, 5),))], CoreML(minimum_deployment_target="iOS18")
    )


def test_that_every_combination_of_listed_sizes_is_a_shape_and_the_first_is_the_default() -> None:
    assert enumerated_shapes(ConvertedInput("x", ((2, 1), 3, (8, 16)))) == (
        (2, 3, 8),
        (2, 3, 16),
        (1, 3, 8),
        (1, 3, 16),
    )


def test_that_every_target_of_the_recipe_has_a_file_format() -> None:
    assert set(SPECIFICATION_VERSIONS) == set(TARGETS)


def test_that_names_core_ml_does_not_allow_are_changed_and_noted() -> None:
    inputs = [ConvertedInput(name) for name in ("x.1", "x_1", "list", "0", "ok")]
    names = core_ml_names(inputs, taken=["ok"])
    assert names == ("x_1_2", "x_1", "list_input", "input_0", "ok")
    assert [note.code for note in name_notes(inputs, names)] == ["convert.renamed-input"] * 3
