"""What can go wrong around the stock, beside what the engine already names. Messages are for the user."""

from __future__ import annotations

from apps.ia.errors import DatabaseProblemError
from flotia.errors import FlotiaError


class RunInProgressError(FlotiaError):
    """Another run is working on the same stock."""


class NothingToResumeError(FlotiaError):
    """There is no interrupted run, or not that one."""


class LostRunError(FlotiaError):
    """Another process works on the run by now, or nobody does: this one may write no more of it."""


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
    "LostRunError",
    "NothingToResumeError",
    "OutputError",
    "RunInProgressError",
]
