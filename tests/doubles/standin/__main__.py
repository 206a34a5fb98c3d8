"""`python -m tests.doubles.standin`: the stand-in by hand, for whoever wants to watch FlotIA work against it."""

from __future__ import annotations

import argparse
import random
import time

from tests.doubles.standin.app import Account, StandIn
from tests.doubles.standin.server import serving
from tests.doubles.standin.shapes import SHAPES


def main() -> None:
    """Serve until interrupted; print the calls by model at the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.standin")
    parser.add_argument("--port", type=int, default=8900)
    parser.add_argument(
        "--model", action="append", default=[], metavar="ID=SHAPE[,SHAPE…]",
        help=f"what a model does, over and over; '*' is every other model. Shapes: {', '.join(SHAPES)}",
    )  # fmt: skip
    parser.add_argument("--per-minute", type=int)
    parser.add_argument("--per-day", type=int)
    parser.add_argument("--key", default="", help="refuse every other key")
    parser.add_argument("--latency", type=float, default=0.0, help="mean seconds, log-normal")
    options = parser.parse_args()
    models = {m.partition("=")[0]: m.partition("=")[2].split(",") for m in options.model} or {"*": ["ok"]}
    mean = options.latency
    standin = StandIn(
        models,
        account=Account(options.per_minute, options.per_day, options.key),
        latency=lambda rng: mean * rng.lognormvariate(-0.125, 0.5) if mean else 0.0,
    )
    with serving(standin, options.port) as base:
        print(f"DEEPSEEK_API_BASE={base}", flush=True)
        try:
            while True:
                time.sleep(1)
        except KeyboardInterrupt:
            for model, count in standin.by_model.most_common():
                print(f"{count:5d}  {model}")


if __name__ == "__main__":
    random.seed()
    main()
