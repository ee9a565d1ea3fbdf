# config.yaml -> the checked study, and the names that the rule files share.
import os
import sys
from pathlib import Path

# Where this Snakefile lies, also as a module of another workflow (docs/deployment.md), which may give a prefix.
PROJECT = os.path.dirname(os.path.dirname(str(workflow.current_basedir)))
IS_MODULE = not workflow.modifier.is_main_snakefile()
PREFIX = workflow.modifier.path_modifier.prefix or ""
# Relative, so that moving the project makes nothing stale, and without links, as the working directory is told.
SCRIPTS = os.path.relpath(os.path.realpath(os.path.join(PROJECT, "workflow/scripts")))
SCHEMA = Path(PROJECT, "workflow/schemas/config.schema.yaml")
sys.path.insert(0, SCRIPTS)

from ablation.chain import advice, checks, failures, interruption, latest, leftovers
from ablation.chain import links, listing, partial_summary, paths, photos, predictions
from ablation.chain import records, refusals, reproduction, resources, runs
from ablation.chain import trackers, weights
from ablation.chain.progress import steps, view
from ablation.results.figures import activations
from ablation.results.figures.run import RUN_FIGURES
from ablation.results.figures.study import STUDY_FIGURES, applicable
from ablation.running import code as library
from ablation.running import environment, lease
from ablation.running.errors import UserError
from ablation.study import datasets, inputs, overlays, repeated_keys, study, typed

# A number of jobs, and not of cores, is what Snakemake has to do with a cluster.
SUBMITS = workflow.is_main_process and workflow.nodes is not None
# The words behind --config; another workflow's are not of this study.
TYPED = None if IS_MODULE else list(workflow.config_settings.config_args or ())
# Then packages are those of envs/, which Snakemake installs.
CONDA = any(
    method.name == "CONDA" for method in workflow.deployment_settings.deployment_method
)

try:
    inputs.require_project(PROJECT, submits=SUBMITS)
    resources.require_some(workflow.resource_settings.cores, workflow.nodes)
    inputs.look_in(os.environ.get(inputs.COMMAND, os.getcwd()), os.getcwd(), PROJECT)
    if IS_MODULE:
        # What the other workflow gives is all of it: words behind --config are that workflow's.
        config.setdefault("study", overlays.DEFAULT)
        typed.merge(config, typed.found(config))
    else:
        words = workflow.config_settings.config_args
        if (asked := overlays.asked(words)) and (
            overlay := overlays.file(asked, Path(PROJECT))
        ):
            workflow.configfile(str(overlay))
        config["study"] = overlays.name(
            config,
            workflow.config_settings.overwrite_config,
            words,
            workflow.config_settings.configfiles,
            Path(PROJECT),
        )
        repeated_keys.refuse(map(Path, workflow.configfiles))
        typed.refuse_comments(map(Path, workflow.configfiles))
        workflow.config_settings.config_args = typed.resolve(
            config,
            words,
            in_job=not workflow.is_main_process,
        )
    STUDY = study.load(config, SCHEMA)
    photos.check(STUDY, PREFIX)
    predictions.check(STUDY, () if IS_MODULE else sys.argv[1:])
    if workflow.is_main_process and not CONDA:
        trackers.require_packages(STUDY, PROJECT)
    # A module's prefix stands before what is relative.
    PUBLISHED = datasets.published(
        STUDY.dataset, Path(PROJECT if IS_MODULE else os.path.relpath(PROJECT))
    )
except UserError as error:
    sys.exit(str(error))

environment.prepare()
environment.plan_without_pauses()
INTERRUPTION = interruption.Interruption()
REFUSALS = refusals.show(workflow)
if workflow.remote_exec:
    interruption.pass_on(lambda: workflow.local_exec)

RUNS = paths.runs(STUDY.dataset.name)
RUN = f"{RUNS}/{{run}}/seed{{seed}}{{fold}}"
COMPARISON = paths.comparison(STUDY.dataset.name, STUDY.name)
# Of index and pack: all cores of this machine, or so many of a cluster's node.
PHOTO_THREADS = 8 if SUBMITS or workflow.remote_exec else workflow.cores
# Photos are made before anything trains: packing takes many cores, and would wait for them.
PHOTOS_FIRST = 1_000_000_000
GPUS = environment.gpus()
# A training takes GPUs of its own where there are some: which ones, it finds out by locks (running/lease.py).
TRAINING_GPUS = 1 if GPUS or SUBMITS else 0
os.environ[lease.SHARE] = str(STUDY.config["gpu_share"])
os.environ[environment.SPEED] = STUDY.config["speed"]
if workflow.is_main_process and not SUBMITS:
    for name, limit in resources.limits(GPUS, STUDY.config["gpu_share"]).items():
        if name not in workflow.global_resources:
            workflow.register_resource(name, limit)

# A note of where photos came from, which decides nothing about them.
NOTED = ["ablation/photos/origin.py"]

# What rules ask by their wildcards.
of_photos = photos.Photos(STUDY, PREFIX)
of_weights = weights.Weights(STUDY, cuda=TRAINING_GPUS > 0)
of_run = runs.Runs(STUDY, gpus=TRAINING_GPUS, prefix=PREFIX)
of_trackers = trackers.Trackers(STUDY, PREFIX)

# What a person sees meanwhile. In another workflow that is for it to say.
VIEW = (
    view.Native()
    if IS_MODULE
    else view.install(
        workflow,
        steps.Names(STUDY, of_run, of_weights),
        INTERRUPTION,
        "a cluster" if SUBMITS else resources.device(GPUS, workflow.cores),
    )
)


wildcard_constraints:
    dataset=paths.one_of(STUDY.datasets),
    size="[0-9]+",
    way="(-[a-z]+-[a-z]+)?",
    # As timm/resnet50.
    backbone="(timm/)?[^/]+?",
    values="(-[0-9a-f]{12})?",
    # Not one of all: a long pattern makes planning a large study half as slow again.
    run="[^/]+",
    seed="[0-9]+",
    fold="(-fold[0-9]+)?",
    experiment="[^/]+",
    figure=paths.one_of(name for name, one in STUDY_FIGURES.items() if not one.photos),


def manifest(_wildcards):
    """The study's, as a parameter: as an input one that was deleted would be made again, and all trainings."""
    return PREFIX + paths.MANIFEST.format(dataset=STUDY.dataset.name)


def script(name):
    return f"{SCRIPTS}/{name}.py"


def code(name, *leave_out):
    """What decides a rule's result. Not inputs: planning 1,000 runs would take 0.4 s longer."""
    return library.of(f"{name}.py", leave_out)


# A run's, as functions: Snakemake asks for every job which parameters they have, and methods take twice as long.
def spec_of(wildcards):
    return of_run.spec(wildcards)


def code_of(wildcards):
    return of_run.code(wildcards)


def experiment_of(wildcards):
    return of_run.experiment(wildcards).label


def memory_of(wildcards, attempt):
    return of_run.memory(wildcards, attempt)


def minutes_of(wildcards, attempt):
    return of_run.minutes(wildcards, attempt)


def comparison_figures():
    """The files of a study's figures: those that compare runs, as far as it has what they compare, and the winner's."""
    names = applicable(STUDY.varied(), len(STUDY.experiments))
    files = (file for name in names for file in STUDY_FIGURES[name].files(name))
    return [
        *(f"{COMPARISON}/{file}" for file in files),
        f"{COMPARISON}/{paths.ACTIVATIONS}",
    ]


def comparisons_for(wildcards):
    reads = "comparisons" in STUDY_FIGURES[wildcards.figure].reads
    return f"{COMPARISON}/comparisons.csv" if reads else []


def code_of_figure(name):
    """The code that draws one figure alone, and its row of the table."""
    of_row, path = library.of_row("STUDY_FIGURES", name), STUDY_FIGURES[name].path
    return [of_row, *(library.of(path) if path else [])]


def code_of_augmentations():
    """The transforms that the study's augmentations name."""
    specs = [one.spec for one in STUDY.experiments.values()]
    used = {name for spec in specs for name, _ in spec.augmentation}
    return [library.of_row("TRANSFORMS", name) for name in sorted(used)]


def first_pack():
    """The folder of photos of the study's first experiment."""
    spec = next(iter(STUDY.experiments.values())).spec
    return os.path.dirname(PREFIX + paths.packed(STUDY.dataset.name, spec))


def captions_of_own():
    """How figures of a run are read that are of a plugin."""
    names = [name for name in RUN_FIGURES if name not in RUN_FIGURES.own]
    return " ".join(
        f"{RUN_FIGURES[name].title}: {RUN_FIGURES[name].caption}" for name in names
    )


def grid_for(wildcards):
    return STUDY.grid() if STUDY_FIGURES[wildcards.figure].varies == "grid" else []


def labels_of(wildcards):
    return {"figure": STUDY_FIGURES[wildcards.figure].title}


def caption_of(wildcards):
    return STUDY_FIGURES[wildcards.figure].caption


def study_tables():
    """What a study concludes, and copies that are the latest study's: not of a part, nor of a smoke test."""
    latest_ones = [*paths.LATEST, paths.REPORT] if STUDY.whole else []
    own = [
        *(Path(name).name for name in paths.LATEST),
        "findings.md",
        "suspects.csv",
        "report.html",
    ]
    return [*(f"{COMPARISON}/{name}" for name in own), *latest_ones]


def runs_folder(_wildcards):
    return PREFIX + RUNS


def families_of_study(_wildcards):
    return STUDY.families()


# Likewise: a text would have its braces read.
def line_of_tracked(wildcards):
    return of_trackers.line(wildcards)


def lines_of_tracked(wildcards):
    return of_trackers.lines(wildcards)


# The checkpoint is that of prediction.smk.
of_networks = predictions.Predictions(
    STUDY, lambda: checkpoints.choose.get().output.winner, PREFIX
)


def used(wildcards):
    """What predictions need of their runs. Functions, and not methods, for the checkpoint to be waited for."""
    folders = of_networks.folders(wildcards)
    return [f"{run}/{name}" for run in folders for name in predictions.USED]


def used_exported(wildcards):
    run = of_networks.exported(wildcards)
    return [f"{run}/{name}" for name in predictions.USED]


def pack_exported(wildcards):
    return of_networks.pack(wildcards)
