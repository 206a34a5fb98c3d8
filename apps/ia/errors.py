"""What can go wrong around accounts and what is kept of them, beside what the engine already names. For the user."""

from __future__ import annotations

from flotia.errors import FlotiaError


class AccountsError(FlotiaError):
    """FLOTIA_PROVEEDORES cannot be read. The message names the line, never what is written in it."""


class DatabaseProblemError(FlotiaError):
    """The database is missing, locked, unmigrated or out of reach."""
