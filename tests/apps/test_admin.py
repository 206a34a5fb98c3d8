"""The admin: everything can be looked at, the past cannot be changed, and a million rows are no reason to wait."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
import unfold
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import trans_real

from apps.ia import admin_parts
from apps.stock.models import Ejecucion, Llamada, Lote, Vehiculo, VehiculoGenerado, VehiculoHistorico
from apps.stock.runs import publishing
from apps.stock.runs.generation import Order, start
from flotia.errors import FlotiaError
from flotia.request import Request
from tests.apps.marks import marked_in_code, marked_in_template
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


# --- lists over many rows --------------------------------------------------------------------------------------------

STOCK = reverse("admin:stock_vehiculo_changelist")


def statements(admin, url):
    admin.get(url)  # the values to filter by are kept from now on
    with CaptureQueriesContext(
        connection,
    ) as captured:
        page = admin.get(url)
    assert page.status_code == 200
    return [q["sql"] for q in captured], page


@pytest.mark.parametrize("table", ["vehiculo", *PAST])
def test_no_list_counts_all_rows_and_none_asks_once_a_row(admin, table):
    asked, _ = statements(admin, reverse(f"admin:stock_{table}_changelist"))
    for sql in asked:
        assert "COUNT(" not in sql or "LIMIT" in sql
    assert not any("DISTINCT" in sql for sql in asked if "auth_" not in sql), "the filters' choices are known already"
    assert len(asked) <= 10


def test_a_list_of_more_rows_than_are_counted_says_so(admin, monkeypatch):
    monkeypatch.setattr(admin_parts, "COUNTED", 5)
    page = admin.get(STOCK)
    assert page.context["cl"].result_count == 5
    assert "o más: para llegar a otros" in page.content.decode()


def test_a_search_is_that_of_the_stock_page(admin):
    one = Vehiculo.objects.order_by("pk").first()
    for words in (one.matricula, one.bastidor, f"{one.marca} {one.modelo}", one.bastidor.lower()):
        asked, page = statements(admin, f"{STOCK}?q={words}")
        assert one in page.context["cl"].result_list
    assert not any("LIKE" in sql and "UPPER" in sql for sql in asked)


def test_filters_narrow_by_what_is_in_stock(admin):
    one = Vehiculo.objects.first()
    page = admin.get(f"{STOCK}?marca={one.marca}&combustible={one.combustible}")
    found = page.context["cl"].result_list
    assert one in found
    assert {v.marca for v in found} == {one.marca}
    assert f"?marca={one.marca}" in admin.get(STOCK).content.decode().replace("&amp;", "&")


def test_calls_are_filtered_by_how_they_ended(admin):
    page = admin.get(reverse("admin:stock_llamada_changelist") + "?resultado=bien")
    assert {c.resultado for c in page.context["cl"].result_list} == {"bien"}
    assert Llamada.objects.exclude(resultado="bien").exists()


# --- editing ---------------------------------------------------------------------------------------------------------


def form_of(admin, url):
    fields = admin.get(url).context["adminform"].form
    return {name: fields[name].value() for name in fields.fields if fields[name].value() is not None}


def test_what_a_person_wrote_is_not_the_models_any_more(admin):
    one = Vehiculo.objects.filter(origen="ia").first()
    Vehiculo.objects.filter(pk=one.pk).update(campos_ia=["color", "version"])
    url = reverse("admin:stock_vehiculo_change", args=[one.pk])
    data = form_of(admin, url)
    assert "bastidor" not in data, "another VIN would be another vehicle"
    answer = admin.post(url, data | {"color": "Violeta"})
    assert answer.status_code == 302, answer.context["errors"]
    one.refresh_from_db()
    assert (one.color, one.campos_ia, one.origen) == ("Violeta", ["version"], "ia")


# --- actions ---------------------------------------------------------------------------------------------------------


def act(admin, table, action, rows):
    keys = [row.pk for row in rows]
    return admin.post(
        reverse(f"admin:stock_{table}_changelist"), {"action": action, "_selected_action": keys}, follow=False
    )


def body(answer):
    return b"".join(answer.streaming_content)


def test_a_selection_is_exported_as_text_and_as_a_sheet(admin):
    chosen = Vehiculo.objects.order_by("pk")[:2]
    Vehiculo.objects.filter(pk=chosen[0].pk).update(version="=HYPERLINK(1)")
    rows = list(csv.DictReader(io.StringIO(body(act(admin, "vehiculo", "export_csv", chosen)).decode("utf-8-sig"))))
    assert sorted(r["bastidor"] for r in rows) == [v.pk for v in chosen]
    assert "=HYPERLINK(1)" not in {r["version"] for r in rows}, "no formula"
    sheet = zipfile.ZipFile(io.BytesIO(body(act(admin, "vehiculo", "export_xlsx", chosen))))
    assert "xl/worksheets/sheet1.xml" in sheet.namelist()


def test_the_history_can_be_exported_too(admin):
    answer = act(admin, "vehiculohistorico", "export_csv", VehiculoHistorico.objects.all())
    assert len(body(answer).decode().splitlines()) == 1 + VehiculoHistorico.objects.count()


def test_a_selection_that_is_too_large_is_refused(admin, settings):
    settings.FLOTIA_EXPORTACION_MAXIMA = 1
    assert act(admin, "vehiculo", "export_csv", Vehiculo.objects.all()).status_code == 302
    assert "Son más de 1 vehículos" in admin.get(STOCK).content.decode()


def test_a_row_leads_to_its_page(admin):
    one = Vehiculo.objects.first()
    answer = admin.get(f"{STOCK}{one.pk}/ver/")
    assert answer.headers["Location"] == f"/stock/{one.pk}/"


@pytest.fixture
def left(admin, monkeypatch):
    """A run with all its vehicles that could not be published."""

    def refuse(run):
        raise FlotiaError("no hay sitio")

    with monkeypatch.context() as patched:
        patched.setattr(publishing, "publish", refuse)
        with pytest.raises(FlotiaError):
            start(Request(amount=6, seed=9), Order(), lambda _: None, lambda _: None)
    return Ejecucion.objects.latest("id")


def test_a_complete_run_is_published(admin, left):
    before = Vehiculo.objects.count()
    assert act(admin, "ejecucion", "publish", [left]).status_code == 302
    left.refresh_from_db()
    assert (left.estado, left.activa) == ("publicada", None)
    assert Vehiculo.objects.count() == before + 6
    assert not VehiculoGenerado.objects.exists()


def test_a_run_that_lacks_vehicles_or_is_published_already_is_not(admin, left):
    left.vehiculos.first().delete()
    before = Vehiculo.objects.count()
    act(admin, "ejecucion", "publish", Ejecucion.objects.all())
    page = admin.get(reverse("admin:stock_ejecucion_changelist")).content.decode()
    assert "le faltan 1 vehículos" in page
    assert "No hay la ejecución" in page
    left.refresh_from_db()
    assert (left.estado, Vehiculo.objects.count()) == ("interrumpida", before)


def test_a_run_whose_vehicles_came_into_the_stock_is_left_to_be_resumed(admin, left):
    made = left.vehiculos.first()
    Vehiculo.objects.filter(pk=Vehiculo.objects.first().pk).update(matricula=made.matricula)
    act(admin, "ejecucion", "publish", [left])
    left.refresh_from_db()
    assert (left.estado, left.activa) == ("interrumpida", None)
    assert "reanúdela" in left.motivo


def test_publishing_needs_leave_and_a_token(admin, left):
    staff = get_user_model().objects.create_user("eva", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_ejecucion"))
    eva = Client()
    eva.force_login(staff)
    act(eva, "ejecucion", "publish", [left])
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(get_user_model().objects.get(username="ana"))
    assert act(careful, "ejecucion", "publish", [left]).status_code == 403
    left.refresh_from_db()
    assert left.estado == "interrumpida"


def test_the_admin_has_a_policy_of_its_own_and_nobody_else_has(admin):
    policy = admin.get(STOCK).headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval';" in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy
    assert "unsafe" not in admin.get("/stock/").headers["Content-Security-Policy"]
    assert Client().get(STOCK).headers["Location"].startswith("/admin/login/")


def test_the_theme_of_the_admin_speaks_spanish(admin):
    """All that Unfold says and Django's own catalogue does not translate; what its other packages say is not used here."""
    theme, known = Path(unfold.__file__).parent, trans_real.translation("es")
    read = [(path, marked_in_code) for path in theme.glob("*.py")]
    read += [(path, marked_in_template) for path in theme.glob("templates/**/*.html")]
    said = {forms for path, marked in read for forms in marked(path.read_text(encoding="utf-8"))}
    assert len(said) > 100
    assert [f for f in said if known._catalog.get(f[0] if len(f) == 1 else (f[0], 1)) is None] == []
    page = admin.get(reverse("admin:stock_vehiculo_changelist")).content.decode()
    assert "Filtros" in page
    assert "Filters" not in page
