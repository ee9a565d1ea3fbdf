"""What a person is told before and after the jobs of a study, in one line each."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ablation.chain import paths
from ablation.photos import manifest, pairs, reading
from ablation.photos.reading import MIND
from ablation.photos.wording import short
from ablation.results import floor
from ablation.results.statistics.wilson import wilson_interval
from ablation.running.errors import ERROR, UserError
from ablation.study.study import Study

# So many photos that validate, and one is no more than a tenth of an accuracy.
FEW = 10
# Of what is left out, so many kinds are named; the file has all.
_KINDS = 5


def require_slots_for_arrays(workflow: Any) -> None:
    """Refuse job arrays with too few slots: the plugin for SLURM (2.8.0) forgets jobs that wait for one."""
    arrays = getattr(workflow.executor_settings, "array_jobs", None)
    trainings = sum(job.rule.name == "train" for job in workflow.dag.needrun_jobs())
    if arrays and trainings > workflow.nodes:
        told = f"{trainings} trainings as job arrays need as many slots, and --jobs is {workflow.nodes}"
        sys.exit(f"{ERROR}{told}: add --jobs {trainings}")


def tell(workflow: Any, study: Study) -> None:
    """Say at the end of a study what its results do not; also of damaged files, which fail nothing then."""
    dataset = study.dataset.name
    folds = max(one.spec.folds for one in study.experiments.values())
    warnings: list[Callable[[], None]] = [
        lambda: warn_of_left_out(dataset),
        lambda: warn_of_shared_photos(dataset, folds),
    ]
    # Of a smoke test all that is clear.
    if not study.config["smoke"]:
        warnings += [
            lambda: warn_of_few(dataset, folds),
            lambda: warn_of_poor_weights(study),
            lambda: warn_of_noise(workflow, study),
        ]
    for warn in warnings:
        try:
            warn()
        except UserError as error:
            print(f"Mind: {error}")


def done(workflow: Any, study: Study, comparison: str) -> list[str]:
    """Return what is said where a study has its results, or which files were made if these were asked for."""
    if all(job.rule.name != "collect" for job in workflow.dag.jobs):
        # What was asked for, and then what the same steps made beside it.
        asked = sorted(map(str, workflow.dag.targetfiles))
        files = list(
            dict.fromkeys([*asked, *sorted(str(f) for job in workflow.dag.targetjobs for f in job.output)])
        )
        return [f"Done: {', '.join(files[:_KINDS])}{', ...' * (len(files) > _KINDS)}"]
    runs = f"{paths.of_study(comparison)}/"
    if study.config["smoke"]:
        return [
            f"Done: every step works on {study.dataset.photos}, with few photos and for an epoch. What is in "
            f"{comparison}/ says nothing of which experiment is best."
        ]
    table = paths.SUMMARY if study.whole else f"{comparison}/summary.csv"
    answer = Path(comparison, Path(paths.ANSWER).name)
    told = answer.read_text(encoding="utf-8").split("\n") if answer.exists() else []
    page = ""
    # Another call may have made one, of other runs.
    if any(job.rule.name == "report" for job in workflow.dag.jobs):
        page = f"Open {paths.REPORT if study.whole else f'{comparison}/report.html'} in a browser. "
    where = f"Done. {page}The table: {table}. Figures: {comparison}/. Each experiment's runs: {runs}"
    if any(job.rule.name == "crate" for job in workflow.dag.jobs):
        where += f". The crate: {comparison}/crate.zip"
    return [*filter(None, told), where]


def warn_of_idle_cores(workflow: Any, study: Study) -> None:
    """Name the value by which few trainings take many cores of this machine.

    It is the user's to choose, for another number of threads rounds otherwise. Nothing is said where an
    experiment has threads of its own.
    """
    jobs = [job for job in workflow.dag.needrun_jobs() if job.rule.name == "train"]
    by_folder = {one.folder: one for one in study.experiments.values()}
    specs = [by_folder[job.wildcards.run].spec for job in jobs]
    threads = study.config["recipe"]["threads"]
    if not specs or any(spec.threads != threads for spec in specs):
        return
    # A run of several processes has so many threads in each.
    wide = workflow.cores // len(specs) // max(spec.gpus for spec in specs)
    if wide > threads:
        used = threads * sum(spec.gpus for spec in specs)
        told = f"Mind: the trainings of this run use {used} of {workflow.cores} cores."
        cost = f"every run of the study ({len(study.runs())}) then trains anew"
        print(f"{told} recipe.threads: {wide} in place of {threads} can make them faster; {cost}.")


def warn_of_left_out(dataset: str) -> None:
    """Remind of what of the data set has no part in the study, and of what its index says to mind."""
    path = Path(paths.READING.format(dataset=dataset))
    found = reading.read(path)
    if found is None:
        return
    told = []
    if count := len(found["left_out"]):
        kinds = Counter(one["why"].partition(":")[0] for one in found["left_out"]).most_common()
        listed = ", ".join(f"{number} {short(kind)}" for kind, number in kinds[:_KINDS])
        more = ", ..." if len(kinds) > _KINDS else ""
        have = "file has" if count == 1 else "files have"
        told.append(f"{count} {have} no part in the study ({listed}{more})")
    if waiting := len(found["waiting"]):
        wait = "photo without a label waits" if waiting == 1 else "photos without a label wait"
        told.append(f"{waiting} {wait} for prediction")
    if told:
        print(f"Mind: {'; '.join(told)}: {path}")
    for note in found["notes"]:
        if note.startswith(MIND):
            print(note)


def warn_of_shared_photos(dataset: str, folds: int) -> None:
    """Remind of photos that both train and judge, which make accuracies too high, or have two labels.

    Under folds any two of which one trains at all may do so, each in its turn.
    """
    path = Path(paths.DUPLICATES.format(dataset=dataset))
    found = pairs.read(path)
    if folds:
        shared = [pair for pair in found if {pair.first_split, pair.second_split} != {manifest.TEST}]
        told = f"parted by some of the {folds} folds"
    else:
        shared = [pair for pair in found if pair.across]
        told = "across the split"
    if shared:
        print(f"Mind: accuracies are too high because of {pairs.counted(shared)} {told}: {path}")
    if two_labels := [pair for pair in found if pair.contradictory]:
        print(f"Mind: of {pairs.counted(two_labels)} the labels differ: {path}")


def warn_of_few(dataset: str, folds: int) -> None:
    """Say so if so few photos judge that one of them is a tenth of the accuracy or more."""
    path = Path(paths.MANIFEST.format(dataset=dataset))
    parts = Counter(entry.split for entry in manifest.read(path)) if path.exists() else Counter[str]()
    test, validate = parts[manifest.TEST], parts[manifest.VAL] + bool(folds) * parts[manifest.TRAIN]
    photos, judge = (test, "are of the test set") if test else (validate, "validate")
    more = "" if test or folds else ", or write --config 'split={folds: 5}'"
    if 0 < photos < FEW:
        print(
            f"Mind: {photos} photos {judge}, so that one of them is {1 / photos:.0%} of an accuracy: no "
            f"difference between experiments says anything; bring more photos{more}"
        )


def warn_of_poor_weights(study: Study) -> None:
    """Say so of each pretraining of the study that learned nothing beyond the commonest class."""
    used = {(one.spec.weights, one.spec.backbone) for one in study.experiments.values()}
    for source, backbone in sorted(used):
        fields = study.weight_sources[source]
        values = study.weights(source, backbone)
        path = Path(paths.PRETRAINING_HISTORY.format(source=source, backbone=backbone, values=values))
        if fields["source"] != "pretraining" or not path.exists():
            continue
        counts = _classes(fields["dataset"])
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            best = float(min(rows, key=lambda row: float(row["val_loss"]))["val_accuracy"])
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise UserError(f"{path} is damaged ({error}): delete it and run again") from error
        if not counts:
            continue
        commonest = max(counts.values()) / counts.total()
        if wilson_interval(best * counts.total(), counts.total())[0] <= commonest:
            print(
                f"Mind: the pretraining weight_sources.{source} of {backbone} ended at chance ({best:.2f} of "
                f"{counts.total()} photos right; always guessing the commonest class: {commonest:.2f}): give "
                f"it more epochs or another learning rate (overrides.{backbone}), or start from other weights"
            )


def _classes(dataset: str) -> Counter[str]:
    """Count the photos of each class of a data set that validate; none where its manifest is gone."""
    path = Path(paths.MANIFEST.format(dataset=dataset))
    entries = manifest.read(path) if path.exists() else []
    return Counter(entry.category for entry in entries if entry.split == manifest.VAL)


def warn_of_noise(workflow: Any, study: Study) -> None:
    """Say so if a study found nothing, where its table was asked for: else that may be of another time."""
    asked = any(job.rule.name == "collect" for job in workflow.dag.jobs)
    # The option --until leaves the table in the graph, but as it is.
    if asked and not workflow.dag_settings.until:
        tell_of_noise(study)


def tell_of_noise(study: Study) -> None:
    """Say so if no experiment in a study's table can be told from always guessing the commonest class."""
    best = floor.best(Path(paths.comparison(study.dataset.name, study.name), "runs.csv"))
    if best is None or not best.is_noise:
        return
    which = "experiment that finished" if best.failed else "experiment"
    print(
        f"Mind: no {which} is better than always guessing the commonest class, {short(best.commonest)} "
        f"({best.floor:.2f} of the validation photos), beyond noise: the best, {best.experiment}, has "
        f"{best.accuracy:.2f}, which on {best.photos} photos may as well be {best.low:.2f}. Try pretrained "
        "weights or more epochs, and check the labels: samples.png of a run shows photos with theirs."
    )
