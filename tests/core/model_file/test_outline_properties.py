"""Any text may be opened as a model file: it is answered, never with a traceback."""

import contextlib

from exportdesk.core.errors import ExportDeskError
from exportdesk.core.model_file.outline import default_entry, outline_of
from exportdesk.core.model_file.source import read_source
from exportdesk.core.model_file.suggestions import suggest_inputs
from exportdesk.resources import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SOURCES = [example.path.read_text() for example in examples()]
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def mutated(draw) -> str:
    """An example with lines or characters taken out, doubled, or put in from another."""
    source = draw(st.sampled_from(SOURCES))
    by_line = draw(st.booleans())
    pieces = source.splitlines() if by_line else list(source)
    others = draw(st.sampled_from(SOURCES)).splitlines() if by_line else list("()[]{}:,.=*@#'\"\n\t 1xé\\")
    for _ in range(draw(st.integers(1, 5))):
        place = draw(st.integers(0, len(pieces)))
        pieces[place : place + draw(st.integers(0, 3))] = draw(st.lists(st.sampled_from(others), max_size=2))
    return ("\n" if by_line else "").join(pieces)


def look_at(folder, content: bytes) -> None:
    path = folder / "model.py"
    path.write_bytes(content)
    with contextlib.suppress(ExportDeskError):
        source = read_source(path)
        rows = outline_of(source)
        default_entry(rows)
        for row in rows:
            for suggestion in suggest_inputs(source, row):
                assert suggestion.reason
                assert all(size >= 0 for size in suggestion.shape)


@given(mutated())
@QUIET
def test_that_a_damaged_model_file_is_answered(tmp_path, text):
    look_at(tmp_path, text.encode())


@given(st.binary(max_size=200))
@QUIET
def test_that_any_bytes_are_answered(tmp_path, content):
    look_at(tmp_path, content)
