"""What documents name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from places import DOCUMENTS, ROOT, SCRIPTS

# Files of the project: not those that a study makes, and no pattern of several.
NAMED = re.compile(
    r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|smk|toml)|(?:ablation|tests|workflow|docs|profiles|studies)/[\w./-]+)`"
)

# Links that stay in the project, and what they may lead to.
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_a_document_names_are_there(document: Path) -> None:
    named = NAMED.findall(document.read_text(encoding="utf-8"))
    # Of plugins it is told how to write them.
    missing = [name for name in named if not name.startswith("plugins/") and not found(name, document)]
    assert missing == []


def found(name: str, document: Path) -> bool:
    """Paths begin at the root, at the scripts, in the library or beside the document."""
    folders = (ROOT, SCRIPTS, SCRIPTS / "ablation", document.parent, ROOT / "workflow/rules")
    return any((folder / name).exists() for folder in folders)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_of_a_document_lead_somewhere(document: Path) -> None:
    for link in LINK.findall(document.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        if anchor:
            headings = HEADING.findall(target.read_text(encoding="utf-8"))
            assert anchor in map(slug, headings), link


def slug(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_documents_name_files() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert len(NAMED.findall(text)) > 20
