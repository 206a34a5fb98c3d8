"""A stand-in for OpenRouter's API on loopback that behaves, and misbehaves, as the real one does.

Routes: `chat/completions`, `key`, `models`, `models/user`, under `/v1`. Run it by hand with
`python -m tests.doubles.standin`; in tests, `with serving(StandIn(...)) as base`.
"""

from tests.doubles.standin.app import Account, Call, StandIn
from tests.doubles.standin.server import serving

__all__ = ["Account", "Call", "StandIn", "serving"]
