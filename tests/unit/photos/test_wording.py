"""Names as they are written: composed, shortened, and the first of many."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.photos.wording import nfc, short, some


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
