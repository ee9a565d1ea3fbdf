"""What all figures share."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.photos.wording import columns
from ablation.results.figures.canvas import marked, short, wrapped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("rose", "rose"), ("", ""), ("x" * 9, "x" * 9), ("abcdefghij", "abcd…ghij"), ("a\n b", "a b")),
        *(("玫瑰花的", "玫瑰花的"), ("玫瑰花的红", "玫瑰…的红"), ("a玫瑰花的红b", "a玫…红b")),
        # An accent of its own has no width, and stays with its letter.
        *(("e\u0301" * 9, "e\u0301" * 9), ("e\u0301" * 10, "e\u0301" * 4 + "…" + "e\u0301" * 4)),
    ],
)
def test_short(text: str, expected: str) -> None:
    assert short(text, 9) == expected


@given(st.text(), st.integers(3, 40))
def test_short_fits(text: str, width: int) -> None:
    assert columns(short(text, width)) <= width


@given(st.text(st.characters(max_codepoint=0x2FF, exclude_categories=["C", "Z", "M"])).map(" ".join))
def test_usual_letters_are_wrapped_as_by_the_library(text: str) -> None:
    assert wrapped(text, 25) == textwrap.fill(text, 25, break_long_words=False, break_on_hyphens=False)


def test_wide_letters_are_wrapped_by_their_width() -> None:
    assert wrapped("玫瑰花 玫瑰花 rose lily", 11) == "玫瑰花\n玫瑰花 rose\nlily"


def test_arabic_keeps_its_place_in_a_line() -> None:
    assert marked("rose") == "rose"
    assert marked("وردة") == "\u200eوردة\u200e"
    assert wrapped("وردة rose lily", 9) == "\u200eوردة\u200e rose\u200e\nlily"
    # Else the brackets would go to the left of the name, and the two words change places.
    assert marked("for وردة جورية (66%)") == "\u200efor وردة جورية\u200e (66%)\u200e"
    assert marked("وردة, for ورد") == "\u200eوردة\u200e, for ورد\u200e"
    # What is marked already is no text to be escaped.
    assert "u200e" not in wrapped(f"{marked('وردة')} (50%)", 25)
