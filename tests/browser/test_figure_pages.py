"""The pages of models and of quality, and the admin, in a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.browser.conftest import serving

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text("utf-8")
PASSWORD = "clave-de-la-prueba"
SEED = f"""
import random, time
from datetime import timedelta
from django.contrib.auth import get_user_model
from django.utils import timezone
from apps.ia import accounts
from apps.ia.books import row_of
from apps.ia.models import ModeloIA
from apps.stock.models import Ejecucion, Llamada
get_user_model().objects.create_superuser("eva", "", "{PASSWORD}")
dice, now = random.Random(3), time.time()
[account] = accounts.configured().accounts
row = row_of(account)
row.libro = {{"account": [[50, 86400.0, "peticiones"], [20, 60.0, "peticiones"]], "each": [], "entries": [],
  "day": int(now // 86400), "used": 37, "used_by_model": {{}}, "closed_until": 0.0, "spent_until": 0.0,
  "allowances": {{}}, "last_number": 0, "scouts": {{}}}}
row.save()
for n, model in enumerate(account.models[:12]):
    record = {{"good": 9.0, "got": 40.0, "last_asked": now - 600 * n, "latency": 3.0}}
    if n in (3, 8):
        record |= {{"cool_until": now + 1500 * n, "failures": 2, "last_error": "El modelo está saturado."}}
    if n in (5, 10):
        record |= {{"retired": True, "last_error": "No endpoints found for <script>alert(1)</script>"}}
    ModeloIA.objects.create(cuenta=row, modelo=model, registro=record)
run = Ejecucion.objects.create(cantidad=900, semilla=1, usa_ia=True, perfil="adaptativo", fecha=timezone.localdate(),
  catalogo="x", estado="interrumpida", motivo="Se agotó el cupo del día.")
made = []
for n in range(900):
    model = dice.choice(account.models[:9])
    how = dice.choices(["bien", "cortada", "limite_por_minuto", "fallo_pasajero", "interrumpida"], [72, 8, 9, 8, 3])[0]
    well = how in ("bien", "cortada")
    made.append(Llamada(ejecucion=run, lote=n, cuenta=account.name, modelo_pedido=model, modelo=model, resultado=how,
      pedidos=10, conservados=dice.randrange(3, 10) * well, reparados=dice.randrange(3) * well,
      rechazados=dice.randrange(2), latencia=dice.lognormvariate(1.2, 0.5)))
Llamada.objects.bulk_create(made)
made = list(Llamada.objects.all())
for call in made:
    call.hecha -= timedelta(days=min(int(dice.expovariate(0.12)), 29))
Llamada.objects.bulk_update(made, ["hecha"], batch_size=300)
"""


MODELS = (
    "meta-llama/llama-3.2-3b-instruct:free", "qwen/qwen-2-7b-instruct:free", "mistralai/mistral-7b-instruct:free",
    "google/gemini-2.0-flash-exp:free", "nousresearch/hermes-3-llama-3.1-405b:free", "openchat/openchat-7b:free",
    "microsoft/phi-3-mini-128k-instruct:free", "gryphe/mythomist-7b:free", "undi95/toppy-m-7b:free",
    "google/gemma-7b-it:free", "huggingfaceh4/zephyr-7b-beta:free", "meta-llama/llama-3.1-8b-instruct:free",
)  # fmt: skip
#: Nobody listens there: a model that is tried fails at once.
ACCOUNT = f"openrouter | http://127.0.0.1:9/v1 | - | {','.join(MODELS)}"


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """A server with calls, models and somebody who may log in."""
    with serving(tmp_path_factory.mktemp("figuras"), SEED, {"FLOTIA_PROVEEDORES": ACCOUNT}) as address:
        yield address


@pytest.fixture
def open_page(chromium, figures):
    def go(path, width=1280, *, dark=False):
        page = chromium.page(width, 900, dark=dark)
        page.open(f"{figures}/entrar/?next={path}")
        page.js(
            f"id_username.value='eva'; id_password.value='{PASSWORD}'; window.__old = true; id_password.form.submit()"
        )
        page.until("!window.__old && document.readyState === 'complete'")
        page.until("!document.querySelector('.busy')")
        return page

    return go


def faults(page):
    """What axe-core finds that is serious."""
    page.js(f"{AXE};1")
    told = page.js("axe.run().then(r => JSON.stringify(r.violations.map(v => [v.impact, v.id, v.nodes[0].html])))")
    return [fault for fault in json.loads(told) if fault[0] in {"serious", "critical"}]


@pytest.mark.parametrize(("path", "name"), [("/modelos/", "modelos"), ("/calidad/", "calidad")])
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_the_page_is_drawn_without_a_complaint(open_page, picture, path, name, width, dark):
    page = open_page(path, width, dark=dark)
    page.until(
        "[...document.querySelectorAll('canvas')].length === 5 && [...document.querySelectorAll('canvas')].every(c => c.height > 0)"
    )
    assert page.js("document.documentElement.scrollWidth <= innerWidth")
    assert page.js("document.querySelector('.menu [aria-current]').getBoundingClientRect().right <= innerWidth")
    assert faults(page) == []
    assert page.complaints() == []
    picture(page, f"{name}{'-oscuro' if dark else '-movil' if width < 600 else ''}")


def test_charts_change_their_colours_with_the_page(open_page):
    page = open_page("/modelos/")
    colour = "Chart.getChart(document.querySelector('canvas')).data.datasets[0].backgroundColor"
    light = page.js(colour)
    page.js("document.getElementById('tema').click()")
    page.until(f"{colour} !== '{light}'")
    assert page.complaints() == []


def test_a_rest_is_counted_down_before_ones_eyes(open_page):
    page = open_page("/modelos/")
    left = "document.querySelector('[data-until] span').textContent"
    first = page.js(left)
    page.until(f"{left} !== '{first}'")


def test_a_model_is_tried_without_leaving_the_page(open_page):
    page = open_page("/modelos/")
    page.js("window.__old = true; document.querySelector('form[action$=\"/probar/\"] button').click()")
    page.until("!window.__old && document.readyState === 'complete'")
    assert page.js("location.pathname") == "/modelos/"


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/stock/vehiculo/", "/admin/stock/ejecucion/", "/admin/ia/modeloia/"]
)
def test_the_admin_works_under_its_policy(open_page, picture, path):
    page = open_page(path)
    page.until("!document.querySelector('[x-cloak]') || window.Alpine")
    assert faults(page) == []
    assert [c for c in page.complaints() if "favicon" not in c] == []
    if path.endswith("vehiculo/"):
        picture(page, "admin")
