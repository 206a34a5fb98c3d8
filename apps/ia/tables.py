"""Tables on a terminal, and as aligned text where the output is none; moments as users read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

NOTHING = "–"


def show(console: Console, headers: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()) -> None:
    """Print a table, the columns at `numeric` to the right: rich's on a terminal, text that nothing cuts elsewhere."""
    if not console.is_terminal:
        widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
        for row in (headers, *rows):
            cells = [
                c.rjust(w) if n in numeric else c.ljust(w) for n, (c, w) in enumerate(zip(row, widths, strict=True))
            ]
            print("  ".join(cells).rstrip(), file=console.file)
        return
    table = Table(box=None, padding=(0, 1))
    for place, header in enumerate(headers):
        table.add_column(Text(header), justify="right" if place in numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def number(value: float | None, digits: int = 1) -> str:
    """A figure as it is written in Spanish; a dash for none."""
    return NOTHING if value is None else f"{value:.{digits}f}".replace(".", ",")


def local(moment: float) -> datetime:
    """An instant (epoch seconds) on the clocks of settings' time zone."""
    return timezone.localtime(datetime.fromtimestamp(moment, UTC))


def clock(moment: float | None, *, seconds: bool = False) -> str:
    """An instant (epoch seconds) as local time, with its day if that is not today's; a dash for none."""
    if moment is None:
        return NOTHING
    there = local(moment)
    day = "" if there.date() == timezone.localdate() else f"{there:%d/%m} "
    return f"{day}{there:%H:%M:%S}" if seconds else f"{day}{there:%H:%M}"


def iso(moment: float | None) -> str | None:
    """An instant (epoch seconds) in ISO 8601 with the local offset."""
    return None if moment is None else local(moment).isoformat(timespec="seconds")
