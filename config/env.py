"""The only reader of environment variables (and of `.env`). `.env.example` documents every name."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,59}")
_env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def text(name: str, default: str = "") -> str:
    """A variable's text, stripped; one that is set to nothing counts as not set."""
    return str(_env.str(name, default="")).strip() or default


def flag(name: str, *, default: bool) -> bool:
    """A variable read as yes or no."""
    return bool(_env.bool(name)) if is_set(name) else default


def names(name: str, default: list[str]) -> list[str]:
    """A comma-separated variable."""
    return [n.strip() for n in text(name).split(",") if n.strip()] or default


def seconds(name: str, default: float) -> float:
    """A variable read as a number of seconds."""
    return float(_env.float(name)) if is_set(name) else default


def number(name: str, default: int) -> int:
    """A variable read as a whole number."""
    return int(_env.int(name)) if is_set(name) else default


def database(default_file: Path) -> dict[str, object]:
    """`DATABASE_URL` as Django settings; without it, a SQLite file, whose folder is made."""
    if is_set("DATABASE_URL"):
        return dict(_env.db_url("DATABASE_URL"))
    with suppress(OSError):  # whoever opens the database says it better
        default_file.parent.mkdir(parents=True, exist_ok=True)
    return dict(_env.db_url_config(f"sqlite:///{default_file}"))


def folder(path: Path) -> Path:
    """`path`, made if need be and possible: WhiteNoise warns of one that is not there."""
    with suppress(OSError):
        path.mkdir(exist_ok=True)
    return path


def is_set(name: str) -> bool:
    """Whether a variable has any text."""
    return bool(text(name))


def keys_named_in(accounts: str) -> dict[str, str]:
    """The values of the variables that the lines of `FLOTIA_PROVEEDORES` name in their third place; empty if not set.

    What is no variable's name there is passed over: `apps.ia.accounts` says so to the user.
    """
    named = (line.split("|")[2].strip() for line in re.split(r"[;\n]", accounts) if line.count("|") >= 2)
    return {name: text(name) for name in named if _VARIABLE.fullmatch(name)}


def secret_key(folder: Path) -> str:
    """`DJANGO_SECRET_KEY`, or one made on first use and kept, readable by its owner only, in `folder`."""
    if given := text("DJANGO_SECRET_KEY"):
        return given
    kept = folder / "secret_key"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_urlsafe(50))
        return kept.read_text()
    except OSError:  # a read-only tree: good for this process
        return secrets.token_urlsafe(50)
