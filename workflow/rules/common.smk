# config.yaml -> the checked study, and the names and helpers that the rule files share.
import hashlib
import math
import os
import re
import subprocess
import sys
from pathlib import Path

# Relative, so that moving the project makes nothing stale.
SCRIPTS = os.path.relpath(os.path.join(workflow.basedir, "workflow/scripts"))
SCHEMA = Path(workflow.basedir, "workflow/schemas/config.schema.yaml")
sys.path.insert(0, SCRIPTS)

from ablation import environment, failures, figures, files, schema, signals, study
from ablation.datasets import origin, pairs
from ablation.errors import UserError

try:
    schema.refuse_repeated_keys(map(Path, workflow.configfiles))
    STUDY = study.load(config, SCHEMA)
    if STUDY.dataset.path:
        folder = Path("resources/datasets", STUDY.dataset.name)
        origin.check(STUDY.dataset.name, STUDY.dataset.path, folder)
    PUBLISHED = study.published(STUDY.dataset, Path(os.path.relpath(workflow.basedir)))
except UserError as error:
    sys.exit(str(error))

environment.prepare()
INTERRUPTION = signals.Interruption()
if workflow.remote_exec:
    signals.pass_on(lambda: workflow.local_exec)

PHOTOS = "resources/datasets/{dataset}/photos"
ARCHIVE = "resources/datasets/{dataset}/archive"
MANIFEST = "resources/datasets/{dataset}/manifest.csv"
WEIGHTS = "resources/weights/{source}/{backbone}.safetensors"
RUNS = f"results/runs/{STUDY.dataset.name}"
RUN = f"{RUNS}/{{experiment}}/seed{{seed}}"
COMPARISON = f"results/comparison/{STUDY.dataset.name}"
# Snakemake compares files up to this size by content (its option --max-checksum-file-size).
COMPARED_BYTES = 1_000_000
# Several narrow trainings at once in place of one wide one at a time: start-up and small operations use
# one core whatever they are given. The demo on 2 cores of a Xeon (docs/performance.md): 7 min 36 s narrow,
# 9 min 1 s wide. `--set-threads train=N pretrain=N` changes it.
TRAINING_THREADS = 1
# Of index and pack; Snakemake gives them fewer where there are fewer.
PHOTO_THREADS = 8
# Photos are made before anything trains: packing takes many cores, and would wait for them.
PHOTOS_FIRST = 1_000_000_000
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


# What decides the weights that a training ends with.
TRAINING_CODE = code(
    *("training", "checkpoint", "augment", "backbones", "device", "outputs"),
    *("pack", "spec"),
)


def run_figures():
    """The pictures of every run of the study."""
    return [
        f"{RUNS}/{run}/{figure}.png"
        for run in STUDY.runs()
        for figure in figures.RUN_FIGURES
    ]


def run_files():
    """What else every run promises: a deleted one is made again.

    Not the weights: whoever deletes them to save disk does not want them trained again.
    """
    names = "history.csv spec.json record.json model.txt outputs.npy predictions.csv metrics.json"
    return [f"{RUNS}/{run}/{name}" for run in STUDY.runs() for name in names.split()]


def comparison_figures():
    """The pictures that compare runs, as far as the study has what they compare."""
    return [f"{COMPARISON}/{name}.png" for name in figures.applicable(STUDY.compared())]


def photos_of(wildcards):
    """A folder of the user's: its files, so that a replaced photo is noticed. Else: the unpacked folder."""
    folder = STUDY.datasets[wildcards.dataset].folder
    return study.photo_files(folder) if folder else PHOTOS


def stamp(paths):
    """A parameter that tells the user's own files from others put in their place.

    Snakemake asks only whether an input is newer, which a copied, moved or unpacked file often is not.
    The size tells; the time as well where Snakemake does not compare the content of a newer file.
    """
    found = [(str(path), os.stat(path)) for path in paths if os.path.isfile(path)]
    told = [
        (path, its.st_size, int(its.st_mtime) if its.st_size > COMPARED_BYTES else 0)
        for path, its in found
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def photos_stamp(wildcards):
    folder = STUDY.datasets[wildcards.dataset].folder
    return stamp(study.photo_files(folder) if folder else [])


def archive_stamp(wildcards):
    path = STUDY.datasets[wildcards.dataset].path
    return stamp([path] if path else [])


def given_stamp(wildcards):
    return stamp([given_file(wildcards)])


def root_of(wildcards):
    folder = STUDY.datasets[wildcards.dataset].folder
    return str(folder) if folder else PHOTOS.format(dataset=wildcards.dataset)


def archive_of(wildcards):
    path = STUDY.datasets[wildcards.dataset].path
    return str(path) if path else ARCHIVE


def unpacked_gb_of(wildcards):
    return STUDY.datasets[wildcards.dataset].unpacked_gb


def fields_of(wildcards):
    return STUDY.datasets[wildcards.dataset].arguments()


def split_of(wildcards):
    return STUDY.datasets[wildcards.dataset].split_arguments()


def pretraining_pack(wildcards):
    dataset, spec = STUDY.pretraining(wildcards.source, wildcards.backbone)
    return f"resources/packs/{dataset}/{spec.image_size}px/photos.npy"


def pretraining_spec(wildcards):
    return STUDY.pretraining(wildcards.source, wildcards.backbone)[1].to_json()


def pretraining_priority(wildcards):
    """First what most experiments wait for, and of equals the largest network, which takes longest."""
    waiting = STUDY.experiments_from(wildcards.source, wildcards.backbone)
    return 1000 * waiting + study.backbones.parameters(
        wildcards.backbone, study.backbones.ORIGINAL
    )


def training_priority(wildcards):
    """The largest network first: were it the last to end, it would train while other cores have no work."""
    spec = experiment_of(wildcards).spec
    return study.backbones.parameters(spec.backbone, spec.architecture)


# --- What a job asks a cluster for. Locally these decide nothing, unless a limit is given.


def more(attempt):
    """A job that was killed for want of memory has half as much again when it is tried again."""
    return (1 + attempt) / 2


def photo_memory(_wildcards, threads, attempt):
    """MB to make or read photos: measured 570 with 2 threads; one of 50 megapixels has 150 decoded."""
    return int((1000 + 500 * threads) * more(attempt))


def photo_minutes(_wildcards, attempt):
    """Minutes to draw, unpack, index or pack photos: 20,000 of 640 x 480 took half a minute on 2 cores."""
    return 60 * attempt


def memory(spec, attempt):
    """MB of host memory to train.

    Measured on a CPU in fp32, where activations are in the host's memory: a process with PyTorch has 860
    MB, and as much again and more is left for CUDA; weights, gradients, AdamW's moments and the best weights
    take 20 bytes a parameter; activations take 700 (AlexNet) to 3800 (ResNet-101) bytes for each pixel of a
    batch.
    """
    pixels = spec.batch_size * spec.image_size**2
    parameters = study.backbones.parameters(spec.backbone, spec.architecture)
    return int((3000 + 32 * parameters + 0.004 * pixels) * more(attempt))


def minutes(spec, photos, attempt):
    """Minutes to train: half an hour and 10 ms for each photo and 10^9 multiplications that it takes.

    Meant for a GPU, where nothing has been measured. A core of a CPU takes 80 to 120 ms in fp32, which four
    attempts come to: each has as much time again as the one before, and goes on from its checkpoint.
    """
    work = spec.epochs * photos * study.backbones.work(spec.backbone, spec.image_size)
    return math.ceil((30 + work * 0.010 / 60) * attempt)


def photos_in(manifest):
    """How many photos a manifest has; a guess before it is made."""
    try:
        return Path(manifest).read_bytes().count(b"\n")
    except OSError:
        return 2000


def training_memory(wildcards, attempt):
    return memory(experiment_of(wildcards).spec, attempt)


def training_minutes(wildcards, attempt):
    photos = photos_in(MANIFEST.format(dataset=STUDY.dataset.name))
    return minutes(experiment_of(wildcards).spec, photos, attempt)


def pretraining_memory(wildcards, attempt):
    return memory(STUDY.pretraining(wildcards.source, wildcards.backbone)[1], attempt)


def pretraining_minutes(wildcards, attempt):
    dataset, spec = STUDY.pretraining(wildcards.source, wildcards.backbone)
    return minutes(spec, photos_in(MANIFEST.format(dataset=dataset)), attempt)


# ---


def given_file(wildcards):
    path = STUDY.weight_sources[wildcards.source]["path"]
    return str(study.usable(path.replace("{backbone}", wildcards.backbone)))


def version_of(wildcards):
    return STUDY.weight_sources[wildcards.source]["version"]


def experiment_of(wildcards):
    return STUDY.experiments[wildcards.experiment]


def pack_of(wildcards):
    size = experiment_of(wildcards).spec.image_size
    return f"resources/packs/{STUDY.dataset.name}/{size}px/photos.npy"


def pack_index_of(wildcards):
    return str(Path(pack_of(wildcards)).with_name("pack.json"))


def starting_weights(wildcards):
    """The file that a run starts from; none for random weights."""
    spec = experiment_of(wildcards).spec
    if STUDY.weight_sources[spec.weights]["source"] == "none":
        return []
    return WEIGHTS.format(source=spec.weights, backbone=spec.backbone)


def spec_of(wildcards):
    """Everything that can change a run's result, as one string: Snakemake compares params unnamed."""
    return experiment_of(wildcards).run_spec(int(wildcards.seed)).to_json()


def runs_folder(_wildcards):
    return RUNS


def warn_of_shared_photos():
    """Remind of photos that both train and validate: they make accuracies too high."""
    found = Path("resources/datasets", STUDY.dataset.name, pairs.FILE)
    if count := pairs.across(found):
        print(f"Mind: {count} pairs of equal photos train and validate: {found}")


def failed_runs():
    """Why each run of the study that has no results has none, after a job failed."""
    return {
        f"{job.wildcards.experiment}/seed{job.wildcards.seed}": reason_of(job)
        for job in workflow.dag.needrun_jobs()
        if job.rule.name == "evaluate"
    }


def reason_of(job):
    """Why a job has no results: from the log of the failed one that it waited for, perhaps itself."""
    waiting = [job]
    while waiting:
        job = waiting.pop()
        if job in workflow.scheduler.failed:
            return failures.reason(Path(job.log[0]))
        waiting += workflow.dag.dependencies[job]
    return "not run, because another step failed before"


def summarize_the_rest():
    """Make the summary without the runs that failed; their rows say why."""
    if all(job.rule.name != "latest" for job in workflow.dag.needrun_jobs()):
        return
    runs, summary = Path(COMPARISON, "runs.csv"), Path(COMPARISON, "summary.csv")
    latest, failed = Path("results/summary.csv"), failed_runs()
    collect = ["collect", "--runs", RUNS, "--output", runs]
    summarize = ["summarize", "--runs", runs, "--output", summary]
    if PUBLISHED:
        summarize += ["--published", *PUBLISHED]
    for name, *arguments in (collect, summarize):
        command, rows = ["python", script(name), *arguments], STUDY.table(failed)
        if subprocess.run(command, input=rows, text=True, check=False).returncode:
            return
    files.write_text(latest, summary.read_text(encoding="utf-8"))
    for job in workflow.dag.needrun_jobs():
        if job.rule.name in ("collect", "summarize", "latest"):
            # Not what it makes: older than anything (0 would be no time to Snakemake) and without
            # a record, so that it is made again.
            os.utime(job.output[0], (1, 1))
            workflow.persistence.cleanup_metadata(job.output[0])
