"""Addresses of the API: `/api/v1/…`, its document and its pages. What else begins with `/api/` does not exist."""

from __future__ import annotations

from django.urls import path, re_path

from apps.api import pages, quality, runs, standing, vehicles
from apps.api.openapi import DocumentedAPI
from apps.api.problems import install

api = DocumentedAPI(
    title="FlotIA", version="1", openapi_url="/openapi.json", docs_url=None, urls_namespace="api",
    description=(
        "El stock de vehículos y las ejecuciones que lo llenan. Los errores son RFC 9457 (application/problem+json), con "
        "frases en español. Los precios son texto con dos decimales, para no perder ninguno. Un token se crea con "
        "`manage.py token_api crear --nombre … --alcance read,generate`."
    ),
)  # fmt: skip
install(api)
api.add_router("/v1/vehiculos", vehicles.router)
api.add_router("/v1/ejecuciones", runs.router)
api.add_router("/v1", standing.router)
api.add_router("/v1", quality.router)

urlpatterns = [
    path("docs", pages.docs, name="api-docs"),
    path("problemas", pages.kinds, name="api-problemas"),
    path("", api.urls),
    re_path(r"", pages.nothing),
]
