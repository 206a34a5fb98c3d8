"""What tests share."""

from __future__ import annotations

from datetime import date

import pytest

from flotia.catalogue.loader import Catalogue

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()
