"""Addresses of the pages."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path, re_path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from apps.panel import access, models_page, quality_page, stock

app_name = "panel"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="panel:stock"), name="inicio"),
    path("stock/", stock.listing, name="stock"),
    re_path(r"^stock/exportar\.(?P<kind>csv|json|jsonl|xlsx|parquet)$", stock.export, name="exportar"),
    re_path(r"^stock/(?P<bastidor>[A-Za-z0-9]{1,17})/$", stock.detail, name="vehiculo"),
    path("modelos/", models_page.page, name="modelos"),
    path("modelos/estado/", models_page.state, name="modelos_estado"),
    path("modelos/actualizar/", models_page.refresh, name="modelos_actualizar"),
    path("modelos/probar/", models_page.probe, name="modelos_probar"),
    path("calidad/", quality_page.page, name="calidad"),
    path("calidad/medir/", quality_page.measure, name="calidad_medir"),
    path("entrar/", access.Login.as_view(), name="entrar"),
    path("salir/", LogoutView.as_view(), name="salir"),
    path("idioma/", set_language, name="idioma"),
]
