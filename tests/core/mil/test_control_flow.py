"""Branches, loops and lists, in programs made with coremltools' builder and run in memory."""

import coremltools as ct
import numpy as np
import pytest
from coremltools.converters.mil.mil import Builder as mb
from coremltools.converters.mil.mil import types
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.mil import ReferenceModel


def run(program, **data):
    return list(ReferenceModel(program).predict(data).values())


@mb.program(
    input_specs=[mb.TensorSpec(shape=(2,)), mb.TensorSpec(shape=(1,), dtype=types.bool)], opset_version=ct.target.iOS16
)
def branching(x, flag):
    return mb.cond(
        pred=mb.squeeze(x=flag, axes=[0]), _true_fn=lambda: mb.add(x=x, y=1.0), _false_fn=lambda: mb.mul(x=x, y=10.0)
    )


@pytest.mark.parametrize(("flag", "expected"), [(True, [2, 3]), (False, [10, 20])])
def test_that_a_branch_runs_one_side(flag: bool, expected: list[float]) -> None:
    (result,) = run(branching, x=np.array([1, 2], np.float32), flag=np.array([flag]))
    assert result.tolist() == expected


@mb.program(
    input_specs=[mb.TensorSpec(shape=(1,), dtype=types.int32), mb.TensorSpec(shape=(2,))], opset_version=ct.target.iOS16
)
def powers(count, x):
    def body(i, total):
        def inner(j, value):
            return mb.add(x=j, y=1), mb.mul(x=value, y=2.0)

        _, doubled = mb.while_loop(_cond=lambda j, value: mb.less(x=j, y=2), _body=inner, loop_vars=(0, total))
        return mb.add(x=i, y=1), mb.add(x=doubled, y=x)

    return mb.while_loop(
        _cond=lambda i, total: mb.less(x=i, y=mb.squeeze(x=count, axes=[0])), _body=body, loop_vars=(0, x)
    )


@pytest.mark.parametrize("count", [0, 1, 3])
def test_that_loops_nest_and_see_what_is_around_them(count: int) -> None:
    x = np.array([1, 2], np.float32)
    expected = x
    for _ in range(count):
        expected = expected * 4 + x
    turns, total = run(powers, count=np.array([count], np.int32), x=x)
    assert turns == count
    assert total.tolist() == expected.tolist()


@mb.program(input_specs=[mb.TensorSpec(shape=(4, 2))], opset_version=ct.target.iOS16)
def listing(x):
    rows = mb.make_list(init_length=2, dynamic_length=True, elem_shape=(2,))
    rows = mb.list_scatter(ls=rows, indices=np.array([0, 3, 1, 2], np.int32), value=x)
    rows = mb.list_write(ls=rows, index=1, value=np.array([9, 9], np.float32))
    return (
        mb.list_read(ls=rows, index=3),
        mb.list_gather(ls=rows, indices=np.array([2, 1], np.int32)),
        mb.list_length(ls=rows),
    )


def test_that_lists_are_written_read_and_grow() -> None:
    x = np.arange(8, dtype=np.float32).reshape(4, 2)
    third, two, length = run(listing, x=x)
    assert third.tolist() == [2, 3]
    assert two.tolist() == [[6, 7], [9, 9]]
    assert length == 4


@mb.program(input_specs=[mb.TensorSpec(shape=(2,))], opset_version=ct.target.iOS16)
def reading_too_far(x):
    rows = mb.make_list(init_length=1, dynamic_length=False, elem_shape=(2,))
    rows = mb.list_write(ls=rows, index=0, value=x)
    return mb.list_read(ls=rows, index=5)


def test_that_reading_behind_a_list_names_the_operation() -> None:
    with pytest.raises(ExportDeskError, match=r"list_read .* outside a list of 1"):
        run(reading_too_far, x=np.zeros(2, np.float32))


@mb.program(
    input_specs=[mb.TensorSpec(shape=(2,)), mb.StateTensorSpec((2,), dtype=types.fp16)], opset_version=ct.target.iOS18
)
def accumulating(x, total):
    now = mb.add(x=mb.read_state(input=total), y=mb.cast(x=x, dtype="fp16"))
    return mb.coreml_update_state(state=total, value=now)


def test_that_a_program_in_memory_updates_its_state() -> None:
    model = ReferenceModel(accumulating)
    state = model.make_state()
    for turn in (1, 2, 3):
        (result,) = model.predict({"x": np.array([1, 2], np.float32)}, state).values()
        assert result.tolist() == [turn, 2 * turn]
    assert state.read_state("total").tolist() == [3, 6]
