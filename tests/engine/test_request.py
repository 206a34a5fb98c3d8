"""What may be asked."""

import pytest

from flotia.errors import RequestError
from flotia.request import MAX_AMOUNT, MAX_SEED, Request


@pytest.mark.parametrize("amount", [0, -5, MAX_AMOUNT + 1, 10**9])
def test_an_amount_out_of_range_is_refused_in_one_sentence(amount):
    with pytest.raises(RequestError, match=rf"^No se pueden generar {amount} vehículos: .*entre 1 y {MAX_AMOUNT}\.$"):
        Request(amount=amount)


@pytest.mark.parametrize("amount", ["abc", 1.5, True, None])
def test_an_amount_that_is_no_whole_number_is_refused(amount):
    with pytest.raises(RequestError, match="número entero"):
        Request(amount=amount)


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, "7"])
def test_a_seed_that_no_database_column_holds_is_refused(seed):
    with pytest.raises(RequestError, match="semilla"):
        Request(amount=1, seed=seed)


def test_two_requests_without_a_seed_draw_different_ones():
    assert Request(amount=1).seed != Request(amount=1).seed
