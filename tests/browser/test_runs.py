"""A run in a browser: asked for in the form, watched live, paused, resumed, cancelled, over restarts of page and worker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.browser.conftest import ROOT
from tests.browser.test_stock_pages import faults_of
from tests.doubles.standin import StandIn, serving

NAME, PASSWORD = "ana", "una contraseña larga"
USER = f"""
import django; django.setup()
from django.contrib.auth.models import User
User.objects.create_user({NAME!r}, password={PASSWORD!r})
"""


class Works:
    """`manage.py panel` as users start it, against a stand-in."""

    def __init__(self, folder, base, port):
        self.address = f"http://127.0.0.1:{port}"
        self._port = port
        self._environment = {
            **os.environ, "DATABASE_URL": "", "FLOTIA_DATOS": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEEPSEEK_API_BASE": base, "DEEPSEEK_API_KEY": "",
        }  # fmt: skip
        self.start()
        subprocess.run([sys.executable, "-c", USER], cwd=ROOT, env=self._environment, check=True)

    def start(self):
        command = [sys.executable, "manage.py", "panel", "--puerto", str(self._port)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.address}/entrar/", timeout=5).close()
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the page never came up")

    def stop(self):
        self._process.terminate()
        self._process.wait(timeout=40)


@pytest.fixture(scope="module")
def works(tmp_path_factory):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    models = {"meta-llama/llama-3.2-3b-instruct:free": ["ok", "ok", "e503"], "*": "ok"}
    with serving(StandIn(models, latency=0.5)) as base:
        there = Works(tmp_path_factory.mktemp("works"), base, port)
        yield there
        there.stop()


@pytest.fixture
def entered(chromium, works):
    """Someone who has logged in: `entered(width=390, dark=True)`."""

    def enter(**how):
        page = chromium.page(**how)
        page.open(f"{works.address}/entrar/?next=/generar/")
        page.js(f"document.getElementById('id_username').value = {NAME!r}")
        page.js(f"document.getElementById('id_password').value = {PASSWORD!r}")
        page.js("document.querySelector('.narrow form .button').click()")
        page.until("location.pathname === '/generar/' && document.readyState === 'complete'")
        return page

    return enter


def fill(page, **fields):
    for name, value in fields.items():
        page.js(
            f"(e => {{ if (e.type === 'checkbox') e.checked = true; else e.value = {value!r};"
            "e.dispatchEvent(new Event('change', {bubbles: true})) })"
            f"(document.forms.pedido.elements[{name!r}])"
        )


def send(page):
    page.js("document.querySelector('#pedido > button').click()")
    page.until("/^.generacion.\\d+.$/.test(location.pathname) && document.readyState === 'complete'")


def press(page, name):
    """A button, whose page comes back as a new one."""
    page.js(f"window.__before = true; document.getElementById({name!r}).click()")
    page.until("!window.__before && document.readyState === 'complete'")


def made(page):
    return int(page.js("document.getElementById('barra').getAttribute('aria-valuenow')"))


STATE = "document.getElementById('estado').textContent"
MADE = "Number(document.getElementById('barra').getAttribute('aria-valuenow'))"


def test_fifty_vehicles_from_the_form_to_the_stock(entered, works, picture):
    """The bar moves and cards appear; pause, reload, a restart of page and worker, resume, finish."""
    page = entered(height=1500)
    fill(page, cantidad="50", perfil="especificacion", al_agotar="pausar")
    page.until("document.getElementById('coste').textContent.includes('50')")
    assert faults_of(page) == []
    picture(page, "generar")
    send(page)
    page.until(f"{STATE} === 'En marcha' && {MADE} >= 10")
    first = made(page)
    shown = page.js("document.querySelectorAll('#tarjetas .card').length")
    assert shown >= 2
    assert page.js("document.querySelectorAll('#tarjetas .card svg.car').length") == shown
    page.until(f"{MADE} > {first} && document.querySelectorAll('#lineas p').length > 4")
    picture(page, "generacion")
    press(page, "pausar")
    page.until(f"{STATE} === 'En pausa'")
    stopped = made(page)
    assert 0 < stopped < 50
    page.open(page.js("location.href"))
    assert page.js(STATE) == "En pausa"
    assert made(page) == stopped
    assert faults_of(page) == []
    run = page.js("location.href")
    page.open("about:blank")  # what a browser says when its server goes away is another test's
    works.stop()
    works.start()
    page.open(run)
    assert made(page) == stopped, "what was made is there after a restart of page and worker"
    press(page, "reanudar")
    page.until(f"{MADE} > {stopped}")
    page.until(f"{STATE} === 'Publicada'")
    assert made(page) == 50
    assert page.js("document.getElementById('n-untouched').textContent !== '0'")
    page.js("document.querySelector('.done a').click()")
    page.until("location.pathname === '/stock/' && document.querySelectorAll('.card').length > 0")
    assert page.complaints() == []


def test_the_page_finds_its_way_back_when_the_server_was_away(entered, works):
    """The worker saves and goes on; the browser comes back by itself, with the last event it had."""
    page = entered()
    fill(page, cantidad="60", perfil="especificacion")
    send(page)
    page.until(f"{MADE} >= 8")
    page.js("window.stayed = true")
    works.stop()
    page.until("document.getElementById('generacion').hasAttribute('data-sin-conexion')")
    works.start()
    page.until(f"{STATE} === 'Publicada'")
    assert page.js("window.stayed") is True
    assert made(page) == 60
    numbers = page.js("[...document.querySelectorAll('#lineas p')].map(l => l.textContent)")
    assert len([line for line in numbers if line.endswith("60 de 60")]) == 1, "no event came twice"


def test_a_cancelled_run_leaves_nothing_and_the_list_says_so(entered, works, picture):
    page = entered(width=390, height=844, dark=True)
    picture(page, "generar-movil-oscuro")
    assert page.js("document.documentElement.scrollWidth <= innerWidth")
    fill(page, cantidad="200", perfil="especificacion")
    send(page)
    page.until(f"{MADE} >= 10 && document.querySelector('#preguntas li span')")
    picture(page, "generacion-movil-oscuro")
    assert page.js("document.documentElement.scrollWidth <= innerWidth")
    page.scheme("light")
    page.scheme("dark")
    assert faults_of(page) == []
    page.js("document.querySelector('.cancel').open = true")
    press(page, "cancelar")
    page.until(f"{STATE} === 'Cancelada'")
    page.open(f"{works.address}/generacion/")
    assert "Cancelada" in page.js("document.querySelector('.run-line').textContent")
    assert faults_of(page) == []
    assert page.complaints() == []


def test_what_the_form_gets_wrong_is_said_in_its_place(entered, works):
    page = entered()
    fill(page, cantidad="0")
    page.js("document.querySelector('#pedido > button').click()")
    page.until("document.getElementById('fault_cantidad')")
    assert "entre 1 y" in page.js("document.getElementById('fault_cantidad').textContent")
    fill(page, cantidad="5", reemplazar="1")
    page.js("document.querySelector('#pedido > button').click()")
    page.until("document.getElementById('fault_confirmo')")
    assert page.js("document.forms.pedido.elements.reemplazar.checked") is True
    assert faults_of(page) == []


def test_the_log_is_scrolled_with_the_keyboard_and_a_run_is_dark(entered, works, picture):
    page = entered(height=1500, dark=True)
    fill(page, cantidad="30", perfil="especificacion")
    picture(page, "generar-oscuro")
    send(page)
    page.until(f"{MADE} >= 15 && document.querySelector('#preguntas li span')")
    picture(page, "generacion-oscuro")
    page.js("document.getElementById('lineas').focus()")
    assert page.js("document.activeElement.id") == "lineas"
    page.until(f"{STATE} === 'Publicada'")
    assert page.complaints() == []
