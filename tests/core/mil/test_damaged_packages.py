"""Damaged and hostile packages: each gives an error with its place, never a number, never a traceback."""

import contextlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.mil import ReferenceModel, unsupported_operations

from .packages import Maker, constant, write_manifest

VECTOR = ("fp32", (4,))


def sum_with_weight(file: str = "@model_path/weights/weight.bin", offset: int = 64, shape=(4,)) -> Maker:
    maker = Maker({"x": VECTOR})
    maker.weight("w", "fp32", shape, offset, file)
    maker.add("add", {"y": VECTOR}, x="x", y="w")
    maker.output("y", "fp32", (4,))
    header = struct.pack("<II", 1, 2).ljust(64, b"\0")
    entry = struct.pack("<IIQQ", 0xDEADBEEF, 2, 16, 128).ljust(64, b"\0")
    maker.folder_files["weights/weight.bin"] = (
        header + entry + np.arange(4, dtype=np.float32).tobytes().ljust(64, b"\0")
    )
    return maker


def failure_of(package: Path, data=None) -> str:
    with pytest.raises(ExportDeskError) as caught:
        ReferenceModel(package).predict({"x": np.ones(4, np.float32)} if data is None else data)
    return caught.value.failure.code


def test_that_the_undamaged_package_runs(tmp_path: Path) -> None:
    model = ReferenceModel(sum_with_weight().save(tmp_path))
    np.testing.assert_array_equal(model.predict({"x": np.ones(4, np.float32)})["y"], [1, 2, 3, 4])


def test_that_running_leaves_the_weight_file_as_it_was(tmp_path: Path) -> None:
    package = sum_with_weight().save(tmp_path)
    file = package / "Data/com.apple.CoreML/weights/weight.bin"
    before = file.read_bytes()
    ReferenceModel(package).predict({"x": np.ones(4, np.float32)})
    assert file.read_bytes() == before


@pytest.mark.parametrize("offset", [0, 1, 63, 128, 10_000, 2**63, 2**64 - 1])
def test_that_a_weight_outside_its_file_or_without_header_is_an_error(tmp_path: Path, offset: int) -> None:
    assert failure_of(sum_with_weight(offset=offset).save(tmp_path)) == "package.weights"


def test_that_a_weight_of_another_size_is_an_error(tmp_path: Path) -> None:
    assert failure_of(sum_with_weight(shape=(5,)).save(tmp_path)) == "package.weights"


@pytest.mark.parametrize("keep", [0, 10, 100, 130])
def test_that_a_truncated_weight_file_is_an_error(tmp_path: Path, keep: int) -> None:
    package = sum_with_weight().save(tmp_path)
    file = package / "Data/com.apple.CoreML/weights/weight.bin"
    file.write_bytes(file.read_bytes()[:keep])
    assert failure_of(package) == "package.weights"


def test_that_a_missing_weight_file_is_an_error(tmp_path: Path) -> None:
    package = sum_with_weight().save(tmp_path)
    (package / "Data/com.apple.CoreML/weights/weight.bin").unlink()
    assert failure_of(package) == "package.weights"


@pytest.mark.parametrize("file", ["@model_path/../../../secret.bin", "/etc/passwd", "../../../../secret.bin"])
def test_that_a_weight_file_outside_the_package_is_not_opened(tmp_path: Path, file: str) -> None:
    (tmp_path / "secret.bin").write_bytes(b"x" * 500)
    assert failure_of(sum_with_weight(file=file).save(tmp_path)) in ("package.unsafe-path", "package.weights")


def test_that_a_link_out_of_the_package_is_not_followed(tmp_path: Path) -> None:
    package = sum_with_weight().save(tmp_path)
    file = package / "Data/com.apple.CoreML/weights/weight.bin"
    file.rename(tmp_path / "elsewhere.bin")
    file.symlink_to(tmp_path / "elsewhere.bin")
    assert failure_of(package) == "package.unsafe-path"


@pytest.mark.parametrize("path", ["../../outside.mlmodel", "/etc/hostname", "..", "", "a\0b", 3])
def test_that_a_manifest_that_points_elsewhere_is_an_error(tmp_path: Path, path) -> None:
    package = sum_with_weight().save(tmp_path)
    (tmp_path / "outside.mlmodel").write_bytes(b"")
    write_manifest(package, path)
    assert failure_of(package).startswith("package.")


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, '{"rootModelIdentifier": 5}', "\ufffe"])
def test_that_a_broken_manifest_is_an_error(tmp_path: Path, text: str) -> None:
    package = sum_with_weight().save(tmp_path)
    (package / "Manifest.json").write_text(text)
    assert failure_of(package) == "package.malformed"


def test_that_every_truncation_of_the_model_file_is_an_error(tmp_path: Path) -> None:
    package = sum_with_weight().save(tmp_path)
    file = package / "Data/com.apple.CoreML/model.mlmodel"
    whole = file.read_bytes()
    for size in range(0, len(whole), 7):
        file.write_bytes(whole[:size])
        assert failure_of(package).split(".")[0] in ("package", "mil", "call"), size


def test_that_random_damage_to_the_model_file_never_ends_in_a_traceback(tmp_path: Path) -> None:
    package = sum_with_weight().save(tmp_path)
    file = package / "Data/com.apple.CoreML/model.mlmodel"
    whole = file.read_bytes()
    random = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        for position in random.integers(0, len(whole), 3):
            damaged[position] = random.integers(0, 256)
        file.write_bytes(bytes(damaged))
        with contextlib.suppress(ExportDeskError):
            ReferenceModel(package).predict({"x": np.ones(4, np.float32)})


def test_that_messages_nested_without_end_are_an_error(tmp_path: Path) -> None:
    package = sum_with_weight().save(tmp_path)
    body = b""
    for _ in range(2000):  # a list type of a list type of ...
        body = b"\x12" + _varint(len(body) + 1 + len(_varint(len(body)))) + b"\x0a" + _varint(len(body)) + body
    named = b"\x12" + _varint(len(body)) + body
    function = b"\x0a" + _varint(len(named)) + named
    entry = b"\x0a\x04main\x12" + _varint(len(function)) + function
    program = b"\x12" + _varint(len(entry)) + entry
    model = b"\x12\x00" + _varint(502 << 3 | 2) + _varint(len(program)) + program
    (package / "Data/com.apple.CoreML/model.mlmodel").write_bytes(model)
    assert failure_of(package) == "package.malformed"


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def test_that_an_unknown_operation_is_named(tmp_path: Path) -> None:
    maker = Maker({"x": VECTOR})
    maker.add("frobnicate", {"a": VECTOR}, x="x")
    maker.add("defenestrate", {"y": VECTOR}, x="a")
    maker.output("y", "fp32", (4,))
    package = maker.save(tmp_path)
    with pytest.raises(ExportDeskError, match="frobnicate") as caught:
        ReferenceModel(package)
    assert caught.value.failure.code == "mil.unsupported-operation"
    assert [row.type for row in unsupported_operations(package)] == ["frobnicate", "defenestrate"]


def test_that_an_operation_newer_than_the_opset_is_unknown(tmp_path: Path) -> None:
    maker = Maker({"x": VECTOR}, opset="CoreML5")
    maker.add("fill_like", {"y": VECTOR}, ref_tensor="x")
    maker.output("y", "fp32", (4,))
    assert failure_of(maker.save(tmp_path)) == "mil.unsupported-operation"


@pytest.mark.parametrize("name", ["later", "y", "nowhere"])
def test_that_a_value_used_before_it_is_made_is_an_error(tmp_path: Path, name: str) -> None:
    maker = Maker({"x": VECTOR})
    maker.add("add", {"y": VECTOR}, x="x", y=name)
    maker.add("relu", {"later": VECTOR}, x="y")
    maker.output("later", "fp32", (4,))
    assert failure_of(maker.save(tmp_path)) == "mil.undefined-name"


def test_that_a_value_defined_twice_is_an_error(tmp_path: Path) -> None:
    maker = Maker({"x": VECTOR})
    maker.add("relu", {"y": VECTOR}, x="x")
    maker.add("exp", {"y": VECTOR}, x="x")
    maker.output("y", "fp32", (4,))
    assert failure_of(maker.save(tmp_path)) == "package.malformed"


def test_that_a_block_that_ends_with_nothing_known_is_an_error(tmp_path: Path) -> None:
    maker = Maker({"x": VECTOR})
    maker.output("y", "fp32", (4,))
    assert failure_of(maker.save(tmp_path)) == "mil.undefined-name"


def test_that_a_missing_argument_and_an_unknown_one_are_errors(tmp_path: Path) -> None:
    maker = Maker({"x": VECTOR})
    maker.add("add", {"y": VECTOR}, x="x")
    assert failure_of(maker.save(tmp_path)) == "mil.missing-argument"
    other = Maker({"x": VECTOR})
    other.add("relu", {"y": VECTOR}, x="x", strength="x")
    assert failure_of(other.save(tmp_path / "other")) == "mil.unknown-argument"


def test_that_a_result_that_contradicts_its_declared_type_is_an_error(tmp_path: Path) -> None:
    maker = Maker({"x": VECTOR})
    maker.add("relu", {"y": ("fp32", (2, 2))}, x="x")
    maker.output("y", "fp32", (2, 2))
    assert failure_of(maker.save(tmp_path)) == "mil.operation-failed"


def test_that_a_value_of_absurd_size_is_an_error_before_it_is_made(tmp_path: Path) -> None:
    maker = Maker({"x": VECTOR})
    sizes = constant(np.array([1 << 20, 1 << 20, 1 << 10], np.int32))
    maker.add("fill", {"y": ("fp32", (1 << 20, 1 << 20, 1 << 10))}, shape=sizes, value=constant(np.float32(1)))
    maker.output("y", "fp32", (1,))
    assert failure_of(maker.save(tmp_path)) == "mil.operation-failed"


def test_that_a_constant_that_declares_more_than_it_has_is_an_error(tmp_path: Path) -> None:
    maker = Maker({"x": VECTOR})
    value = constant(np.zeros(4, np.float32))
    value.type.tensorType.dimensions[0].constant.size = 1 << 62
    maker.add("add", {"y": VECTOR}, x="x", y=value)
    maker.output("y", "fp32", (4,))
    assert failure_of(maker.save(tmp_path)) == "package.malformed"


def test_that_an_index_out_of_range_is_an_error(tmp_path: Path) -> None:
    maker = Maker({"x": VECTOR})
    maker.add(
        "gather", {"y": ("fp32", (1,))}, x="x", indices=constant(np.array([9], np.int32)), axis=constant(np.int32(0))
    )
    maker.output("y", "fp32", (1,))
    assert failure_of(maker.save(tmp_path)) == "mil.operation-failed"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, "call.missing-input"),
        ({"x": np.ones(5, np.float32)}, "call.input-shape"),
        ({"x": np.ones((1, 4), np.float32)}, "call.input-shape"),
        ({"x": np.ones(4), "z": np.ones(4)}, "call.unknown-input"),
        ({"x": np.array(["a"] * 4)}, "call.input-type"),
        ({"x": [[1], [2, 3]]}, "call.input-type"),
        ({"x": object()}, "call.input-type"),
    ],
)
def test_that_inputs_that_do_not_fit_are_errors_of_the_call(tmp_path: Path, data, code: str) -> None:
    assert failure_of(sum_with_weight().save(tmp_path), data) == code


def test_that_what_is_no_package_is_an_error_of_the_call(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    for path in (tmp_path / "nothing.mlpackage", tmp_path / "notes.txt", tmp_path):
        assert failure_of(path).startswith("call.")


def test_that_a_neural_network_is_said_to_be_unsupported(tmp_path: Path) -> None:
    from coremltools.proto import Model_pb2

    model = Model_pb2.Model()
    model.description.SetInParent()
    model.neuralNetwork.SetInParent()
    file = tmp_path / "old.mlmodel"
    file.write_bytes(model.SerializeToString())
    assert failure_of(file) == "package.unsupported-kind"


def test_that_a_package_without_any_coremltools_reads_the_same(tmp_path: Path) -> None:
    """On Windows there is no coremltools: nothing that reads or runs a package may import it."""
    import subprocess
    import sys

    package = sum_with_weight().save(tmp_path)
    code = (
        "import sys; sys.modules['coremltools'] = None\n"
        "import numpy as np\n"
        "from exportdesk.core.mil import ReferenceModel\n"
        f"print(ReferenceModel({json.dumps(str(package))}).predict({{'x': np.ones(4, np.float32)}})['y'].tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[1.0, 2.0, 3.0, 4.0]"


def test_that_a_package_with_an_impossible_name_is_an_error(tmp_path: Path) -> None:
    assert failure_of(tmp_path / ("a" * 5000 + ".mlpackage")).split(".")[0] in ("call", "package")


def test_that_a_model_file_that_is_a_link_to_itself_is_an_error(tmp_path: Path) -> None:
    package = sum_with_weight().save(tmp_path)
    file = package / "Data/com.apple.CoreML/model.mlmodel"
    file.unlink()
    file.symlink_to(file.name)
    assert failure_of(package) == "package.malformed"


def test_that_a_weight_file_that_is_a_link_to_itself_is_an_error(tmp_path: Path) -> None:
    package = sum_with_weight().save(tmp_path)
    file = package / "Data/com.apple.CoreML/weights/weight.bin"
    file.unlink()
    file.symlink_to(file.name)
    assert failure_of(package) == "package.weights"


def test_that_an_output_which_the_program_lacks_is_an_error(tmp_path: Path) -> None:
    maker = Maker({"x": VECTOR})
    maker.add("relu", {"y": VECTOR}, x="x")
    maker.output("y", "fp32", (4,))
    package = maker.save(tmp_path)
    file = package / "Data/com.apple.CoreML/model.mlmodel"
    whole = file.read_bytes()
    described = whole.rfind(b"\x01y") if whole.count(b"\x01y") else -1
    assert described >= 0
    changed = [whole[:at] + b"\x01z" + whole[at + 2 :] for at in range(len(whole)) if whole[at : at + 2] == b"\x01y"]
    codes = set()
    for content in changed:
        file.write_bytes(content)
        codes.add(failure_of(package))
    assert "package.malformed" in codes
