"""What tests share."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import settings

from flotia.catalogue.loader import Catalogue

# A loaded machine is slow now and then: time is measured in bench/, never here. The examples are the same in each run;
# `pytest --hypothesis-profile=explore` looks for new ones.
settings.register_profile("flotia", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=300)
settings.load_profile("flotia")

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()
