"""Which study is meant, of those that are files over config.yaml, and what it is called.

`snakemake --config study=quick` lays studies/quick.yaml over config.yaml. Snakemake's own `--configfile
studies/quick.yaml` does so too.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ablation.running.errors import UserError
from ablation.study import config_file
from ablation.study.datasets import named_after
from ablation.study.inputs import settled
from ablation.study.wording import shown

KEY = "study="
# What the study is called that is config.yaml alone.
DEFAULT = "default"
SUFFIXES = (".yaml", ".yml", ".json")


def asked(words: Sequence[str] | None) -> str | None:
    """Return the study that the words behind `--config` name; None if none does."""
    found = [word.removeprefix(KEY) for word in words or () if word.startswith(KEY)]
    return found[-1] if found else None


def file(study: str, project: Path) -> Path | None:
    """Return the file of a study by its name in studies/, or by its path; None for config.yaml alone.

    Raises UserError if there is none.
    """
    if study.endswith(SUFFIXES):
        path = Path(settled(os.path.expanduser(study), "study"))  # noqa: PTH111 (Path's refuses an unknown user)
        if not path.is_file():
            raise UserError(f"config: study is {shown(study)}, but there is no such file")
        return checked(path)
    found = named(project)
    if study in found:
        return checked(found[study])
    if study == DEFAULT:
        return None
    near = difflib.get_close_matches(study, found, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    names = ", ".join(sorted({DEFAULT, *found}))
    if os.path.isfile(f"{study}.yaml"):  # noqa: PTH113 (Path's refuses what can be no path)
        hint = f"{study}.yaml is here: write study={study}.yaml; "
    if os.path.isdir(os.path.expanduser(study)):  # noqa: PTH111, PTH112
        hint = "that is a folder, and a study is a .yaml file; for photos, write dataset=PATH; "
    raise UserError(
        f"config: study is {shown(study)}, but there is no studies/{study}.yaml; {hint}one of: {names}, or "
        "the path of a .yaml file of your own"
    )


def named(project: Path) -> dict[str, Path]:
    """Return the files of the studies by name: those in studies/ here go before the project's own."""
    folders = [folder for folder in dict.fromkeys((Path("studies"), project / "studies")) if folder.is_dir()]
    return {path.stem: path for folder in reversed(folders) for path in sorted(folder.glob("*.yaml"))}


def name(
    config: Mapping[str, Any],
    given: Mapping[str, Any],
    words: Sequence[str] | None,
    files: Sequence[Path],
    project: Path,
) -> Any:
    """Return what the study is called.

    By the word behind `--config`; or else as the files behind `--configfile`, of which `given` is what they
    say; or else as config.yaml says. A file is called as its key `study` says, without one by its own name.
    Raises UserError for the name of one of the project's studies if that is in another file.
    """
    typed = asked(words)
    named_by_word = file(typed, project) if typed is not None else None
    if typed is None and "study" in given:
        found = given["study"]
    else:
        first = [] if typed is None else [said(named_by_word) or called(Path(typed).name)]
        names = [*first, *(called(path.name) for path in files)]
        found = "-".join(names) if names else config.get("study", DEFAULT)
    own = [path for path in (named_by_word, *files) if path is not None and path.exists()]
    other = named(project).get(found) if own else None
    if other and not any(other.samefile(path) for path in own):
        raise UserError(
            f"config: the study of {own[0]} would be called {shown(found)} and share its tables with "
            f"{other}: give the file, or its key `study`, another name"
        )
    return found


def said(path: Path | None) -> str | None:
    """Return what the file of a study says that it is called, if it does."""
    found = config_file.read(path)[0] if path is not None else None
    return str(found["study"]) if found and "study" in found else None


def called(file: str) -> str:
    """Return the name of a study by that of its file."""
    for suffix in SUFFIXES:
        file = file.removesuffix(suffix)
    return named_after(file) if file else DEFAULT


def checked(path: Path) -> Path:
    """Return the file of a study; raise UserError with what to write in it if it cannot be one."""
    found, why = config_file.read(path)
    if found is None:
        raise UserError(
            f"config: study is {path}, which {why}: write keys as config.yaml has them, such as dataset: demo"
        )
    return path
