"""Runs: asked for, looked at, watched, and stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Body, Header, Path, Query, Router, Status

from apps.api import access, figures, limits, openapi
from apps.api.idempotency import KEY_FORM, Asked, created_once
from apps.api.openapi import errors
from apps.api.queries import EventsQuery, RunsQuery, refuse_unknown
from apps.api.schemas import Cambios, Ejecucion, EjecucionConCifras, PaginaDeEjecuciones, Pedido
from apps.stock import models
from apps.stock.runs import jobs, journal
from apps.stock.runs.generation import Order
from apps.stock.runs.lifecycle import Changes
from flotia.request import Profile, Request, WhenExhausted

router = Router(tags=["Ejecuciones"])
#: What a row's number can be.
_MOST = 2**63 - 1
RunId = Annotated[int, Path(ge=1, le=_MOST, description="El `id` de la ejecución", examples=[12])]


@router.post(
    "", auth=access.generating, response={201: Ejecucion, **errors(400, 401, 403, 409, 411, 413, 415, 422, 429)},
    summary="Pedir una ejecución", operation_id="crear_ejecucion",
    openapi_extra=openapi.created(
        ("Location", "La dirección de la ejecución"), ("Idempotency-Replayed", "true si es la respuesta a la primera vez")
    ),
)  # fmt: skip
def create(
    request: HttpRequest,
    response: HttpResponse,
    order: Pedido,
    key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", pattern=KEY_FORM, description="Al repetirla no se pide otra ejecución"),
    ] = None,
) -> Status[Ejecucion]:
    """Queda en cola para el proceso de fondo. Una `Idempotency-Key` vale 24 horas, para el token que la usa."""
    token = access.token_required(request)
    asked = Asked(token, key, order.model_dump(exclude_unset=True))

    def new() -> tuple[models.Ejecucion, Ejecucion]:
        run = jobs.enqueue(_request(order), Order(replaces=order.reemplazar))
        return run, figures.shown(run)

    limited = lambda: limits.take_creation(token)  # noqa: E731 - the door that only a new creation passes
    run, replayed = created_once(asked, limited, new)
    response["Location"] = f"{request.path.rstrip('/')}/{run.id}"
    if replayed:
        response["Idempotency-Replayed"] = "true"
    return Status(201, run)


def _request(order: Pedido) -> Request:
    request = Request(
        amount=order.cantidad, brand=order.marca, use_ai=order.usar_ia, use_cache=order.usar_cache,
        profile=Profile(order.perfil), budget=order.presupuesto, lanes=order.paralelo,
        when_exhausted=WhenExhausted(order.al_agotar),
    )  # fmt: skip
    return request if order.semilla is None else replace(request, seed=order.semilla)


@router.get(
    "", auth=access.reading, response={200: PaginaDeEjecuciones, **errors(401, 403, 422)},
    summary="Las ejecuciones, de la última a la primera", operation_id="listar_ejecuciones",
)  # fmt: skip
def listing(request: HttpRequest, query: Query[RunsQuery]) -> PaginaDeEjecuciones:
    """También las que se pidieron desde la página o con la orden."""
    refuse_unknown(request, RunsQuery)
    found = models.Ejecucion.objects.order_by("-pk")
    found = found.filter(estado=query.estado) if query.estado else found
    found = found.filter(pk__lt=query.cursor) if query.cursor else found
    rows = list(found[: query.limite + 1])
    more, rows = len(rows) > query.limite, rows[: query.limite]
    pairs = [("estado", query.estado)] if query.estado else []
    following = urlencode([*pairs, ("limite", query.limite), ("cursor", rows[-1].pk)]) if more else ""
    return PaginaDeEjecuciones(
        ejecuciones=[figures.shown(run) for run in rows], next=f"{request.path}?{following}" if more else None
    )


@router.get(
    "/{ejecucion}", auth=access.reading, response={200: EjecucionConCifras, **errors(401, 403, 404, 422)},
    summary="Una ejecución, con lo que lleva hecho", operation_id="ver_ejecucion",
)  # fmt: skip
def one(request: HttpRequest, ejecucion: RunId) -> EjecucionConCifras:  # noqa: ARG001 - ninja's signature
    """Vehículos por origen, llamadas, y qué dio cada modelo: contado de lo que ha pasado."""
    return figures.with_figures(_found(ejecucion))


@router.get(
    "/{ejecucion}/eventos", auth=access.reading, response={200: None, **errors(401, 403, 404, 422)},
    summary="Lo que pasa en una ejecución, según pasa (SSE)", operation_id="seguir_ejecucion",
    openapi_extra=openapi.stream(),
)  # fmt: skip
def events(
    request: HttpRequest,
    ejecucion: RunId,
    query: Query[EventsQuery],
    last: Annotated[
        int | None, Header(alias="Last-Event-ID", ge=0, le=_MOST, description="El último que se recibió: sigue tras él")
    ] = None,
) -> StreamingHttpResponse:
    """Termina cuando la ejecución se publica o se cancela; en una pausa, solo con `hasta_pausa`."""
    refuse_unknown(request, EventsQuery)
    run = _found(ejecucion)
    told = journal.stream(run.pk, last or 0, through_pauses=not query.hasta_pausa)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(told, content_type="text/event-stream", headers=headers)


_GOVERNED = {200: Ejecucion, **errors(401, 403, 404, 409, 411, 413, 415, 422)}


@router.post(
    "/{ejecucion}/pausar", auth=access.generating, response=_GOVERNED, summary="Pausar una ejecución",
    operation_id="pausar_ejecucion",
)  # fmt: skip
def pause(request: HttpRequest, ejecucion: RunId) -> Ejecucion:  # noqa: ARG001 - ninja's signature
    """Lo hecho se guarda. Una que está en marcha para en cosa de un segundo: hasta entonces sigue `en_curso`."""
    return figures.shown(jobs.pause(_found(ejecucion)))


@router.post(
    "/{ejecucion}/reanudar", auth=access.generating, response={**_GOVERNED, **errors(400)},
    summary="Reanudar una ejecución", operation_id="reanudar_ejecucion",
)  # fmt: skip
def resume(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    ejecucion: RunId,
    changes: Annotated[Cambios | None, Body()] = None,
) -> Ejecucion:
    """Vuelve a la cola; solo se hace lo que falta. El cuerpo, que puede faltar, dice qué cambia."""
    wanted = changes or Cambios()
    end = None if wanted.al_agotar is None else WhenExhausted(wanted.al_agotar)
    return figures.shown(jobs.resume(_found(ejecucion), Changes(wanted.presupuesto, wanted.paralelo, end)))


@router.post(
    "/{ejecucion}/cancelar", auth=access.generating, response=_GOVERNED, summary="Cancelar una ejecución",
    operation_id="cancelar_ejecucion",
)  # fmt: skip
def cancel(request: HttpRequest, ejecucion: RunId) -> Ejecucion:  # noqa: ARG001 - ninja's signature
    """Se olvida lo hecho, y el stock queda como estaba. No se puede con una que ya está publicada."""
    return figures.shown(jobs.cancel(_found(ejecucion)))


def _found(run_id: int) -> models.Ejecucion:
    run = models.Ejecucion.objects.filter(pk=run_id).first()
    if run is None:
        raise Http404
    return run
