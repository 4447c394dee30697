"""The table of operations against coremltools' own registry."""

import importlib.util
from pathlib import Path

import pytest
from exportdesk.core.mil import operations
from exportdesk.core.mil.support import CONTROL_FLOW
from exportdesk.core.mil.table import OPSETS, find, names

from .test_operations import CASES

operations.load()

TESTED_ELSEWHERE = {
    "make_list", "list_length", "list_write", "list_read", "list_gather", "list_scatter",  # test_control_flow
    "cond", "while_loop", "const", "classify", "read_state", "write_state", "coreml_update_state",
    "random_uniform", "random_normal", "random_bernoulli", "random_categorical",  # test_random
}  # fmt: skip
NEVER_IN_A_PROGRAM = {"_const_symbolic"}
"""Only between coremltools' passes."""


def registry() -> list[tuple[str, str]]:
    import coremltools.converters.mil.mil.ops.defs  # noqa: F401 - fills the registry
    from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry

    found = []
    for name, versions in SSAOpRegistry.core_ops.items():
        for opset in versions:
            known = opset.name if opset.name in OPSETS else "iOS15"
            found.append((name, known))
    return [item for item in dict.fromkeys(found) if item[0] not in NEVER_IN_A_PROGRAM]


@pytest.mark.parametrize(("name", "opset"), registry())
def test_that_every_registered_operation_has_an_entry_with_its_inputs(name: str, opset: str) -> None:
    if name in CONTROL_FLOW:
        return
    entry = find(name, opset)
    assert entry is not None
    from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry

    versions = {key.name: cls for key, cls in SSAOpRegistry.core_ops[name].items()}
    registered = versions.get(opset) or next(iter(versions.values()))
    ours = {parameter.name for parameter in entry.parameters}
    assert set(registered.input_spec.input_types) <= ours


def test_that_every_entry_has_a_test_of_its_own() -> None:
    tested = {case[0] for case in CASES} | TESTED_ELSEWHERE
    assert set(names()) <= tested


def test_that_the_page_of_operations_is_what_the_table_says(repository: Path, tmp_path: Path) -> None:
    script = importlib.util.spec_from_file_location(
        "operation_table", repository / "tests/mil_suite/operation_table.py"
    )
    assert script is not None
    module = importlib.util.module_from_spec(script)
    script.loader.exec_module(module)
    module.main(tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text("utf-8") == (repository / "docs/mil-operations.md").read_text("utf-8")
