# config.yaml -> the checked study, and the names and helpers that the rule files share.
import os
import re
import sys
from pathlib import Path

# Relative, so that moving the project makes nothing stale.
SCRIPTS = os.path.relpath(os.path.join(workflow.basedir, "workflow/scripts"))
SCHEMA = Path(workflow.basedir, "workflow/schemas/config.schema.yaml")
sys.path.insert(0, SCRIPTS)

from ablation import environment, figures, study
from ablation.errors import UserError

try:
    STUDY = study.load(config, SCHEMA)
except UserError as error:
    sys.exit(str(error))

environment.prepare()

RUNS = f"results/runs/{STUDY.dataset.name}"
RUN = f"{RUNS}/{{experiment}}/seed{{seed}}"
COMPARISON = f"results/comparison/{STUDY.dataset.name}"
# Several narrow trainings at once finish a study sooner than one wide one at a time: start-up and
# small operations use one core whatever they are given. `--set-threads train=N` changes it.
TRAINING_THREADS = 1
# A training takes a whole GPU where there is one; profiles/default says how many run at once.
TRAINING_GPUS = min(1, environment.gpus())


def one_of(names):
    """The pattern of a wildcard that takes these names; one that matches nothing if there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    dataset=one_of(STUDY.datasets),
    size="[0-9]+",
    backbone=one_of(study.backbones.BACKBONES),
    experiment=one_of(STUDY.experiments),
    seed="[0-9]+",
    figure=one_of(figures.STUDY_FIGURES),


def script(name):
    return f"{SCRIPTS}/{name}.py"


def code(*modules):
    """The library's files that decide a rule's result; Snakemake compares them by content."""
    return [f"{SCRIPTS}/ablation/{module}.py" for module in modules]


def run_figures():
    """The pictures of every run of the study."""
    return [f"{RUNS}/{run}/{figure}.png" for run in STUDY.runs() for figure in figures.RUN_FIGURES]


def comparison_figures():
    """The pictures that compare runs, as far as the study has what they compare."""
    return [f"{COMPARISON}/{name}.png" for name in figures.applicable(STUDY.compared())]
