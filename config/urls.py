"""Addresses: the panel, the API, and the admin, whose login is the panel's (there attempts are counted)."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from apps.panel.access import Login

admin.autodiscover()

urlpatterns = [
    path("admin/login/", Login.as_view()),
    path("admin/", admin.site.urls),
    path("api/", include("apps.api.urls")),
    path("", include("apps.panel.urls")),
]
