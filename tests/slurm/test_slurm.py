"""The study on a real SLURM: what each job asks for, and what time limits, lost nodes and Ctrl-C do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import watched
import yaml
from cluster import Cluster
from project import TINY, Project
from tables import MEASURED, rows, run_of
from watched import LONG, Running

from ablation.results.collecting import COST
from places import ROOT

PROFILE = "profiles/slurm"
TIMES = ("train_seconds", "images_per_second", *COST)
# The cluster has no accounts and no accounting.
OPTIONS = ("--workflow-profile", PROFILE, "--slurm-no-account", "--slurm-status-command", "squeue")
PATIENCE = 240.0


@pytest.fixture(scope="module")
def cluster(slurm: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:  # noqa: ARG001
    """A cluster, which Snakemake and the commands of SLURM find; stopped at the end, come what may."""
    cluster = Cluster(tmp_path_factory.mktemp("slurm") / "cluster")
    cluster.start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", str(Path(__file__).with_name("quick")))
        yield cluster
    cluster.stop()


@pytest.fixture(autouse=True)
def shown(cluster: Cluster) -> Iterator[None]:
    """Begin on idle nodes, and print the daemons' logs, which pytest shows of a test that fails."""
    cluster.wait_until(lambda: set(cluster.states().values()) == {"idle"}, "the nodes are idle", PATIENCE)
    yield
    print(cluster.logs())


@pytest.fixture(scope="module")
def submitted(cluster: Cluster, sources: Project, workshop: Path) -> Project:
    """The tiny study, run by SLURM."""
    assert set(cluster.states().values()) == {"idle"}
    project = sources.copy(workshop / "submitted")
    project.run(*OPTIONS)
    return project


@pytest.fixture
def long(submitted: Project, place: Path) -> Project:
    """The tiny study's photos, and three experiments of many epochs with the same digits to be trained."""
    project = replace(submitted.copy(place), configs=(TINY, LONG))

    def thrice(config: dict[str, list[dict[str, object]]]) -> None:
        (one,) = config["experiments"]
        # Not all the same, or they would share a run: a patience that is never needed decides nothing.
        names = enumerate(("one", "two", "three"))
        config["experiments"] = [{**one, "name": name, "patience": 25 + more} for more, name in names]

    project.edit(thrice, LONG)
    return project


@pytest.fixture(scope="module")
def whole(finished: Project, workshop: Path) -> object:
    """What the long experiment ends with when nothing interrupts it."""
    project = replace(finished.copy(workshop / "whole"), configs=(TINY, LONG))
    project.run()
    return result(project, "one")


def result(project: Project, experiment: str) -> object:
    folder = run_of(project, experiment)
    history = [[epoch[column] for column in ("epoch", *MEASURED)] for epoch in rows(folder / "history.csv")]
    return history, (folder / "predictions.csv").read_bytes(), (folder / "weights.safetensors").read_bytes()


def summary(project: Project) -> list[dict[str, str]]:
    """The summary without times and costs."""
    table = rows(project.folder / "results/summary.csv")
    return [{name: value for name, value in row.items() if name not in TIMES} for row in table]


def wait_for(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, what()
        time.sleep(0.1)


def log_of(project: Project, experiment: str) -> str:
    path = watched.log_of(project, experiment)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def freeze(project: Project, running: Running, experiment: str) -> psutil.Process:
    """Stop a training after its second epoch, so that it does not end before the test has done its part."""
    wait_for(lambda: "epoch 2:" in log_of(project, experiment), lambda: running.shown)
    told = (run_of(project, experiment) / "training.lock").read_text(encoding="utf-8")
    process = psutil.Process(int(told.split()[1]))
    process.suspend()
    return process


def of(jobs: list[dict[str, str]], rule: str, project: Project) -> dict[str, dict[str, str]]:
    """Jobs of a rule, by their wildcards: of runs the experiment and the seed, of weights without values."""
    start, runs = f"rule_{rule}_wildcards_", project.experiments()
    found = {}
    for job in jobs:
        if job["Comment"] == f"rule_{rule}":
            # One without wildcards.
            found[rule] = job
        elif job["Comment"].startswith(start):
            words = job["Comment"].removeprefix(start).split("_-")[0].strip("_")
            # A network's name may have an underscore, and so its run.
            run, _, seed = words.rpartition("_")
            found[f"{runs[run]}_{seed}" if run in runs else words] = job
    return found


def state(cluster: Cluster, number: str) -> str:
    return next(job["JobState"] for job in cluster.jobs() if job["JobId"] == number)


def minutes(job: dict[str, str]) -> int:
    hours, minutes, _ = job["TimeLimit"].split(":")
    return 60 * int(hours) + int(minutes)


def test_the_same_summary_as_on_this_machine(submitted: Project, finished: Project) -> None:
    assert summary(submitted) == summary(finished)
    assert submitted.plan() == set()


def test_what_each_job_asked_for(submitted: Project, cluster: Cluster) -> None:
    jobs = [job for job in cluster.jobs() if job["WorkDir"] == str(submitted.folder)]
    by_rule = {
        rule: of(jobs, rule, submitted) for rule in ("draw", "index", "pack", "pretrain", "train", "explain")
    }
    # Nothing else was submitted: what needs the network or takes a second stays here.
    assert sum(map(len, by_rule.values())) == len(jobs)
    trainings = by_rule["train"] | by_rule["pretrain"]
    assert set(by_rule["train"]) == {
        "rung-none_0",
        "rung-normalize_0",
        "alexnet-original_0",
        "alexnet-fewer_layers_0",
    }
    for job in trainings.values():
        assert (job["TresPerJob"], job["CPUs/Task"]) == ("gres:gpu:1", "1")
    for rule in ("draw", "index", "pack"):
        assert len(by_rule[rule]) == 2
        for job in by_rule[rule].values():
            assert "gpu" not in job.get("TresPerJob", "")
            assert job["CPUs/Task"] == ("1" if rule == "draw" else "8")
            assert minutes(job) == 60
    # More for the larger network, and for the larger batch of larger photos.
    memory = {name: int(job["MinMemoryNode"].removesuffix("M")) for name, job in trainings.items()}
    assert memory["rung-none_0"] == memory["rung-normalize_0"]
    assert memory["alexnet-original_0"] > memory["alexnet-fewer_layers_0"] > memory["rung-none_0"]
    assert memory["rung-none_0"] > memory["drawn_googlenet"] > 3000
    assert all(30 < minutes(job) < 40 for job in trainings.values())


def test_a_run_on_several_gpus_has_one_node(submitted: Project, place: Path, cluster: Cluster) -> None:
    project = replace(submitted.copy(place), configs=(TINY, LONG))
    project.edit(lambda config: config["experiments"][0].update(name="both", gpus=2, epochs=1), LONG)
    project.run(*OPTIONS)
    job = of(cluster.jobs(), "train", project)["both_0"]
    assert (job["TresPerJob"], job["NumNodes"], job["CPUs/Task"]) == ("gres:gpu:2", "1", "2")
    (row,) = summary(project)
    assert row["ended"] == "epoch_limit"


def test_job_arrays(submitted: Project, place: Path, cluster: Cluster) -> None:
    """Trainings without a slot would be forgotten."""
    project = replace(submitted.copy(place), configs=(TINY, LONG))
    project.edit(lambda config: config["experiments"][0].update(epochs=[1, 2, 3]), LONG)
    arrays = ("--slurm-array-jobs", "train", "--slurm-array-limit", "2")
    done = project.snakemake(*OPTIONS, *arrays, "--jobs", "2")
    output = done.stdout + done.stderr
    assert done.returncode == 1
    assert "error: 3 trainings as job arrays need as many slots, and --jobs is 2: add --jobs 3" in output
    assert "Traceback" not in output
    project.run(*OPTIONS, *arrays, "--jobs", "3")
    assert {row["ended"] for row in summary(project)} == {"epoch_limit"}
    arrays_of_two = [job for job in cluster.jobs() if job.get("ArrayTaskId") in ("1", "2")]
    assert {job["WorkDir"] for job in arrays_of_two} == {str(project.folder)}
    assert len(arrays_of_two) == 2


def test_ended_by_slurm(long: Project, whole: object, cluster: Cluster) -> None:
    """Of three trainings one is cancelled, one meets its time limit, and one loses its node but trains on."""
    running = Running(long, *OPTIONS)
    names = ("one", "two", "three")
    processes = {name: freeze(long, running, name) for name in names}
    jobs = {name: of(cluster.jobs(), "train", long)[f"{name}_0"] for name in names}
    # With two GPUs each, one node has one training and the other has two.
    alone = next(
        name
        for name in names
        if [job["NodeList"] for job in jobs.values()].count(jobs[name]["NodeList"]) == 1
    )
    cancelled, limited = (name for name in names if name != alone)

    cluster.kill_node(jobs[alone]["NodeList"])
    cluster.call("scontrol", "update", f"JobId={jobs[limited]['JobId']}", "TimeLimit=1")
    cluster.call("scancel", jobs[cancelled]["JobId"])
    # SLURM queues the job of the lost node again, to start in two minutes.
    lost = jobs[alone]["JobId"]
    wait_for(lambda: state(cluster, lost) == "PENDING", lambda: running.shown)
    cluster.call("scontrol", "update", f"JobId={lost}", "StartTime=now")
    # SLURM sends SIGCONT before SIGTERM, but not to what it takes for lost.
    wait_for(lambda: "stopping process" in log_of(long, alone), lambda: running.shown)
    processes[alone].resume()
    try:
        assert running.status() == 0, running.shown
    finally:
        cluster.start_node(jobs[alone]["NodeList"])

    for name in names:
        assert "going on in epoch " in log_of(long, name)
        assert result(long, name) == whole
    assert state(cluster, jobs[cancelled]["JobId"]) == "CANCELLED"
    assert state(cluster, jobs[limited]["JobId"]) == "TIMEOUT"
    assert summary(long)[0]["ended"] == "epoch_limit"


def test_ctrl_c(long: Project, whole: object, cluster: Cluster) -> None:
    running = Running(long, *OPTIONS)
    processes = [freeze(long, running, name) for name in ("one", "two", "three")]
    running.press_ctrl_c()
    assert running.status() == 1
    assert "Stopped. The same command goes on from the last checkpoints." in running.shown
    assert not any(process.is_running() for process in processes)
    assert cluster.call("squeue", "--noheader") == ""
    assert all((run_of(long, name) / "checkpoint.pt").exists() for name in ("one", "two", "three"))
    long.run(*OPTIONS)
    for name in ("one", "two", "three"):
        assert log_of(long, name).startswith("going on in epoch ")
        assert result(long, name) == whole


def test_a_failed_training_on_a_site_with_its_own_line(
    submitted: Project, place: Path, cluster: Cluster
) -> None:
    """Its row says why, the terminal shows its log, and its job asks for what the site's line says."""
    project = replace(submitted.copy(place), configs=(TINY, LONG))
    project.edit(lambda config: config["experiments"][0].update(learning_rate=1e30), LONG)
    profile = project.folder / PROFILE / "profile.yaml"
    text = profile.read_text(encoding="utf-8")
    line = "# set-resources: {train: &training {slurm_partition: gpu}, pretrain: *training}"
    assert text.count(line) == 1
    site = '{gpu: 0, gres: "gpu:1", slurm_partition: other, constraint: big}'
    own = f"set-resources: {{train: &training {site}, pretrain: *training}}"
    profile.write_text(text.replace(line, own), encoding="utf-8")
    done = project.snakemake(*OPTIONS, "--retries", "1")
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert "error: training one seed 0: the loss is not finite in epoch 1" in output
    (row,) = summary(project)
    assert row["ended"] == "failed"
    assert row["reason"].startswith("the loss is not finite in epoch 1")
    tried = [
        job for job in cluster.jobs() if job["WorkDir"] == str(project.folder) and "train" in job["Comment"]
    ]
    # As often as the tests before this one had a training of this name in this folder, and twice.
    assert len(tried) >= 2
    for job in tried[-2:]:
        assert (job["Partition"], job["Features"]) == ("other", "big")
        assert job["TresPerNode"] == "gres:gpu:1"
        assert "TresPerJob" not in job
    first, second = tried[-2:]
    assert int(second["MinMemoryNode"][:-1]) > int(first["MinMemoryNode"][:-1])
    assert minutes(second) >= 2 * minutes(first) - 1


def test_the_profile_has_what_the_default_one_has() -> None:
    """It takes the other's place."""
    default, slurm = (
        yaml.safe_load((ROOT / "profiles" / name / "profile.yaml").read_text(encoding="utf-8"))
        for name in ("default", "slurm")
    )
    assert {key: slurm.get(key) for key in default if key not in ("cores", "resources")} == {
        key: value for key, value in default.items() if key not in ("cores", "resources")
    }
