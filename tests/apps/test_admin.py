"""The admin: everything can be looked at, the past cannot be changed."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from apps.stock.generation import Order, start
from apps.stock.models import Ejecucion, Lote, Vehiculo
from flotia.request import Request
from tests.doubles.standin import StandIn

pytestmark = pytest.mark.django_db(transaction=True)
PAST = ["ejecucion", "lote", "llamada", "vehiculogenerado", "vehiculohistorico"]


@pytest.fixture
def admin(client, speaking):
    speaking(StandIn({"*": ["ok", "e500", "ok"]}))
    for replaces in (False, True):
        start(Request(amount=12, seed=4), Order(replaces=replaces), lambda _: None, lambda _: None)
    client.force_login(get_user_model().objects.create_superuser("ana", "", "x"))
    return client


@pytest.mark.parametrize("table", ["vehiculo", *PAST])
def test_every_table_has_a_list(admin, table):
    page = admin.get(reverse(f"admin:stock_{table}_changelist"))
    assert page.status_code == 200


@pytest.mark.parametrize("table", PAST)
def test_the_past_is_read_only(admin, table):
    assert admin.get(reverse(f"admin:stock_{table}_add")).status_code == 403
    for model in (Ejecucion, Lote):
        name = model._meta.model_name
        url = reverse(f"admin:stock_{name}_change", args=[model.objects.latest("id").pk])
        assert admin.get(url).status_code == 200
        assert admin.post(url, {"cantidad": 1}).status_code == 403


def test_where_a_vehicle_came_from_is_not_for_editing(admin):
    vehicle = Vehiculo.objects.first()
    page = admin.get(reverse("admin:stock_vehiculo_change", args=[vehicle.pk]))
    assert page.status_code == 200
    assert 'name="origen"' not in page.content.decode()
    assert 'name="color"' in page.content.decode()


def test_what_a_model_wrote_is_text_in_the_page(admin):
    vehicle = Vehiculo.objects.first()
    Vehiculo.objects.filter(pk=vehicle.pk).update(version="<script>alert(1)</script>")
    page = admin.get(reverse("admin:stock_vehiculo_changelist")).content.decode()
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_strangers_are_sent_to_the_login(client):
    assert client.get(reverse("admin:stock_vehiculo_changelist")).status_code == 302
