"""Write the pins of the whole tree: constraints in pyproject.toml, a hashed requirements.txt for pip.

`uv.lock` names the address of a package registry in each line and is git-ignored; these two files hold the same versions
without any address. Run by `make pins` after a dependency changed; `uv lock --upgrade` first for newer versions.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_NEVER = re.compile(r"; (?!.* or ).*sys_platform == 'never'")
_EXTRAS = re.compile(r"\[.*?\]")
_BLOCK = re.compile(r"# pins: begin\n.*?# pins: end\n", re.DOTALL)


def main() -> None:
    """Read the lock through uv's own export and write both files."""
    pyproject = _ROOT / "pyproject.toml"
    pins = [entry for entry in _entries("--all-groups", "--no-hashes") if "==" in entry]
    names = "\n".join(f'  "{_EXTRAS.sub("", pin).strip()}",' for pin in pins)
    block = f"# pins: begin\nconstraint-dependencies = [\n{names}\n]\n# pins: end\n"
    pyproject.write_text(_BLOCK.sub(lambda _: block, pyproject.read_text("utf-8")), "utf-8")
    header = "# Made by `make pins`: every run-time dependency with its hashes, for `pip install --require-hashes`.\n"
    (_ROOT / "requirements.txt").write_text(header + "\n".join(_entries()) + "\n", "utf-8")


def _entries(*flags: str) -> list[str]:
    """The entries of uv's export, each with its hash lines, without what is overridden away."""
    command = ["uv", "export", "--quiet", "--format", "requirements.txt", "--no-emit-project", "--no-annotate", *flags]
    text = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip())
    return [entry for entry in entries if not _NEVER.search(entry.splitlines()[0])]


if __name__ == "__main__":
    main()
