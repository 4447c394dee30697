"""Packages made by hand: any program, valid or not, without coremltools' checks in the way."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from coremltools.proto import FeatureTypes_pb2, MIL_pb2, Model_pb2

DTYPES = {"fp16": MIL_pb2.FLOAT16, "fp32": MIL_pb2.FLOAT32, "int32": MIL_pb2.INT32, "bool": MIL_pb2.BOOL}
ARRAY_DTYPES = {
    "fp16": FeatureTypes_pb2.ArrayFeatureType.FLOAT16,
    "fp32": FeatureTypes_pb2.ArrayFeatureType.FLOAT32,
    "int32": FeatureTypes_pb2.ArrayFeatureType.INT32,
}


def value_type(dtype: str, shape: tuple[int, ...]) -> Any:
    kind = MIL_pb2.ValueType()
    kind.tensorType.dataType = DTYPES[dtype]
    kind.tensorType.rank = len(shape)
    for size in shape:
        kind.tensorType.dimensions.add().constant.size = size
    return kind


def constant(array: Any) -> Any:
    """Return a MIL value that holds an array of float32, int32 or bool, or a text, in place."""
    value = MIL_pb2.Value()
    if isinstance(array, str):
        value.type.tensorType.dataType = MIL_pb2.STRING
        value.immediateValue.tensor.strings.values.append(array)
        return value
    array = np.asarray(array)
    dtype = {"f": "fp32", "i": "int32", "b": "bool"}[array.dtype.kind]
    value.type.CopyFrom(value_type(dtype, array.shape))
    field = {"fp32": "floats", "int32": "ints", "bool": "bools"}[dtype]
    getattr(value.immediateValue.tensor, field).values.extend(array.reshape(-1).tolist())
    return value


class Maker:
    """A program with one function ``main``; ``add`` appends operations, ``save`` writes the package."""

    def __init__(self, inputs: dict[str, tuple[str, tuple[int, ...]]], opset: str = "CoreML7") -> None:
        self.model = Model_pb2.Model()
        self.model.specificationVersion = 8
        self.function = self.model.mlProgram.functions["main"]
        self.function.opset = opset
        self.block = self.function.block_specializations[opset]
        self.folder_files: dict[str, bytes] = {}
        for name, (dtype, shape) in inputs.items():
            named = self.function.inputs.add()
            named.name = name
            named.type.CopyFrom(value_type(dtype, shape))
            feature = self.model.description.input.add()
            feature.name = name
            feature.type.multiArrayType.dataType = ARRAY_DTYPES[dtype]
            feature.type.multiArrayType.shape.extend(shape)

    def add(
        self, kind: str, outputs: dict[str, tuple[str, tuple[int, ...]]], block: Any = None, /, **inputs: Any
    ) -> Any:
        operation = (self.block if block is None else block).operations.add()
        operation.type = kind
        for name, given in inputs.items():
            for item in given if isinstance(given, list) else [given]:
                binding = operation.inputs[name].arguments.add()
                if isinstance(item, str):
                    binding.name = item
                else:
                    binding.value.CopyFrom(item)
        for name, (dtype, shape) in outputs.items():
            named = operation.outputs.add()
            named.name = name
            named.type.CopyFrom(value_type(dtype, shape))
        return operation

    def weight(self, name: str, dtype: str, shape: tuple[int, ...], offset: int, file: str) -> None:
        operation = self.add("const", {name: (dtype, shape)})
        value = operation.attributes["val"]
        value.type.CopyFrom(value_type(dtype, shape))
        value.blobFileValue.fileName = file
        value.blobFileValue.offset = offset

    def output(self, name: str, dtype: str = "fp32", shape: tuple[int, ...] = ()) -> None:
        self.block.outputs.append(name)
        feature = self.model.description.output.add()
        feature.name = name
        feature.type.multiArrayType.dataType = ARRAY_DTYPES[dtype]
        feature.type.multiArrayType.shape.extend(shape)

    def save(self, folder: Path, path_in_manifest: str = "com.apple.CoreML/model.mlmodel") -> Path:
        package = folder / "made.mlpackage"
        data = package / "Data" / "com.apple.CoreML"
        data.mkdir(parents=True)
        (data / "model.mlmodel").write_bytes(self.model.SerializeToString())
        for name, content in self.folder_files.items():
            (data / name).parent.mkdir(exist_ok=True)
            (data / name).write_bytes(content)
        write_manifest(package, path_in_manifest)
        return package


def write_manifest(package: Path, path: str) -> None:
    entries = {"A": {"author": "com.apple.CoreML", "name": "model.mlmodel", "path": path}}
    manifest = {"fileFormatVersion": "1.0.0", "itemInfoEntries": entries, "rootModelIdentifier": "A"}
    (package / "Manifest.json").write_text(json.dumps(manifest))
