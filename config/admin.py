"""Which admin site there is."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class FlotiaAdmin(AdminConfig):
    """Django's admin on our site."""

    default_site = "apps.ia.admin_parts.Site"
