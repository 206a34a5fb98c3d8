"""Which admin site there is."""

from __future__ import annotations

from django.contrib.admin.apps import SimpleAdminConfig


class FlotiaAdmin(SimpleAdminConfig):
    """Django's admin on our site. Its tables are looked for by `config.urls`: no command waits for what pages alone need."""

    default_site = "apps.ia.admin_parts.Site"
