"""Which model is asked next, and for how many vehicles: health, merit and ability of every route."""

from flotia.routing.health import Health
from flotia.routing.record import Experience, NoExperience, Record, Route
from flotia.routing.router import Manner, Pause, Router

__all__ = ["Experience", "Health", "Manner", "NoExperience", "Pause", "Record", "Route", "Router"]
