"""SLURM, where it is there."""

from __future__ import annotations

import os

import pytest
from cluster import missing


@pytest.fixture(scope="session")
def slurm() -> None:
    """Skip where SLURM is missing; CI has it."""
    if reason := missing():
        if os.environ.get("REQUIRE_SLURM"):
            pytest.fail(reason)
        pytest.skip(reason)
