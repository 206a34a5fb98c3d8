"""Addresses of the pages."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path, re_path, register_converter
from django.views.generic import RedirectView
from django.views.i18n import set_language

from apps.panel import access, generate, models_page, quality_page, runs, stock

register_converter(runs.RunNumber, "run")

app_name = "panel"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="panel:stock"), name="inicio"),
    path("stock/", stock.listing, name="stock"),
    re_path(r"^stock/exportar\.(?P<kind>csv|json|jsonl|xlsx|parquet)$", stock.export, name="exportar"),
    re_path(r"^stock/(?P<bastidor>[A-Za-z0-9]{1,17})/$", stock.detail, name="vehiculo"),
    path("generar/", generate.page, name="generar"),
    path("generar/coste/", generate.cost, name="coste"),
    path("generacion/", runs.listing, name="generaciones"),
    path("generacion/<run:run_id>/", runs.detail, name="generacion"),
    path("generacion/<run:run_id>/eventos/", runs.events, name="generacion_eventos"),
    path("generacion/<run:run_id>/pausar/", runs.pause, name="generacion_pausar"),
    path("generacion/<run:run_id>/reanudar/", runs.resume, name="generacion_reanudar"),
    path("generacion/<run:run_id>/cancelar/", runs.cancel, name="generacion_cancelar"),
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
