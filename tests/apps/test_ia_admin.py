"""What is known of models can be looked at in the admin, and not changed."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from apps.ia.models import Cuenta, FilaCache, ListaModelos, ModeloIA

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = [Cuenta, ModeloIA, ListaModelos, FilaCache]


@pytest.fixture
def admin(client):
    there = Cuenta.objects.create(
        nombre="groq", huella="0" * 16, base="https://api.groq.com/openai/v1", libro={"used": 7}
    )
    error = "<script>alert(1)</script>"
    ModeloIA.objects.create(cuenta=there, modelo="m", registro={"retired": True, "last_error": error})
    ListaModelos.objects.create(cuenta=there, ofertas=[{}, {}], obtenida=timezone.now())
    FilaCache.objects.create(huella="1", catalogo="2", marca="Seat", modelo="Ibiza", anio=2019, modelo_ia="m", fila={})
    client.force_login(get_user_model().objects.create_superuser("ana", "", "x"))
    return client


def name(model, page):
    return f"admin:ia_{model._meta.model_name}_{page}"


@pytest.mark.parametrize("model", TABLES)
def test_every_table_has_a_list_and_is_read_only(admin, model):
    assert admin.get(reverse(name(model, "changelist"))).status_code == 200
    assert admin.get(reverse(name(model, "add"))).status_code == 403
    row = reverse(name(model, "change"), args=[model.objects.get().pk])
    assert admin.get(row).status_code == 200
    assert admin.post(row, {}).status_code == 403
    assert admin.post(reverse(name(model, "delete"), args=[model.objects.get().pk]), {"post": "yes"}).status_code == 403


def test_what_a_server_said_is_text_in_the_page(admin):
    page = admin.get(reverse(name(ModeloIA, "changelist"))).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
