"""The journal of a study: what is written into it is read from it, also while it is being written."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.chain.progress import events

OF = {"str": st.text(), "int": st.integers(), "float": st.floats(allow_nan=False), "bool": st.booleans()}
OF["dict[str, float]"] = st.dictionaries(OF["str"], OF["float"])
ANY = st.one_of(
    st.builds(kind, **{field.name: OF[str(field.type)] for field in fields(kind)})
    for kind in (events.Began, events.Started, events.Ended, events.Said, events.Over)
)


@given(st.lists(ANY))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, said: list[events.Event]) -> None:
    path = tmp_path_factory.getbasetemp() / "logs/progress.jsonl"
    journal = events.Journal(path)
    with path.open(encoding="utf-8") as file:
        for event in said:
            journal.write(event)
            assert list(events.read(file)) == [event]
    with path.open(encoding="utf-8") as file:
        assert list(events.read(file)) == said


def test_half_a_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = events.Journal(path)
    journal.write(events.Said("one"))
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + whole[:10], encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        assert list(events.read(file)) == [events.Said("one")]
        assert list(events.read(file)) == []
        with path.open("a", encoding="utf-8") as more:
            more.write(whole[10:])
        assert list(events.read(file)) == [events.Said("one")]


def test_a_new_study_has_a_new_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    events.Journal(path).write(events.Said("old"))
    events.Journal(path)
    assert path.read_text(encoding="utf-8") == ""


def test_a_full_disk_ends_nothing() -> None:
    """The view writes from Snakemake's hooks."""
    events.Journal(Path("/dev/full")).write(events.Said("one"))
