"""What a person is told before and after the jobs of a study."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from chained import Job, Workflow, training
from configs import load, one, small

from ablation.chain import advice, paths
from ablation.photos import manifest, pairs, reading
from ablation.photos.manifest import Entry
from ablation.photos.pairs import Pair
from ablation.photos.tree import LeftOut
from ablation.running.errors import UserError


def cluster(trainings: int, slots: int, arrays: object) -> Workflow:
    jobs = [training(f"one/seed{k}") for k in range(trainings)] + [Job("evaluate")]
    return Workflow(jobs, nodes=slots, executor_settings=SimpleNamespace(array_jobs=arrays))


def test_job_arrays_need_as_many_slots_as_trainings() -> None:
    with pytest.raises(SystemExit, match=r"^error: 3 trainings .* --jobs is 2: add --jobs 3$"):
        advice.require_slots_for_arrays(cluster(3, 2, {"train": 3}))
    advice.require_slots_for_arrays(cluster(2, 2, {"train": 3}))
    advice.require_slots_for_arrays(cluster(3, 2, None))
    advice.require_slots_for_arrays(Workflow([training("one/seed0")], executor_settings=None, nodes=0))


IDLE = [
    (8, 1, {}, 1, 8),
    (8, 3, {}, 3, 2),
    (2, 2, {}, None, None),
    (8, 0, {}, None, None),
    # What a run of two processes takes, it takes twice.
    (9, 2, {"gpus": 2}, 4, 2),
    (7, 2, {"gpus": 2}, None, None),
    (12, 2, {"threads": 2}, 4, 6),
    (7, 2, {"threads": 3}, None, None),
]


@pytest.mark.parametrize(("cores", "trainings", "recipe", "used", "wide"), IDLE)
def test_idle_cores_are_named_with_the_value_that_uses_them(
    capsys: pytest.CaptureFixture[str],
    cores: int,
    trainings: int,
    recipe: dict[str, int],
    used: int | None,
    wide: int | None,
) -> None:
    """Few trainings of a study of 15 runs."""
    config = small(seeds=list(range(5)))
    config["recipe"] |= recipe
    study = load(config)
    jobs = [training(f"{study.experiments['one'].folder}/seed{k}") for k in range(trainings)]
    advice.warn_of_idle_cores(Workflow([*jobs, Job("pack", threads=8)], cores=cores), study)
    now = recipe.get("threads", 1)
    told = (
        f"Mind: the trainings of this run use {used} of {cores} cores. recipe.threads: {wide} "
        f"in place of {now} can make them faster; every run of the study (15) then trains anew.\n"
    )
    assert capsys.readouterr().out == (told if wide else "")


def test_nothing_is_said_of_threads_that_an_experiment_chose(capsys: pytest.CaptureFixture[str]) -> None:
    study = load(one(threads=2))
    advice.warn_of_idle_cores(Workflow([training(study.runs()[0])], cores=8), study)
    assert capsys.readouterr().out == ""


def test_shared_photos_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    advice.warn_of_shared_photos("mine", folds=0)
    found = tmp_path / "resources/datasets/mine" / pairs.FILE
    across = Pair("a.jpg", "rose", "train", "b.jpg", "rose", "val", pairs.NEAR, 3)
    within = Pair("a.jpg", "rose", "train", "c.jpg", "rose", "train", pairs.NEAR, 3)
    pairs.write([within], found)
    advice.warn_of_shared_photos("mine", folds=0)
    assert capsys.readouterr().out == ""
    pairs.write([across, within, across], found)
    advice.warn_of_shared_photos("mine", folds=0)
    path = f"resources/datasets/mine/{pairs.FILE}"
    pairs_told = "Mind: accuracies are too high because of 2 pairs of photos (2 nearly the same)"
    both = f"{pairs_told} across the split: {path}\n"
    assert capsys.readouterr().out == both
    two_labels = Pair("a.jpg", "rose", "train", "d.jpg", "tulip", "train", pairs.IDENTICAL, 0)
    pairs.write([across, two_labels, across], found)
    advice.warn_of_shared_photos("mine", folds=0)
    labels = f"Mind: of 1 pair of photos (1 identical) the labels differ: {path}\n"
    assert capsys.readouterr().out == both + labels
    # Under folds each photo has its turn to train; those of the test set have none.
    tested = Pair("e.jpg", "rose", "test", "f.jpg", "rose", "test", pairs.NEAR, 3)
    pairs.write([within, across, tested], found)
    advice.warn_of_shared_photos("mine", folds=5)
    in_turn = f"{pairs_told} parted by some of the 5 folds: {path}\n"
    assert capsys.readouterr().out == in_turn


# --- what has no part in a study --------------------------------------------------------------------


def record(*left_out: tuple[str, str], waiting: int = 0, notes: tuple[str, ...] = ()) -> str:
    path = Path(paths.READING.format(dataset="mine"))
    assert path.name == reading.FILE
    found = reading.Reading(
        (),
        tuple(reading.Waiting(f"test/{k}.jpg") for k in range(waiting)),
        tuple(LeftOut(*one) for one in left_out),
        notes,
    )
    reading.write(path, found)
    return str(path)


def test_what_has_no_part_in_the_study_is_counted_by_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    advice.warn_of_left_out("mine")
    record(notes=("label.csv is the table",))
    advice.warn_of_left_out("mine")
    assert capsys.readouterr().out == ""
    bad = ("a.jpg", "unreadable: is empty"), ("b.jpg", "unreadable: cannot be read as a photo (cut)")
    path = record(("c.md", ".md"), *bad)
    advice.warn_of_left_out("mine")
    told = f"Mind: 3 files have no part in the study (2 unreadable, 1 .md): {path}\n"
    assert capsys.readouterr().out == told
    record(("c.md", ".md"), waiting=2)
    advice.warn_of_left_out("mine")
    wait = "2 photos without a label wait for prediction"
    told = f"Mind: 1 file has no part in the study (1 .md); {wait}: {path}\n"
    assert capsys.readouterr().out == told
    record(waiting=1, notes=("a note", "Mind: they are dark"))
    advice.warn_of_left_out("mine")
    waits = f"Mind: 1 photo without a label waits for prediction: {path}\n"
    assert capsys.readouterr().out == f"{waits}Mind: they are dark\n"


def test_many_kinds_stay_one_short_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    record(*((f"{k}.{k}", f".{k}\n{'x' * 300}") for k in range(2000)))
    advice.warn_of_left_out("mine")
    (line,) = capsys.readouterr().out.splitlines()
    assert len(line) < 1000
    assert ", ...): " in line


# --- a study that found nothing ---------------------------------------------------------------------

HEADER = "experiment,val_accuracy,val_photos,commonest_accuracy,commonest_class,ended"
TRY = (
    "Try pretrained weights or more epochs, and check the labels: "
    "samples.png of a run shows photos with theirs.\n"
)
TOLD = (
    "Mind: no experiment is better than always guessing the commonest class, rose (0.42 of the validation "
    f"photos), beyond noise: the best, one, has 0.50, which on 36 photos may as well be 0.34. {TRY}"
)
ASKED = Workflow([Job("collect")])
MINE = load(small())


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the table of runs of the study goes."""
    monkeypatch.chdir(tmp_path)
    path = Path(paths.comparison(MINE.dataset.name, MINE.name), "runs.csv")
    path.parent.mkdir(parents=True)
    return path


def write(path: Path, *rows: str) -> None:
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")


def test_a_study_within_noise_of_the_commonest_class_says_so(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(table, "one,0.5,36,0.4167,rose,epoch_limit")
    advice.warn_of_noise(ASKED, MINE)
    assert capsys.readouterr().out == TOLD


def test_runs_that_failed_are_not_judged(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(table, "one,0.5,36.0,0.4167,rose,epoch_limit", "two,,,,,failed")
    advice.tell_of_noise(MINE)
    assert capsys.readouterr().out == TOLD.replace("experiment is", "experiment that finished is")


def test_a_name_of_a_class_stays_in_its_line(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(table, 'one,0.5,36,0.4167,"ro\nse",epoch_limit')
    advice.tell_of_noise(MINE)
    assert capsys.readouterr().out == TOLD.replace("rose", "ro\\nse")


@pytest.mark.parametrize(
    "rows",
    [
        ["one,0.5,36,0.33,rose,epoch_limit"],
        ["one,0.3,36,0.33,rose,epoch_limit", "two,0.6,36,0.33,rose,epoch_limit"],
        ["one,0.5,36,,,epoch_limit"],
        ["one,,,,,failed"],
        [],
    ],
    ids=["better", "one is better", "nothing to compare", "failed", "no runs"],
)
def test_others_say_nothing(table: Path, capsys: pytest.CaptureFixture[str], rows: list[str]) -> None:
    write(table, *rows)
    advice.warn_of_noise(ASKED, MINE)
    assert capsys.readouterr().out == ""


def test_nothing_is_said_of_a_table_that_was_not_asked_for(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which may be older than the runs."""
    write(table, "one,0.5,36,0.4167,rose,epoch_limit")
    advice.warn_of_noise(Workflow([training("one/seed0")]), MINE)
    advice.warn_of_noise(Workflow([Job("collect")], dag_settings=SimpleNamespace(until={"train"})), MINE)
    assert capsys.readouterr().out == ""


# --- what results do not say ------------------------------------------------------------------------


def write_manifest(dataset: str, validate: int, test: int = 0) -> None:
    """Write a manifest of two classes, each with one photo to train and so many to validate and to test."""
    entries = [
        Entry(f"{label}/{part}{k}.jpg", "0" * 64, label, "ab"[label], part)
        for label in (0, 1)
        for part, number in (("train", 1), ("val", validate), ("test", test))
        for k in range(number)
    ]
    entries.sort(key=lambda entry: (entry.label, entry.file))
    manifest.write(entries, Path(paths.MANIFEST.format(dataset=dataset)))


@pytest.mark.parametrize(
    ("validate", "test", "folds", "told"),
    [
        (1, 0, 0, "2 photos validate, so that one of them is 50%"),
        (5, 0, 0, ""),
        (1, 5, 0, ""),
        (5, 1, 0, "2 photos are of the test set, so that one of them is 50%"),
        (3, 0, 0, "6 photos validate, so that one of them is 17%"),
        (3, 0, 5, "8 photos validate, so that one of them is 12%"),
        (4, 0, 5, ""),
    ],
)
def test_few_photos_to_validate(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    validate: int,
    test: int,
    folds: int,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    advice.warn_of_few("demo", folds)
    assert not capsys.readouterr().out
    write_manifest("demo", validate, test)
    advice.warn_of_few("demo", folds)
    output = capsys.readouterr().out
    assert output.startswith(f"Mind: {told}") if told else not output
    assert output.count("\n") == bool(told)


@pytest.mark.parametrize(("accuracy", "poor"), [(0.5, True), (1.0, False)])
def test_a_pretraining_that_ends_at_chance(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    accuracy: float,
    poor: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    config = small()
    sources = {name: one["source"] for name, one in config["weight_sources"].items()}
    source = next(name for name, kind in sources.items() if kind == "pretraining")
    config["weights"] = source
    study = load(config)
    backbones = {one.spec.backbone for one in study.experiments.values() if one.spec.weights == source}
    write_manifest(study.weight_sources[source]["dataset"], 10)
    for backbone in backbones:
        values = study.weights(source, backbone)
        path = Path(paths.PRETRAINING_HISTORY.format(source=source, backbone=backbone, values=values))
        path.parent.mkdir(parents=True, exist_ok=True)
        # The first epoch is not the one whose weights are kept.
        path.write_text(f"val_loss,val_accuracy\n9.0,0.5\n1.0,{accuracy}\n", encoding="utf-8")
    advice.warn_of_poor_weights(study)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == (len(backbones) if poor else 0)
    assert all("ended at chance (0.50 of 20 photos right" in line for line in lines)
    path.write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(UserError, match="is damaged"):
        advice.warn_of_poor_weights(study)


def test_files_that_were_asked_for_are_named_and_no_table() -> None:
    files = Job("pack", output=[f"{number}.npy" for number in range(3)])
    assert advice.done(Workflow([files]), load(small()), "comparison") == ["Done: 0.npy, 1.npy, 2.npy"]
    many = Job("pack", output=[f"{number}.npy" for number in range(9)])
    (told,) = advice.done(Workflow([many]), load(small()), "comparison")
    assert told == "Done: 0.npy, 1.npy, 2.npy, 3.npy, 4.npy, ..."
    asking = Workflow([many])
    asking.dag.targetfiles = {"7.npy"}
    assert advice.done(asking, load(small()), "x") == ["Done: 7.npy, 0.npy, 1.npy, 2.npy, 3.npy, ..."]


def test_a_study_that_was_asked_for_names_its_table() -> None:
    *_, told = advice.done(Workflow([Job("collect"), Job("latest")]), load(small()), "results/comparison/x/y")
    assert told.startswith("Done. The table: results/summary.csv.")


def test_a_page_that_was_made_is_named_first() -> None:
    jobs = Workflow([Job("collect"), Job("report"), Job("latest_report")])
    *_, told = advice.done(jobs, load(small()), "results/comparison/x/y")
    assert told.startswith("Done. Open results/report.html in a browser. The table: results/summary.csv.")
