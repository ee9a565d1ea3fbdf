# config.yaml -> the checked study, and the names and helpers that the rule files share.
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

# Relative, so that moving the project makes nothing stale, and without links, as the working directory is told.
SCRIPTS = os.path.relpath(
    os.path.realpath(os.path.join(workflow.basedir, "workflow/scripts"))
)
SCHEMA = Path(workflow.basedir, "workflow/schemas/config.schema.yaml")
sys.path.insert(0, SCRIPTS)

from ablation.chain import failures, resources
from ablation.results import figures
from ablation.running import environment, files, kept, lease, signals
from ablation.study import schema, study
from ablation.photos import origin, pairs
from ablation.running.errors import UserError

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
environment.plan_without_pauses()
INTERRUPTION = signals.Interruption()
if workflow.remote_exec:
    signals.pass_on(lambda: workflow.local_exec)

PHOTOS = "resources/datasets/{dataset}/photos"
ARCHIVE = "resources/datasets/{dataset}/archive"
MANIFEST = "resources/datasets/{dataset}/manifest.csv"
PACK = "resources/packs/{dataset}/{size}px"
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
# A number of jobs, and not of cores, is what Snakemake has to do with a cluster.
SUBMITS = workflow.is_main_process and workflow.nodes is not None
# Of index and pack: all cores of this machine, or so many of a cluster's node.
PHOTO_THREADS = 8 if SUBMITS or workflow.remote_exec else workflow.cores
# Photos are made before anything trains: packing takes many cores, and would wait for them.
PHOTOS_FIRST = 1_000_000_000
GPUS = environment.gpus()
# A training takes GPUs of its own where there are some: which ones, it finds out by locks (ablation/lease.py).
TRAINING_GPUS = 1 if GPUS or SUBMITS else 0
os.environ[lease.SHARE] = str(STUDY.config["gpu_share"])
# How many trainings run at once on this machine, unless --resources says otherwise: as many as there are GPUs
# for, or on a CPU as there is memory for, and cores.
if GPUS:
    LIMIT = {"gpu": len(GPUS) * STUDY.config["gpu_share"]}
else:
    LIMIT = {"mem_mb": resources.machine_memory()}
if workflow.is_main_process and not SUBMITS:
    for name in LIMIT.keys() - workflow.global_resources.keys():
        workflow.register_resource(name, LIMIT[name])


def one_of(names):
    """The pattern of a wildcard that takes these names; one that matches nothing if there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    dataset=one_of(STUDY.datasets),
    size="[0-9]+",
    backbone=one_of(study.backbones.BACKBONES),
    # Not one of all: a long pattern makes planning a large study half as slow again.
    experiment="[^/]+",
    seed="[0-9]+",
    figure=one_of(figures.STUDY_FIGURES),


def script(name):
    return f"{SCRIPTS}/{name}.py"


def code(name, *modules):
    """The script and modules that decide a rule's result, each with a hash of its content: Snakemake compares params.

    Were they inputs, planning 1,000 runs would take 0.4 s longer.
    """
    paths = [f"{name}.py", *(f"ablation/{module}.py" for module in modules)]
    found = [hashlib.sha256(Path(SCRIPTS, path).read_bytes()) for path in paths]
    return [(path, content.hexdigest()[:12]) for path, content in zip(paths, found)]


# What decides the weights that a training ends with.
TRAINING_CODE = [
    *("training/loop", "training/checkpoint", "training/augmentation", "networks/backbones"),
    *("training/device", "results/outputs", "training/distributed", "photos/pack", "spec"),
]


def run_targets():
    """The predictions of every run, for which all else of it is made, and what of finished runs was deleted.

    Not every file: planning takes 0.1 ms for each target. Not the weights: whoever deletes them to save
    disk does not want them trained again.
    """
    trained = ["history.csv", "record.json", "outputs.npy"]
    pictures = [f"{figure}.png" for figure in figures.RUN_FIGURES]
    targets = []
    for run in STUDY.runs():
        predictions = f"{RUNS}/{run}/predictions.csv"
        names = trained + pictures if os.path.exists(predictions) else trained
        deleted = files.deleted(Path(RUNS, run), names)
        targets += [predictions, *(f"{RUNS}/{run}/{name}" for name in deleted)]
    return targets


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
    return f"{PACK}/photos.npy".format(dataset=dataset, size=spec.image_size)


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


def more(amount, attempt):
    """A job that was killed asks for half as much again when it is tried again."""
    return int(amount * (1 + attempt) / 2)


def photo_memory(_wildcards, threads, attempt):
    return more(resources.photo_memory(threads), attempt)


def photo_minutes(_wildcards, attempt):
    return 60 * attempt


def training_memory(wildcards, attempt):
    spec = experiment_of(wildcards).spec
    return more(resources.memory(spec, cuda=TRAINING_GPUS > 0), attempt)


def training_minutes(wildcards, attempt):
    photos = resources.photos_in(Path(MANIFEST.format(dataset=STUDY.dataset.name)))
    return resources.minutes(experiment_of(wildcards).spec, photos) * attempt


def pretraining_memory(wildcards, attempt):
    spec = STUDY.pretraining(wildcards.source, wildcards.backbone)[1]
    return more(resources.memory(spec, cuda=TRAINING_GPUS > 0), attempt)


def pretraining_minutes(wildcards, attempt):
    dataset, spec = STUDY.pretraining(wildcards.source, wildcards.backbone)
    photos = resources.photos_in(Path(MANIFEST.format(dataset=dataset)))
    return resources.minutes(spec, photos) * attempt


def given_file(wildcards):
    path = STUDY.weight_sources[wildcards.source]["path"]
    return str(study.usable(path.replace("{backbone}", wildcards.backbone)))


def version_of(wildcards):
    return STUDY.weight_sources[wildcards.source]["version"]


def experiment_of(wildcards):
    name = wildcards.experiment
    if name not in STUDY.experiments:
        study.known(name, STUDY.experiments, "the target's experiment", "experiment")
    return STUDY.experiments[name]


def gpus_of(wildcards):
    """The GPUs that a run takes."""
    return TRAINING_GPUS * experiment_of(wildcards).spec.gpus


def threads_of(wildcards):
    """The CPU threads of a run: so many in each of its processes, of which there is one a GPU."""
    return TRAINING_THREADS * experiment_of(wildcards).spec.gpus


def packed_photos():
    """The photos that a run reads: their path, or where runs differ in size a function, which plans slower."""

    def of_size(size):
        return f"{PACK}/photos.npy".format(dataset=STUDY.dataset.name, size=size)

    sizes = {experiment.spec.image_size for experiment in STUDY.experiments.values()}
    if len(sizes) == 1:
        return of_size(sizes.pop())
    return lambda wildcards: of_size(experiment_of(wildcards).spec.image_size)


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


def require_slots_for_arrays():
    """Refuse job arrays with too few slots: the plugin for SLURM (2.8.0) forgets jobs that wait for one."""
    arrays = getattr(workflow.executor_settings, "array_jobs", None)
    trainings = sum(job.rule.name == "train" for job in workflow.dag.needrun_jobs())
    if arrays and trainings > workflow.nodes:
        told = f"error: {trainings} trainings as job arrays need as many slots, and --jobs is {workflow.nodes}"
        sys.exit(f"{told}: add --jobs {trainings}")


def warn_of_idle_cores():
    """Name the option by which few trainings take many cores. It is the user's, for another number rounds otherwise."""
    if GPUS or SUBMITS or workflow.remote_exec or workflow.touch:
        return
    jobs = workflow.dag.needrun_jobs()
    threads = [job.threads for job in jobs if job.rule.name == "train"]
    most = max(threads, default=1)
    # A multiple, because a run of several processes divides its threads among them.
    wide = workflow.cores // max(len(threads), 1) // most * most
    if threads and wide > most:
        told = f"Mind: the trainings of this run use {sum(threads)} of {workflow.cores} cores."
        option = f"--set-threads train={wide} pretrain={wide}"
        cost = "a stopped training then begins anew, and results differ by rounding"
        print(f"{told} {option} can make them faster; {cost}.")


def warn_of_shared_photos():
    """Remind of photos that both train and validate: they make accuracies too high."""
    found = Path("resources/datasets", STUDY.dataset.name, pairs.FILE)
    if count := pairs.across(found):
        print(f"Mind: {count} pairs of equal photos train and validate: {found}")


def failed_runs():
    """Why each run of the study that is not trained is not, after a job failed."""
    return {
        f"{job.wildcards.experiment}/seed{job.wildcards.seed}": reason_of(job)
        for job in workflow.dag.needrun_jobs()
        if job.rule.name == "train"
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
