"""A stand-in for OpenRouter's API on loopback that behaves, and misbehaves, as the real one does.

Routes: `chat/completions`, `key`, `models`, `models/user`, under `/v1`. Run it by hand with
`python -m tests.doubles.standin`; in tests, `with serving(StandIn(...)) as base`; in benches, which must not pay for its CPU,
`with serving_apart("faults") as apart`. The workloads of the benches are in `presets`.
"""

from tests.doubles.standin.app import StandIn, lognormal
from tests.doubles.standin.limits import Account, Window
from tests.doubles.standin.listing import Listed
from tests.doubles.standin.seen import Call
from tests.doubles.standin.server import Apart, serving, serving_apart

__all__ = ["Account", "Apart", "Call", "Listed", "StandIn", "Window", "lognormal", "serving", "serving_apart"]
