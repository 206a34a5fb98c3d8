"""`python -m tests.doubles.standin`: the stand-in by hand, for whoever wants to watch FlotIA work against it."""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from typing import Any

from tests.doubles.standin.answers import warm_up
from tests.doubles.standin.app import Outage, StandIn, lognormal
from tests.doubles.standin.limits import Window
from tests.doubles.standin.listing import Listed
from tests.doubles.standin.presets import PRESETS
from tests.doubles.standin.server import SAYS, serving
from tests.doubles.standin.shapes import SHAPES


def main() -> None:
    """Serve until interrupted; print the calls by model at the end."""
    parser = _parser()
    options = parser.parse_args()
    if options.models and not options.preset:
        parser.error("--models names those of a --preset")
    standin = _standin(options)
    warm_up()
    with serving(standin, options.port) as base:
        print(f"{SAYS}{base}", flush=True)
        with suppress(KeyboardInterrupt):
            _wait(until_stdin_ends=options.until_stdin_ends)
    for model, count in standin.by_model.most_common():
        print(f"{count:5d}  {model}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.standin")
    add = parser.add_argument
    add("--port", type=int, default=8900)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--preset", choices=PRESETS, help="one of the workloads of the benches, with 16 models")
    what.add_argument(
        "--model", action="append", default=[], type=_named, metavar="ID=SHAPE[,SHAPE…]",
        help=f"what a model does, over and over; '*' is every other model. Shapes: {', '.join(SHAPES)}",
    )  # fmt: skip
    add("--models", type=lambda said: said.split(","), metavar="ID,ID…", help="the models of the preset, in order")
    add("--window", action="append", type=_window, metavar="ID=REQUESTS/SECONDS[+]",
        help="a model's own limit; with '+' good answers tell it too")  # fmt: skip
    add("--outage", action="append", type=_outage, metavar="ID=FROM-TO:SHAPE", help="seconds since the first call")
    add("--listed", action="append", type=_listed, metavar="ID[,context=N][,paid][,expires=DATE][,PARAMETER…]",
        help="one model of the lists, instead of those that are served")  # fmt: skip
    add("--per-minute", type=int)
    add("--per-day", type=int)
    add("--key", help="refuse every other key")
    add("--counts-refused", action="store_true", default=None, help="calls that the account refuses count too")
    add("--key-lag", type=float, help="how old the figures of the key route are, in seconds")
    add("--latency", type=float, help="mean seconds to an answer, log-normal")
    add("--context", type=int, help="tokens that fit into a model")
    add("--seed", type=int)
    add("--until-stdin-ends", action="store_true", help="end with the standard input instead of with Ctrl-C")
    return parser


def _standin(options: argparse.Namespace) -> StandIn:
    """What the flags say; what they do not say is the preset's, or the default."""
    outages: defaultdict[str, list[Outage]] = defaultdict(list)
    for model, outage in options.outage or ():
        outages[model].append(outage)
    given = {
        "windows": dict(options.window or ()), "schedule": dict(outages), "listed": options.listed, "seed": options.seed,
        "latency": lognormal(options.latency) if options.latency else options.latency, "context": options.context,
        "models": options.models or {m: shapes.split(",") for m, shapes in options.model},
    }  # fmt: skip
    make = PRESETS[options.preset] if options.preset else StandIn
    standin = make(**{name: value for name, value in given.items() if value not in (None, {})})
    limits = {name: getattr(options, name) for name in ("per_minute", "per_day", "key", "counts_refused", "key_lag")}
    standin.account = replace(standin.account, **{name: value for name, value in limits.items() if value is not None})
    return standin


def _named(said: str) -> tuple[str, str]:
    model, sign, value = said.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"{said!r} has no '='")
    return model, value


def _window(said: str) -> tuple[str, Window]:
    model, value = _named(said)
    requests, _, seconds = value.removesuffix("+").partition("/")
    return model, Window(int(requests), float(seconds), headers_on_success=value.endswith("+"))


def _outage(said: str) -> tuple[str, Outage]:
    model, value = _named(said)
    times, _, shape = value.partition(":")
    start, _, end = times.partition("-")
    if shape not in SHAPES:
        raise argparse.ArgumentTypeError(f"no such shape: {shape!r}")
    return model, (float(start), float(end), shape)


def _listed(said: str) -> Listed:
    name, *rest = said.split(",")
    more: dict[str, Any] = {"paid": "paid" in rest}
    for part in rest:
        key, sign, value = part.partition("=")
        if sign:
            more[key] = int(value) if key == "context" else value
    parameters = tuple(p for p in rest if p != "paid" and "=" not in p)
    return Listed(name, **more, **({"parameters": parameters} if parameters else {}))


def _wait(*, until_stdin_ends: bool) -> None:
    if until_stdin_ends:
        sys.stdin.read()
        return
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main()
