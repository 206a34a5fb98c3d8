"""The page in English: nothing that is marked for translation lacks one, and the pages of runs are told in it."""

from __future__ import annotations

import gettext
import html
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from apps import panel
from apps.panel.background import Job
from apps.stock.runs import jobs
from apps.stock.runs.generation import Order
from flotia.request import Request
from tests.apps.marks import marked_in_code, marked_in_template
from tests.conftest import TODAY

ROOT = Path(panel.__file__).parent
_PLACE = re.compile(r"%\(\w+\)[.\d]*\w|%%|\{\w+\}")


def marked() -> dict[tuple[str, ...], str]:
    """Every marked string, and a file that it is in."""
    found = {}
    for kind, read in (("*.py", marked_in_code), ("*.html", marked_in_template)):
        for path in sorted(ROOT.rglob(kind)):
            found |= dict.fromkeys(read(path.read_text(encoding="utf-8")), path.name)
    return found


@pytest.fixture(scope="module")
def english():
    with (ROOT / "locale/en/LC_MESSAGES/django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)._catalog


@pytest.fixture
def reader(django_user_model):
    """Somebody who is logged in and has pressed EN."""
    client = Client()
    client.force_login(django_user_model.objects.create_user("ana"))
    answer = client.post("/idioma/", {"language": "en", "next": "/generar/"})
    assert (answer.status_code, answer.url) == (302, "/generar/")
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    return client


def words(page: str) -> str:
    """What a page shows, its attributes among it."""
    page = re.sub(r"<script.*?</script>|<style.*?</style>", " ", page, flags=re.DOTALL)
    shown = re.findall(r'(?:aria-label|placeholder|title|alt)="([^"]*)"', page)
    return html.unescape(" | ".join([re.sub(r"<[^>]*>", " | ", page), *shown]))


# --- the catalogue ---------------------------------------------------------------------------------------------------


def test_marks_are_found_where_they_are():
    code = 'from django.utils.translation import gettext as _, ngettext\n_("uno" " dos")\nngettext("a", "as", 2)\nother("x")\n'
    assert marked_in_code(code) == [("uno dos",), ("a", "as")]
    template = (
        '{% load i18n %}{% trans "uno" %}{% include "x" with a=_("dos") %}'
        "{% blocktrans count n=n %}{{ n }} a{% plural %}{{ n }} as{% endblocktrans %}"
        "{% blocktrans with id=x %}el {{ id }}{% endblocktrans %}"
    )
    assert sorted(marked_in_template(template)) == [("%(n)s a", "%(n)s as"), ("dos",), ("el %(id)s",), ("uno",)]
    files = set(marked().values())
    assert {"generate.py", "live_wording.py", "generar.html", "generacion.html", "_coste.html"} <= files


def test_every_marked_string_is_said_in_english(english):
    missing = []
    for forms, file in marked().items():
        numbers = [forms[0]] if len(forms) == 1 else [(forms[0], n) for n in range(2)]
        missing += [(file, number) for number in numbers if not english.get(number)]
    assert missing == []


def test_a_translation_fills_the_same_places(english):
    for forms in marked():
        for n, form in enumerate(forms):
            said = english[(forms[0], n) if len(forms) > 1 else form]
            lacks = set(_PLACE.findall(form)) ^ set(_PLACE.findall(said))
            # one vehicle may be said in words, or in a figure where Spanish has words
            assert not lacks or (n == 0 and len(forms) > 1), (form, said)


# --- the pages -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("address", "heading", "also"),
    [
        ("/generar/", "Generate vehicles", ["Where the data come from", "If the calls run out", "What it will cost"]),
        ("/generar/?reemplazar=1&cantidad=x", "Generate vehicles", ["“x” is not a whole number."]),
        ("/generar/?modo=local&cantidad=9", "Generate vehicles", ["No model is asked.", "Catalogue only"]),
        ("/generacion/", "Runs", ["Queued", "catalogue", "replaces"]),
        ("/generacion/{run}/", "Run {run}", ["10 vehicles", "replaces the stock", "seed", "Yes, cancel", "Log"]),
    ],
)
def test_a_page_is_english_through_and_through(reader, english, address, heading, also):
    run = jobs.enqueue(Request(amount=10, use_ai=False, today=TODAY), Order(replaces=True)).pk
    page = reader.get(address.format(run=run)).content.decode()
    assert '<html lang="en">' in page
    assert f"<h1>{heading.format(run=run)}</h1>" in page
    shown = words(page)
    assert [text for text in also if text not in shown] == []
    pieces = {piece.strip() for piece in shown.split("|")}
    spanish = {forms[0] for forms in marked() if len(forms) == 1 and english[forms[0]] != forms[0]}
    assert pieces & spanish == set()


@pytest.mark.django_db(transaction=True)
def test_the_cost_and_what_a_run_tells_are_english(reader):
    assert "No model is asked." in reader.get("/generar/coste/", {"cantidad": "9", "modo": "local"}).content.decode()
    run = jobs.enqueue(Request(amount=10, use_ai=False, today=TODAY), Order())
    live = reader.get(f"/generacion/{run.pk}/").context["live"]
    assert live["textos"]["lote"] == "{vehiculos} more vehicles: {total} of {cantidad}"
    assert live["estados"]["interrumpida"] == "Paused"
    assert live["origenes"]["ia"] == "AI"


@pytest.mark.django_db
def test_without_the_switch_the_page_is_spanish(django_user_model):
    client = Client()
    client.force_login(django_user_model.objects.create_user("ana"))
    assert "<h1>Generar vehículos</h1>" in client.get("/generar/").content.decode()


def test_work_in_the_background_tells_in_the_language_of_who_asked():
    job = Job("prueba")

    def fail():
        raise RuntimeError

    with translation.override("en"):
        job.start(fail)
    job.wait()
    assert job.fault == "An unexpected error made it fail: the server's log has it."
