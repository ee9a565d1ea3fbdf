"""A look at a data set before anything trains: `snakemake check` and `make check`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from own_photos import write_classes
from pictures import picture
from plans import LATEST
from project import SINGLE, TINY, Project
from tables import rows

OWN = ("--config", "dataset=mine")
HEAD = "mine: 6 photos of 2 classes"
NEXT = "Next        "


@pytest.fixture
def own(fresh: Project) -> Project:
    """The project, with a folder of photos and a study of one training."""
    write_classes(fresh.folder / "mine")
    return Project(fresh.folder, configs=(TINY, SINGLE))


def make(project: Project, photos: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run make check as a user would."""
    given = [] if photos is None else [f"PHOTOS={photos}"]
    env = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(
        ["make", "check", *given], cwd=project.folder, env=env, capture_output=True, text=True, check=False
    )


def test_a_check_says_what_there_is_and_trains_nothing(own: Project) -> None:
    assert own.plan("check", *OWN) == {"index mine", "check_photos mine", "check"}
    output = own.run("check", *OWN)
    folder = own.folder / "results/data/mine"
    told = (folder / "check.txt").read_text(encoding="utf-8")
    assert told.startswith(f"{HEAD}\n\n")
    assert f"{told}{NEXT}snakemake --config dataset=mine --configfile {TINY} {SINGLE}\n" in output
    assert "Done. The table" not in output
    assert [row["class"] for row in rows(folder / "classes.csv")] == ["rose", "tulip"]
    # 64 pixels, shown twice as large, three in a row.
    width, height = picture(folder / "photos.png")
    assert 3 * 128 < width < 3 * 160
    assert height > 2 * 128
    assert {path.name for path in (own.folder / "results").iterdir() if not path.name.startswith(".")} == {
        "data"
    }


def test_what_was_found_is_said_again_and_made_anew_when_it_changes(own: Project) -> None:
    first = own.run("check", *OWN)
    assert own.plan("check", *OWN) == {"check"}
    told = first[first.index(HEAD) :].partition(NEXT)[0]
    assert told in own.run("check", *OWN)

    own.edit(lambda config: config["recipe"].update(image_size=96))
    assert own.plan("check", *OWN) == {"check", "check_photos mine"}
    own.run("check", *OWN)
    assert "squashed to 96 x 96 pixels" in own.run("check", *OWN)

    (own.folder / "mine/rose/0.jpg").unlink()
    (own.folder / "mine/rose/notes.docx").write_text("roses", encoding="utf-8")
    assert "mine: 5 photos of 2 classes" in (output := own.run("check", *OWN))
    assert "Left out    1 .docx (rose/notes.docx)" in output


def test_a_check_makes_no_run_stale(finished_own: Project) -> None:
    jobs = finished_own.plan("check", "all", *OWN)
    # `latest` copies the table and the page, since those of another data set stand there.
    assert {job.split()[0] for job in jobs} == {"check", *LATEST}


@pytest.mark.parametrize("name", ["2#3", "it's my $HOME; & more"])
def test_make_checks_a_folder_of_any_name(own: Project, name: str) -> None:
    own.pretend_environment()
    (own.folder / "mine").rename(own.folder / name)
    done = make(own, name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": 6 photos of 2 classes\n" in done.stdout
    # The answer and little else.
    assert len(done.stdout.splitlines()) <= 30
    assert len(done.stderr.splitlines()) <= 1
    last = done.stdout.splitlines()[-1]
    command = last.removeprefix(NEXT)
    assert last != command
    # The advice works.
    planned = subprocess.run(
        f"{command} -n", shell=True, cwd=own.folder, capture_output=True, text=True, check=False
    )
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert "train" in planned.stdout
    assert command.startswith(".venv/bin/snakemake --config study=quick ")


def test_make_without_photos_checks_the_studys_and_says_so(own: Project) -> None:
    own.pretend_environment()
    done = make(own)
    assert done.returncode == 0, done.stdout + done.stderr
    first, second, *_ = done.stdout.splitlines()
    assert first == "The data set of config.yaml; another: make check PHOTOS=~/my_photos"
    assert second == "demo: 480 photos of 12 classes"
    assert done.stdout.splitlines()[-1] == f"{NEXT}.venv/bin/snakemake"


def cut_short(folder: Path) -> str:
    path = folder / "rose/0.jpg"
    path.write_bytes(path.read_bytes()[:500])
    return "0.jpg cannot be read as a photo"


def one_class(folder: Path) -> str:
    for path in (folder / "tulip").iterdir():
        path.unlink()
    (folder / "tulip").rmdir()
    return "only one class (rose)"


def nothing(folder: Path) -> str:
    folder.rename(folder.with_name("elsewhere"))
    return "no such file or folder"


@pytest.mark.parametrize("wrong", [cut_short, one_class, nothing])
def test_a_wrong_data_set_ends_with_its_line(own: Project, wrong: object) -> None:
    own.pretend_environment()
    assert callable(wrong)
    expected = wrong(own.folder / "mine")
    done = make(own, "./mine")
    assert done.returncode != 0
    lines = [
        line
        for line in (done.stdout + done.stderr).splitlines()
        if not line.startswith(("make: ", "Using workflow specific profile"))
    ]
    assert len(lines) == 1, lines
    assert expected in lines[0]


def test_what_snakemake_refuses_is_heard(own: Project) -> None:
    own.pretend_environment()
    locks = own.folder / ".snakemake/locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/data/mine/check.txt\n", encoding="utf-8")
    done = make(own, "mine")
    assert done.returncode != 0
    assert "Directory cannot be locked" in done.stderr
