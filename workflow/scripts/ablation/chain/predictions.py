"""What the rules ask that use what a study trained: which of its networks, and which new photos."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ablation.chain import paths
from ablation.chain.contents import stamp
from ablation.photos.wording import printable
from ablation.running.errors import UserError
from ablation.spec import run_name
from ablation.study import inputs, typed
from ablation.study.experiments import Experiment
from ablation.study.names import known
from ablation.study.study import Study

# In place of an experiment's name: the one that the study's summary ranks first.
WINNER = "winner"
# In place of a path: the photos of the data set's test set, labelled or not.
TEST = typed.TEST
# The rules that use networks; what they say is said again at the end.
USING = ("predict", "submit", "export", "explain_run")
# What is needed of a run's folder: the network, and what its confidence is fitted by.
USED = ("weights.safetensors", "outputs.npy", "record.json")
PREDICTED = re.compile(r"results/(?:predictions|submissions)/")
EXPORTED = re.compile(r"results/(?:export|explained)/(?P<model>.+?)/?")
_RUN = re.compile(r"(?P<experiment>.+?)(?:/(?P<run>seed\d+(?:-fold\d+)?))?")


def check(study: Study, asked: Iterable[str] = ()) -> None:
    """Raise UserError if photos, a template or a model are not there that a configuration or target names.

    `asked` are the words of the command, targets among them: later on, Snakemake would make a
    paragraph of the error.
    """
    for key in ("photos", "template"):
        path = study.config.get(key)
        if path is not None and (key, path) != ("photos", TEST):
            inputs.require(path, key)
    if study.config["model"] != WINNER:
        runs_of(study, study.config["model"], "model")
    for target in asked:
        if PREDICTED.match(target):
            named(study)
        exported = EXPORTED.fullmatch(target)
        if exported and exported["model"] != WINNER:
            runs_of(study, exported["model"], "the target's run")


def named(study: Study) -> str:
    """Return what a configuration names as new photos; raise UserError if it names none."""
    path: str | None = study.config.get("photos")
    if path is None:
        raise UserError(
            "config: no photos are named that are to be classified: write --config photos=PATH behind the "
            f"target (a folder or an archive), or photos={TEST} for the test set of {study.dataset.name}"
        )
    return path


def runs_of(study: Study, model: str, where: str) -> list[tuple[Experiment, str]]:
    """Return the runs that a model's name means, by their names: all of an experiment, or one.

    As alexnet, alexnet/seed0 and, under folds, alexnet/seed0-fold2.
    """
    match = _RUN.fullmatch(model)
    experiment, run = (match["experiment"], match["run"]) if match else (model, None)
    known(experiment, study.experiments, where, "experiment of this study")
    its = study.experiments[experiment]
    names = [run_name(one.seed, one.fold) for one in its.runs()]
    if run is None:
        return [(its, name) for name in names]
    if run not in names:
        told = ", ".join(names)
        raise UserError(f"config: {where} is {model!r}, but {experiment} has no such run; it has {told}")
    return [(its, run)]


class Predictions:
    """What a study's networks are used for. `winner` gives the path of the file that names the best.

    It is called only where the winner is meant: Snakemake has it wait for the study then. `prefix` is that of
    a Snakemake module.
    """

    def __init__(self, study: Study, winner: Callable[[], str], prefix: str = "") -> None:
        self.study, self.winner, self.prefix = study, winner, prefix
        self.dataset = study.dataset

    def folders(self, _wildcards: Any) -> list[str]:
        """Return the folders of the runs that predict, together."""
        return self._folders(self._model(self.study.config["model"], "model"))

    def exported(self, wildcards: Any) -> str:
        """Return the folder of the run that is exported or explained; of the winner its first."""
        return self._folders(self._exported(wildcards))[0]

    def pack(self, wildcards: Any) -> str:
        """Return the photos that the exported run was trained on."""
        return paths.packed(self.dataset.name, self._exported(wildcards)[0][0].spec)

    def _model(self, model: str, where: str) -> list[tuple[Experiment, str]]:
        if model == WINNER:
            model = Path(self.winner()).read_text(encoding="utf-8").strip()
        return runs_of(self.study, model, where)

    def _exported(self, wildcards: Any) -> list[tuple[Experiment, str]]:
        return self._model(wildcards.model, "the target's run")

    def _folders(self, runs: list[tuple[Experiment, str]]) -> list[str]:
        root = paths.runs(self.dataset.name)
        return [f"{root}/{its.folder}/{run}" for its, run in runs]

    def first_runs(self, _wildcards: Any) -> str:
        """Return the folder of each experiment's first run, as JSON by name: any may win."""
        root = self.prefix + paths.runs(self.dataset.name)
        return json.dumps(
            {name: f"{root}/{one.folders()[0]}" for name, one in self.study.experiments.items()}
        )

    def own_photos(self, _wildcards: Any) -> str:
        """Return the folder of the data set's own photos."""
        return str(self.dataset.folder or self.prefix + paths.PHOTOS.format(dataset=self.dataset.photos))

    def photos(self, wildcards: Any) -> str:
        """Return the path of the new photos: of the data set's own, the folder in which they are some."""
        path = named(self.study)
        if path == TEST:
            return self.own_photos(wildcards)
        return str(inputs.usable(path))

    def stamp(self, _wildcards: Any) -> str:
        """Return what tells the new photos from others in their place."""
        path = named(self.study)
        if path == TEST:
            return stamp(self.dataset.path) if self.dataset.path else ""
        return stamp(Path(path).expanduser())

    def reading(self, _wildcards: Any) -> list[str]:
        """Return the reading of the data set, where the photos of its test set are meant."""
        return [paths.READING.format(dataset=self.dataset.name)] if named(self.study) == TEST else []

    def made(self, _wildcards: Any) -> list[str]:
        """Return the folder of the data set's photos, where an earlier step makes it and those are meant."""
        made = named(self.study) == TEST and self.dataset.folder is None
        return [paths.PHOTOS.format(dataset=self.dataset.photos)] if made else []

    def accuracy(self) -> str:
        """Return the wanted accuracy, as a command-line argument."""
        wanted = self.study.config.get("wanted_accuracy")
        return "" if wanted is None else f"--accuracy {wanted}"

    def template(self) -> list[str]:
        """Return the template of a submission, as command-line arguments; none without one."""
        path = self.study.config.get("template")
        return [] if path is None else ["--template", str(inputs.usable(path))]

    def template_stamp(self) -> str:
        """Return what tells the template from another in its place."""
        path = self.study.config.get("template")
        return "" if path is None else stamp(Path(path).expanduser())


def run_words(_wildcards: Any, input: Any) -> list[str]:
    """Return a job's runs as command-line arguments, from the files that it needs of them."""
    return [f"--run={folder}" for folder in dict.fromkeys(str(Path(one).parent) for one in input.runs)]


def reading_words(_wildcards: Any, input: Any) -> list[str]:
    """Return a job's list of photos as command-line arguments; none where all of a path are meant."""
    return [f"--reading={one}" for one in input.reading]


def targets(workflow: Any) -> list[Any]:
    """Return the jobs of what was asked for that uses networks."""
    return [job for job in workflow.dag.targetjobs if job.rule.name in USING]


def uses_only(workflow: Any) -> bool:
    """Tell whether nothing else was asked for."""
    return bool(workflow.dag.targetjobs) and len(targets(workflow)) == len(workflow.dag.targetjobs)


def tell(workflow: Any) -> None:
    """Print what the steps to what was asked for had to say, and where it is."""
    if not (asked := targets(workflow)):
        return
    ran = [job for job in workflow.dag.finished_jobs if job.rule.name in ("choose", *USING)]
    for job in sorted(ran, key=lambda job: ("choose", *USING).index(job.rule.name)):
        for line in Path(job.log[0]).read_text(encoding="utf-8").splitlines():
            print(printable(line))
    for job in asked:
        print(f"Done: {job.output[0]}")
