"""A finished study as an RO-Crate, by which others can check what ran on what: every file with its hash.

It follows the profile Process Run Crate 0.5 (https://w3id.org/ro/wfrun/process/0.5): each run is an action of
the workflow on the photos' manifest and the starting weights, whose results are its history and its weights.
Photos and weights are named by their hashes and are not in it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from ablation.results.report.contents import key
from ablation.results.tables import FAILED, read_runs
from ablation.running import plugins
from ablation.running.errors import UserError
from ablation.running.files import atomic, sha256

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TABLES = {
    "answer.md": "What the study concludes",
    "summary.csv": "A row for each experiment",
    "comparisons.csv": "A row for each comparison",
    "findings.csv": "A row for each conclusion of the report on which the workflow builds",
    "suspects.csv": "A row for each photo that may be labelled wrongly",
    "runs.csv": "A row for each run",
    "report.html": "All of it as one page",
}
# Of a run: small, and enough to see what it was and how it went.
OF_RUN = {"spec.json": "What it was", "record.json": "What it took", "history.csv": "A row for each epoch"}
WEIGHTS = "weights.safetensors"


@dataclass(frozen=True)
class Places:
    """Where a study's tables, its data set's runs and the manifest of its photos are."""

    comparison: Path
    runs: Path
    manifest: Path


def write(places: Places, study: dict[str, Any], code: Iterable[tuple[str, str]], path: Path) -> None:
    """Write the crate as a zip.

    `study` is what reproduction.py says of it, `code` the hash of each module that decides what trains.
    Raises UserError where the manifest is gone, by whose photos alone the runs can be checked.
    """
    if not places.manifest.exists():
        raise UserError(f"{places.manifest} is gone, which says by hashes what trained: run snakemake check")
    crate = ROCrate(version="1.1")
    # Of schema.org, and not in the context of RO-Crate 1.1.
    crate.metadata.extra_terms["sha256"] = "https://schema.org/sha256"
    crate.name = f"{study['study']} on {study['data_set']}"
    crate.description = (
        f"Networks compared on the photos of {study['data_set']}: tables, one page for people, and of each "
        "run what it was and how it went. Photos and weights are named by their hashes and are not in it."
    )
    crate.license = "The results are those of whoever ran the study, who has not said how they may be used."
    profile = ContextEntity(
        crate, PROFILE, {"@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    )
    crate.root_dataset["conformsTo"] = crate.add(profile)
    workflow = crate.add(of_workflow(crate, study, code))
    for name, what in TABLES.items():
        add(crate, places.comparison / name, name, what)
    manifest = add(
        crate, places.manifest, "manifest.csv", "The photos: path, SHA-256, class, and what each is for"
    )
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "config.yaml")
        configuration.write_text(study["config"], encoding="utf-8")
        add(crate, configuration, "config.yaml", "The whole configuration")
        if own := plugins.folder():
            for file in sorted(own.glob("*.py")):
                add(crate, file, f"plugins/{file.name}", "Code of the study's own")
        ended = 0.0
        for _, run in (
            read_runs(places.comparison / "runs.csv").drop_duplicates(["folder", "seed", "fold"]).iterrows()
        ):
            if run["ended"] != FAILED:
                ended = max(ended, add_run(crate, places.runs, key(run), workflow, manifest))
        crate.datePublished = moment(ended)
        with atomic(path) as temporary:
            crate.write_zip(temporary.with_suffix(".zip"))
            temporary.with_suffix(".zip").replace(temporary)


def of_workflow(crate: ROCrate, study: dict[str, Any], code: Iterable[tuple[str, str]]) -> Entity:
    """Return the workflow: its command, and its code by the hashes of its modules."""
    told = {
        "@type": ["SoftwareSourceCode", "SoftwareApplication"],
        "name": "few-shot-ablation",
        "description": "Which backbone, augmentation and architecture edit classify photos best",
        "version": study["version"],
        "softwareRequirements": study["packages"],
        "text": study["command"],
        "programmingLanguage": "Python",
        "identifier": [f"{name} {found}" for name, found in code],
    }
    return ContextEntity(crate, "#workflow", told)


def add(crate: ROCrate, path: Path, name: str, what: str) -> Entity:
    """Put a file into a crate, with its hash and its size in bytes."""
    kinds = {".csv": "text/csv", ".json": "application/json", ".html": "text/html", ".md": "text/markdown"}
    told = {"name": what, "sha256": sha256(path), "contentSize": str(path.stat().st_size)}
    told["encodingFormat"] = kinds.get(path.suffix, "text/plain")
    return crate.add_file(path, name, properties=told)


def add_run(crate: ROCrate, runs: Path, name: str, workflow: Entity, manifest: Entity) -> float:
    """Put a run into a crate; return when it ended, in seconds since 1970."""
    folder = runs / name
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    results = [add(crate, folder / file, f"runs/{name}/{file}", what) for file, what in OF_RUN.items()]
    if (folder / WEIGHTS).exists():
        told = {"@type": "CreativeWork", "name": f"The weights of {name}", "sha256": sha256(folder / WEIGHTS)}
        results.append(crate.add(ContextEntity(crate, f"#weights/{name}", told)))
    given = [manifest]
    if start := record["weights_sha256"]:
        told = {"@type": "CreativeWork", "name": "Starting weights", "sha256": start}
        given.append(crate.add(ContextEntity(crate, f"#starting-weights/{start}", told)))
    ended = (folder / "record.json").stat().st_mtime
    machine = f"{record.get('device', 'cpu')}, PyTorch {record.get('torch', 'of an unknown version')}"
    action = {
        "name": f"Train {name}",
        "description": f"On {machine}, in {record.get('precision', 'fp32')}; ended by {record['ended']}",
        "startTime": moment(ended - record["train_seconds"]),
        "endTime": moment(ended),
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
    }
    crate.add_action(workflow, f"#train/{name}", object=given, result=results, properties=action)
    return ended


def moment(seconds: float) -> str:
    """Return a time as ISO 8601 has it, in UTC and whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
