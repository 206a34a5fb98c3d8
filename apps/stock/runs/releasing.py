"""Publishing by hand a run that is complete and was left: its file could not be written, or its process was ended."""

from __future__ import annotations

from apps.stock.models import Ejecucion
from apps.stock.runs import lifecycle, ownership, publishing
from flotia.errors import FlotiaError


def release(run_id: int) -> Ejecucion:
    """Publish an interrupted run that has all its vehicles.

    Raises `FlotiaError`, with the run left as it was but for vehicles whose identity is in the stock by now: those are for
    the next resumption to make again.
    """
    lacking = _lacking(run_id)
    if lacking:
        raise FlotiaError(f"A la ejecución {run_id} le faltan {lacking} vehículos: reanúdela y se publicará al acabar.")
    run = ownership.claim_interrupted(run_id)
    try:
        _drop_conflicts(run)
        publishing.publish(run)
    except BaseException as error:
        why = str(error) if isinstance(error, FlotiaError) else "no se pudo publicar"
        lifecycle.interrupt(run, why)
        raise
    publishing.tidy(run)
    return run


def _drop_conflicts(run: Ejecucion) -> None:
    if gone := lifecycle.drop_conflicts(run):
        raise FlotiaError(
            f"{gone} vehículos de la ejecución {run.pk} han entrado entretanto en el stock: reanúdela para completarla."
        )


def _lacking(run_id: int) -> int:
    run = Ejecucion.objects.filter(pk=run_id).first()
    if run is None or run.estado != Ejecucion.Estado.INTERRUMPIDA:
        return 0  # the claim says what is the matter
    return run.cantidad - run.vehiculos.count()
