"""The API's pages in a browser, under their policy; and its streams by the server that is really used."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.timeout(200)


@pytest.fixture
def docs(chromium, site):
    page = chromium.page()
    page.open(f"{site}/api/docs")
    page.until("document.querySelectorAll('.opblock').length === 13")
    return page


def test_the_document_is_shown_with_every_operation_and_no_complaint(docs):
    assert docs.js("document.querySelector('.title').textContent").startswith("FlotIA")
    assert docs.complaints() == []


def test_an_operation_can_be_tried_out(docs):
    docs.js("document.querySelector('#operations-Vehículos-listar_vehiculos button.opblock-summary-control').click()")
    docs.until("document.querySelector('.try-out__btn')")
    docs.js("document.querySelector('.try-out__btn').click()")
    docs.until("document.querySelector('.execute')")
    docs.js("document.querySelector('.execute').click()")
    docs.until("document.querySelector('.live-responses-table tbody .response-col_status')")
    assert docs.js("document.querySelector('.live-responses-table tbody .response-col_status').textContent").startswith(
        "200"
    )
    assert docs.complaints() == []


def test_the_page_of_problems_is_without_complaint(chromium, site):
    page = chromium.page(width=360)
    page.open(f"{site}/api/problemas#no-valido")
    assert page.js("document.querySelectorAll('dt').length") > 10
    assert page.complaints() == []
