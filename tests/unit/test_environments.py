"""The conda environments: the pins of requirements.txt, and one for every rule that runs a script."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from ablation.chain.trackers import PACKAGES
from places import ROOT, SCRIPTS

ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
RULE_FILES = sorted((ROOT / "workflow/rules").glob("*.smk"))
# What a package is called where that is not what one imports.
DISTRIBUTIONS = {"PIL": "pillow", "yaml": "pyyaml", "huggingface_hub": "huggingface-hub"}


def pins(lines: list[str]) -> dict[str, str]:
    """Packages with their versions, from lines `name==version`; comments are left out."""
    found = {}
    for line in lines:
        text = line.split("#")[0].strip()
        if text:
            name, _, version = text.partition("==")
            assert re.fullmatch(r"\d+(\.\w+)+", version), f"{line!r} pins no version"
            found[name] = version
    return found


def requirements() -> dict[str, str]:
    """All that the workflow can need, trackers included, which are not on every machine."""
    lines = [
        line
        for name in ("requirements.txt", "requirements-trackers.txt")
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if not line.startswith("-r ")
    ]
    return pins(lines)


def environment_pins(path: Path) -> dict[str, str]:
    """Packages that pip installs in a conda environment."""
    dependencies = yaml.safe_load(path.read_text(encoding="utf-8"))["dependencies"]
    return pins(next(entry["pip"] for entry in dependencies if isinstance(entry, dict)))


def rules_with_scripts() -> list[tuple[str, str, str | None]]:
    """Each rule that runs a script: its name, the script's, and what its `conda:` says."""
    found = []
    for path in RULE_FILES:
        for block in re.split(r"^(?=(?:rule|checkpoint) )", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
            name = re.match(r"\w+ (\w+):", block)
            script = re.search(r'\bscript\("(\w+)"\)', block)
            conda = re.search(r'^    conda:\s+"([^"]+)"', block, flags=re.M)
            assert name
            if script:
                found.append((name[1], script[1], conda[1] if conda else None))
    return found


RULES = rules_with_scripts()
# What people call by themselves.
PLAIN = {"predict", "export", "explain", "end", "prune", "watch"}


def imported(path: Path, seen: set[Path]) -> set[str]:
    """Packages that a file needs to be imported: its own, and those of the project's modules."""
    if path in seen:
        return set()
    seen.add(path)
    names: set[str] = set()
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for node in body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    packages = set()
    for name in names:
        if name.split(".")[0] == "ablation":
            module = SCRIPTS / (name.replace(".", "/") + ".py")
            packages |= imported(module, seen) if module.is_file() else set()
        else:
            packages.add(name.split(".")[0])
    return packages - sys.stdlib_module_names


def installed_with(names: set[str]) -> set[str]:
    """These distributions and all that they require, as installed here."""
    found: set[str] = set()
    waiting = {canonical(name) for name in names}
    while waiting:
        name = waiting.pop()
        found.add(name)
        try:
            required = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # of another platform
            continue
        names_required = {re.split(r"[^\w.-]", line)[0] for line in required if "extra ==" not in line}
        waiting |= {canonical(one) for one in names_required} - found
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_pins_are_those_of_the_requirements(path: Path) -> None:
    required = requirements()
    ours = environment_pins(path)
    assert ours
    assert ours == {name: required.get(name) for name in ours}


def test_every_requirement_has_an_environment() -> None:
    required = requirements()
    # Snakemake makes the environments, checks config.yaml, makes its report and is watched, in its own.
    assert set(required) - {"snakemake", "jsonschema", "pygments", "pyyaml", "rich"} == {
        name for path in ENVIRONMENTS for name in environment_pins(path)
    }


def test_what_a_study_needs_brings_no_tracker() -> None:
    """Trackers are for who asks for them: on no other machine, and in no other environment."""
    trackers = {canonical(name) for names in PACKAGES.values() for name in names}
    own = (ROOT / "requirements-trackers.txt").read_text(encoding="utf-8").splitlines()
    assert trackers == {canonical(line.split("==")[0]) for line in own if line[0] not in "#-"}
    assert "-r requirements.txt" in own
    for path in ENVIRONMENTS:
        assert not trackers & environment_pins(path).keys() or path.stem == "trackers"
    required = pins((ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines())
    # Snakemake has SQLAlchemy, for itself.
    assert installed_with(set(required)) & trackers == {"sqlalchemy"}


def test_python_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"
    for path in ENVIRONMENTS:
        assert "python=3.11" in yaml.safe_load(path.read_text(encoding="utf-8"))["dependencies"]


def test_every_script_has_a_rule() -> None:
    assert {script for _, script, _ in RULES} | PLAIN == {path.stem for path in SCRIPTS.glob("*.py")}


@pytest.mark.parametrize(("rule", "script", "conda"), RULES, ids=[rule for rule, _, _ in RULES])
def test_rule_has_an_environment_with_what_its_script_imports(
    rule: str, script: str, conda: str | None
) -> None:
    assert conda is not None, f"rule {rule} has no conda environment"
    path = (ROOT / "workflow/rules" / conda).resolve()
    assert path in ENVIRONMENTS
    needed = {DISTRIBUTIONS.get(name, name) for name in imported(SCRIPTS / f"{script}.py", set())}
    assert needed <= installed_with(set(environment_pins(path)))
