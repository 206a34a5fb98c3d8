"""Single values as models write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flotia.judgement import values


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (12500, 12500), ("12.500 km", 12500), ("12,500", 12500), ("12 500 kms", 12500), ("1.234.567", 1234567),
        ("12.500,50 €", 12500.5), ("12,500.50", 12500.5), ("1.6", 1.6), ("1,6", 1.6), ("1598 cc", 1598), ("150CV", 150),
        ("~ 150 CV", 150), ("45k", 45000), ("0,125", 0.125), (0, 0), ("", None), ("muchos", None), (True, None),
        (None, None), ([1], None), ("150 potatoes", None), ("1" * 40, None), ("12-15", None), (float("inf"), None),
        (float("nan"), None),
    ],
)  # fmt: skip
def test_numbers(written, number):
    assert values.number(written) == number


@pytest.mark.parametrize(
    ("written", "fuel"),
    [
        ("Gasolina", "Gasolina"), ("diesel", "Diésel"), ("DIÉSEL", "Diésel"), ("gasóleo", "Diésel"),
        ("Híbrido enchufable", "Híbrido enchufable"), ("PHEV", "Híbrido enchufable"), ("hibrido", "Híbrido"),
        ("eléctrico", "Eléctrico"), ("GLP", "GLP"), ("mild-hybrid", "mhev"), ("uranio", None), (3, None), ("", None),
    ],
)  # fmt: skip
def test_fuels(written, fuel):
    assert values.fuel(written) == fuel


@pytest.mark.parametrize(
    ("written", "gearbox"),
    [
        ("Manual", "Manual"), ("manual 6 velocidades", "Manual"), ("Automático", "Automática"), ("DSG", "Automática"),
        ("automática 8 vel.", "Automática"), ("S tronic", "Automática"), ("e-CVT", "Automática"), ("levitación", None),
        (None, None),
    ],
)  # fmt: skip
def test_gearboxes(written, gearbox):
    assert values.gearbox(written) == gearbox


@given(st.text() | st.integers() | st.floats() | st.none() | st.lists(st.integers()))
def test_nothing_makes_them_raise(anything):
    values.number(anything)
    values.fuel(anything)
    values.gearbox(anything)
