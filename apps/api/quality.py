"""The quality report of the stock, as figures. It takes seconds: a sample is measured, once for each state of the stock."""

from __future__ import annotations

import threading
from typing import Any, Literal

from django.core.cache import cache
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from apps.api import access
from apps.api.openapi import errors
from apps.api.queries import refuse_unknown
from apps.api.schemas import Calidad
from apps.stock import quality
from apps.stock.search.facets import edition
from flotia.quality.document import as_json

router = Router(tags=["Calidad"], auth=access.reading)
#: Seconds that a report is kept while no run is published.
_KEPT = 3600
#: One report is made at a time: it takes a core.
_making = threading.Lock()


class QualityQuery(Schema):
    """How many vehicles are measured."""

    muestra: Literal["500", "2000", "5000"] = Field("2000", description="Vehículos que se miden como mucho")


@router.get(
    "/calidad", response={200: Calidad, **errors(401, 403, 404, 422)}, summary="El informe de calidad del stock, en cifras",
    operation_id="ver_calidad",
)  # fmt: skip
def report(request: HttpRequest, query: Query[QualityQuery]) -> dict[str, Any]:
    """Se mide una muestra al azar, o el stock entero si cabe: `vehiculos` dice cuántos y `en_stock`, de cuántos. Se guarda
    una hora, o hasta que otra ejecución se publique. En una muestra se ven menos repeticiones de las que hay.
    """
    refuse_unknown(request, QualityQuery)
    size = int(query.muestra)
    name = f"api:quality:{edition()}:{size}"
    if (found := cache.get(name)) is None:
        with _making:
            if (found := cache.get(name)) is None:  # whoever was before may have made it
                found = _measured(size)
                cache.set(name, found, _KEPT)
    return found  # type: ignore[no-any-return]  # the cache keeps any kind


def _measured(size: int) -> dict[str, Any]:
    if (found := quality.measure(size)) is None:
        raise Http404
    told = {"en_stock": found.stock, "medido": timezone.now(), "tardo": round(found.seconds, 2)}
    return as_json(found.report) | told
