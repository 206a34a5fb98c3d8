"""The stock in a browser: filters without a reload, a vehicle, a phone, the dark, and nobody shut out."""

from __future__ import annotations

from pathlib import Path

import pytest

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text()
#: Small enough to see a difference of a pixel's rounding, no more.
_SLACK = 1


def faults_of(page):
    """What axe finds that is serious."""
    page.js(AXE + "; true")
    found = page.js(
        "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => ({id: v.id, impact: v.impact, nodes: v.nodes.map(n => n.html + ' ' + n.failureSummary)})))"
    )
    return [fault for fault in found if fault["impact"] in {"serious", "critical"}]


def cards(page):
    return page.js("document.querySelectorAll('.card').length")


@pytest.fixture
def listing(chromium, site):
    page = chromium.page()
    page.open(f"{site}/stock/")
    return page


def test_a_filter_changes_the_list_without_a_reload_and_keeps_its_address(listing, picture):
    assert cards(listing) == 24
    picture(listing, "stock")
    listing.js("window.here = true; document.querySelector('[name=tipo_vehiculo][value=SUV]').click()")
    listing.until("location.search.includes('tipo_vehiculo=SUV') && document.querySelector('.chip')")
    assert listing.js("window.here") is True
    assert listing.js("location.search") == "?tipo_vehiculo=SUV"
    titles = listing.js("[...document.querySelectorAll('.cards title')].map(t => t.textContent)")
    assert titles
    assert all("SUV" in title for title in titles)
    listing.js("document.querySelector('.chip').click()")
    listing.until("!document.querySelector('.chip') && document.readyState === 'complete'")
    assert listing.complaints() == []


def test_a_brand_brings_its_models_and_back_brings_the_list_back(listing):
    assert listing.js("document.getElementById('id_modelo').disabled") is True
    listing.js(
        "(s => { s.selectedIndex = 3; s.dispatchEvent(new Event('change', {bubbles: true})) })(document.getElementById('id_marca'))"
    )
    listing.until("location.search.startsWith('?marca=') && !document.getElementById('id_modelo').disabled")
    assert listing.js("document.getElementById('id_modelo').options.length") > 1
    listing.js("history.back()")
    listing.until(
        "location.search === '' && document.querySelectorAll('.card').length === 24 && document.readyState === 'complete'"
    )
    assert listing.complaints() == []


def test_order_and_pages_work_in_place(listing):
    listing.js(
        "(s => { s.value = 'precio'; s.dispatchEvent(new Event('change', {bubbles: true})) })(document.getElementById('id_orden'))"
    )
    listing.until("location.search.includes('orden=precio')")
    first = listing.js("document.querySelector('.card h2 a').href")
    listing.js("document.querySelector('[rel=next]').click()")
    listing.until("location.search.includes('cursor=')")
    assert listing.js("document.querySelector('.card h2 a').href") != first
    listing.js("document.querySelector('[rel=prev]').click()")
    listing.until(f"document.querySelector('.card h2 a').href === '{first}'")
    assert listing.complaints() == []


def test_a_wrong_number_is_told_beside_the_list(listing):
    listing.js(
        "(i => { i.value = 'barato'; i.dispatchEvent(new Event('change', {bubbles: true})) })(document.getElementById('id_precio_desde'))"
    )
    listing.until("document.querySelector('[role=alert]')")
    assert "cifras" in listing.js("document.querySelector('[role=alert]').textContent")


def test_the_form_works_without_any_script(chromium, site):
    page = chromium.page()
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    page.send("Page.navigate", url=f"{site}/stock/?tipo_vehiculo=SUV&precio_hasta=30.000")
    page.until("document.querySelectorAll('.card').length")
    page.js("document.querySelector('.filters .button').click()")
    page.until("location.search.includes('marca=&') && document.querySelectorAll('.card').length")
    assert "tipo_vehiculo=SUV" in page.js("location.search")


def test_a_vehicle_opens_by_keyboard(listing, picture):
    listing.press("Tab")
    assert listing.js("document.activeElement.className") == "skip"
    listing.press("Enter")
    listing.until("document.activeElement.id === 'contenido'")
    listing.js("document.querySelector('.card h2 a').focus(); window.__list = true")
    listing.press("Enter")
    listing.until("!window.__list && document.querySelector('.hero .car') && document.readyState === 'complete'")
    picture(listing, "vehiculo")
    assert (
        listing.js("JSON.parse(document.querySelector('[type=\"application/ld+json\"]').textContent)['@type']") == "Car"
    )
    assert faults_of(listing) == []
    assert listing.complaints() == []


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_window(chromium, site, picture, width):
    page = chromium.page(width, 800)
    for path in ("/stock/", "/entrar/", "/nada/"):
        page.open(site + path)
        assert page.js("document.documentElement.scrollWidth") <= width + _SLACK
    page.open(f"{site}/stock/")
    assert page.js("document.getElementById('filtros-plegables').open") is (width >= 960)
    if width == 360:
        picture(page, "stock-movil")
    page.js("document.querySelector('.card h2 a').click()")
    page.until("document.querySelector('.hero') && document.readyState === 'complete'")
    assert page.js("document.documentElement.scrollWidth") <= width + _SLACK


def test_dark_is_the_systems_wish_and_then_ones_own(chromium, site, picture):
    page = chromium.page(dark=True)
    page.open(f"{site}/stock/")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.js(ground)
    picture(page, "stock-oscuro")
    assert faults_of(page) == []
    page.js("document.getElementById('tema').click()")
    light = page.js(ground)
    assert light != dark
    page.open(f"{site}/entrar/")
    assert page.js(ground) == light
    assert page.complaints() == []


@pytest.mark.parametrize("path", ["/stock/", "/stock/?marca=Ninguna", "/entrar/", "/nada/"])
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(chromium, site, path, dark):
    page = chromium.page(dark=dark)
    page.open(site + path)
    assert faults_of(page) == []


def test_the_policy_stops_a_script_that_got_in_all_the_same(listing):
    listing.js(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.broken = 1\">'); const s = document.createElement('script'); s.textContent = 'window.broken = 2'; document.body.append(s)"
    )
    listing.until("document.querySelector('img').complete")
    assert listing.js("window.broken") is None
    assert any("Content Security Policy" in complaint for complaint in listing.complaints())
