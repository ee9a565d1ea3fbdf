"""results/summary.csv before --touch."""

from __future__ import annotations

from pathlib import Path

import pytest
from configs import load, small

from ablation.chain import latest, paths

OWN = Path("results/comparison/drawn/default/summary.csv")
SUMMARY = Path(paths.SUMMARY)


@pytest.mark.parametrize(
    ("own", "there", "now", "told"),
    [
        ("a", "a", "a", ""),
        ("a", "b", "a", f"Mind: {SUMMARY} was another study's: a copy of {OWN} now\n"),
        (None, "b", None, f"Mind: {SUMMARY} was another study's: removed now\n"),
        ("a", None, None, ""),
        (None, None, None, ""),
    ],
)
def test_it_is_this_studys_or_none(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    own: str | None,
    there: str | None,
    now: str | None,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    OWN.parent.mkdir(parents=True)
    for path, text in ((OWN, own), (SUMMARY, there)):
        if text is not None:
            path.write_text(text, encoding="utf-8")
    latest.before_touching(load(small()))
    assert (SUMMARY.read_text(encoding="utf-8") if SUMMARY.exists() else None) == now
    assert capsys.readouterr().out == told
