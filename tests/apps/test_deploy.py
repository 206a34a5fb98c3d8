"""In production: the checks of Django are content, and every answer carries what a browser needs to be careful."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model

ROOT = Path(__file__).resolve().parents[2]


def manage(folder, *words, **environment):
    found = {
        **os.environ,
        "FLOTIA_DATOS": str(folder),
        "DATABASE_URL": "",
        "DJANGO_DEBUG": "",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command = [sys.executable, "-W", "error::UserWarning", "manage.py", *words]
    return subprocess.run(command, cwd=ROOT, env=found | environment, capture_output=True, text=True, check=False)


def test_the_checks_for_production_find_nothing(tmp_path):
    """One switch is enough, and no folder is missing."""
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", DJANGO_HTTPS="true")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_debug_is_off_unless_it_is_asked_for(tmp_path):
    code = "from django.conf import settings; print(settings.DEBUG, settings.SESSION_COOKIE_SECURE, settings.SECURE_HSTS_SECONDS)"
    assert manage(tmp_path, "shell", "-v0", "-c", code).stdout.split() == ["False", "False", "0"]
    assert manage(tmp_path, "shell", "-v0", "-c", code, DJANGO_HTTPS="true").stdout.split() == [
        "False",
        "True",
        "31536000",
    ]


def test_the_server_starts_without_a_warning(tmp_path):
    code = "import config.asgi"
    assert manage(tmp_path, "shell", "-v0", "-c", code).stderr == ""


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/stock/", "/modelos/", "/calidad/", "/entrar/", "/admin/login/", "/nada/"])
def test_every_answer_carries_the_headers(client, address):
    answer = client.get(address)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "camera=()" in answer.headers["Permissions-Policy"]
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


@pytest.mark.django_db
def test_cookies_are_out_of_reach_of_scripts_and_of_other_pages(client, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    get_user_model().objects.create_user("ana", password="clave-de-ana")
    client.post("/entrar/", {"username": "ana", "password": "clave-de-ana"})
    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert client.cookies["sessionid"]["max-age"] == 12 * 3600


@pytest.mark.django_db
def test_http_leads_to_https_and_a_proxy_is_believed(client, settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31_536_000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.get("/entrar/").headers["Location"] == "https://testserver/entrar/"
    answer = client.get("/entrar/", headers={"X-Forwarded-Proto": "https"})
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
