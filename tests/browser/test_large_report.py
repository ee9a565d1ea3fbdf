"""The page of 1,000 runs: small enough to send, and a browser sorts, filters and opens it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from chromium import Browser
from project import Project
from selenium.webdriver.common.by import By

import grid
from ablation.results.figures.run import RUN_FIGURES
from commands import timed
from copies import overlay, project, snakemake
from workloads import scaling

RUNS, EXPERIMENTS = 1_000, 250


@pytest.fixture(scope="module")
def large(many: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of runs for which a stand-in trained, with pictures as large as those of photos."""
    folder = tmp_path_factory.mktemp("large")
    own, config = project(folder / "project"), overlay(folder / "grid.yaml", **grid.overlay(RUNS))
    given = ("--cores", "2", "--quiet", "--configfile", config)
    made = ("resources/packs/demo/64px/photos.npy", "results/data/demo/check.txt")
    timed(snakemake(own, *made, *given), own, folder / "pack.log")
    study = grid.write(own, config, own / "resources/packs/demo/64px")
    (source,) = many.folder.glob("results/runs/mine/alexnet*/seed0")
    for name in study.runs():
        for figure in RUN_FIGURES:
            shutil.copy(source / f"{figure}.png", own / "results/runs/demo" / name)
    scaling.compare(own, study, folder)
    shutil.rmtree(own / "results/runs")
    return own / "results/report.html"


def test_it_is_small_and_can_be_used(browser: Browser, large: Path) -> None:
    assert large.stat().st_size < 20e6
    browser.open(large)
    shown = "return [...document.querySelectorAll('#ranked tbody tr')].filter((one) => !one.hidden).length"
    assert browser.run(shown) == EXPERIMENTS
    browser.driver.find_element(By.ID, "filter").send_keys("resnet50 flip")
    assert browser.run(shown) == EXPERIMENTS // 25
    browser.run("arguments[0].click()", browser.driver.find_element(By.CSS_SELECTOR, "#ranked thead button"))
    browser.run("location.hash = document.querySelector('#list a').getAttribute('href')")
    browser.wait(lambda: browser.run("return !document.getElementById('page').hidden"))
    assert browser.run("return document.querySelectorAll('#page svg.chart').length") == 2
    assert browser.said() == []
