"""The fixed names as users run them: processes of their own, a data folder of their own, nothing of the developer's."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "migrate_stock_and_scrape"


@dataclass
class User:
    """Somebody at a terminal: a home, a data folder, settings by environment."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def environment(self):
        clean = {
            k: v for k, v in os.environ.items() if not k.startswith(("DEEPSEEK_", "FLOTIA_", "DJANGO_", "DATABASE_"))
        }
        nothing = dict.fromkeys(
            (
                "DEEPSEEK_API_KEY",
                "DEEPSEEK_API_BASE",
                "FLOTIA_MODELO_LOCAL",
                "FLOTIA_CA_BUNDLE",
                "DATABASE_URL",
                "FLOTIA_PROVEEDORES",
            ),
            "",
        )
        return {
            **clean,
            **nothing,
            "HOME": str(self.home),
            "FLOTIA_DATOS": str(self.home / "datos"),
            "COLUMNS": "200",
            **self.env,
        }

    def start(self, *args, **more):
        return subprocess.Popen(
            [sys.executable, *map(str, args)], cwd=ROOT, env=self.environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more,
        )  # fmt: skip

    def run(self, *args, stdin="", timeout=280):
        process = self.start(*args)
        out, err = process.communicate(stdin, timeout=timeout)
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    def command(self, *flags, **more):
        return self.run("manage.py", COMMAND, *flags, **more)

    def rows(self, query):
        with sqlite3.connect(self.home / "datos" / "flotia.sqlite3") as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def user(tmp_path):
    return User(tmp_path)
