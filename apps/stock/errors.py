"""What can go wrong around the stock, beside what the engine already names. Messages are for the user."""

from __future__ import annotations

from apps.ia.errors import DatabaseProblemError
from flotia.errors import FlotiaError


class RunInProgressError(FlotiaError):
    """Another run is working on the same stock."""


class NothingToResumeError(FlotiaError):
    """There is no interrupted run, or not that one."""


class JobError(FlotiaError):
    """What was asked of a run makes no sense in its state."""


class CancelledError(FlotiaError):
    """Somebody has cancelled the run from elsewhere."""


class OutputError(FlotiaError):
    """The output file cannot be written, or its kind is not known."""


__all__ = [
    "CancelledError",
    "DatabaseProblemError",
    "JobError",
    "NothingToResumeError",
    "OutputError",
    "RunInProgressError",
]
