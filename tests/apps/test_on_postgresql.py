"""What is said of the stock and of runs holds on the other database too: the same sentences, each file in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="already on another database")
@pytest.mark.parametrize("name", ["search", "runs", "jobs", "journal"])
def test_the_same_on_postgresql(empty_postgres, name):
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(HERE / f"test_{name}.py")],
        env={**os.environ, "DATABASE_URL": empty_postgres}, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:]
