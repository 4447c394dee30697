"""The window says nothing of flags: neither in hints, nor in the advice, nor on the page of a code."""

import pytest
from exportdesk.gui.state.advice import Place, evidence_html
from exportdesk.gui.state.wording import in_words_of_the_window
from exportdesk.resources.diagnostic_pages import pages


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Give one: --check-input x=@sample.npy.", "Give one: a row for x in Further inputs to check with."),
        ("as an example (--input x=@sample.npy) and", "as an example (an input x with @sample.npy) and"),
    ],
)
def test_that_flags_become_the_windows_own_words(said: str, shown: str) -> None:
    assert in_words_of_the_window(said) == shown


def test_that_a_hint_of_the_advice_names_no_flag() -> None:
    hint = "Give an example that does (--input x=@x.npy) and advise again."
    place = Place(weight="undecided", module="a", file="m.py", line=1, source=None, text="undecided", hint=hint)
    assert "--" not in evidence_html(place)


def test_that_no_page_shows_flags_of_inputs_in_the_window() -> None:
    told = [in_words_of_the_window(f"{page.what} {page.why} {page.do}") for page in pages().values()]
    assert [text for text in told if "--input" in text or "--check-input" in text] == []
