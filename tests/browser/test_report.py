"""The page of a finished study in a real browser: nothing of it needs a network, and people can use it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import many_classes
import pandas as pd
import pytest
from chromium import LAPTOP, PHONE, Browser
from PIL import Image
from project import Project
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from places import ROOT

SIZES = pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])


@pytest.fixture(autouse=True)
def _says_nothing(browser: Browser) -> Iterator[None]:
    yield
    assert browser.said() == []


def texts(browser: Browser, selector: str) -> list[str]:
    """The texts of elements, also of hidden ones."""
    script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent.trim())"
    found: list[str] = browser.run(script, selector)
    return found


def broken_pictures(browser: Browser) -> list[str]:
    """The alternative texts of the pictures that do not show, once all were loaded; but for the dialog's."""
    for one in browser.driver.find_elements(By.CSS_SELECTOR, "details:not([open])"):
        browser.run("arguments[0].open = true", one)
    pictures = "[...document.querySelectorAll('main:not([hidden]) img')]"
    browser.wait(lambda: browser.run(f"return {pictures}.every((one) => one.complete)"))
    found: list[str] = browser.run(
        f"return {pictures}.filter((one) => !one.naturalWidth).map((one) => one.alt)"
    )
    return found


def overflow(browser: Browser) -> int:
    """By how many pixels the page is wider than the window."""
    found: int = browser.run("return document.documentElement.scrollWidth - window.innerWidth")
    return found


def open_run(browser: Browser, number: int = 0) -> str:
    """Open a run's page by its link; return what the link says."""
    link = browser.driver.find_elements(By.CSS_SELECTOR, "#list a")[number]
    said: str = link.text
    link.click()
    browser.wait(lambda: browser.run("return !document.getElementById('page').hidden"))
    return said


@SIZES
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_shows_whole_and_axe_finds_no_violation(
    browser: Browser, page: Path, size: tuple[int, int], dark: bool
) -> None:
    browser.open(page, size, dark=dark)
    assert overflow(browser) <= 0
    assert browser.violations() == []
    assert broken_pictures(browser) == []
    # With all that was folded.
    assert overflow(browser) <= 0
    assert browser.violations() == []
    browser.shoot(f"study-{size[0]}-{'dark' if dark else 'light'}")


@SIZES
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_runs_page_shows_whole_and_axe_finds_no_violation(
    browser: Browser, page: Path, size: tuple[int, int], dark: bool
) -> None:
    browser.open(page, size, dark=dark)
    said = open_run(browser)
    assert texts(browser, "#page h1") == [said]
    assert browser.run("return document.title").startswith(said)
    assert broken_pictures(browser) == []
    assert overflow(browser) <= 0
    assert browser.violations() == []
    browser.shoot(f"run-{size[0]}-{'dark' if dark else 'light'}")


def test_nothing_is_fetched(browser: Browser, page: Path) -> None:
    browser.open(page)
    script = """
        const of = (name) => [...document.querySelectorAll(`[${name}]`)].map((one) => one.getAttribute(name));
        return [...of("src"), ...of("href")].filter((one) => !/^(data:|#)/.test(one));
    """
    assert browser.run(script) == []
    assert "url(" not in page.read_text(encoding="utf-8").split("</style>")[0]


def test_the_answer_comes_first_and_every_section_can_be_reached(
    browser: Browser, many: Project, page: Path
) -> None:
    browser.open(page)
    headings = texts(browser, "#study h2")
    assert headings[:2] == ["Answer", "All experiments, the best first"]
    answer = (many.folder / "results/answer.md").read_text(encoding="utf-8").split("\n")
    assert texts(browser, "#answer p") == [line for line in answer if line]
    links = browser.driver.find_elements(By.CSS_SELECTOR, "nav a")
    assert len(links) == len(headings)
    for link in links:
        browser.run("arguments[0].scrollIntoView({block: 'nearest', inline: 'center'})", link)
        link.click()
        target = link.get_attribute("href").partition("#")[2]
        top = f"return document.getElementById('{target}').getBoundingClientRect()"
        browser.wait(lambda top=top: -2 <= browser.run(f"{top}.top") < 850)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("heading", "column", "down"),
    [
        ("Accuracy", "accuracy", False),
        ("Experiment", "experiment", False),
        ("Parameters", "parameters", True),
    ],
)
def test_the_table_sorts(
    browser: Browser, many: Project, page: Path, heading: str, column: str, down: bool
) -> None:
    browser.open(page)
    summary = pd.read_csv(many.folder / "results/summary.csv")
    (button,) = [
        one
        for one in browser.driver.find_elements(By.CSS_SELECTOR, "#ranked thead button")
        if one.text == heading
    ]
    for direction in (down, not down):
        browser.run("arguments[0].scrollIntoView({block: 'center', inline: 'center'})", button)
        button.click()
        found = pd.DataFrame({"experiment": texts(browser, "#ranked tbody th")}).merge(
            summary, on="experiment"
        )
        values: Any = found[column]
        assert len(values) == len(summary)
        assert values.is_monotonic_decreasing if direction else values.is_monotonic_increasing
        header = button.find_element(By.XPATH, "..")
        assert header.get_attribute("aria-sort") == ("descending" if direction else "ascending")


def test_the_table_filters(browser: Browser, page: Path) -> None:
    browser.open(page)
    field = browser.driver.find_element(By.ID, "filter")
    shown = "return [...document.querySelectorAll('#ranked tbody tr')].filter((one) => !one.hidden).length"
    assert browser.run(shown) == 3
    for words, left in (("googlenet", 2), ("GOOGLENET flip", 1), ("googlenet alexnet", 0), ("", 3)):
        field.clear()
        field.send_keys(words or " ")
        assert browser.run(shown) == left
        assert texts(browser, "#count") == [f"{left} of 3"]


def test_a_runs_page_by_its_experiment_and_back(browser: Browser, many: Project, page: Path) -> None:
    browser.open(page)
    (link,) = [
        one for one in browser.driver.find_elements(By.CSS_SELECTOR, "#ranked a") if one.text == "other"
    ]
    link.click()
    browser.wait(lambda: texts(browser, "#list a") == ["other, seed 0", "other, seed 1"])
    assert open_run(browser, 1) == "other, seed 1"
    sections = texts(browser, "#page h2")
    assert sections[0] == "Curves"
    assert sections[-4:] == ["Most confidently wrong", "What it took", "What it was", "The end of its log"]
    (folder,) = many.folder.glob("results/runs/mine/alexnet*/seed1")
    history = pd.read_csv(folder / "history.csv")
    best = history.loc[history["val_loss"].idxmin()]
    assert f"the best epoch, {best['epoch']:.0f}:" in " ".join(texts(browser, "#page p"))
    assert texts(browser, "#page .note")[0].endswith(f"{folder.parent.name}/seed1")
    browser.driver.find_element(By.LINK_TEXT, "Back to the study").click()
    browser.wait(lambda: browser.run("return !document.getElementById('study').hidden"))
    browser.driver.back()
    browser.wait(lambda: texts(browser, "#page h1") == ["other, seed 1"])
    # As somebody sends it.
    address = browser.driver.current_url
    browser.driver.get("about:blank")
    browser.driver.get(address)
    assert texts(browser, "#page h1") == ["other, seed 1"]


def test_a_picture_is_enlarged_by_keys_alone(browser: Browser, page: Path) -> None:
    browser.open(page)
    picture = browser.driver.find_element(By.CSS_SELECTOR, "#figures .enlarge")
    browser.run("arguments[0].focus()", picture)
    keys = ActionChains(browser.driver)
    keys.send_keys(Keys.ENTER).perform()
    is_open = "return document.getElementById('large').open"
    browser.wait(lambda: browser.run(is_open))
    same = "return document.querySelector('#large img').src === document.querySelector('#figures img').src"
    assert browser.run(same)
    assert browser.violations() == []
    keys.send_keys(Keys.ESCAPE).perform()
    browser.wait(lambda: not browser.run(is_open))


def test_names_are_texts(browser: Browser, page: Path) -> None:
    """Whatever they are: none is read as HTML, as a template or as the end of a script."""
    browser.open(page)
    scripts, pictures = (
        "return document.scripts.length",
        "return document.querySelectorAll('img[onerror]').length",
    )
    before = browser.run(scripts)
    for number in range(2):
        open_run(browser, number)
        assert browser.run(scripts) == before == 2
        assert browser.run(pictures) == 0
        browser.driver.find_element(By.LINK_TEXT, "Back to the study").click()
    found = set(texts(browser, "#data tbody th"))
    # Names are in Unicode's composed form, and their white space is one space.
    assert found == set(many_classes.names())


def test_the_documented_command_draws_its_top(page: Path, tmp_path: Path) -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"`(python tools/draw_report.py [^`]+)`", text)
    for folder in ("results", "docs/images"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(page, tmp_path / "results/report.html")
    (tmp_path / "tools").symlink_to(ROOT / "tools")
    subprocess.run([sys.executable, *command.split()[1:]], cwd=tmp_path, check=True)
    with Image.open(tmp_path / "docs/images/report.png") as picture:
        assert picture.size == (1280, 960)
        assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 50
