"""Snakemake's own errors, which `--quiet all` hides."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from snakemake.logging import logger
from snakemake.settings.enums import Quietness

from ablation.chain import refusals


def workflow(*quiet: Quietness) -> SimpleNamespace:
    return SimpleNamespace(output_settings=SimpleNamespace(quiet=set(quiet) or None))


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Snakemake's logger as it is where nothing has been set up."""
    before = list(logger.handlers)
    logger.handlers.clear()
    yield
    logger.handlers[:] = before


def test_the_logger_is_snakemakes() -> None:
    assert logging.getLogger(refusals.LOGGER) is logger


def test_errors_are_shown_until_jobs_start(capsys: pytest.CaptureFixture[str]) -> None:
    shown = refusals.show(workflow(Quietness.ALL))
    logger.error("the folder is locked")
    logger.info("Building DAG of jobs...")
    refusals.leave_to_hooks(shown)
    assert capsys.readouterr().err == "the folder is locked\n"
    assert logger.handlers == []


@pytest.mark.parametrize("quiet", [(), (Quietness.RULES, Quietness.PROGRESS)])
def test_nothing_is_said_twice(quiet: tuple[Quietness, ...]) -> None:
    refusals.leave_to_hooks(refusals.show(workflow(*quiet)))
    assert refusals.show(workflow(*quiet)) is None
    assert logger.handlers == []
