"""`python -m bench.startup`: how long the engine's import and the command's `--help` take, next to bare Python and Django."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_TIMES = 9
_SIDES = {
    "python -c pass": ["-c", "pass"],
    "import flotia": ["-c", "import flotia"],
    "import flotia.engine": ["-c", "import flotia.engine"],
    "manage.py check --help": ["manage.py", "check", "--help"],
    "manage.py migrate_stock_and_scrape --help": ["manage.py", "migrate_stock_and_scrape", "--help"],
}


def main() -> None:
    """Run every side in turn, `_TIMES` rounds, and print medians."""
    taken: dict[str, list[float]] = {side: [] for side in _SIDES}
    for _ in range(_TIMES):
        for side, arguments in _SIDES.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *arguments], cwd=_ROOT, check=True, capture_output=True)
            taken[side].append(time.perf_counter() - started)
    bare = statistics.median(taken["python -c pass"])
    for side, seconds in taken.items():
        middle = statistics.median(seconds)
        print(
            f"{side:45} {middle * 1000:6.0f} ms   {middle / bare:5.1f} × bare Python   +{(middle - bare) * 1000:.0f} ms"
        )


if __name__ == "__main__":
    main()
