"""Names as they are written: composed, shortened, and the first of many."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.photos.wording import columns, fitted, nfc, printable, short, some, wrapped


def test_one_form_of_what_looks_the_same() -> None:
    assert nfc("e\u0301te\u0301.jpg") == "\u00e9t\u00e9.jpg"
    assert nfc("\u1112\u1161\u11ab") == "\ud55c"
    # What only means the same stays apart: a ligature, a superscript.
    assert nfc("\ufb01\u00b2") == "\ufb01\u00b2"


@given(name=st.text())
def test_a_composed_name_stays(name: str) -> None:
    assert unicodedata.is_normalized("NFC", nfc(name))
    assert nfc(unicodedata.normalize("NFD", name)) == nfc(name)


@given(name=st.text(max_size=250).filter(str.isprintable))
def test_a_long_name_shows_both_ends(name: str) -> None:
    if len(name) <= 100:
        assert short(name) == name
    else:
        start, end = short(name)[:50], short(name)[-50:]
        assert short(name) == f"{start}...{end}"
        assert name.startswith(start)
        assert name.endswith(end)


@given(name=st.text(max_size=250))
def test_a_name_is_one_printable_line(name: str) -> None:
    assert short(name).isprintable()
    assert len(short(name + "\n").splitlines()) == 1


def test_what_cannot_be_printed_is_shown() -> None:
    assert short("a\nb\x00\u2028") == "a\\nb\\x00\\u2028"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], "0 photos ()"),
        (["a"], "1 photo (a)"),
        (["a", "b", "c"], "3 photos (a, b, c)"),
        (["a", "b", "c", "d"], "4 photos (a, b, c, ...)"),
        (["x" * 101], f"1 photo ({'x' * 50}...{'x' * 50})"),
    ],
    ids=["none", "one", "three", "four", "long"],
)
def test_the_first_of_many_are_named(names: list[str], expected: str) -> None:
    assert some(iter(names)) == expected


def test_things_have_their_own_words() -> None:
    assert some(["a"], "class", "classes") == "1 class (a)"
    assert some(["a", "b"], "class", "classes") == "2 classes (a, b)"


# --- columns of a terminal ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("rose", 4), ("e\u0301", 1), ("\u00e9", 1), ("\u96cf\u83ca", 4), ("\uff21", 2), ("\u03b1", 1)],
)
def test_columns_that_a_text_takes(text: str, expected: int) -> None:
    assert columns(text) == expected


@given(name=st.text(max_size=60), width=st.integers(5, 40))
def test_a_fitted_name_shows_both_ends(name: str, width: int) -> None:
    found = fitted(name, width)
    assert found.isprintable()
    assert columns(found) <= width
    if columns(printable(name)) <= width:
        assert found == printable(name)
    else:
        # A name may have dots of its own, at which it was not cut.
        cuts = [at for at in range(len(found)) if found.startswith("...", at)]
        shown = printable(name)
        assert any(shown.startswith(found[:at]) and shown.endswith(found[at + 3 :]) for at in cuts)


def test_a_name_is_cut_in_the_middle() -> None:
    assert fitted("abcdefghijklmnop", 10) == "abcd...nop"
    assert fitted("\u96cf" * 9, 10) == "\u96cf\u96cf...\u96cf"


@given(
    words=st.lists(st.text("ab\u96cf\u0301", min_size=1, max_size=12), max_size=20), width=st.integers(8, 30)
)
def test_wrapped_lines_hold_all_words_as_full_as_they_can(words: list[str], width: int) -> None:
    lines = wrapped("x", " ".join(words), 4, width)
    assert lines[0].startswith("x")
    assert all(line.startswith("    ") for line in lines[1:])
    texts = [line[4:] for line in lines]
    assert " ".join(texts).split() == words
    for text in texts:
        assert 4 + columns(text) <= width or " " not in text
    for text, after in itertools.pairwise(texts):
        assert 4 + columns(f"{text} {after.split()[0]}") > width
